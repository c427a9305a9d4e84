#!/usr/bin/env bash
# phpt.sh [run-tests.php's OPTIONS and FILES...]: the PHPT suite, by PHP's own run-tests.php.
#
# The extension comes in by an environment variable that names a php.ini, so that every PHP that a
# test starts has it as well. Prints what run-tests.php prints, and a last line 'N passed, N failed',
# followed by the tests that were skipped.

# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"

use_php

run_tests=
for directory in "$("$PHP_CONFIG" --prefix)/lib/php/build" "$("$PHP_CONFIG" --extension-dir)/build" \
    "$("$PHP_CONFIG" --prefix)/lib/php/$("$PHP_CONFIG" --phpapi)/build"; do
    if [ -f "$directory/run-tests.php" ]; then
        run_tests=$directory/run-tests.php
        break
    fi
done
[ -n "$run_tests" ] || fail "no run-tests.php beside $PHP_CONFIG; it comes with PHP's headers (on Debian: php-dev)"

with_sync
export TEST_PHP_EXECUTABLE=$PHP NO_INTERACTION=1 REPORT_EXIT_STATUS=1 SYNC_PYTHON=$BUILD/venv/bin/python
export SYNC_NODE_PATH=$BUILD/node/node_modules

files=("$@")
for argument in "$@"; do
    case $argument in *.phpt | php-tests*) with_files=yes ;; esac
done
[ -n "${with_files:-}" ] || files+=(php-tests)

mkdir -p "$BUILD"
log=$BUILD/phpt-$PHP_ID.log
status=0
"$PHP" -n "$run_tests" -q -g FAIL,SKIP,LEAK,WARN,BORK,XFAIL,XLEAK --show-diff --no-color --no-progress --set-timeout "${TEST_TIMEOUT:-120}" \
    -j"${JOBS:-$(cpus)}" "${files[@]}" 2>&1 | tee "$log" || status=$?

# The suite counts as failed where run-tests.php calls a test anything but passed or skipped: an
# expected failure is a failure too, and so is a run that did not get to its summary.
awk -v status=$status '
    /^Number of tests *:/ { total = $5 }
    /^Tests skipped/ { skipped = $4 }
    /^Tests passed/ { passed = $4 }
    END {
        failed = total - skipped - passed
        if (total == "" || (status && !failed)) failed++
        printf "%d passed, %d failed\n", passed, failed
        exit failed > 0
    }' "$log" || status=1
grep -aE '^SKIP ' "$log" || true
exit $status
