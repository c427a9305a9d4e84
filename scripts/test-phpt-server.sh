#!/usr/bin/env bash
# test-phpt-server.sh [run-tests.php's OPTIONS and FILES...]: the PHPT suite, with its stores on a server.
#
# The redis-server is one of its own: at a socket in a temporary folder, with nothing on the disk. It ends with this script, however that ends.
# A test of what lies in a file's nature is skipped, and says of what. The last line is 'N passed, N failed'.

# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"

folder=$(mktemp -d /tmp/sync-phpt-server.XXXXXX)
chmod 755 "$folder"
server=
finish() {
    trap - EXIT
    if [ -n "$server" ]; then { kill -KILL "$server" && wait "$server"; } 2>/dev/null || true; fi
    rm -rf "$folder"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# (Some tests run as another user. The first command ends the server where this script is killed.)
setpriv --pdeathsig KILL redis-server --port 0 --save '' --appendonly no --unixsocket "$folder/redis.sock" --unixsocketperm 777 --dir "$folder" \
    >"$folder/log" 2>&1 &
server=$!
for ((i = 0; i < 1000; i++)); do
    [ ! -S "$folder/redis.sock" ] || break
    kill -0 "$server" 2>/dev/null || break
    sleep 0.01
done
[ -S "$folder/redis.sock" ] || fail "redis-server does not start: $(tail -n 3 "$folder/log")"

# (Tests beside one another keep the server busy: it may take its time.)
export SYNC_STORE="unix://$folder/redis.sock?db=0&timeout=60"
log=$BUILD/phpt-server.log
mkdir -p "$BUILD"
status=0
# (Values may name the server.)
scripts/phpt.sh -d "sync.servers=$folder/redis.sock" "$@" 2>&1 | tee "$log" || status=$?
headline 'Skipped, as only a file has such a thing: the number of tests, and the thing'
sed -nE 's/^SKIP .* reason: a file by nature: (.*)$/\1/p' "$log" | sort | uniq -c | sort -rn
grep -E '^[0-9]+ passed, [0-9]+ failed$' "$log" | tail -n 1 || say '0 passed, 1 failed'
[ "$status" = 0 ]
