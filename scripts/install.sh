#!/usr/bin/env bash
# install.sh install|uninstall: puts sync.so into PHP's extension directory and enables it for all
# SAPIs of that PHP, or takes both back. With DESTDIR, writes below that directory and runs nothing.
#
# PECL has an extension that is called sync, too: nothing is replaced or removed that `make install`
# did not put there. Each installed file carries a mark that shows its origin, and all files are
# checked before the first one is touched.

# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"

use_php
DESTDIR=${DESTDIR:-}
extension=$("$PHP_CONFIG" --extension-dir)/sync.so
series=$("$PHP" -n -r 'echo PHP_MAJOR_VERSION, ".", PHP_MINOR_VERSION;')
scan_directory=$("$PHP" -n -r 'echo PHP_CONFIG_FILE_SCAN_DIR;')
scan_directory=${scan_directory%%:*}

# Three ways to enable it: Debian's mods-available, from where phpenmod links it into each SAPI's
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

# ---- the origin of files --------------------------------------------------------------------------

# The marks in the ini, and in sync.so (its ABOUT).
ini_mark='by "make install" of Sync'
extension_mark="Sync: one object, shared by PHP programs (not PECL's extension of that name)"
line="extension=sync.so ; $ini_mark"
comment="; configuration for php sync module, $ini_mark"

