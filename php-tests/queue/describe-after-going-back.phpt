--TEST--
describe() counts the elements of an array to which one has gone back, whatever its keys are
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$shared = 1;
foreach ([
    'a list' => [1, 2, 3],
    'strings' => ['k' => 1, 'l' => 2],
    'both' => ['k' => 1, 7 => 2, -3 => 3],
    'a reference' => [[&$shared, &$shared], 2],
    'an object' => [new ArrayObject([1]), 2],
] as $what => $array) {
    $s->q = $array;
    for ($i = 0; $i < 3; $i++) {
        try {
            $s->consume('q', fn () => throw new Exception());
        } catch (Exception) {
        }
        $s->push('q', $i);
    }
    echo $what, ': ', $s->describe('q')['type'], ' of ', $s->describe('q')['count'], ', ', count($s->q), "\n";
    // Others take the key of the element meanwhile, remove some, and go on behind it.
    if (is_string(array_key_first($array))) {
        try {
            $s->consume('q', function () use ($s) {
                $s->q['k'] = 'another';
                $s->q[0] = 'first';
                unset($s->q[1], $s->q['l']);
                throw new Exception();
            });
        } catch (Exception) {
        }
        $s->q[] = 'last';
        unset($s->q[0]);
        echo $what, ' once more: ', $s->describe('q')['count'], ', ', count($s->q), "\n";
    }
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
a list: array of 6, 6
strings: array of 5, 5
strings once more: 4, 4
both: array of 6, 6
both once more: 6, 6
a reference: array of 5, 5
an object: array of 5, 5
