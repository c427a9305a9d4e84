<?php
/*
 * Hello world, first half: one program sets a property …
 *
 *   php examples/hello/say.php "Good morning"
 *   php examples/hello/hear.php
 */

$sync = new Sync(getenv('SYNC_FILE') ?: '/dev/shm/hello.sync');

$sync->words = $argv[1] ?? 'Hello, world';
$sync->speaker = getmypid();

echo "Process $sync->speaker said: $sync->words\n";
