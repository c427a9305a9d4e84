# shellcheck shell=bash disable=SC2034 # its variables are for those who source it
# Sourced after common.sh by the tests that need a Debian without PHP: make_debian makes one, as $root, and inside, apt and loads work in it.
# The folder around it goes when the script ends.

folder=$(mktemp -d)
rust='' crates=''
trap 'rm -rf --one-file-system "$folder"' EXIT
root=$folder/root

# The Debian that this machine is, from where its packages come.
make_debian() {
    local codename mirror
    codename=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
    mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' "Codename: $codename" | head -n 1)
    headline "A Debian ($codename) without PHP"
    debootstrap --variant=minbase "$codename" "$root" "$mirror" >"$folder/log" 2>&1 || fail "debootstrap: $(tail -n 5 "$folder/log")"
}

inside() { env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 chroot "$root" "$@"; }
apt() { inside apt-get -y -q --no-install-recommends "$@" >"$folder/log" 2>&1 || fail "apt-get $*: $(tail -n 20 "$folder/log")"; }
loads() { inside php -m | grep -x sync >/dev/null; }

# FOLDER: this machine's Rust as $root/FOLDER/rust, and the crates that it has downloaded as those of a CARGO_HOME, $root/FOLDER/cargo; both for
# reading alone. (Debian's own Rust is too old.) For a function that in_namespace runs; find_rust comes before it.
lend_rust() {
    mkdir -p "$root/$1/rust" "$root/$1/cargo/registry"
    mount --bind "$rust" "$root/$1/rust"
    mount -o remount,bind,ro "$root/$1/rust"
    mount --bind "$crates" "$root/$1/cargo/registry"
    mount -o remount,bind,ro "$root/$1/cargo/registry"
}
find_rust() {
    rust=$(rustc --print sysroot)
    crates=${CARGO_HOME:-$HOME/.cargo}/registry
    cargo fetch --quiet --locked
}

# FUNCTION: runs it where what it mounts is gone afterwards, also when it is killed.
in_namespace() {
    export root folder rust crates
    # shellcheck disable=SC2163 # the name of the function is meant
    export -f inside apt loads lend_rust say fail headline "$1"
    unshare -m -- bash -euo pipefail -c "$1"
}
