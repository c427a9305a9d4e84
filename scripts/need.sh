#!/usr/bin/env bash
# need.sh [--install] WHAT...    WHAT: build, test, debug, valgrind
#
# Looks for the tools that WHAT needs. What is missing is named, with the command that installs it;
# with --install that command is run, where this is Debian or one of its kin and we are or may
# become root.

# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"

install=no
if [ "${1:-}" = --install ]; then
    install=yes
    shift
fi

packages=() # what apt calls the missing ones
names=()    # what people call them
by_hand=()  # what no package brings

missing() { # NAME PACKAGE...
    names+=("$1")
    packages+=("${@:2}")
}

has() { command -v "$1" >/dev/null; }

# bindgen, inside ext-php-rs, loads libclang and needs the C headers that belong to that clang.
has_libclang() {
    local library
    for library in ${LIBCLANG_PATH:+"$LIBCLANG_PATH"/libclang*.so*} \
        /usr/lib/llvm-*/lib/libclang*.so* /usr/lib/*/libclang*.so* /usr/lib64/libclang*.so* /usr/lib/libclang*.so*; do
        [ -e "$library" ] && { has clang || compgen -G '/usr/lib/llvm-*/lib/clang/*/include/stddef.h' >/dev/null; } && return
    done
    return 1
}

rust_wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
has_rust() {
    has cargo && has rustc || return 1
    local found
    found=$(rustc --version | cut -d' ' -f2)
    [ "$(printf '%s\n' "$rust_wanted" "$found" | sort -V | head -1)" = "$rust_wanted" ]
}
need_rust() {
    has_rust && return
    if has apt-cache && apt-cache show rustup >/dev/null 2>&1; then
        missing "Rust $rust_wanted or newer" rustup
    else
        by_hand+=("Rust $rust_wanted or newer (found: $(rustc --version 2>/dev/null || echo none)): with rustup, as https://www.rust-lang.org/tools/install says")
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
    # And with JavaScript's @msgpack/msgpack.
    has node && has npm || missing 'Node.js and npm' nodejs npm
    if has_rust; then
        cargo fmt --version >/dev/null 2>&1 && cargo clippy --version >/dev/null 2>&1 ||
            by_hand+=('rustfmt and clippy: rustup component add rustfmt clippy')
    fi
}

need_debug() {
    has cc || missing 'a C compiler and linker' gcc libc6-dev
    has make || missing make make
    has xz || missing xz xz-utils
    need_build
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

# apt-get knows no packages on a machine where nobody has run `apt-get update` yet.
apt_get() {
    local as=()
    [ "$(id -u)" = 0 ] || as=(sudo)
    "${as[@]}" env DEBIAN_FRONTEND=noninteractive apt-get "$@" </dev/null
}
may_apt() { has apt-get && { [ "$(id -u)" = 0 ] || has sudo; }; }

look "$@"
if [ ${#names[@]} -gt 0 ] && [ $install = yes ] && may_apt; then
    say "Installing $(printf '%s, ' "${names[@]}" | sed 's/, $//'): apt-get install ${packages[*]}"
    mkdir -p "$BUILD"
    if apt_get update -q >"$BUILD/apt.log" 2>&1 &&
        apt_get install -q -y --no-install-recommends "${packages[@]}" >>"$BUILD/apt.log" 2>&1; then
        # Debian's rustup comes without a toolchain.
        if has rustup && ! has_rust; then
            rustup toolchain install stable --profile minimal -c rustfmt -c clippy && rustup default stable
        fi
    else
        tail -n 20 "$BUILD/apt.log" >&2
        fail "apt-get failed; all it said is in $BUILD/apt.log"
    fi
    hash -r
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
