--TEST--
Elements that are set, changed and unset deep inside of an array are the same to all processes
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$known = new Sync(scratch());
$s->a = ['x' => ['y' => 1, 'z' => [1, 2, 3]], '7' => 'seven', 'gone' => true];
$plain = $s->a;
$known->a;
$change = function (array &$a, callable $to) { $to($a); };
foreach ([
    fn (&$a) => $a['x']['y'] = 'text',
    fn (&$a) => $a['x']['z'][] = 4,
    fn (&$a) => $a['x']['z'][1] = ['deeper' => null],
    fn (&$a) => $a['7'] = 7.5,
    fn (&$a) => $a["\xff"] = "\xfe",
    fn (&$a) => $a['-5'] = 'negative',
    fn (&$a) => $a[] = 'next',
    fn (&$a) => $a['x']['new'] = [],
] as $n => $to) {
    $to($plain);
}
$s->a['x']['y'] = 'text';
$s->a['x']['z'][] = 4;
$s->a['x']['z'][1] = ['deeper' => null];
$s->a['7'] = 7.5;
$s->a["\xff"] = "\xfe";
$s->a['-5'] = 'negative';
$s->a[] = 'next';
$s->a['x']['new'] = [];
unset($s->a['gone'], $plain['gone']);
unset($s->a['x']['z'][0], $plain['x']['z'][0]);
var_dump($s->a === $plain, $known->a === $plain, (new Sync(scratch()))->a === $plain);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
bool(true)
bool(true)
bool(true)
