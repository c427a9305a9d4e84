#!/usr/bin/env bash
# check-install.sh: a PHP loads what `make install` installs, and `make uninstall` leaves nothing behind:
# below a folder of its own, for a PHP that reads a conf.d, for one that reads php.ini alone, and by Debian's
# phpenmod. Neither touches files of other origin. It also checks need.sh's messages about a missing Rust.
#
# shellcheck disable=SC2030,SC2031 # each part has its own environment, in a subshell

# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"

use_php
folder=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server"; rm -rf "$folder"' EXIT

# The names and checksums of all files in a folder.
content_of() { (cd "$1" && find . -type l -printf '%p -> %l\n' -o -type f -exec md5sum {} + | sort); }

# FOLDER TEXT COMMAND...: the command fails, prints this text, and changes nothing in the folder.
refuses() {
    local before said status=0
    before=$(content_of "$1")
    said=$("${@:3}" 2>&1) || status=$?
    [ $status != 0 ] || fail "was not refused: ${*:3}; it said: $said"
    grep -qF -- "$2" <<<"$said" || fail "does not say '$2' but: $said"
    [ "$(content_of "$1")" = "$before" ] || fail "changed something, although it refused: ${*:3}"
}
# TEXT COMMAND...: the command succeeds, and prints this text.
says() {
    local said
    said=$("${@:2}" 2>&1) || fail "failed: ${*:2}; it said: $said"
    grep -qE -- "$1" <<<"$said" || fail "does not say '$1' but: $said"
}
is_empty() {
    local left
    left=$(find "$1" -type f -o -type l)
    [ -z "$left" ] || fail "uninstall left $left"
}

# ---- below a folder -------------------------------------------------------------------------------

headline 'make install DESTDIR=…'
scripts/build.sh
# Built above: the installations below must not build again.
export SUDO_USER=nobody

below() (
    export DESTDIR=$folder/destdir
    mkdir "$DESTDIR"
    library=$DESTDIR$("$PHP_CONFIG" --extension-dir)/sync.so

    scripts/install.sh install
    "$PHP" -n -d extension="$library" -m | grep -x sync >/dev/null || fail 'what was installed cannot be loaded'
    ini=$(grep -rlE '^extension=sync' "$DESTDIR" --include='*.ini') || fail 'no configuration was written'

    # A second installation keeps the user's settings.
    echo 'sync.file_mode = 0660' >>"$ini"
    scripts/install.sh install
    grep -qx 'sync.file_mode = 0660' "$ini" || fail 'install threw settings away'
    [ "$(grep -cE '^extension=sync' "$ini")" = 1 ] || fail "loads it twice: $(cat "$ini")"
    scripts/install.sh uninstall
    [ ! -e "$library" ] || fail "uninstall left $library"
    grep -qx 'sync.file_mode = 0660' "$ini" || fail 'uninstall threw settings away'
    scripts/install.sh install
    grep -qx 'sync.file_mode = 0660' "$ini" || fail 'install threw settings away'
    sed -i '/^sync/d' "$ini"

    # Under sudo, with nothing built: root does not build.
    refuses "$DESTDIR" 'run make first, without sudo' env CARGO_TARGET_DIR="$folder/nothing" scripts/install.sh install

    # A library of other origin, and a link that leads nowhere.
    cp "$library" "$folder/ours"
    rm "$library"
    echo 'an extension, SyncReaderWriter' >"$library"
    refuses "$DESTDIR" "$library was not installed by \"make install\"" scripts/install.sh install
    refuses "$DESTDIR" "$library was not installed by \"make install\"" scripts/install.sh uninstall
    ln -sf "$folder/nowhere" "$library"
    refuses "$DESTDIR" "$library was not installed by \"make install\"" scripts/install.sh install
    refuses "$DESTDIR" "$library was not installed by \"make install\"" scripts/install.sh uninstall
    rm "$library"
    cp "$folder/ours" "$library"

    # A configuration of other origin.
    cp "$ini" "$folder/ours.ini"
    echo 'extension=sync.so' >"$ini"
    refuses "$DESTDIR" "$ini " scripts/install.sh install
    refuses "$DESTDIR" "$ini " scripts/install.sh uninstall
    cp "$folder/ours.ini" "$ini"

    scripts/install.sh uninstall
    is_empty "$DESTDIR"

    # phpize's word for the same.
    unset DESTDIR
    if [ ! -e Makefile ]; then
        make install INSTALL_ROOT="$folder/destdir"
        [ -f "$library" ] || fail 'make install INSTALL_ROOT=… installs elsewhere'
        make uninstall INSTALL_ROOT="$folder/destdir"
        is_empty "$folder/destdir"
    fi
)
below

