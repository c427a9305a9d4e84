#!/usr/bin/env bash
# check-tool.sh: the static build of syncctl is one, runs, and is installed with its completion and its manual; and the program of
# docs/guide.md reads what it exports.

# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"

scripts/build-tool.sh
folder=$(mktemp -d)
file=$(mktemp -u /dev/shm/sync-check-tool-XXXXXX)
trap 'rm -rf "$folder" "$file" "$file.copy"' EXIT

DESTDIR=$folder PREFIX=/usr scripts/build-tool.sh --install
tool=$folder/usr/bin/syncctl

case $(uname -m)-$(ldd --version 2>&1 | head -n 1) in
x86_64-*GLIBC* | x86_64-*"GNU libc"*)
    ! readelf -l "$tool" | grep -q INTERP || fail "$tool asks for a dynamic loader"
    say "syncctl needs no library"
    ;;
*) say "SKIP whether syncctl needs a library: only known for glibc on x86_64" ;;
esac

# Without a library, a home or a locale.
run() { env -i "$tool" "$@"; }

run set "$file" list '[1, 1.0, {"1": "x"}]'
[ "$(run get "$file" list)" = '[1,1.0,{"1":"x"}]' ] || fail "syncctl get says: $(run get "$file" list)"
run export "$file" | run import "$file.copy"
[ "$(run get "$file.copy" list)" = "$(run get "$file" list)" ] || fail "what was imported is not what was exported"
run check "$file.copy" | grep -q '^sound: 1 name,' || fail "syncctl check does not find one name"
status=0
run get "$file" missing 2>/dev/null || status=$?
[ "$status" = 1 ] || fail "a name that is missing is status $status"
# The name of a host is found without a library as well: the port is what fails.
status=0
run get redis://localhost:1/0 name 2>"$folder/said" || status=$?
[ "$status" = 3 ] && grep -q 'refused' "$folder/said" || fail "syncctl does not find localhost: status $status, $(cat "$folder/said")"
run top --once "$file" | grep -q '1 name' || fail "syncctl top --once shows no name"

# The guide's only program in Python.
scripts/venv.sh
guide=$(sed -n '/^```python$/,/^```$/{/^```/d;p}' docs/guide.md)
[ -n "$guide" ] || fail 'docs/guide.md has no program in Python'
run set --ttl 1000 "$file" name '"ü"'
read_by_guide() { "$BUILD/venv/bin/python" -c "$guide"; }
run export --msgpack "$file" >"$folder/stream"
[ "$(read_by_guide <"$folder/stream")" = "b'list' [1, 1.0, {1: 'x'}]
b'name' ü" ] || fail "the program of docs/guide.md prints: $(read_by_guide <"$folder/stream")"
! head -c -1 "$folder/stream" | read_by_guide >/dev/null 2>&1 || fail 'the program of docs/guide.md takes a stream that was cut off'
! sed 's/name/same/' "$folder/stream" | read_by_guide >/dev/null 2>&1 || fail 'the program of docs/guide.md takes a stream that was changed'
say 'the program of docs/guide.md reads what syncctl exports'

bash -n "$folder/usr/share/bash-completion/completions/syncctl"
grep -q '^#compdef syncctl' "$folder/usr/share/zsh/site-functions/_syncctl"
gzip -dc "$folder/usr/share/man/man1/syncctl-get.1.gz" | grep -q 'Print a value as JSON' || fail "the manual does not explain syncctl get"
say "syncctl runs, and is installed with its completion and its manual"
