--TEST--
Compound assignments are atomic between processes, on a property and nested
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->setData((object) ['plus' => 0, 'minus' => 0, 'float' => 0.0, 'text' => '', 'or' => 0, 'map' => ['n' => 0, 'deep' => ['text' => '']], 'list' => [], 'object' => (object) ['n' => 0, 'list' => []]]);
$s->created = null;
$children = [];
for ($i = 0; $i < 4; $i++) {
    $children[] = Peer::fork(function () use ($i) {
        $s = new Sync(scratch());
        for ($j = 0; $j < 500; $j++) {
            $s->plus += 3;
            $s->minus--;
            $s->float += 0.5;
            $s->text .= $i;
            $s->or |= 1 << ($i * 8 + $j % 8);
            $s->map['n']++;
            ++$s->map['n'];
            $s->map['deep']['text'] .= 'x';
            $s->list[] = $i;
            $s->object->n += 2;
            $s->object->list[] = $j;
            $s->created['by'][$i] = $j;
            $s['offset'] = $i;
            $s['list'][] = -1;
            $s->{"key$i"}["key$j"] = $j;
            unset($s->{"key$i"}['key' . ($j - 1)]);
        }
    });
}
foreach ($children as $child) {
    echo $child->end(), "\n";
}
var_dump($s->plus, $s->minus, $s->float, strlen($s->text), $s->or === 0xffffffff, $s->map['n'], strlen($s->map['deep']['text']));
var_dump(count($s->list), array_sum($s->list), $s->object->n, count($s->object->list));
var_dump(array_sum($s->created['by']), $s->key0, $s->key3);
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
int(6000)
int(-2000)
float(1000)
int(2000)
bool(true)
int(4000)
int(2000)
int(4000)
int(1000)
int(4000)
int(2000)
int(1996)
array(1) {
  ["key499"]=>
  int(499)
}
array(1) {
  ["key499"]=>
  int(499)
}
