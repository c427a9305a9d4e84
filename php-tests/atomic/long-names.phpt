--TEST--
Methods take names of any length
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

foreach ([1, 255, 256, 20_000] as $length) {
    $s = new Sync(scratch("store $length"));
    $name = str_repeat('n', $length);
    $results = [
        $s->increment($name), $s->compareAndSet($name, 1, [1]), $s->push($name, 2, 3), $s->push($name, 4), $s->push($name),
        $s->update($name, fn ($old) => [...$old, 5]), $s->getMultiple([$name])[$name] === [1, 2, 3, 4, 5], $s->describe($name)['count'],
        $s->keys('n') === [$name], $s->pull($name), count($s),
    ];
    echo json_encode($results), "\n";
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
[1,true,3,4,4,[1,2,3,4,5],true,5,true,[1,2,3,4,5],0]
[1,true,3,4,4,[1,2,3,4,5],true,5,true,[1,2,3,4,5],0]
[1,true,3,4,4,[1,2,3,4,5],true,5,true,[1,2,3,4,5],0]
[1,true,3,4,4,[1,2,3,4,5],true,5,true,[1,2,3,4,5],0]
