#!/usr/bin/env bash
# test-pages.sh [--screenshots] [TEST]: the pages of examples/ in Chromium, from PHP-FPM behind nginx. TEST is a part of the name of a
# file in tests/pages. The last line is 'N passed, N failed'. With --screenshots it makes docs/images instead.

# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=scripts/web.sh
. "$ROOT/scripts/web.sh"

what=tests
if [ "${1:-}" = --screenshots ]; then
    what=screenshots
    shift
fi
scripts/need.sh --install pages
use_php
[ -f "$SYNC_SO" ] || fail "no $SYNC_SO; run: make build"
scripts/node.sh

memory=/dev/shm
[ -w $memory ] || memory=${TMPDIR:-/tmp}
work=$(mktemp -d "$memory/sync-pages.XXXXXX")
umask 000
cleanup() {
    trap - EXIT
    stop_web
    # Jobs that the pages have started, and that are still at work.
    if [ -f "$work/shared.sync" ]; then
        "$PHP" -r '$jobs = (new Sync($argv[1]))->jobs ?? []; foreach ($jobs as $job) { if ($job["state"] === "running") echo $job["pid"], "\n"; }' "$work/shared.sync" |
            xargs -r kill 2>/dev/null || true
    fi
    rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

start_web "$work"
export WEB_URL NODE_PATH=$BUILD/node/node_modules SYNC_WORK=$work
CHROMIUM=$(command -v chromium || command -v chromium-browser || command -v google-chrome)
# Chromium keeps files in the home directory, which another user's tests may not have.
export CHROMIUM HOME=$work/home
mkdir -p "$HOME"

if [ $what = screenshots ]; then
    node tests/pages/screenshots.js docs/images
    exit
fi
status=0
files=(tests/pages/*"${1:-}"*.test.js)
timeout 300 node --test --test-concurrency=1 --test-reporter=tap "${files[@]}" 2>&1 | tee "$BUILD/pages.log" || status=$?
passed=$(sed -n 's/^# pass //p' "$BUILD/pages.log")
failed=$(sed -n 's/^# fail //p' "$BUILD/pages.log")
canceled=$(sed -n 's/^# cancelled //p' "$BUILD/pages.log")
failed=$((${failed:-0} + ${canceled:-0}))
[ $status = 0 ] || [ $failed != 0 ] || failed=1
[ $failed = 0 ] || tail -n 20 "$work"/*.log
say "${passed:-0} passed, $failed failed"
[ $failed = 0 ]
