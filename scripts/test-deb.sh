#!/usr/bin/env bash
# test-deb.sh: the package of `make deb` in a Debian without PHP, made by debootstrap: it installs with all that it needs, PHP loads the
# extension, the command runs, and what is removed is gone.

# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"

use_php
package=php$(php_series)-sync
mapfile -t built < <(find dist -name "${package}_*.deb" | sort)
[ ${#built[@]} = 1 ] || fail "not one package in dist, but ${#built[@]}: ${built[*]}"
if [ "$(id -u)" != 0 ]; then
    say 'SKIP the package in a Debian without PHP: root alone can make one; run: sudo scripts/test-deb.sh'
    exit
fi

# shellcheck source=scripts/debian-root.sh
. scripts/debian-root.sh
make_debian
cp "${built[0]}" "$root/"

in_root() {
    mount -t proc proc "$root/proc"
    # All that is called so, sync(1) of the coreutils included.
    files() { { inside find /etc/php /usr/bin /usr/lib/php /usr/share/man /usr/share/zsh /usr/share/bash-completion /var/lib/php ! -type d 2>/dev/null || true; } | grep -i sync | sort; }

    ! inside sh -c 'command -v php' >/dev/null || fail 'there is a PHP already'
    before=$(files)
    headline 'apt-get install'
    apt update
    apt install "/$archive"
    loads || fail "php -m does not list sync: $(inside php -m 2>&1)"
    [ "$(inside php -r '$s = new Sync("/tmp/test.sync"); $s->n = 41; $s->n++; echo (new Sync("/tmp/test.sync"))->n;')" = 42 ] ||
        fail 'the extension does not work'
    [ "$(inside syncctl get /tmp/test.sync n)" = 42 ] || fail 'the command does not see what PHP has stored'
    inside syncctl --version | grep -x "syncctl ${version%-*}" >/dev/null || fail "syncctl --version says: $(inside syncctl --version)"
    [ -z "$(inside dpkg --verify "$package")" ] || fail "dpkg --verify: $(inside dpkg --verify "$package")"
    for part in /usr/share/man/man1/syncctl.1.gz /usr/share/bash-completion/completions/syncctl /usr/share/zsh/vendor-completions/_syncctl; do
        # A minimal Debian may be told to leave manuals out.
        inside dpkg -L "$package" | grep -x "$part" >/dev/null || fail "the package has no $part"
    done

    headline 'Another SAPI, an update, and what the administrator has disabled'
    apt install "php$series-cgi"
    inside "php-cgi$series" -m | grep -x sync >/dev/null || fail 'a SAPI that is installed later does not load it'
    inside phpdismod -s cli sync
    apt install --reinstall "/$archive"
    ! loads || fail "an update enables what the administrator had disabled"
    inside phpenmod -s cli sync
    apt purge "php$series-cgi"

    headline 'apt-get remove, and purge'
    apt remove "$package"
    ! inside php -m 2>&1 | grep -i -e sync -e warning >/dev/null || fail "after remove, php -m says: $(inside php -m 2>&1)"
    [ -f "$root/etc/php/$series/mods-available/sync.ini" ] || fail 'remove has taken the configuration'
    apt install "/$archive"
    loads || fail 'what was removed and installed again is not enabled'
    apt purge "$package"
    [ "$(files)" = "$before" ] || fail "purge leaves: $(diff <(echo "$before") <(files))"

    headline 'A sync.so that no package brought'
    echo SyncReaderWriter >"$root/usr/lib/php/$api/sync.so"
    ! inside dpkg -i "/$archive" >"$folder/log" 2>&1 || fail "PECL's extension was replaced"
    grep -q 'pecl uninstall sync' "$folder/log" || fail "PECL's extension is refused, but with: $(cat "$folder/log")"
    [ "$(cat "$root/usr/lib/php/$api/sync.so")" = SyncReaderWriter ] || fail "PECL's extension was replaced"
    say "$package installs, is enabled for all SAPIs, and takes itself away"
}

series=$(php_series)
api=$("$PHP_CONFIG" --phpapi)
version=$(dpkg-deb -f "${built[0]}" Version)
archive=${built[0]##*/}
export package series api version archive
in_namespace in_root
