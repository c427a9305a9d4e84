#!/usr/bin/env bash
# test.sh: all checks of `make test`. Continues after a failure, so that one run reports all
# failures; the last line is 'N passed, N failed', over everything.

# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"

scripts/need.sh --install test
use_php

passed=0
failed=0
failures=()

# Adds up the counts of a suite with many tests. NAME STATUS PASSED FAILED; a suite that broke off
# without naming a failed test is one failure.
tally() {
    local name=$1 status=$2 suite_passed=$3 suite_failed=$4
    [ "$status" = 0 ] || [ "$suite_failed" != 0 ] || suite_failed=1
    passed=$((passed + suite_passed))
    failed=$((failed + suite_failed))
    [ "$suite_failed" = 0 ] || failures+=("$name")
}

# NAME OPTIONS...: tests written in Rust.
rust_tests() {
    local name=$1 log=$BUILD/cargo-test.log status=0
    headline "$name"
    cargo test --locked --no-fail-fast "${@:2}" 2>&1 | tee "$log" || status=$?
    # shellcheck disable=SC2046 # two words are meant to be two arguments
    tally "$name" $status $(awk '
        /^test result:/ { passed += $4; failed += $6 }
        END { print passed + 0, failed + 0 }' "$log")
    grep -E '^test .*[.]{3} ignored' "$log" | sed 's/^/SKIP /' || true
}

phpt_tests() {
    headline "The extension, with PHP $PHP_ID"
    local log=$BUILD/phpt-summary.log status=0
    scripts/phpt.sh 2>&1 | tee "$log" || status=$?
    # shellcheck disable=SC2046
    tally "The extension, with PHP $PHP_ID" $status $(sed -nE 's/^([0-9]+) passed, ([0-9]+) failed$/\1 \2/p' "$log" | tail -n 1 | grep . || echo 0 0)
}

mkdir -p "$BUILD"
rm -f "$BUILD/result"
check 'Formatting (cargo fmt)' cargo fmt --all --check
check 'Layers without circles' "$PHP" -n scripts/check-layers.php
check 'Messages and their lines in the README' "$PHP" -n scripts/check-messages.php
check 'Comments and the length of files' "$PHP" -n scripts/check-comments.php
check 'Links between pages' "$PHP" -n scripts/check-links.php
check 'The classes, as the stub declares them' "$PHP" -n scripts/generate-signatures.php --check
check 'The reference, as the stub describes it' "$PHP" -n scripts/generate-api.php --check
check 'The stub, for static analysers' "$PHP" scripts/check-stub.php
check 'Lints, without PHP' cargo clippy --locked --workspace --exclude sync --features sync-store/torture,sync-torture/torture --all-targets -- -D warnings
# The release profile, because its build of ext-php-rs is needed below anyway.
check 'Lints, under loom' cargo clippy --locked -p sync-store --features loom --test loom -- -D warnings
check 'Lints, with PHP' env CARGO_TARGET_DIR="$PHP_TARGET" cargo clippy --release --locked --all-targets -- -D warnings
check 'Documentation of the libraries' env RUSTDOCFLAGS='-D warnings' cargo doc --locked --workspace --exclude sync --no-deps
check 'The promised Rust version' scripts/check-msrv.sh
rust_tests 'The libraries, without PHP' --workspace --exclude sync
rust_tests 'The store, dying at every step of a change' -p sync-store --features torture --test crash --test death --test read_locks
rust_tests 'The store, losing power at some steps' -p sync-store --features torture --test power
rust_tests 'The store, under loom' -p sync-store --features loom --test loom
check 'Ten seconds of torture' env TORTURE_SECONDS=10 cargo run --release --locked -p sync-torture --features torture
check 'The command, linked statically' scripts/check-tool.sh
check "Python's msgpack and crc32c" scripts/venv.sh
check "JavaScript's packages" scripts/node.sh
check 'The stub, in an editor' env SYNC_NODE_PATH="$BUILD/node/node_modules" timeout 120 node tests/editors/intelephense.mjs stubs/sync.stub.php
if scripts/build.sh; then
    check 'Libraries that the extension needs' scripts/check-needs.sh
    check 'phpize, configure, make, make install' scripts/test-phpize.sh
    check 'make install, make uninstall' scripts/check-install.sh
    phpt_tests
else
    failed=$((failed + 1))
    failures+=('Building the extension')
fi

headline 'Result'
[ ${#failures[@]} -eq 0 ] || printf 'FAILED: %s\n' "${failures[@]}"
say "$passed passed, $failed failed" | tee "$BUILD/result"
[ "$failed" -eq 0 ]
