--TEST--
Closures bound to a Sync, static closures, generators and callables read the shared properties
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->x = 1;
$s->list = [1, 2, 3];
$bound = Closure::bind(function () { return $this->x++; }, $s, null);
var_dump($bound(), $s->x, (static fn () => $s->x)());
function generate(Sync $s): Generator
{
    foreach ($s->list as $v) {
        $s->seen[] = $v;
        yield $v * $s->x;
    }
}
echo implode(' ', iterator_to_array(generate($s))), ' ', json_encode($s->seen), "\n";
var_dump(array_map([$s, 'get'], ['x']), ($s->set(...))('y', 5), $s->y);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
int(1)
int(2)
int(2)
2 4 6 [1,2,3]
array(1) {
  [0]=>
  int(2)
}
int(5)
int(5)
