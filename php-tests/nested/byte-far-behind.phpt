--TEST--
A byte that is put so far behind the end of a string that no string can be so long is an exception
--INI--
memory_limit=-1
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->s = 'abc';
$s->a = ['k' => 'abc'];
foreach ([PHP_INT_MAX, PHP_INT_MAX - 40, 1 << 62, 1 << 40, 0xFFFFFFFF] as $offset) {
    foreach (['$s->s[$offset] = "x"', '$s->a["k"][$offset] = "x"'] as $statement) {
        try {
            eval("$statement;");
            echo "no exception\n";
        } catch (SyncException $e) {
            echo $e->getMessage(), "\n";
        }
    }
}
var_dump($s->s, $s->a);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
Can't change a string: it takes 9223372036854775808 bytes, more than the 4 GiB that can be stored.
Can't change a string: it takes 9223372036854775808 bytes, more than the 4 GiB that can be stored.
Can't change a string: it takes 9223372036854775768 bytes, more than the 4 GiB that can be stored.
Can't change a string: it takes 9223372036854775768 bytes, more than the 4 GiB that can be stored.
Can't change a string: it takes 4611686018427387905 bytes, more than the 4 GiB that can be stored.
Can't change a string: it takes 4611686018427387905 bytes, more than the 4 GiB that can be stored.
Can't change a string: it takes 1099511627777 bytes, more than the 4 GiB that can be stored.
Can't change a string: it takes 1099511627777 bytes, more than the 4 GiB that can be stored.
Can't change a string: it takes 4294967296 bytes, more than the 4 GiB that can be stored.
Can't change a string: it takes 4294967296 bytes, more than the 4 GiB that can be stored.
string(3) "abc"
array(1) {
  ["k"]=>
  string(3) "abc"
}
