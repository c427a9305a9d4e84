--TEST--
The result of an operator is that of PHP, in functions, in loops and under the JIT
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->n = 0;
function work(Sync $s): array
{
    $out = [];
    for ($i = 0; $i < 500; $i++) {
        $post = $s->n++;
        $pre = ++$s->n;
        $minus = $s->n -= 1;
        $out[] = [$post, $pre, $minus];
        if ($post !== $i || $pre !== $i + 2 || $minus !== $i + 1) {
            echo "wrong: $i: $post $pre $minus\n";
            break;
        }
    }
    return $out;
}
work($s);
var_dump($s->n);
$s->f = 0.5;
for ($i = 0, $sum = 0; $i < 500; $i++) {
    $sum += $s->f++;
}
var_dump($s->f, $sum);
$s->map = ['n' => 0, 'm' => [0, 0, 0]];
for ($i = 0; $i < 500; $i++) {
    if ($s->map['n']++ !== $i || ++$s->map['m'][$i % 3] !== intdiv($i, 3) + 1) {
        echo "wrong: $i\n";
    }
}
var_dump($s->map);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECTF--
int(500)
float(500.5)
float(125000)
array(2) {
  ["n"]=>
  int(500)
  ["m"]=>
  array(3) {
    [0]=>
    int(167)
    [1]=>
    int(167)
    [2]=>
    int(166)
  }
}
