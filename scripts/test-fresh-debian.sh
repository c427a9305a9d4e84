#!/usr/bin/env bash
# test-fresh-debian.sh: `make demo` and `make test` are all that it takes, in a Debian without PHP, made by debootstrap, and a clone of the
# last commit. Only Rust and its crates are this machine's; all else those two install. The last line is 'N passed, N failed', of that `make test`.

# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"

if [ "$(id -u)" != 0 ]; then
    say 'SKIP make demo and make test in a Debian without PHP: root alone can make one; run: sudo scripts/test-fresh-debian.sh'
    exit
fi
# shellcheck source=scripts/debian-root.sh
. scripts/debian-root.sh
[ -z "$(git status --porcelain)" ] || say 'What is not committed is not in the clone that is tested'
find_rust
make_debian
# In root's home, as on a new machine: other users cannot read it.
sources=root/sync
git clone --quiet "$ROOT" "$root/$sources"

# The one name that every machine knows: installers and containers bring it, debootstrap does not.
printf '127.0.0.1 localhost\n::1 localhost\n' >"$root/etc/hosts"
# How this machine reaches the registries of Python and JavaScript: name servers, certificates that its administrator trusts, proxies, mirrors.
cp --dereference /etc/resolv.conf "$root/etc/resolv.conf"
mkdir -p "$root/usr/local/share/ca-certificates"
if compgen -G '/usr/local/share/ca-certificates/*.crt' >/dev/null; then cp /usr/local/share/ca-certificates/*.crt "$root/usr/local/share/ca-certificates"; fi
env -0 | grep -zE '^(PIP_|NPM_CONFIG_|npm_config_|(https?|no|all)_proxy=|(HTTPS?|NO|ALL)_PROXY=|NODE_EXTRA_CA_CERTS=|SSL_CERT_FILE=)' >"$folder/network" || true

# Crates are compiled once for all runs; this project's own in each.
kept=$BUILD/fresh-debian
mkdir -p "$kept" "$root/$sources/target"

in_root() {
    # A root that is mounted, as a container's is: tests mount within it.
    mount --bind "$root" "$root"
    mount -t proc proc "$root/proc"
    mount --rbind /dev "$root/dev"
    mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
    mount --bind "$kept" "$root/$sources/target"
    lend_rust opt
    local network
    mapfile -d '' -t network <"$folder/network"
    # No locale, as in a container.
    as_newcomer() {
        env -i HOME=/root PATH=/opt/rust/bin:/usr/sbin:/usr/bin:/sbin:/bin CARGO_HOME=/opt/cargo CARGO_NET_OFFLINE=true "${network[@]}" \
            /usr/sbin/chroot "$root" sh -c "cd /$sources && $1" </dev/null
    }

    ! inside sh -c 'command -v php' >/dev/null || fail 'there is a PHP already'
    # To clone, and to call make.
    apt update
    apt install git make ca-certificates
    headline 'make demo'
    as_newcomer 'make demo' || fail 'make demo has failed'
    headline 'make test'
    as_newcomer 'make test'
}

export kept sources
in_namespace in_root
