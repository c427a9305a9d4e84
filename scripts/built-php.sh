#!/usr/bin/env bash
# built-php.sh [--release] [SERIES]: prints the path of a PHP that is built from Debian's source the first time; of the installed
# PHP's series, or of another one (8.4, say).
#
# It is a debug and thread-safe (ZTS) one, in .build/php-debug or .build/php-debug-SERIES: a debug build reports each leak of the
# engine's memory and checks its own assertions; a ZTS build finds what is wrongly shared between threads. A libphp comes with
# it, for programs that run PHP in threads of their own. With --release it is neither, as Debian's own, in .build/php-release-SERIES, and has what
# PHPUnit and the frameworks need; of the installed PHP's series it is the installed one, if that is no debug build and not thread-safe.

# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=scripts/apt-sources.sh
. scripts/apt-sources.sh

build=no
if [ "${1:-}" = --build ]; then
    build=yes
    shift
fi
kind=debug
if [ "${1:-}" = --release ]; then
    kind=release
    shift
fi
installed=$(find_php && "$PHP" -n -r 'echo PHP_MAJOR_VERSION, ".", PHP_MINOR_VERSION;') || installed=
series=${1:-$installed}
prefix=$BUILD/php-$kind
if [ $kind = release ] || [ "$series" != "$installed" ]; then
    prefix=$prefix-$series
fi
log=$prefix.log

# The series may be that of another Debian release than the installed one: asks the same mirrors for
# the suites that every release has; a mirror may lack some of them.
fetch_lists_of_other_suites() {
    local apt=$BUILD/apt list
    for list in "$apt"/parts/*; do
        awk '
            function suites(security) { return security ? "stable-security" : "stable testing unstable" }
            # One line for each suite, or a stanza with all of them.
            /^deb-src[[:space:]]/ {
                for (at = 2; $at ~ /^\[/ || inside; at++) inside = $at !~ /\]$/
                split(suites($(at + 1) ~ /security/), names, " ")
                for (name in names) { $(at + 1) = names[name]; if (!seen[$0]++) print }
                next
            }
            /^Suites:/ { $0 = "Suites: " suites(/security/) }
            { print }' "$list" >"$apt/other-$(basename "$list")"
        mv "$apt/other-$(basename "$list")" "$apt/parts/other-$(basename "$list")"
    done
    apt_sources apt-get update || true
}

# The newest version that can be downloaded: a mirror may list one whose files it no longer carries.
download() {
    local version versions
    versions=$(apt_sources apt-cache showsrc "php$series" | sed -n 's/^Version: //p' | sort -Vru)
    for version in $versions; do
        if apt_sources apt-get source --download-only --only-source "php$series=$version"; then
            return
        fi
        rm -f ./*.tar.*
    done
    return 1
}

build() {
    scripts/need.sh --install "$kind"
    use_php
    local source=$BUILD/php-src-$series
    mkdir -p "$source"
    cd "$source" || exit
    if ! compgen -G './*.orig.tar.?z' >/dev/null; then
        fetch_apt_lists
        download || { fetch_lists_of_other_suites && download; } ||
            fail "the Debian mirrors of this machine have no source of PHP $series"
    fi
    rm -rf php-*/
    tar -xf ./*.orig.tar.?z
    cd php-*/ || exit

    # pcntl and posix for tests that fork and kill, tokenizer for those that read PHP; zend_test for
    # the deliberate leak, which proves that a leak makes a test fail.
    local options=(--enable-debug --enable-zts --enable-zend-test=shared --enable-embed)
    [ $kind = debug ] || options=(--enable-ctype --enable-dom --enable-filter --enable-mbstring --disable-mbregex --enable-session
        --enable-simplexml --enable-xml --enable-xmlwriter --with-libxml)
    ./configure --prefix="$prefix" --disable-all --disable-cgi --disable-phpdbg "${options[@]}" \
        --enable-pcntl --enable-posix --enable-tokenizer --enable-opcache \
        --with-config-file-path="$prefix/etc" --with-config-file-scan-dir="$prefix/etc/conf.d"
    make -j"$(cpus)"
    make install
}

# A release that was built before adapters were tested with it has no PHPUnit.
has_its_extensions() { [ $kind = debug ] || "$prefix/bin/php" -n -r 'exit(extension_loaded("mbstring") ? 0 : 1);'; }

if [ $kind = release ] && [ "$series" = "$installed" ] && find_php &&
    "$PHP" -n -r 'exit(PHP_DEBUG || PHP_ZTS ? 1 : 0);'; then
    say "$PHP"
    exit
fi
[ -n "$series" ] || fail 'no PHP found: of which series is it to be? built-php.sh 8.2'
if [ $build = yes ]; then
    build
elif ! [ -x "$prefix/bin/php" ] || ! has_its_extensions; then
    mkdir -p "$BUILD"
    say "Building PHP $series ($kind), which takes some minutes (log: $log)" >&2
    options=()
    [ $kind = debug ] || options=(--release)
    # A process of its own, because `set -e` does nothing on the left of a `||`.
    "$0" --build "${options[@]}" "$series" >"$log" 2>&1 </dev/null || {
        tail -n 20 "$log" >&2
        fail "could not build PHP $series ($kind); the output is in $log"
    }
fi
say "$prefix/bin/php"
