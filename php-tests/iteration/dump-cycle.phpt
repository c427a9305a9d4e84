--TEST--
Dumping an object that holds a Sync that is shown already ends
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->self = $s;
$length = 0;
// The output is counted and thrown away in pieces, so that an endless dump cannot fill the memory.
ob_start(function (string $piece) use (&$length) {
    $length += strlen($piece);
    if ($length > 1_000_000) {
        posix_kill(posix_getpid(), SIGKILL);
    }
    return '';
}, 4096);
var_dump($s);
print_r($s);
ob_end_clean();
echo $length < 5000 ? "it ends\n" : "$length bytes\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
it ends
