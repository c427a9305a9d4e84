#!/usr/bin/env bash
# test-jit.sh [FILES...]: the PHPT suite in the four ways in which PHP runs code.

# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"

status=0
run() { # NAME OPTIONS...
    headline "opcache: $1"
    scripts/phpt.sh "${@:2}" || status=1
}
files=("$@")
[ ${#files[@]} -gt 0 ] || files=(php-tests)
on=(-d opcache.enable=1 -d opcache.enable_cli=1)
jit=("${on[@]}" -d opcache.jit_buffer_size=64M)
run off -d opcache.enable_cli=0 "${files[@]}"
run on "${on[@]}" -d opcache.jit=off "${files[@]}"
run 'tracing JIT' "${jit[@]}" -d opcache.jit=tracing "${files[@]}"
run 'function JIT' "${jit[@]}" -d opcache.jit=function "${files[@]}"
exit $status
