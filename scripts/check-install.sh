#!/usr/bin/env bash
# check-install.sh: `make install`, below a folder of its own, puts there what a PHP loads; and
# `make uninstall` leaves nothing behind.

# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"

use_php
DESTDIR=$(mktemp -d)
export DESTDIR
trap 'rm -rf "$DESTDIR"' EXIT

scripts/install.sh install
"$PHP" -n -d extension="$DESTDIR$("$PHP_CONFIG" --extension-dir)/sync.so" -m | grep -x sync >/dev/null ||
    fail 'what was installed cannot be loaded'
grep -rqE '^extension=sync' "$DESTDIR" --include="*.ini" || fail "no configuration was written"

scripts/install.sh uninstall
left=$(find "$DESTDIR" -type f -o -type l)
[ -z "$left" ] || fail "uninstall left $left"
