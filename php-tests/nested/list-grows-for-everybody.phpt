--TEST--
A growing list is the same to objects that have cached a part of it, all of it or nothing
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$writer = new Sync(scratch());
$follower = new Sync(scratch());
$late = new Sync(scratch());
$writer->list = [];
for ($i = 0; $i < 5000; $i++) {
    $writer->list[] = "item $i";
    if ($i % 97 === 0 && count($follower->list) !== $i + 1) {
        die("the follower has " . count($follower->list) . " of " . ($i + 1));
    }
    if ($i === 2500) {
        echo count($late->list), "\n";
    }
}
$expected = array_map(fn ($i) => "item $i", range(0, 4999));
var_dump($writer->list === $expected, $follower->list === $expected, $late->list === $expected);
var_dump((new Sync(scratch()))->list === $expected);
var_dump($late->getData()->list === $expected);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
2501
bool(true)
bool(true)
bool(true)
bool(true)
bool(true)