# ---- for a PHP of one's own -------------------------------------------------------------------------

# A PHP whose folders are below $1, and that was built to read a conf.d where $2 says so.
make_php() {
    local scan=
    mkdir -p "$1"/{bin,etc,extensions}
    if [ "$2" = scanned ]; then
        scan=$1/conf.d
        mkdir "$scan"
    fi
    cat >"$1/bin/php" <<PHP
#!/usr/bin/env bash
arguments=()
for argument; do
    argument=\${argument//PHP_CONFIG_FILE_SCAN_DIR/\'$scan\'}
    arguments+=("\${argument//PHP_CONFIG_FILE_PATH/\'$1/etc\'}")
done
PHPRC=$1/etc PHP_INI_SCAN_DIR=${scan:-/dev/null} exec $PHP "\${arguments[@]}"
PHP
    cat >"$1/bin/php-config" <<PHP
#!/usr/bin/env bash
case \$1 in
--extension-dir) echo $1/extensions ;;
--php-sapis) echo " cli fpm" ;;
*) exec $PHP_CONFIG "\$@" ;;
esac
PHP
    chmod +x "$1"/bin/*
    # PHP looks for extension=sync.so there.
    echo "extension_dir=$1/extensions" >"$1/etc/php.ini"
}

of_its_own() (
    make_php "$folder/$1" "$1"
    export DESTDIR='' PHP=$folder/$1/bin/php PHP_CONFIG=$folder/$1/bin/php-config
    before=$(content_of "$folder/$1")

    says '^  cli +from its next start on$' scripts/install.sh install
    [ "$(printf '<?= extension_loaded("sync") ? "loaded" : "";' | "$PHP")" = loaded ] || fail 'it is not loaded'
    # Any other FPM may be running on this machine.
    says '^  fpm +(from its next start on|running; restart it: .+)$' scripts/install.sh install
    says '^Disabled for:$' scripts/install.sh uninstall
    [ "$(content_of "$folder/$1")" = "$before" ] || fail "uninstall left: $(content_of "$folder/$1")"
    says '^Nothing of it is installed' scripts/install.sh uninstall

    # Another extension called sync, which some ini loads.
    echo 'extension = "/opt/lib/php_sync.so" ; PECL' >>"$folder/$1/etc/php.ini"
    refuses "$folder/$1" "$folder/$1/etc/php.ini loads an extension called sync" scripts/install.sh install
    sed -i '$d' "$folder/$1/etc/php.ini"
    if [ "$1" = scanned ]; then
        echo 'extension=sync' >"$folder/$1/conf.d/20-sync.ini"
        refuses "$folder/$1" "$folder/$1/conf.d/20-sync.ini loads an extension called sync" scripts/install.sh install
        rm "$folder/$1/conf.d/20-sync.ini"
    fi
    echo 'an extension, SyncReaderWriter' >"$folder/$1/extensions/sync.so"
    refuses "$folder/$1" "PECL's extension of that name" scripts/install.sh install
    rm "$folder/$1/extensions/sync.so"
)
headline 'make install, for a PHP that reads a conf.d, and for one that reads php.ini alone'
of_its_own scanned
of_its_own php.ini

# A server that runs: a program of that name is enough.
if command -v pgrep >/dev/null; then
    cp "$(command -v sleep)" "$folder/php-fpm"
    "$folder/php-fpm" 600 &
    server=$!
    running() (
        export DESTDIR='' PHP=$folder/scanned/bin/php PHP_CONFIG=$folder/scanned/bin/php-config
        says '^  fpm +running; restart it: .*(systemctl|service|kill -USR2)' scripts/install.sh install
        says '^  fpm +running; restart it: ' scripts/install.sh uninstall
    )
    running
    kill "$server"
    server=
fi

# ---- as Debian does it ------------------------------------------------------------------------------

# Mounts copies of these folders over them, for this process and its children alone.
over=(/etc/php /var/lib/php "$("$PHP_CONFIG" --extension-dir)")
by_debian() {
    local part
    for part in "${over[@]}"; do
        mkdir -p "$folder/copies$part"
        cp -a "$part/." "$folder/copies$part"
        mount --bind "$folder/copies$part" "$part"
    done
    series=$("$PHP" -n -r 'echo PHP_MAJOR_VERSION, ".", PHP_MINOR_VERSION;')
    # Removes an installed sync from the copies: the test installs its own.
    rm -f "$("$PHP_CONFIG" --extension-dir)/sync.so" "/etc/php/$series/mods-available/sync.ini" /etc/php/"$series"/*/conf.d/*-sync.ini
    local before
    before=$(content_of /etc/php)
    says '^  cli +from its next start on$' scripts/install.sh install
    [ "$("$PHP" -r 'echo extension_loaded("sync") ? "loaded" : "";')" = loaded ] || fail 'it is not loaded'
    says '^Disabled for:$' scripts/install.sh uninstall
    [ "$(content_of /etc/php)" = "$before" ] || fail 'uninstall left something in /etc/php'

    echo 'extension=sync.so' >"/etc/php/$series/mods-available/sync.ini"
    refuses /etc/php "mods-available/sync.ini was not installed by \"make install\"" scripts/install.sh install
    refuses /etc/php "mods-available/sync.ini was not installed by \"make install\"" scripts/install.sh uninstall
    mv "/etc/php/$series/mods-available/sync.ini" "/etc/php/$series/cli/conf.d/30-pecl.ini"
    refuses /etc/php "30-pecl.ini loads an extension called sync" scripts/install.sh install
}
rights=-Urm
[ "$(id -u)" != 0 ] || rights=-m
scan_directory=$("$PHP" -n -r 'echo PHP_CONFIG_FILE_SCAN_DIR;')
if [[ $scan_directory != /etc/php/*/cli/conf.d ]]; then
    say "Not asked of Debian's phpenmod: this PHP is not Debian's"
