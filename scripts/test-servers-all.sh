#!/usr/bin/env bash
# test-servers-all.sh [WORDS...]: the tests that use a server, on each kind and version of server that can be had; with words, on those that have one
# of them in their names. The last line is 'N passed, N failed'.
#
# One server is this system's. The others are those of newer Debians, of which only the program and its libraries are fetched, into .build: it runs
# by its own loader, and the tests stay on this system. They find it as all tests find the server: as `redis-server` on the PATH.

# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=scripts/test-servers-all-fetch.sh
. scripts/test-servers-all-fetch.sh

# The others: a Debian, and a package in it.
OTHERS=('trixie redis' 'trixie valkey' 'forky valkey')

passed=0
failed=0
ran=()
missing=()
failures=()
folder=$(mktemp -d /tmp/sync-servers.XXXXXX)
trap 'rm -rf "$folder"' EXIT
chmod 755 "$folder"
mkdir -p "$BUILD"

# NAME STATUS PASSED FAILED: adds up a suite. One that broke off without naming a failed test is one failure; and so is one that has started no
# server, as it may have tested another one.
tally() {
    local name=$1 status=$2 suite_passed=$3 suite_failed=$4
    [ "$status" = 0 ] || [ "$suite_failed" != 0 ] || suite_failed=1
    if [ ! -s "$folder/starts" ]; then
        say "No test has started $name"
        suite_failed=$((suite_failed + 1))
    fi
    : >"$folder/starts"
    passed=$((passed + suite_passed))
    failed=$((failed + suite_failed))
    [ "$suite_failed" = 0 ] || failures+=("$name")
}

# NAME OPTIONS...: tests written in Rust.
rust_tests() {
    local name=$1 log=$BUILD/test-servers-all.log status=0
    headline "$name"
    cargo test --locked --no-fail-fast "${@:2}" 2>&1 | tee "$log" || status=$?
    # shellcheck disable=SC2046 # two words are meant to be two arguments
    tally "$name" $status $(awk '
        /^test result:/ { passed += $4; failed += $6 }
        END { print passed + 0, failed + 0 }' "$log")
}

phpt_tests() {
    local name=$1 log=$BUILD/test-servers-all.log status=0
    headline "$name"
    scripts/test-phpt-server.sh 2>&1 | tee "$log" || status=$?
    # shellcheck disable=SC2046
    tally "$name" $status $(sed -nE 's/^([0-9]+) passed, ([0-9]+) failed$/\1 \2/p' "$log" | tail -n 1 | grep . || echo 0 0)
}

torture() {
    local name=$1
    headline "$name"
    if TORTURE_SECONDS=${TORTURE_SECONDS:-60} cargo run --release --locked -p sync-torture --features torture -- servers; then
        tally "$name" 0 1 0
    else
        tally "$name" 1 0 1
    fi
}

# ORIGIN COMMAND...: all of these tests on the server that the command runs; unless it is another one than was asked for.
test_on() {
    local origin=$1 name
    shift
    if ! name=$("$@" --version 2>&1); then
        missing+=("$origin: it does not run: $(tail -n 1 <<<"$name")")
        return
    fi
    # "Redis server v=7.0.15 sha=…"
    name=$(sed -E 's/^([A-Za-z]+) server v=([^ ]+).*/\1 \2/' <<<"$name")
    name="$name ($origin)"
    is_wanted "$name" || return 0
    mkdir -p "$folder/bin"
    # (A test may start it as another user.)
    : >"$folder/starts"
    chmod 666 "$folder/starts"
    printf '#!/bin/sh\necho started >>%q\nexec %s "$@"\n' "$folder/starts" "$(printf '%q ' "$@")" >"$folder/bin/redis-server"
    chmod 755 "$folder/bin/redis-server"
    ran+=("$name")
    local path=$PATH
    PATH=$folder/bin:$PATH
    rust_tests "$name: the store" -p sync-server
    rust_tests "$name: syncctl" -p sync-tool --test server
    torture "$name: torture"
    phpt_tests "$name: the extension"
    PATH=$path
}

# NAME: whether one of the words is in it, or none was given.
is_wanted() {
    local word
    [ ${#words[@]} != 0 ] || return 0
    for word in "${words[@]}"; do
        case ${1,,} in *"${word,,}"*) return 0 ;; esac
    done
    return 1
}

words=("$@")
own=$(command -v redis-server) || fail 'there is no redis-server; run: scripts/need.sh --install test'
test_on 'of this system' "$own"
for other in "${OTHERS[@]}"; do
    read -r codename kind <<<"$other"
    origin="of Debian $codename"
    # Its version is not known before it is there.
    is_wanted "$kind $origin" || [[ "${words[*]}" =~ [0-9] ]] || continue
    if reason=$(fetch_server "$codename" "$kind" 2>&1); then
        mapfile -d '' -t command < <(server_command "$codename" "$kind")
        test_on "$origin" "${command[@]}"
    else
        missing+=("$kind $origin: $(tail -n 1 <<<"$reason")")
    fi
done

headline 'Result'
[ ${#ran[@]} -eq 0 ] || printf 'Tested with %s\n' "${ran[@]}"
[ ${#missing[@]} -eq 0 ] || printf 'SKIP %s\n' "${missing[@]}"
[ ${#ran[@]} -ne 0 ] || fail "there is no server by the name of: ${words[*]}"
[ ${#failures[@]} -eq 0 ] || printf 'FAILED: %s\n' "${failures[@]}"
say "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
