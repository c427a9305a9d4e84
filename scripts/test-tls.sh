#!/usr/bin/env bash
# test-tls.sh: builds the extension with encrypted connections to servers, beside the one without, looks at what it needs at run time, and runs the
# PHPT files about servers on it.

# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"

export FEATURES=tls CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$ROOT/target}/tls
scripts/need.sh --install test
scripts/build.sh --module "$BUILD/tls"
scripts/check-needs.sh
scripts/phpt.sh php-tests/server php-tests/info