elif ! unshare $rights -- mount --bind "$folder" "$folder" 2>/dev/null; then
    say "SKIP make install by Debian's phpenmod: mounting is not permitted here"
else
    headline "make install, by Debian's phpenmod"
    export folder DESTDIR=''
    export -f by_debian content_of refuses says fail headline say
    unshare $rights -- bash -euo pipefail -c "$(declare -p over); by_debian"
fi

# ---- a missing Rust -----------------------------------------------------------------------------------

headline 'The message about a missing Rust'
# All programs but Rust's, and an apt-cache of our own.
tools=$folder/tools
mkdir "$tools" "$folder/home"
for directory in /sbin /bin /usr/sbin /usr/bin /usr/local/bin; do
    ln -sft "$tools" "$directory"/*
done
rm -f "$tools"/{cargo,rustc,rustup,apt-get,apt-cache,curl,wget,sudo}*
printf '#!/bin/sh\nexit 100\n' >"$tools/apt-get"

# CANDIDATES TEXT: with these packages available, need.sh prints this text.
without_rust() {
    cat >"$tools/apt-cache" <<SH
#!/bin/sh
# As apt-cache does for a package known by name, without a candidate.
[ "\$1" = policy ] || exit 0
case \$2 in $1 *) candidate='(none)' ;; esac
printf '%s:\n  Installed: (none)\n  Candidate: %s\n' "\$2" "\$candidate"
SH
    chmod +x "$tools"/apt-*
    refuses "$tools" "$2" env HOME="$folder/home" PATH="$tools" scripts/need.sh build
}
without_rust '' 'which package brings it, apt knows after apt-get update'
without_rust 'rustup) candidate=1.27-1 ;; rustc) candidate=1.63.0+dfsg1-2 ;;' 'apt-get install rustup'
without_rust 'rustc|cargo) candidate=1.99.0-1 ;;' 'apt-get install rustc cargo'
old='rustc|cargo) candidate=1.63.0+dfsg1-2 ;;'
without_rust "$old" 'https://www.rust-lang.org/tools/install'
ln -s "$(command -v true)" "$tools/wget"
without_rust "$old" 'wget -qO- https://sh.rustup.rs | sh'
ln -s "$(command -v true)" "$tools/curl"
without_rust "$old" "curl --proto '=https' -sSf https://sh.rustup.rs | sh"
rm "$tools/wget" "$tools/curl"
printf '#!/bin/sh\nexit 1\n' >"$tools/rustup"
chmod +x "$tools/rustup"
without_rust "$old" 'rustup toolchain install stable'
