--TEST--
Every example in the stubs runs, without an exception or a warning
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

set_error_handler(fn ($level, $message) => throw new ErrorException($message));

$stub = file_get_contents(__DIR__ . '/../../stubs/sync.stub.php');
preg_match_all('~/\*\*.*?\*/~s', $stub, $comments);
$examples = 0;
foreach ($comments[0] as $comment) {
    // Lines that are indented by four, before the first tag.
    if (!preg_match_all('~^\s*\*     (.*)$~m', preg_split('~\* @~', $comment)[0], $lines)) {
        continue;
    }
    $examples++;
    if (on_server() && str_contains($comment, "durability: 'commit'")) {
        // (The store's own example, with what only a file has.)
        continue;
    }
    $code = str_replace("'/dev/shm/", "'" . scratch(''), implode("\n", $lines[1]));
    (function () use ($code) {
        $sync = new Sync(scratch());
        $sync->setData((object) ['progress' => 1, 'jobs' => [1, 2, 3]]);
        ob_start();
        try {
            eval($code);
            ob_end_clean();
        } catch (Throwable $e) {
            ob_end_clean();
            echo get_class($e), ': ', $e->getMessage(), " in\n$code\n\n";
        }
        $sync->unlock();
    })();
}
var_dump($examples > 20);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
bool(true)
