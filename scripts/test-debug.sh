#!/usr/bin/env bash
# test-debug.sh [PHP [SERIES]]: the PHPT suite on a debug and thread-safe PHP: a given one, or (PHP is
# left empty) one of that series, or of the installed PHP's; and many threads in one process, where it
# has a library to make one with.
#
# Such a PHP reports leaks of the engine's memory at the end of a test's output, so that the test
# fails. The run begins with a deliberate leak, to prove that it does.

# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"

PHP=${1:-$(scripts/built-php.sh "${2:-}")}
unset PHP_CONFIG
export PHP
use_php
case $PHP_ID in *-debug) ;; *) fail "$PHP is no debug build" ;; esac
scripts/build.sh

leak=$("$PHP_CONFIG" --extension-dir)/zend_test.so
if [ -f "$leak" ]; then
    headline 'A leak is reported'
    "$PHP" -n -d extension="$leak" -d report_memleaks=1 -r 'zend_leak_bytes(3);' 2>&1 | grep -a 'memory leaks detected' ||
        fail 'this PHP reports no leaks: the run would prove nothing'
fi

prefix=$("$PHP_CONFIG" --prefix)
if [ -f "$prefix/lib/libphp.so" ]; then
    scripts/test-threads.sh "$prefix"
else
    say "No threads: there is no libphp.so in $prefix/lib (--enable-embed)"
fi

headline "The extension, with PHP $PHP_ID"
scripts/phpt.sh
