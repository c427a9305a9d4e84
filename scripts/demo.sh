#!/usr/bin/env bash
# demo.sh: hello world and the progress page, each by two real processes that have nothing in
# common but the name of a file.

# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"

use_php
with_sync

memory=/dev/shm
[ -w $memory ] || memory=${TMPDIR:-/tmp}
folder=$(mktemp -d "$memory/sync-demo.XXXXXX")
processes=()
trap 'kill "${processes[@]}" 2>/dev/null || true; rm -rf "$folder"' EXIT

run() {
    say "\$ php $*"
    "$PHP" "$@"
}

headline 'Hello world: two programs, one after the other'
export SYNC_FILE=$folder/hello.sync
run examples/hello/say.php
run examples/hello/hear.php

headline 'Progress: a task in the background, and a web page that shows how far it is'
export SYNC_FILE=$folder/progress.sync
port=$("$PHP" -r '$s = stream_socket_server("tcp://127.0.0.1:0"); echo explode(":", stream_socket_get_name($s, false))[1];')
say "\$ PHP_CLI_SERVER_WORKERS=20 php -S localhost:$port -t examples/progress &"
"$PHP" -S "127.0.0.1:$port" -t examples/progress >"$folder/server.log" 2>&1 &
processes+=($!)
say '$ php examples/progress/task.php 60 &'
"$PHP" examples/progress/task.php 60 >"$folder/task.log" 2>&1 &
task=$!
processes+=("$task")

# A browser's part: asks the page until the task is done.
SYNC_PAGE="http://127.0.0.1:$port/?json" "$PHP" -r '
    $end = microtime(true) + 30;
    do {
        usleep(200_000);
        $tasks = json_decode((string) @file_get_contents(getenv("SYNC_PAGE")), true);
        $task = (object) ($tasks ? current($tasks) : []);
        if (isset($task->pid)) {
            $part = intdiv(40 * $task->done, $task->steps);
            printf("%s  [%-40s] %3d of %d steps by process %d", stream_isatty(STDOUT) ? "\r" : "\n", str_repeat("=", $part), $task->done, $task->steps, $task->pid);
        }
    } while (($task->done ?? 0) < ($task->steps ?? 1) && microtime(true) < $end);
    echo "\n";
    exit(($task->done ?? 0) === ($task->steps ?? 1) ? 0 : 1);' || {
    cat "$folder"/*.log
    fail 'the page did not see the task come to its end'
}
wait $task
say "  The task says: $(cat "$folder/task.log")"

say ''
say 'Next: "make install" enables sync for every PHP script; examples/ has these programs and more.'
