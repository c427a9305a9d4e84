#!/usr/bin/env bash
# test-matrix.sh [--write] [BUILDS...]: the PHPT suite on PHPs that are built from Debian's sources: 8.2-release, 8.2-debug, 8.4-release,
# 8.4-debug, or those of them that are named. `release` is as Debian's own; `debug` is thread-safe, too, and runs many threads in one process
# as well. With --write the table in README.md is made anew from the results.
#
# PHP 8.3 and 8.5 are in no Debian release: src/php/zend/series.rs is compiled as for 8.3, with the headers of 8.4.
#
# The last line is 'N passed, N failed', over everything.

# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"

scripts/need.sh --install test
scripts/need.sh --install debug
scripts/venv.sh
scripts/node.sh

write=no
if [ "${1:-}" = --write ]; then
    write=yes
    shift
fi
builds=("$@")
[ ${#builds[@]} -gt 0 ] || builds=(8.2-release 8.4-release 8.2-debug 8.4-debug)

passed=0
failed=0
rows=

# SERIES KIND: builds that PHP and the extension for it, and runs the suite.
run() {
    local series=$1 kind=$2 log=$BUILD/matrix-$1-$2.log status=0 php config version counts
    local options=()
    [ "$kind" = debug ] || options=(--release)
    php=$(scripts/built-php.sh "${options[@]}" "$series")
    config=$(PHP=$php && PHP_CONFIG='' && find_php && echo "$PHP_CONFIG")
    version=$("$php" -n -r 'echo PHP_VERSION;')
    headline "PHP $version, $kind"
    if [ "$kind" = debug ]; then
        scripts/test-debug.sh "$php" 2>&1 | tee "$log" || status=$?
    else
        { PHP=$php PHP_CONFIG=$config scripts/build.sh && PHP=$php PHP_CONFIG=$config scripts/phpt.sh; } 2>&1 |
            tee "$log" || status=$?
    fi
    # (Of test-debug.sh all counts: the threads' come first.)
    counts=$(sed -nE 's/^([0-9]+) passed, ([0-9]+) failed$/\1 \2/p' "$log" | awk '{ p += $1; f += $2 } END { print p + 0, f + 0 }')
    [ $status = 0 ] || [ "${counts#* }" != 0 ] || counts="${counts% *} 1"
    passed=$((passed + ${counts% *}))
    failed=$((failed + ${counts#* }))
    local as='release, not thread-safe'
    [ "$kind" = release ] || as='debug, thread-safe'
    rows+="| $version | $as | ${counts% *} | ${counts#* } |"$'\n'
}

for build in "${builds[@]}"; do
    case $build in
    [0-9].[0-9]-release | [0-9].[0-9]-debug) run "${build%-*}" "${build#*-}" ;;
    *) fail "no build $build: 8.2-release, 8.2-debug, 8.4-release, 8.4-debug" ;;
    esac
done

# Of a newer PHP's headers: they have all that those of 8.3 have.
for php in "$BUILD"/php-*-8.4/bin/php; do
    [ -x "$php" ] || continue
    headline 'The source, as for PHP 8.3'
    if PHP=$php PHP_CONFIG=${php%/*}/php-config SYNC_CHECK_SERIES=83 CARGO_TARGET_DIR=target/as-8.3 cargo check --locked --lib; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
    fi
    break
done

if [ $write = yes ]; then
    ROWS=$rows "${PHP:-php}" -n -r '
        $readme = file_get_contents("README.md");
        $table = "| PHP | build | passed | failed |\n| --- | --- | ---: | ---: |\n" . getenv("ROWS");
        $new = preg_replace("~(<!-- matrix -->\n).*?(?=<!-- /matrix -->)~s", "\$1" . addcslashes($table, "\\\$"), $readme, 1, $count);
        $count === 1 || exit("sync: README.md has no place for the matrix\n");
        file_put_contents("README.md", $new);'
fi
say "$passed passed, $failed failed"
[ $failed -eq 0 ]
