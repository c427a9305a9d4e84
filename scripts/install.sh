#!/usr/bin/env bash
# install.sh install|uninstall: puts sync.so into PHP's extension directory and enables it for all
# SAPIs of that PHP, or takes both back. With DESTDIR, writes below that directory and runs nothing.

# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"

use_php
DESTDIR=${DESTDIR:-}
extension=$("$PHP_CONFIG" --extension-dir)/sync.so
series=$("$PHP" -n -r 'echo PHP_MAJOR_VERSION, ".", PHP_MINOR_VERSION;')
scan_directory=$("$PHP" -n -r 'echo PHP_CONFIG_FILE_SCAN_DIR;')
scan_directory=${scan_directory%%:*}

# Three ways to be enabled: Debian's mods-available, from where phpenmod links it into each SAPI's
# conf.d; a conf.d that all SAPIs of this build read; or, built without one, php.ini itself.
if [ "$scan_directory" = "/etc/php/$series/cli/conf.d" ]; then
    way=debian
    ini=/etc/php/$series/mods-available/sync.ini
elif [ -n "$scan_directory" ]; then
    way=scanned
    ini=$scan_directory/sync.ini
else
    way=php.ini
    ini=$("$PHP" -r 'echo php_ini_loaded_file() ?: PHP_CONFIG_FILE_PATH . "/php.ini";' 2>/dev/null)
fi
line='extension=sync.so ; by "make install" of Sync'

running_servers() {
    local name
    for name in "php$series-fpm" php-fpm apache2; do
        if command -v pgrep >/dev/null && pgrep -x "${name:0:15}" >/dev/null; then say "$name"; fi
    done
}
remind() {
    local server
    for server in $(running_servers); do say "Restart $server to have it $1 sync."; done
}

do_install() {
    # `sudo make install` after `make`: root may have no cargo, and need not.
    if ! { [ -n "${SUDO_USER:-}" ] && [ -f "$SYNC_SO" ]; }; then
        scripts/build.sh
    fi

    # Replaced in one step: a running PHP keeps the file that it has mapped.
    as_root_for "$DESTDIR$extension" install -D -m 644 "$SYNC_SO" "$DESTDIR$extension.new"
    as_root_for "$DESTDIR$extension" mv -f "$DESTDIR$extension.new" "$DESTDIR$extension"
    say "Installed $DESTDIR$extension"

    local text
    text=$(mktemp)
    # shellcheck disable=SC2064 # the name of now is meant
    trap "rm -f '$text'" EXIT
    if [ $way = php.ini ]; then
        { [ ! -f "$DESTDIR$ini" ] || grep -vxF "$line" "$DESTDIR$ini" || true; } >"$text"
    else
        printf '; configuration for php sync module\n; priority=20\n' >"$text"
    fi
    printf '%s\n' "$line" >>"$text"
    as_root_for "$DESTDIR$ini" install -D -m 644 "$text" "$DESTDIR$ini"
    say "Wrote $DESTDIR$ini"
    if [ -n "$DESTDIR" ]; then
        [ $way != debian ] || say "Where it is unpacked, enable it by: phpenmod -v $series -s ALL sync"
        return 0
    fi

    if [ $way = debian ]; then
        as_root_for "$ini" phpenmod -v "$series" -s ALL sync
    fi
    "$PHP" -m | grep -x sync >/dev/null || fail "$PHP does not load sync, although $ini says so; see: $PHP --ini"
    "$PHP" --ri sync | sed '9,$d'
    remind load
}

do_uninstall() {
    if [ $way = debian ] && [ -z "$DESTDIR" ] && [ -e "$ini" ]; then
        as_root_for "$ini" phpdismod -v "$series" -s ALL sync
        # Where Debian remembers that an administrator wished so.
        local remembered
        for remembered in /var/lib/php/modules/"$series"/*/{enabled,disabled}_by_admin/sync; do
            [ ! -e "$remembered" ] || as_root_for "$remembered" rm -f "$remembered"
        done
    fi
    if [ $way = php.ini ]; then
        if [ -f "$DESTDIR$ini" ] && grep -qxF "$line" "$DESTDIR$ini"; then
            as_root_for "$DESTDIR$ini" sed -i "\|^$line\$|d" "$DESTDIR$ini"
            [ -s "$DESTDIR$ini" ] || as_root_for "$DESTDIR$ini" rm -f "$DESTDIR$ini"
            say "Took sync out of $DESTDIR$ini"
        fi
    elif [ -e "$DESTDIR$ini" ]; then
        as_root_for "$DESTDIR$ini" rm -f "$DESTDIR$ini"
        say "Removed $DESTDIR$ini"
    fi
    if [ -e "$DESTDIR$extension" ]; then
        as_root_for "$DESTDIR$extension" rm -f "$DESTDIR$extension"
        say "Removed $DESTDIR$extension"
    fi
    [ -z "$DESTDIR" ] || return 0
    if "$PHP" -m | grep -x sync >/dev/null; then
        fail "$PHP still loads a sync that make install did not put there; see: $PHP --ini"
    fi
    remind unload
}

case ${1:-} in
install) do_install ;;
uninstall) do_uninstall ;;
*) fail 'say install.sh install or install.sh uninstall' ;;
esac
