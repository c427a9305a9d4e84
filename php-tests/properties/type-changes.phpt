--TEST--
A property may change its type with every write
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
foreach ([1, 'one', [1], 1.0, null, true, (object) ['one' => 1], str_repeat('1', 70_000), 1] as $value) {
    $s->x = $value;
    echo get_debug_type($s->x), "\n";
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
int
string
array
float
null
bool
stdClass
string
int
