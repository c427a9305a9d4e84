--TEST--
serialize() keeps a handle: the path, not the content
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->x = str_repeat('content', 1000);
$text = serialize($s);
var_dump(strlen($text) < 500, str_contains($text, scratch()), str_contains($text, 'content'));
$t = unserialize($text);
var_dump(get_class($t), $t->x === $s->x, $t == $s);
$t->y = 1;
var_dump($s->y);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
bool(true)
bool(true)
bool(false)
string(4) "Sync"
bool(true)
bool(true)
int(1)
