--TEST--
push() takes a name of any type, and no named values
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
var_dump($s->push(7, 'a'), $s->push(1.5, 'b'), $s->push(new class {
    public function __toString(): string
    {
        return 'made';
    }
}, 'c'), $s->push(name: 'named'));
echo json_encode($s), "\n";
attempt(fn () => $s->push('x', value: 1));
attempt(fn () => $s->push(...['name' => 'x', 'values' => 1]));
attempt(fn () => $s->push());
attempt(fn () => $s->push(new stdClass, 1));
var_dump(isset($s->x));
echo (new ReflectionMethod('Sync', 'push'))->getReturnType(), "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
int(1)
int(1)
int(1)
int(0)
{"7":["a"],"1.5":["b"],"made":["c"]}
ArgumentCountError: Sync::push() does not accept unknown named parameters
ArgumentCountError: Sync::push() does not accept unknown named parameters
ArgumentCountError: Sync::push() expects at least 1 argument, 0 given
Error: Object of class stdClass could not be converted to string
bool(false)
int
