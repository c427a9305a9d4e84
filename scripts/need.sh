#!/usr/bin/env bash
# need.sh [--install] WHAT...    WHAT: build, deb, debian, packages, test, debug, release, valgrind, fpm, servers, peers, pages, screenshots, adapters
#
# Looks for the tools that WHAT needs. Missing tools are named, with the command that installs them;
# with --install that command is run, if this is Debian or a derivative and we are or may become
# root.

# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"

install=no
if [ "${1:-}" = --install ]; then
    install=yes
    shift
fi

packages=() # the missing tools, by their names in apt
names=()    # the same, by their common names
by_hand=()  # missing tools that no package contains

has() { command -v "$1" >/dev/null; }

is_at_least() { [ "$(printf '%s\n' "$1" "$2" | sort -V | head -1)" = "$1" ]; }

# PACKAGE [VERSION]: whether apt could install it, that new at least. (`apt-cache show` also succeeds for a
# package that apt knows by name alone.)
has_candidate() {
    local candidate
    candidate=$(apt-cache policy "$1" 2>/dev/null | sed -n 's/^ *Candidate: *//p')
    case $candidate in '' | '(none)') return 1 ;; esac
    # Debian's numbers may begin with an epoch.
    [ -z "${2:-}" ] || is_at_least "$2" "${candidate#*:}"
}

# Whether apt has its lists of packages: before the first `apt-get update` it knows none.
apt_knows() { has apt-cache && has_candidate rustc; }

missing() { # NAME PACKAGE...
    local package
    if apt_knows; then
        for package in "${@:2}"; do
            if ! has_candidate "$package"; then
                by_hand+=("$1: apt has no package $package")
                return
            fi
        done
    fi
    names+=("$1")
    packages+=("${@:2}")
}

