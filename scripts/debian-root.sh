# shellcheck shell=bash disable=SC2034 # its variables are for those who source it
# Sourced after common.sh by the tests that need a Debian without PHP: make_debian makes one, as $root, and inside, apt and loads work in it.
# The folder around it goes when the script ends.

folder=$(mktemp -d)
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

# FUNCTION: runs it where what it mounts is gone afterwards.
in_namespace() {
    export root folder
    # shellcheck disable=SC2163 # the name of the function is meant
    export -f inside apt loads say fail headline "$1"
    unshare -m -- bash -euo pipefail -c "$1"
}
