#!/usr/bin/env bash
# with-sync.sh ARGUMENTS...: runs PHP with the sync.so that was just built, whatever is installed.

# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"

use_php
with_sync
exec "$PHP" "$@"
