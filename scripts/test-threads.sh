#!/usr/bin/env bash
# test-threads.sh [PREFIX [SCRIPT...]]: PHP with many threads in one process, as some servers have it.
#
# PREFIX is where a thread-safe PHP with its library (--enable-embed) is; by default that of
# built-php.sh. SCRIPTs are in tests/threads; the first comment of each gives its numbers
# of threads, of generations, and of requests of each thread. UNDER='valgrind …' runs them under a tool.

# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"

prefix=${1:-$(dirname "$(dirname "$(scripts/built-php.sh)")")}
[ $# = 0 ] || shift
[ -f "$prefix/lib/libphp.so" ] || fail "no libphp.so in $prefix/lib: this PHP was built without --enable-embed"
PHP=$prefix/bin/php
unset PHP_CONFIG
use_php
case $PHP_ID in *-zts*) ;; *) fail "$PHP is not thread-safe" ;; esac
scripts/build.sh
with_sync

threads=$PHP_TARGET/threads
# shellcheck disable=SC2046 # several options are meant to be several arguments
cc -std=gnu11 -Wall -Wextra -Wno-unused-parameter -g -O1 $("$PHP_CONFIG" --includes) -o "$threads" \
    tests/threads/threads.c -L"$prefix/lib" -Wl,-rpath,"$prefix/lib" -lphp -pthread

headline "Threads, with PHP $PHP_ID"
[ $# -gt 0 ] || set -- tests/threads/*.php
passed=0
failed=0
mkdir -p "$BUILD"
log=$BUILD/threads.log
trap 'rm -rf "${SCRATCH:-}"' EXIT
for script in "$@"; do
    SCRATCH=$(mktemp -d /dev/shm/sync-threads.XXXXXX)
    export SCRATCH
    # A debug build reports leaks of the engine's memory at the end of a request.
    # shellcheck disable=SC2046 # three numbers are meant to be three arguments
    if ${UNDER:-} "$threads" "$script" $(sed -nE '2s,^/\* ([0-9]+ [0-9]+ [0-9]+): .*,\1,p' "$script") 2>&1 | tee "$log" &&
        ! grep -aq 'memory leaks detected' "$log"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        say "FAILED: $script"
    fi
    rm -rf "$SCRATCH"
done

# The engine started and shut down again and again, and threads that end in the middle of a request.
embed=$PHP_TARGET/embed
# shellcheck disable=SC2046 # several options are meant to be several arguments
cc -std=gnu11 -Wall -Wextra -Wno-unused-parameter -g -O1 $("$PHP_CONFIG" --includes) -o "$embed" \
    tests/servers/embed.c -L"$prefix/lib" -Wl,-rpath,"$prefix/lib" -lphp -pthread
for what in cycles vanish; do
    SCRATCH=$(mktemp -d /dev/shm/sync-threads.XXXXXX)
    if ${UNDER:-} "$embed" $what "$ROOT/tests/servers/embed.php" "$SCRATCH/store" 2>&1 | tee "$log"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        say "FAILED: embed $what"
    fi
    rm -rf "$SCRATCH"
done
say "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