# bindgen, inside ext-php-rs, loads libclang and needs the C headers that belong to that clang.
has_libclang() {
    local library
    for library in ${LIBCLANG_PATH:+"$LIBCLANG_PATH"/libclang*.so*} \
        /usr/lib/llvm*/lib/libclang*.so* /usr/lib/*/libclang*.so* /usr/lib64/libclang*.so* /usr/lib/libclang*.so*; do
        [ -e "$library" ] && { has clang || compgen -G '/usr/lib/llvm-*/lib/clang/*/include/stddef.h' >/dev/null; } && return
    done
    return 1
}

# Debian's rustup comes without a toolchain.
toolchain='rustup toolchain install stable --profile minimal -c rustfmt -c clippy && rustup default stable'
rust_wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
has_rust() {
    has cargo && has rustc || return 1
    local found
    found=$(rustc --version | cut -d' ' -f2)
    is_at_least "$rust_wanted" "$found"
}

need_rust() {
    has_rust && return
    local name="Rust $rust_wanted or newer" found address=https://sh.rustup.rs
    found="$name (found: $(rustc --version 2>/dev/null || echo none))"
    if has rustup; then
        by_hand+=("$found: $toolchain")
    elif ! has apt-get || apt_knows && ! has_candidate rustup && ! has_candidate rustc "$rust_wanted"; then
        # No package is new enough.
        if has curl; then
            by_hand+=("$found: curl --proto '=https' -sSf $address | sh -s -- -y --profile minimal -c rustfmt -c clippy")
        elif has wget; then
            by_hand+=("$found: wget -qO- $address | sh -s -- -y --profile minimal -c rustfmt -c clippy")
        else
            by_hand+=("$found: with rustup, as https://www.rust-lang.org/tools/install says")
        fi
    elif ! apt_knows; then
        by_hand+=("$found: which package brings it, apt knows after apt-get update; run that, and this again")
    elif has_candidate rustup; then
        missing "$name" rustup
    else
        missing "$name" rustc cargo
    fi
}

need_build() {
    if ! find_php || ! [ -f "$("$PHP_CONFIG" --include-dir)/main/php.h" ]; then
        if [ "${PHP:-php}" = php ] || ! has "${PHP:-php}"; then
            missing 'PHP and its headers' php-cli php-dev
        else # Debian's php8.3 has its headers in php8.3-dev
            missing "the headers of $PHP" "$(basename "$PHP")-dev"
        fi
    fi
    has cc || missing 'a C compiler and linker' gcc libc6-dev
    has_libclang || missing 'libclang' clang libclang-dev
    need_rust
}

need_test() {
    need_build
    # The interoperability test reads a store with Python and PyPI's msgpack.
    if ! has python3 || ! python3 -c 'import venv, ensurepip' 2>/dev/null; then
        missing 'Python 3 with venv' python3 python3-venv
    fi
    # The parser of PHPStan, which is to understand the stub.
    [ -f /usr/share/php/PHPStan/PhpDocParser/autoload.php ] || missing "PHPStan's phpdoc-parser" php-phpstan-phpdoc-parser
    # It counts system calls.
    has strace || missing strace strace
    # The tests of crates/server start it, each at a socket of its own.
    has redis-server || missing Redis redis-server
    # It makes the certificates of an encrypted connection.
    has openssl || missing OpenSSL openssl
    # phpize makes a configure with it.
    has autoconf || missing autoconf autoconf
    # And with JavaScript's @msgpack/msgpack.
    if ! has node || ! has npm; then
        missing 'Node.js and npm' nodejs npm
    fi
    if has_rust; then
        cargo fmt --version >/dev/null 2>&1 && cargo clippy --version >/dev/null 2>&1 ||
            by_hand+=('rustfmt and clippy: rustup component add rustfmt clippy')
    fi
}

# For `make deb`.
need_deb() {
    need_build
    has dpkg-shlibdeps || missing dpkg-dev dpkg-dev
    has strip || missing binutils binutils
}

# For tests in a Debian without PHP.
need_debian() {
    need_rust
    has debootstrap || [ -x /usr/sbin/debootstrap ] || missing debootstrap debootstrap
}

# For `make test-packages`.
need_packages() {
    need_deb
    need_debian
    has composer || missing Composer composer
    has lintian || missing lintian lintian
    if ! has node || ! has npm; then
        missing 'Node.js and npm' nodejs npm
    fi
}

need_debug() {
    has cc || missing 'a C compiler and linker' gcc libc6-dev
    has make || missing make make
    has xz || missing xz xz-utils
    need_build
}

# A release of PHP that runs PHPUnit, from source.
need_release() {
    need_debug
    has pkg-config || missing pkg-config pkg-config
    pkg-config --exists libxml-2.0 2>/dev/null || missing 'libxml2 and its headers' libxml2-dev
}

need_fpm() {
    need_build
    find_php || return 0
    find_fpm || missing "PHP-FPM for $PHP" "php$(php_series)-fpm"
}

# The servers that `make test-servers` starts itself, on ports and in a folder of its own.
need_servers() {
    need_fpm
    has nginx || [ -x /usr/sbin/nginx ] || missing nginx nginx
    find_php || return 0
    find_apache || missing "Apache with the module of $PHP" "libapache2-mod-php$(php_series)"
    find_cgi || missing "PHP's CGI program for $PHP" "php$(php_series)-cgi"
    find_embed || missing "the library of $PHP, for programs that embed it" "libphp$(php_series)-embed"
    php_has opcache || missing "opcache for $PHP" "php$(php_series)-opcache"
}

# For `make bench-servers`; the peers themselves are fetched by benches/peers.sh.
need_peers() {
    need_fpm
    has nginx || [ -x /usr/sbin/nginx ] || missing nginx nginx
    has wrk || missing wrk wrk
}

need_pages() {
    need_fpm
    has nginx || [ -x /usr/sbin/nginx ] || missing nginx nginx
    has chromium || has chromium-browser || has google-chrome || missing Chromium chromium
    # Letters for screenshots.
    has fc-list || missing fonts fontconfig fonts-dejavu-core
    if ! has node || ! has npm; then
        missing 'Node.js and npm' nodejs npm
    fi
}

# The frameworks that the adapters are for, and the suites that judge them; php-illuminate-cache brings php-illuminate-support. Symfony's own tests
# are in its source package, which scripts/test-adapters.sh fetches.
need_adapters() {
    need_build
    has phpunit || missing PHPUnit phpunit
    has composer || missing Composer composer
    has xz || missing xz xz-utils
    has dpkg-source || missing dpkg-source dpkg-dev
    [ -f /usr/share/php/Cache/IntegrationTests/autoload.php ] || missing 'the suites of PSR-6 and PSR-16' php-cache-integration-tests
    [ -f /usr/share/php/Symfony/Component/Lock/autoload.php ] || missing "Symfony's Lock" php-symfony-lock
    [ -f /usr/share/php/Symfony/Component/Cache/autoload.php ] || missing "Symfony's Cache" php-symfony-cache
    [ -f /usr/share/php/Symfony/Component/HttpFoundation/autoload.php ] || missing "Symfony's HttpFoundation" php-symfony-http-foundation
    [ -f /usr/share/php/Illuminate/Cache/autoload.php ] || missing "Laravel's cache" php-illuminate-cache
}

need_screenshots() {
    need_pages
    has pngquant || missing pngquant pngquant
}

need_valgrind() {
    need_test
    has valgrind || missing valgrind valgrind
}

look() {
    packages=() names=() by_hand=()
    local what
    for what in "$@"; do "need_$what"; done
}

apt_get() {
    local as=()
    [ "$(id -u)" = 0 ] || as=(sudo)
    # In runlevel 1, and as in a chroot, no package starts its daemon: the tests start servers of their own.
    "${as[@]}" env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 SYSTEMD_OFFLINE=1 apt-get "$@" </dev/null >>"$BUILD/apt.log" 2>&1 || {
        tail -n 20 "$BUILD/apt.log" >&2
        fail "apt-get failed; its output is in $BUILD/apt.log"
    }
}
may_apt() { has apt-get && { [ "$(id -u)" = 0 ] || has sudo; }; }

look "$@"
if [ $((${#names[@]} + ${#by_hand[@]})) -gt 0 ] && [ $install = yes ]; then
    mkdir -p "$BUILD"
    if may_apt && { [ ${#names[@]} -gt 0 ] || ! apt_knows; }; then
        : >"$BUILD/apt.log"
        apt_get update -q
        look "$@"
        if [ ${#names[@]} -gt 0 ]; then
            say "Installing $(printf '%s, ' "${names[@]}" | sed 's/, $//'): apt-get install ${packages[*]}"
            apt_get install -q -y --no-install-recommends "${packages[@]}"
        fi
    fi
    hash -r
    if has rustup && ! has_rust; then eval "$toolchain"; fi
    look "$@"
fi

if [ ${#names[@]} -gt 0 ]; then
    printf 'sync: missing: %s\n' "${names[@]}" >&2
    if has apt-get; then
        sudo=$([ "$(id -u)" = 0 ] || echo 'sudo ')
        printf 'sync: install with: %s\n' "${sudo}apt-get update && ${sudo}apt-get install ${packages[*]}" >&2
    else
        printf 'sync: Debian calls them: %s\n' "${packages[*]}" >&2
    fi
fi
[ ${#by_hand[@]} -eq 0 ] || printf 'sync: missing: %s\n' "${by_hand[@]}" >&2
[ $((${#names[@]} + ${#by_hand[@]})) -eq 0 ]
