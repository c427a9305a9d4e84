#!/usr/bin/env bash
# build.sh: builds the extension for PHP and PHP_CONFIG, and leaves it as modules/sync.so.

# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"

scripts/need.sh build
use_php
headline "Building sync.so for PHP $PHP_ID"
CARGO_TARGET_DIR=$PHP_TARGET cargo build --release --locked --lib

# Where phpize would have left it. A new file, not a changed one: a PHP that has the old one
# mapped keeps it.
mkdir -p modules
install -m 644 "$SYNC_SO" modules/sync.so.new
mv modules/sync.so.new modules/sync.so
say "Built modules/sync.so. Try: php -d extension=./modules/sync.so --ri sync"
