#!/usr/bin/env bash
# check-needs.sh [SYNC.SO]: the extension needs libc at run time and nothing else, and no newer one than Debian 12's.

# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"

newest_allowed=2.36

use_php
library=${1:-$SYNC_SO}
needed=$(readelf -dW "$library" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p')
[ -n "$needed" ] || fail "readelf finds no library that $library needs"
# The dynamic loader is a part of libc.
others=$(grep -vE '^(libc\.so\.6|libc\.musl-.*|ld-linux.*|ld-musl.*|ld64\.so\..*)$' <<<"$needed") || true
[ -z "$others" ] || fail "$library needs at run time: $others"

newest=$(readelf -VW "$library" | grep -oE 'GLIBC_[0-9.]+' | sed 's/GLIBC_//' | sort -uV | tail -n 1)
[ "$(printf '%s\n' "$newest" "$newest_allowed" | sort -V | tail -n 1)" = "$newest_allowed" ] ||
    fail "$library needs glibc $newest; Debian 12 has $newest_allowed"

# PHP asks for one symbol. Any other could take the place of a symbol of PHP or of another extension.
exported=$(readelf --dyn-syms -W "$library" | awk '$7 != "UND" && ($5 == "GLOBAL" || $5 == "WEAK") { print $8 }' | sort)
for symbol in $exported; do
    case $symbol in get_module | sync_*) ;; *) fail "$library exports $symbol" ;; esac
done
grep -qx get_module <<<"$exported" || fail "$library exports no get_module"
say "$library needs $(paste -sd, <<<"$needed" | sed 's/,/, /g'); the newest symbol is of glibc ${newest:-(none)}"
