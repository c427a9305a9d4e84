--TEST--
A reader never sees half of a value that another process is writing
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$values = ['short' => str_repeat('a', 10), 'long' => str_repeat('b', 300_000), 'list' => range(1, 2000)];
$s = new Sync(scratch());
$s->x = $values['short'];
$child = Peer::fork(function (Peer $parent) use ($values) {
    $s = new Sync(scratch());
    $parent->tell('ready');
    for ($i = 0; $i < 300; $i++) {
        foreach ($values as $value) {
            $s->x = $value;
        }
    }
    $s->done = true;
});
$child->hear();
$seen = [];
do {
    $done = isset($s->done);
    $what = array_search($s->x, $values, true);
    $seen[$what === false ? 'something else' : $what] = true;
} while (!$done);
echo $child->end(), "\n";
var_dump(isset($seen['something else']), isset($seen['list']));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
exit 0
bool(false)
bool(true)
