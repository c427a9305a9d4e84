--TEST--
unset() of a property of a Sync that is stored in another one removes it
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$inner = new Sync(scratch('inner'));
$inner->setData((object) ['a' => 1, 'b' => 2, 'c' => 3, 'd' => ['x' => 1, 'y' => 2]]);
$s = new Sync(scratch());
$s->handle = $inner;
$s->list = [$inner];
unset($s->handle->a, $s->list[0]->b, $s->list[0]['c'], $s->handle->d['x'], $s->handle->missing);
echo json_encode($inner), "\n";
class Careful extends Sync
{
    public function remove($name)
    {
        echo "remove $name\n";
        return parent::remove($name);
    }
}
$s->handle = new Careful(scratch('inner'));
unset($s->handle->d);
echo json_encode($inner), "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
{"d":{"y":2}}
remove d
{}
