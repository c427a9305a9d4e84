--TEST--
Operators of a subclass that overrides __get and __set are atomic between processes, too
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

class Checked extends Sync
{
    public function __get($name)
    {
        return parent::__get($name);
    }

    public function __set($name, $value)
    {
        parent::__set($name, $value);
    }
}
$s = new Checked(scratch());
$s->n = $s->m = 0;
$s->map = ['k' => ''];
$children = [];
for ($i = 0; $i < 4; $i++) {
    $children[] = Peer::fork(function (Peer $parent) use ($s) {
        $parent->hear();
        for ($j = 0; $j < 1000; $j++) {
            $s->n++;
            $s->m += 2;
            $s->map['k'] .= 'x';
        }
    });
}
foreach ($children as $child) {
    $child->tell();
}
foreach ($children as $child) {
    echo $child->end(), "\n";
}
var_dump($s->n, $s->m, strlen($s->map['k']));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
exit 0
exit 0
exit 0
exit 0
int(4000)
int(8000)
int(4000)
