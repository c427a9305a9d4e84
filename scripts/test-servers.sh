#!/usr/bin/env bash
# test-servers.sh [--only=WORD] [--requests=N] [--write]: Sync under real servers, which this starts itself, on the loopback interface and in
# folders of its own, and stops again.
#
#   --only=WORD   cases that have this in their server's or their own name
#   --requests=N  so many requests to one worker, instead of 100,000
#   --write       writes the README's table from the run
#
# One line a case; the last line is 'N passed, N failed'.

# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"

scripts/need.sh --install servers
use_php
scripts/build.sh
find_fpm
find_apache
find_cgi
find_embed
NGINX_BIN=$(PATH=$PATH:/usr/sbin command -v nginx)
export FPM APACHE APACHE_MODULES MOD_PHP CGI EMBED NGINX_BIN

# Processes that have a file of a folder open or mapped, whoever their parents are.
users_of() {
    local found
    {
        grep -lsF "$1/" /proc/[0-9]*/maps || true
        for found in /proc/[0-9]*/fd; do
            if find "$found" -lname "$1/*" -print -quit 2>/dev/null | grep -q .; then echo "$found"; fi
        done
    } | cut -d/ -f3 | sort -un | grep -vx "$$" || true
}

# NAME: the two folders of a run, and what still uses them; prints the processes that it had to end.
sweep() {
    local folder pid pids
    for folder in "/tmp/$1" "/dev/shm/$1"; do
        [ -d "$folder" ] || continue
        pids=$(users_of "$folder")
        for pid in $pids; do
            printf '%s ' "$pid ($({ tr '\0' ' ' <"/proc/$pid/cmdline"; } 2>/dev/null || true))"
            kill -KILL "$pid" 2>/dev/null || true
        done
        rm -rf "$folder"
    done
}

# Of runs that were killed: the folders are named after their processes.
for folder in /tmp/sync-servers.*; do
    pid=$(sed -nE 's,^/tmp/sync-servers\.([0-9]+)$,\1,p' <<<"$folder")
    if [ -n "$pid" ] && [ -O "$folder" ] && ! [ -d "/proc/$pid" ]; then sweep "sync-servers.$pid" >/dev/null; fi
done

# On tmpfs, where stores are; the rest is not, as some containers let no program run from there.
name=sync-servers.$$
own=/tmp/$name shared=/dev/shm/$name
main=
finish() {
    trap - EXIT
    trap '' INT TERM HUP
    [ -z "$main" ] || kill -TERM "$main" 2>/dev/null || true
    sweep "$name" >/dev/null
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
mkdir -m 755 "$own"
mkdir "$shared"
chmod 1777 "$shared"

# A copy: the users of the servers may not be able to read the build, which may change meanwhile, too.
cp "$SYNC_SO" "$own/sync.so"
chmod 755 "$own/sync.so"
"$PHP" -n scripts/test-ini.php "$own/sync.so" >"$own/php.ini"
export PHPRC=$own/php.ini PHP_INI_SCAN_DIR=/dev/null

# shellcheck disable=SC2046 # several options are meant to be several arguments
cc -std=gnu11 -Wall -Wextra -Wno-unused-parameter -O1 $("$PHP_CONFIG" --includes) -o "$own/embed" tests/servers/embed.c "$EMBED" \
    -Wl,-rpath,"$(dirname "$EMBED")" -pthread

headline "Servers, with PHP $PHP_ID"
status=0
"$PHP" tests/servers/main.php "$@" "$own" "$shared" &
main=$!
wait "$main" || status=$?
main=
# A run that broke off is a failure.
read -r passed failed < <(cat "$own/counts" 2>/dev/null || echo 0 1)
left=$(sweep "$name")
if [ -z "$left" ]; then
    passed=$((passed + 1))
    say 'passed  No process is left behind'
else
    failed=$((failed + 1))
    say "FAILED  No process is left behind: $left"
fi
[ "$status" = 0 ] || [ "$failed" != 0 ] || failed=1
say "$passed passed, $failed failed"
[ "$failed" = 0 ]
