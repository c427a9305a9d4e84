#!/usr/bin/env bash
# test-packages.sh: the packages that people install Sync from. The last line is 'N passed, N failed'.

# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"

scripts/need.sh --install packages
use_php

passed=0
failed=0
failures=()

# (It says, each time, that root should not run it.)
lintian_is_content() { lintian --allow-root --fail-on error,warning dist/*.deb; }

rm -rf dist
check 'composer.json' "$PHP" -n scripts/check-composer.php
check 'The Dockerfile' scripts/check-dockerfile.sh
check 'make deb' scripts/build-deb.sh
check 'lintian' lintian_is_content
check 'The package in a Debian without PHP' scripts/test-deb.sh
check 'phpize in a Debian without PHP' scripts/test-phpize-debian.sh

[ ${#failures[@]} -eq 0 ] || printf 'FAILED: %s\n' "${failures[@]}"
say "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
