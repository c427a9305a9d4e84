#!/usr/bin/env bash
# with-sync.sh ARGUMENTS...: runs PHP with the sync.so that was just built, whatever is installed.

. "$(dirname "$0")/common.sh"

use_php
[ -f "$SYNC_SO" ] || fail "no $SYNC_SO; run: make build"
export PHPRC=$PHP_TARGET/tests.ini PHP_INI_SCAN_DIR=
"$PHP" -n scripts/test-ini.php "$SYNC_SO" >"$PHPRC"
exec "$PHP" "$@"
