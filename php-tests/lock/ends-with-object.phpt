--TEST--
A lock ends with the object that holds it
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$holder = new Sync(scratch());
$other = new Sync(scratch());
$holder->x = 1;
$holder->lock();
unset($holder);
var_dump($other->x);
(function () {
    (new Sync(scratch()))->lock()->set('x', 2);
})();
var_dump($other->x);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
int(1)
int(2)
