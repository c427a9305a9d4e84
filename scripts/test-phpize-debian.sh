#!/usr/bin/env bash
# test-phpize-debian.sh: `phpize && ./configure && make && make install` in a Debian without PHP, made by debootstrap, by a user who is not
# root. Debian's own Rust is too old: ./configure says so, and how to get another; with this machine's Rust all of it works.

# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"

if [ "$(id -u)" != 0 ]; then
    say 'SKIP phpize in a Debian without PHP: root alone can make one; run: sudo scripts/test-phpize-debian.sh'
    exit
fi
# shellcheck source=scripts/debian-root.sh
. scripts/debian-root.sh
make_debian

find_rust
wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
# Crates are compiled once for all runs; what is this project's own, in each.
kept=$BUILD/phpize-debian
mkdir -p "$kept" "$root/build/sync" "$root/build/target"
git ls-files -z --cached --others --exclude-standard | tar --create --null --files-from=- | tar --extract -C "$root/build/sync"

in_root() {
    mount -t proc proc "$root/proc"
    mount --bind "$kept" "$root/build/target"
    lend_rust build
    # COMMAND: in the tree, as its owner, with Rust or without.
    as_builder() {
        env -i HOME=/build PATH="$rust_path/usr/bin:/bin" LC_ALL=C.UTF-8 CARGO_HOME=/build/cargo CARGO_NET_OFFLINE=true CARGO_TARGET_DIR=/build/target \
            CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 \
            /usr/sbin/chroot --userspec=1000:1000 "$root" sh -c "cd /build/sync && $1"
    }
    rust_path=

    apt update
    apt install php-cli php-dev make clang libclang-dev rustc cargo
    chown -R 1000:1000 "$root/build/sync" "$root/build/target"
    chown 1000:1000 "$root/build/cargo"

    headline "./configure with Debian's Rust"
    as_builder phpize >"$folder/log" 2>&1 || fail "phpize: $(cat "$folder/log")"
    said=$(as_builder ./configure 2>&1) && fail "./configure takes Debian's Rust, which is $(inside rustc --version)"
    sed -n '/error:/,$p' <<<"$said"
    found=$(inside rustc --version | cut -d' ' -f2)
    grep -qF "missing: Rust $wanted or newer (found: rustc $found" <<<"$said" || fail 'it does not say which Rust is needed, and which was found'
    grep -q 'rustup' <<<"$said" || fail 'it does not say how to get Rust'
    grep -q 'make deb' <<<"$said" || fail 'it does not name the package'
    [ ! -e "$root/build/sync/Makefile" ] || fail './configure has failed, and left a Makefile'

    headline 'phpize, configure and make with a newer one'
    rust_path=/build/rust/bin:
    as_builder './configure && make' >"$folder/log" 2>&1 || fail "$(tail -n 30 "$folder/log")"
    inside php -m | grep -x sync >/dev/null && fail 'PHP has a sync before make install'
    inside sh -c 'cd /build/sync && make install' >"$folder/log" 2>&1 || fail "make install, as root and without cargo: $(cat "$folder/log")"
    echo extension=sync >"$root/etc/php/sync.ini"
    inside sh -c 'cp /etc/php/sync.ini "$(php -r "echo PHP_CONFIG_FILE_SCAN_DIR;")/20-sync.ini"'
    loads || fail "php -m does not list sync: $(inside php -m 2>&1)"
    [ "$(inside php -r '$s = new Sync("/tmp/test.sync"); $s->n = 41; $s->n++; echo (new Sync("/tmp/test.sync"))->n;')" = 42 ] ||
        fail 'the extension does not work'
    [ -z "$(find "$root/build/sync" -not -uid 1000 | head -n 5)" ] || fail "make install leaves files of root in the tree"
    say 'phpize, ./configure, make and make install work in a Debian without PHP'
}

export wanted kept
in_namespace in_root
