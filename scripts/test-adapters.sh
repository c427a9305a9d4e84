#!/usr/bin/env bash
# test-adapters.sh [--write] [SERIES]: the public suites, and our own tests, on the adapters of packages/sync-php, with Debian's packages of the
# frameworks; and the test that docs/guide.md shows, by PHPUnit. On the installed PHP, or on that of another series (8.4), which
# scripts/built-php.sh builds: the tables are the same for each.
#
#   --write   writes the tables of the two READMEs from the run, instead of comparing them with it
#
# The suites run side by side, as most of their time is sleep. The last line is 'N passed, N failed'.

# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=scripts/apt-sources.sh
. scripts/apt-sources.sh

scripts/need.sh --install adapters
write=()
if [ "${1:-}" = --write ]; then
    write=(--write)
    shift
fi
if [ -n "${1:-}" ]; then
    PHP=$(scripts/built-php.sh --release "$1")
    PHP_CONFIG=
fi
use_php
scripts/build.sh

package=$ROOT/packages/sync-php
results=$BUILD/adapters
mkdir -p "$results"

# Symfony's tests, of the version that is installed.
version=$(dpkg-query --show --showformat='${source:Version}' php-symfony-cache)
export SYMFONY_SOURCE=$results/symfony-$version
fetch_symfony() {
    local download=$results/download
    rm -rf "$download"
    mkdir -p "$download"
    (
        cd "$download"
        fetch_apt_lists
        apt_sources apt-get source --download-only --only-source "symfony=$version"
        mkdir unpacked
        # The tarball is unpacked as it is: Debian's patches change no test that is used here.
        tar -xf ./*.orig.tar.?z -C unpacked --strip-components=1
    ) >"$results/download.log" 2>&1 </dev/null || {
        tail -n 20 "$results/download.log" >&2
        fail "could not fetch the source of symfony $version; the output is in $results/download.log"
    }
    mv "$download/unpacked" "$SYMFONY_SOURCE"
    rm -rf "$download"
}
[ -d "$SYMFONY_SOURCE" ] || fetch_symfony

# A folder of this run, on tmpfs, where stores are.
SYNC_ADAPTERS=$(mktemp -d /dev/shm/sync-adapters.XXXXXX)
export SYNC_ADAPTERS
trap 'rm -rf "$SYNC_ADAPTERS"' EXIT

# HttpFoundation's test starts `php -S` in the folder of its fixtures; their common.inc looks for vendor/autoload.php above it, and ends
# with a handler in whose place the package's is put. The port is one that is free now.
http=$SYNC_ADAPTERS/http-foundation
tests=$SYMFONY_SOURCE/src/Symfony/Component/HttpFoundation/Tests/Session/Storage/Handler
mkdir -p "$http/vendor"
cp -r "$tests/Fixtures" "$tests/AbstractSessionHandlerTest.php" "$http"
printf '<?php require %s;\n' "'$package/tests/bootstrap.php'" >"$http/vendor/autoload.php"
sed '/^class TestSessionHandler /,$d' "$tests/Fixtures/common.inc" >"$http/Fixtures/common.inc"
grep -q '^ob_start();' "$http/Fixtures/common.inc" || fail "the fixtures of symfony $version are not as this script knows them"
printf 'require %s;\n' "'$package/tests/TestSessionHandler.php'" >>"$http/Fixtures/common.inc"
port=$("$PHP" -n -r 'preg_match("/\d+$/", stream_socket_get_name(stream_socket_server("tcp://127.0.0.1:0"), false), $port); echo $port[0];')
sed -i "s/localhost:8053/127.0.0.1:$port/" "$http/AbstractSessionHandlerTest.php"
grep -q "127.0.0.1:$port/" "$http/AbstractSessionHandlerTest.php" || fail "the test of symfony $version is not as this script knows it"

# The tests of the guide, in a folder.
mkdir "$SYNC_ADAPTERS/guide"
"$PHP" -n "$package/tests/guide.php" "$SYNC_ADAPTERS/guide"

with_sync
# As Debian's PHP has it: PHPUnit and the frameworks look there. Their versions are of before PHP 8.4, which tells of them; of our own classes
# it is to have nothing to tell.
printf '%s\n' 'include_path=.:/usr/share/php' 'error_reporting=E_ALL & ~E_DEPRECATED' >>"$PHPRC"
told=$(find "$package/src" -name '*.php' -exec "$PHP" -n -d error_reporting=-1 -d display_errors=1 -l {} \; | grep -v -e '^No syntax errors' -e '^$' || true)
[ -z "$told" ] || fail "the adapters' classes: $told"

# NAME FILE: writes results/NAME.xml and NAME.log. Without assertions 125 cases of PSR-16 fail, for any cache.
run() {
    local status=0
    rm -f "$results/$1.xml"
    timeout 240 "$PHP" -d zend.assertions=1 -d apc.enable_cli=0 "$(command -v phpunit)" --no-configuration --do-not-cache-result \
        --bootstrap "$package/tests/bootstrap.php" --log-junit "$results/$1.xml" "$2" >"$results/$1.log" 2>&1 </dev/null || status=$?
    echo "$status" >"$results/$1.status"
}

suites=$("$PHP" "$package/tests/report.php" --suites)
while read -r name file; do
    case $file in
        HTTP_FOUNDATION) file=$http/AbstractSessionHandlerTest.php ;;
        GUIDE) file=$SYNC_ADAPTERS/guide ;;
        *) file=$package/tests/$file ;;
    esac
    run "$name" "$file" &
done <<<"$suites"
wait

composer_status=0
COMPOSER_ALLOW_SUPERUSER=1 env -u PHPRC -u PHP_INI_SCAN_DIR composer validate --strict --no-check-lock --no-interaction "$package/composer.json" >"$results/composer.log" 2>&1 </dev/null ||
    composer_status=$?
"$PHP" "$package/tests/report.php" --results="$results" --composer="$composer_status" "${write[@]}"
