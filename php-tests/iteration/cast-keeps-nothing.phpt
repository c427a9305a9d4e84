--TEST--
The values that (array), var_dump() and json_encode() read are freed when they are done
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

class Noisy
{
    public $n = 1;

    public function __destruct()
    {
        echo "gone\n";
    }
}
$s = new Sync(scratch());
$s->noisy = new Noisy;
// More than a Sync caches for the next read.
$s->large = str_repeat('x', 5_000_000);
echo "stored\n";
$before = memory_get_usage();
$array = (array) $s;
echo "cast\n";
unset($array);
ob_start(fn () => '');
var_dump($s);
print_r($s);
var_export($s);
ob_end_clean();
echo "dumped\n";
json_encode($s);
echo "encoded\n";
echo memory_get_usage() - $before < 100_000 ? "nothing is kept\n" : "it keeps what it read\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
gone
stored
cast
gone
dumped
gone
encoded
nothing is kept
