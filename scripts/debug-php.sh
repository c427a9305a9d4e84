#!/usr/bin/env bash
# debug-php.sh: prints the path of a debug and thread-safe (ZTS) build of Debian's PHP, building it
# in .build/php-debug the first time.
#
# A debug build reports each leak of the engine's memory and checks its own assertions; a ZTS build
# finds what is wrongly shared between threads.

# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"

prefix=$BUILD/php-debug
log=$BUILD/php-debug.log

# apt with lists of source packages of its own, kept here: nothing of the system's is changed.
apt_sources() {
    local command=$1 apt=$BUILD/apt
    shift
    "$command" -q -o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts="$apt/parts" \
        -o Dir::State::Lists="$apt/lists" -o Dir::Cache="$apt" -o APT::Sandbox::User="$(id -un)" "$@"
}

fetch_apt_lists() {
    local apt=$BUILD/apt list
    mkdir -p "$apt/lists/partial" "$apt/archives/partial" "$apt/parts"
    for list in /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources; do
        if [ -f "$list" ] && grep -qi debian "$list"; then
            sed -E 's/^Types:.*/Types: deb-src/; s/^deb([[:space:]])/deb-src\1/' "$list" >"$apt/parts/$(basename "$list")"
        fi
    done
    apt_sources apt-get update
}

build() {
    scripts/need.sh --install debug
    use_php
    local series version versions
    series=$("$PHP" -n -r 'echo PHP_MAJOR_VERSION, ".", PHP_MINOR_VERSION;')
    fetch_apt_lists

    # The newest version that can be had: a mirror may list one whose files it no longer carries.
    rm -rf "$BUILD/php-src"
    mkdir -p "$BUILD/php-src"
    cd "$BUILD/php-src" || exit
    versions=$(apt_sources apt-cache showsrc "php$series" | sed -n 's/^Version: //p' | sort -Vru)
    for version in $versions; do
        if apt_sources apt-get source --download-only --only-source "php$series=$version"; then
            break
        fi
        rm -f ./*.tar.*
    done
    tar -xf ./*.orig.tar.?z
    cd php-*/ || exit

    # pcntl and posix for tests that fork and kill, tokenizer for those that read PHP; zend_test for
    # the leak that shows that a leak makes a test fail.
    ./configure --prefix="$prefix" --disable-all --enable-debug --enable-zts \
        --enable-pcntl --enable-posix --enable-tokenizer --enable-opcache --enable-zend-test=shared \
        --with-config-file-path="$prefix/etc" --with-config-file-scan-dir="$prefix/etc/conf.d"
    make -j"$(cpus)"
    make install
}

if [ "${1:-}" = --build ]; then
    build
elif ! [ -x "$prefix/bin/php" ]; then
    mkdir -p "$BUILD"
    say "Building a debug PHP, which takes some minutes (log: $log)" >&2
    # A process of its own, because `set -e` does nothing on the left of a `||`.
    "$0" --build >"$log" 2>&1 </dev/null || {
        tail -n 20 "$log" >&2
        fail "could not build a debug PHP; all it said is in $log"
    }
fi
say "$prefix/bin/php"
