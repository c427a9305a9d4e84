--TEST--
Small and big values come back whole, under names of every kind
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$big = random_bytes(1_700_000);
foreach (['data', 0, '重庆'] as $name) {
    foreach (['', 'small', $big, ['nested' => [$big, 1.5]]] as $value) {
        $result = $s->$name = $value;
        $other = new Sync(scratch());
        if ($result !== $value || $s->$name !== $value || $other->$name !== $value) {
            echo "not the same: $name\n";
        }
    }
}
var_dump(count((array) $s->getData()));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
int(3)
