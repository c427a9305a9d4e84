#!/usr/bin/env bash
# build.sh [--module [FOLDER]]: builds the extension for PHP and PHP_CONFIG; the one for the PHP on the PATH, and with --module the one for
# any other, is left as modules/sync.so, or as sync.so in the FOLDER, from where phpize's Makefile installs. FEATURES=tls: with encrypted
# connections to servers.

# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"

scripts/need.sh build
use_php
headline "Building sync.so for PHP $PHP_ID"
CARGO_TARGET_DIR=$PHP_TARGET cargo build --release --locked --lib "${FEATURE_OPTIONS[@]}"

built=$SYNC_SO
if [ "${1:-}" = --module ] || [ "$PHP" = "$(command -v php)" ]; then
    # A new file, not a changed one: a PHP that has the old one mapped keeps it.
    modules=${2:-$ROOT/modules}
    mkdir -p "$modules"
    install -m 644 "$SYNC_SO" "$modules/sync.so.new"
    mv "$modules/sync.so.new" "$modules/sync.so"
    built=${modules/#$ROOT\//./}/sync.so
fi
say "Built $built. Try: $(basename "$PHP") -d extension=$built --ri sync"