# How an ini loads a module called sync, in all ways that PHP understands.
loads_sync='^[[:space:]]*(zend_)?extension[[:space:]]*=[[:space:]]*["'\'']?([^;"'\'']*/)?(php_)?sync(\.so)?["'\'']?[[:space:]]*(;.*)?$'

is_there() { [ -e "$1" ] || [ -L "$1" ]; }

# MARK FILE: whether a file carries the mark. A file that cannot be read is never replaced.
is_marked() {
    local status=0
    [ -f "$2" ] || return 1
    grep -qaF -- "$1" "$2" || status=$?
    [ $status -lt 2 ] || fail "cannot read $2, so it is left alone; run this as root"
    return $status
}

# FILE: its probable origin, and how to remove it.
origin_of() {
    local package=
    if [ -n "$DESTDIR" ]; then return 0; fi
    if command -v dpkg-query >/dev/null; then
        package=$(dpkg-query -S "$1" 2>/dev/null | sed 's/:.*//;q') || true
    fi
    if [ -n "$package" ]; then
        say "It belongs to the package $package (apt-get remove $package)."
    elif [ -f "$1" ] && grep -qaF SyncReaderWriter -- "$1"; then
        say "It is PECL's extension of that name (pecl uninstall sync)."
    fi
}

# Refuses if a file is of other origin.
refuse_foreign() {
    local file mark
    for file in "$extension" "$ini"; do
        mark=$ini_mark
        [ "$file" = "$ini" ] || mark=$extension_mark
        if [ "$file" = "$ini" ] && [ $way = php.ini ]; then
            # php.ini is shared by all extensions: only its lines can be of other origin.
            refuse_loading "$DESTDIR$file"
        elif is_there "$DESTDIR$file" && ! is_marked "$mark" "$DESTDIR$file"; then
            fail "$DESTDIR$file was not installed by \"make install\": nothing was changed. $(origin_of "$file")
sync: One PHP can load only one extension that is called sync: remove the other one first, or move that file."
        fi
    done
}

# INI: refuses if it loads another sync: PHP would load one of the two, and warn.
refuse_loading() {
    if [ -f "$1" ] && grep -E -- "$loads_sync" "$1" | grep -vF -- "$ini_mark" >/dev/null; then
        fail "$1 loads an extension called sync that \"make install\" did not install: nothing was changed.
sync: One PHP can load only one of that name: remove that line first."
    fi
}

# Every ini that some SAPI of this PHP reads.
inis() {
    if [ $way = debian ]; then
        find "/etc/php/$series" -path '*/mods-available' -prune -o -name '*.ini' -print
    else
        "$PHP" -d display_errors=0 -r 'echo implode("\n", array_map("trim", [php_ini_loaded_file(), ...explode(",", (string) php_ini_scanned_files())])), "\n";' 2>/dev/null
    fi
}

# Refuses if PHP loads another sync already, from any origin.
refuse_second() {
    local file
    while read -r file; do
        # Our own ini is recognized by its mark, however its line was edited since.
        if [ $way = php.ini ] || ! [ "$file" -ef "$ini" ]; then refuse_loading "$file"; fi
    done < <(inis)
    if "$PHP" -n -m 2>/dev/null | grep -x sync >/dev/null; then
        fail "$PHP has an extension called sync built in, and can load no other of that name"
    fi
}

# ---- the summary at the end -------------------------------------------------------------------------

sapis() {
    local directory
    if [ $way = debian ]; then
        for directory in "/etc/php/$series"/*/conf.d; do basename "$(dirname "$directory")"; done
    else
        "$PHP_CONFIG" --php-sapis | tr ' ' '\n' | grep . | sort
    fi
}

# PROCESSES SERVICES: how to restart the server that runs as one of these processes; nothing where there
# is none.
restart_of() {
    local name pid='' sudo=
    [ "$(id -u)" = 0 ] || sudo='sudo '
    command -v pgrep >/dev/null || return 0
    for name in $1; do
        # The oldest one is the master. The kernel keeps fifteen bytes of a name.
        [ -n "$pid" ] || pid=$(pgrep -o -x "${name:0:15}") || true
    done
    [ -n "$pid" ] || return 0
    for name in $2; do
        if [ -d /run/systemd/system ] && systemctl cat "$name" >/dev/null 2>&1; then
            say "${sudo}systemctl restart $name"
            return
        elif [ -x "/etc/init.d/$name" ] && command -v service >/dev/null; then
            say "${sudo}service $name restart"
            return
        fi
    done
    # In a container, for instance.
    case $1 in
    *fpm*) say "${sudo}kill -USR2 $pid" ;;
    *) say "${sudo}apachectl restart" ;;
    esac
}

# The SAPIs that load it (or no longer do), and from when on. $1: Enabled or Disabled.
tell_sapis() {
    local sapi how
    say "$1 for:"
    for sapi in $(sapis); do
        how=
        case $sapi in
        fpm*) how=$(restart_of "php-fpm$series php-fpm" "php$series-fpm php-fpm") ;;
        apache*) how=$(restart_of "apache2 httpd" "apache2 httpd") ;;
        esac
        printf '  %-15s %s\n' "$sapi" "${how:+running; restart it: }${how:-from its next start on}"
    done
}

# ---- install and uninstall --------------------------------------------------------------------------

# The ini with the line that loads sync.so; its other lines stay.
with_line() {
    if [ $way != php.ini ] && ! is_there "$1"; then
        printf '%s\n; priority=20\n' "$comment"
    elif is_there "$1"; then
        without_line "$1"
    fi
    printf '%s\n' "$line"
}
# The ini without that line, whose origin the caller has checked.
without_line() { grep -vE -- "$loads_sync" "$1" || true; }

# TEXT FILE: puts a text into a file.
write() {
    local text
    text=$(mktemp)
    # shellcheck disable=SC2064 # the current name is meant
    trap "rm -f '$text'" EXIT
    printf '%s\n' "$1" >"$text"
    as_root_for "$2" install -D -m 644 "$text" "$2"
}

do_install() {
    refuse_foreign
    [ -n "$DESTDIR" ] || refuse_second

    # `sudo make install` installs what `make` has built: root may have no cargo, and leaves no files of its own in the tree.
    if [ -z "${SUDO_USER:-}" ]; then
        scripts/build.sh
    elif ! [ -f "$SYNC_SO" ]; then
        fail "sync.so is not built yet for PHP $PHP_ID; run make first, without sudo"
    fi

    # Replaced in one step: a running PHP keeps the file that it has mapped.
    as_root_for "$DESTDIR$extension" install -D -m 644 "$SYNC_SO" "$DESTDIR$extension.new"
    as_root_for "$DESTDIR$extension" mv -f "$DESTDIR$extension.new" "$DESTDIR$extension"
    say "Installed $DESTDIR$extension"

    write "$(with_line "$DESTDIR$ini")" "$DESTDIR$ini"
    say "Wrote $DESTDIR$ini"
    if [ -n "$DESTDIR" ]; then
        [ $way != debian ] || say "Where it is unpacked, enable it by: phpenmod -v $series -s ALL sync"
        return 0
    fi

    if [ $way = debian ]; then
        as_root_for "$ini" phpenmod -v "$series" -s ALL sync
    fi
    "$PHP" -m | grep -x sync >/dev/null || fail "$PHP does not load sync, although $ini says so; see: $PHP --ini"
    "$PHP" --ri sync | sed '/Directive/,$d'
    tell_sapis Enabled
}

do_uninstall() {
    refuse_foreign
    local found=no rest
    if [ $way = debian ] && [ -z "$DESTDIR" ] && is_there "$ini"; then
        as_root_for "$ini" phpdismod -v "$series" -s ALL sync
        # The files by which Debian remembers an administrator's choice.
        local remembered
        for remembered in /var/lib/php/modules/"$series"/*/{enabled,disabled}_by_admin/sync; do
            [ ! -e "$remembered" ] || as_root_for "$remembered" rm -f "$remembered"
        done
    fi
    if [ -f "$DESTDIR$ini" ] && grep -qF -- "$ini_mark" "$DESTDIR$ini"; then
        rest=$(without_line "$DESTDIR$ini")
        if grep -qvE '^[[:space:]]*(;.*)?$' <<<"$rest" || { [ $way = php.ini ] && [ -n "$rest" ]; }; then
            # The user's settings stay for the next installation.
            if grep -qE -- "$loads_sync" "$DESTDIR$ini"; then
                write "$rest" "$DESTDIR$ini"
                say "Removed sync.so from $DESTDIR$ini, and left the settings in it"
                found=yes
            fi
        else
            as_root_for "$DESTDIR$ini" rm -f "$DESTDIR$ini"
            say "Removed $DESTDIR$ini"
            found=yes
        fi
    fi
    if is_there "$DESTDIR$extension"; then
        as_root_for "$DESTDIR$extension" rm -f "$DESTDIR$extension"
        say "Removed $DESTDIR$extension"
        found=yes
    fi
    [ -z "$DESTDIR" ] || return 0
    if "$PHP" -m 2>/dev/null | grep -x sync >/dev/null; then
        fail "$PHP still loads a sync that make install did not put there; see: $PHP --ini"
    fi
    if [ $found = yes ]; then tell_sapis Disabled; else say "Nothing of it is installed for $PHP"; fi
}

case ${1:-} in
install) do_install ;;
uninstall) do_uninstall ;;
*) fail 'usage: install.sh install or install.sh uninstall' ;;
esac
