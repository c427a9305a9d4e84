--TEST--
consume() gives the first element to a function, and it is gone when that returns
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
var_dump($s->consume('jobs', fn () => print("never\n")), scratch_exists());
$s->push('jobs', 'a', ['b' => 1.5], null, false);
$seen = [];
$look = function (...$arguments) use ($s, &$seen) {
    $seen[] = $arguments;
    $consuming = $s->stats()['consuming'];
    echo count($s->jobs), ' ', count($s), ' ', implode(',', $s->keys()), ' ', count(iterator_to_array($s)), ' ',
        json_encode($s->getData()->jobs), ' ', $consuming[0]['name'], ' ', $consuming[0]['pid'] === getmypid() ? 'mine' : 'not mine', "\n";
    return false;
};
while ($s->consume('jobs', $look)) {
}
echo json_encode($seen), ' ', json_encode($s->jobs), ' ', json_encode($s->stats()['consuming']), "\n";
var_dump(isset($s->jobs), $s->push('jobs', 'again'), $s->consume(name: 'jobs', fn: 'strrev', timeout: null));
$s->null = null;
$s->number = 7;
var_dump($s->consume('null', $look));
attempt(fn () => $s->consume('number', $look));
attempt(fn () => $s->consume('jobs', 'no_such_function'));
attempt(fn () => $s->consume('jobs', $look, -1));
attempt(fn () => $s->consume("\0jobs", $look));
var_dump((string) (new ReflectionMethod('Sync', 'consume'))->getReturnType());
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
bool(false)
bool(false)
3 1 jobs 1 [{"b":1.5},null,false] jobs mine
2 1 jobs 1 [null,false] jobs mine
1 1 jobs 1 [false] jobs mine
0 1 jobs 1 [] jobs mine
[["a"],[{"b":1.5}],[null],[false]] [] []
bool(true)
int(1)
bool(true)
bool(false)
SyncException: Can't use property 'number' in '{dir}/store' as a queue: it is no array, but of type int.
TypeError: Sync::consume(): Argument #2 ($fn) must be a valid callback, function "no_such_function" not found or invalid function name
ValueError: Sync::consume(): Argument #3 ($timeout) must be greater than or equal to 0
Error: Cannot access property starting with "\0"
string(4) "bool"
