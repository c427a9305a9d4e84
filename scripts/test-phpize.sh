#!/usr/bin/env bash
# test-phpize.sh: `phpize && ./configure && make && make install` in a clean copy of the tree, as PIE and packagers run it; the
# project's own targets before and after; and after `phpize --clean` nothing is left behind.
#
# The copy stands where the tree stands, for this script alone, where mounting is permitted: so cargo finds its build of the same
# sources at the same place and does not build again. Elsewhere it does.

# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"

use_php
PHPIZE=$(dirname "$PHP_CONFIG")/$(basename "$PHP_CONFIG" | sed 's/php-config/phpize/')
[ -x "$PHPIZE" ] || fail "no $PHPIZE; it comes with PHP's headers"

# The part that runs in the clean copy, which is the current folder.
in_copy() {
    local said log=$folder/log target
    run() { "$@" >"$log" 2>&1 || { cat "$log" >&2; fail "failed: $*"; }; }
    is_clean() {
        said=$(git status --porcelain)
        [ -z "$said" ] || fail "$1 leaves in the tree: $said"
    }
    # All targets, as `make help` lists them, and the commands of each, which show that they are the project's own.
    targets() {
        while read -r target; do
            printf '%s: ' "$target"
            # After ./configure, PHP is the one that was configured, and modules/sync.so is for that one.
            make -n "$target" 2>&1 | sed 's/ \(--module\)\{0,1\}$//; s/^[^ ]*php[0-9.]* /php /' | tr '\n' ';'
            echo
        done < <(sed -n '/^install:/d; s/^\([a-z-]*\):.*## .*/\1/p' GNUmakefile)
        make help
    }
    local before after tree=$PWD
    before=$(targets)

    headline 'phpize && ./configure && make'
    run "$PHPIZE"
    run ./configure --with-php-config="$PHP_CONFIG"
    [ -f Makefile ] || fail './configure wrote no Makefile'
    after=$(targets)
    [ "$after" = "$before" ] || fail "./configure changes the project's targets: $(diff <(echo "$before") <(echo "$after"))"
    said=$(make install INSTALL_ROOT="$folder/root" 2>&1) && fail "make install does not say that nothing is built: $said"
    grep -q 'run make first' <<<"$said" || fail "make install, with nothing built, says: $said"
    run make -j2
    grep -q 'Built ./modules/sync.so' "$log" || fail "make says: $(cat "$log")"

    headline 'make install, without cargo'
    local extension
    extension=$folder/root$("$PHP_CONFIG" --extension-dir)/sync.so
    run env PATH="$folder/without" make install INSTALL_ROOT="$folder/root"
    cmp modules/sync.so "$extension"
    [ "$(find "$folder/root" -type f)" = "$extension" ] || fail "make install installed also: $(find "$folder/root" -type f)"
    rm "$extension"
    run env PATH="$folder/without" make -f Makefile install INSTALL_ROOT="$folder/root"
    "$PHP" -n -d extension="$extension" -m | grep -x sync >/dev/null || fail 'what was installed cannot be loaded'
    # DESTDIR is the project's word for the same: it must not install into the running system.
    run env PATH="$folder/without" make install DESTDIR="$folder/destdir"
    [ -f "${extension/#$folder\/root/$folder/destdir}" ] || fail 'make install DESTDIR=… installs elsewhere'

    headline 'Another folder than that of the sources'
    mkdir "$folder/elsewhere"
    (
        cd "$folder/elsewhere"
        mv "$tree/modules" "$folder/modules"
        run "$tree/configure" --with-php-config="$PHP_CONFIG"
        run make
        run env PATH="$folder/without" make install INSTALL_ROOT="$folder/elsewhere/root"
    )
    cmp "$folder/modules/sync.so" "$folder/elsewhere/root${extension#"$folder/root"}"
    [ ! -e "$tree/modules" ] || fail 'make in another folder leaves its library in that of the sources'
    mv "$folder/modules" "$tree/modules"

    headline 'phpize --clean'
    is_clean 'make'
    run "$PHPIZE" --clean
    is_clean 'phpize --clean'
    [ "$(git ls-files --others | grep -v '^target/' || true)" = '' ] ||
        fail "phpize --clean leaves $(git ls-files --others | grep -v '^target/')"
    after=$(targets)
    [ "$after" = "$before" ] || fail "phpize --clean changes the project's targets"

    headline './configure where tools are missing'
    run "$PHPIZE"
    said=$(PATH=$folder/without HOME=$folder ./configure --with-php-config="$PHP_CONFIG" 2>&1) && fail "./configure does not miss cargo: $said"
    grep -q 'Sync cannot be built yet' <<<"$said" || fail "./configure, without cargo, says: $said"
    grep -qE 'missing: Rust .* or newer' <<<"$said" || fail "./configure does not name Rust: $said"
    grep -qE 'apt-get install|rustup' <<<"$said" || fail "./configure does not name the remedy: $said"
    run "$PHPIZE" --clean
    say 'phpize, configure, make and make install work, and phpize --clean leaves nothing behind'
}

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# All programs but Rust's.
mkdir -p "$folder"/{copy,without,root}
for directory in /sbin /bin /usr/sbin /usr/bin /usr/local/bin; do
    ln -sft "$folder/without" "$directory"/*
done
rm -f "$folder/without"/{cargo,rustc,rustup}*

# With their times, by which cargo knows what has changed.
git ls-files -z --cached --others --exclude-standard | tar --create --null --files-from=- | tar --extract --preserve-permissions -C "$folder/copy"
git -C "$folder/copy" init -q
git -C "$folder/copy" add -A
git -C "$folder/copy" -c user.name=test -c user.email=test commit -q -m 'A clean tree'

rights=-Urm
[ "$(id -u)" != 0 ] || rights=-m
CARGO_TARGET_DIR=$(realpath -m "${CARGO_TARGET_DIR:-$ROOT/target}")
export CARGO_TARGET_DIR PHPIZE folder
export -f in_copy say fail headline
if unshare $rights -- mount --bind "$folder/copy" "$ROOT" 2>/dev/null; then
    mkdir -p "$folder/copy/target" "$CARGO_TARGET_DIR"
    unshare $rights -- bash -euo pipefail -c '
        case $CARGO_TARGET_DIR in "$1"/target*) mount --bind "$1/target" "$folder/copy/target" ;; esac
        mount --rbind "$folder/copy" "$1"
        cd /
        cd "$1"
        in_copy' - "$ROOT"
else
    say 'Building again: mounting is not permitted here'
    unset CARGO_TARGET_DIR
    cd "$folder/copy"
    in_copy
fi
