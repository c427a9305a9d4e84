# shellcheck shell=bash disable=SC2034 # its variables are for those who source it
# Sourced by every script here: the paths, the choice of PHP, and the functions for messages.

set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$ROOT"

# Build products other than Cargo's: logs, the debug build of PHP, Python's virtual environment.
BUILD=$ROOT/.build

# Cargo's options for the features of FEATURES: FEATURES=tls encrypts connections to servers.
FEATURE_OPTIONS=()
if [ -n "${FEATURES:-}" ]; then FEATURE_OPTIONS=(--features "$FEATURES"); fi

say() { printf '%s\n' "$*"; }
headline() { printf '\n== %s\n' "$*"; }
fail() {
    printf 'sync: %s\n' "$*" >&2
    exit 1
}

# NAME COMMAND...: one check that either holds or does not, for a script that counts its checks in `passed` and `failed` and names those
# that do not hold in `failures`.
check() {
    headline "$1"
    if "${@:2}"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        failures+=("$1")
    fi
}

# As root if that is needed to write to $1; `make install` should not ask for sudo as a whole, since
# root seldom has cargo on its PATH.
as_root_for() {
    local target=$1
    shift
    while [ ! -e "$target" ]; do target=$(dirname "$target"); done
    if [ -w "$target" ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        fail "cannot write to $target; run this as root"
    fi
}

# rustup puts cargo where a non-interactive shell may not look.
if ! command -v cargo >/dev/null && [ -x "$HOME/.cargo/bin/cargo" ]; then
    PATH=$HOME/.cargo/bin:$PATH
fi

# The choice of PHP: PHP=/path/to/php and PHP_CONFIG=/path/to/php-config; by default those on the PATH.
# ext-php-rs reads the same two variables.
find_php() {
    PHP=$(command -v "${PHP:-php}") || return 1
    if [ -z "${PHP_CONFIG:-}" ]; then
        # /usr/bin/php8.2 goes with /usr/bin/php-config8.2, /opt/x/bin/php with /opt/x/bin/php-config.
        PHP_CONFIG=$(dirname "$PHP")/$(basename "$PHP" | sed 's/^php/php-config/')
    fi
    PHP_CONFIG=$(command -v "$PHP_CONFIG") || return 1
    # The same PHP under another name (php-config calls Debian's /usr/bin/php8.2) would be built for a second time.
    PHP=$(usual_name "$PHP" php)
    PHP_CONFIG=$(usual_name "$PHP_CONFIG" php-config)
    export PHP PHP_CONFIG
}

# PROGRAM NAME: the program's path by that name on the PATH, if that is the same file; else as it was given.
usual_name() {
    local usual
    usual=$(command -v "$2") || true
    if [ "$usual" -ef "$1" ]; then say "$usual"; else say "$1"; fi
}

# The PHP that was found, and the paths that depend on it. Each build of PHP has a target directory
# of its own: its headers are compiled in.
use_php() {
    find_php || fail "no PHP found; run: scripts/need.sh --install build"
    PHP_ID=$("$PHP" -n -r 'echo PHP_VERSION, PHP_ZTS ? "-zts" : "", PHP_DEBUG ? "-debug" : "";')
    local config_version
    config_version=$("$PHP_CONFIG" --version)
    [ "${PHP_ID%%-*}" = "${config_version%%-*}" ] ||
        fail "$PHP is PHP ${PHP_ID%%-*}, but $PHP_CONFIG belongs to $config_version; set PHP and PHP_CONFIG to a pair"
    PHP_TARGET=$(realpath -m "${CARGO_TARGET_DIR:-$ROOT/target}")/php-$PHP_ID
    SYNC_SO=$PHP_TARGET/release/libsync.so
}

# 8.2, of the PHP that was found.
php_series() { "$PHP" -n -r 'echo PHP_MAJOR_VERSION, ".", PHP_MINOR_VERSION;'; }

# Whether the PHP that was found has an extension by its own configuration.
php_has() { "$PHP" -r "exit(extension_loaded('$1') || extension_loaded('Zend $1') ? 0 : 1);" 2>/dev/null; }

# PHP's CGI program of the same version as the PHP that was found, as CGI.
find_cgi() {
    local version
    version=$("$PHP" -n -r 'echo PHP_VERSION;')
    for CGI in "$(dirname "$PHP")/php-cgi" "/usr/bin/php-cgi$(php_series)" "$(command -v php-cgi)"; do
        if [ -x "$CGI" ] && "$CGI" -n -v 2>/dev/null | grep -q "^PHP $version "; then return; fi
    done
    return 1
}

# Apache, as APACHE, its modules' directory, as APACHE_MODULES, and the module of the PHP that was found, as MOD_PHP.
find_apache() {
    local version
    version=$("$PHP" -n -r 'echo PHP_VERSION;')
    for APACHE in /usr/sbin/apache2 /usr/sbin/httpd "$(command -v apache2)" "$(command -v httpd)"; do
        for APACHE_MODULES in /usr/lib/apache2/modules /usr/lib64/httpd/modules /usr/lib/httpd/modules; do
            for MOD_PHP in "$APACHE_MODULES/libphp$(php_series).so" "$APACHE_MODULES/libphp.so"; do
                if [ -x "$APACHE" ] && [ -f "$MOD_PHP" ] && grep -aqF "PHP/$version" "$MOD_PHP"; then return; fi
            done
        done
    done
    return 1
}

# The library of the PHP that was found, for programs that embed it, as EMBED.
find_embed() {
    local version
    version=$("$PHP" -n -r 'echo PHP_VERSION;')
    for EMBED in "$(dirname "$PHP")/../lib/libphp.so" "/usr/lib/libphp$(php_series).so" /usr/lib/*/"libphp$(php_series).so" /usr/lib/libphp.so; do
        if [ -f "$EMBED" ] && grep -aqF "PHP/$version" "$EMBED"; then return; fi
    done
    return 1
}

# PHP-FPM of the same version as the PHP that was found, as FPM.
find_fpm() {
    local series version
    version=$("$PHP" -n -r 'echo PHP_VERSION;')
    series=$(php_series)
    for FPM in "$(dirname "$PHP")/../sbin/php-fpm" "/usr/sbin/php-fpm$series" "/usr/sbin/php-fpm" "$(command -v "php-fpm$series")" "$(command -v php-fpm)"; do
        if [ -x "$FPM" ] && "$FPM" -n -v 2>/dev/null | grep -q "^PHP $version "; then return; fi
    done
    return 1
}

# Every PHP started from here on loads the sync.so that was just built, by a php.ini of our own, and
# no installed one.
with_sync() {
    [ -f "$SYNC_SO" ] || fail "no $SYNC_SO; run: make build"
    # No folder to scan; not empty, because PHP's proc_open() passes no empty variables on.
    export PHPRC=$PHP_TARGET/tests.ini PHP_INI_SCAN_DIR=/dev/null
    local text loaded
    # Written in one step, since other processes may be using the old file; and computed by a PHP with
    # its own configuration.
    text=$(env -u PHPRC -u PHP_INI_SCAN_DIR "$PHP" -n scripts/test-ini.php "$SYNC_SO")
    printf '%s\n' "$text" >"$PHPRC.$$"
    mv "$PHPRC.$$" "$PHPRC"
    loaded=$("$PHP" -m 2>&1)
    grep -qx sync <<<"$loaded" || fail "PHP does not load $SYNC_SO: $(head -n 3 <<<"$loaded")"
}

cpus() { nproc 2>/dev/null || echo 2; }
