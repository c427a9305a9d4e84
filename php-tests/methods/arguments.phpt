--TEST--
Arguments by reference, of other types, too many or too few: methods take and refuse them as PHP's own do
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());

// References, as variables that are used in a closure by reference are.
$name = 'n';
$by = 2;
$alias = &$name;
$other = &$by;
var_dump($s->increment($name, $by), $s->has($name), $s->get($name));

// The engine converts to a string where a method asks for one.
$text = new class {
    public function __toString(): string { return 'n'; }
};
var_dump($s->increment($text), $s->increment('n', by: 10), $s->keys($text), $s->keys());
var_dump($s->increment(12), $s->keys('1'));
var_dump($s->put(1.5, 'x'), $s->keys('1.'));

// Null, where it stands for nothing given.
var_dump($s->keys('', null, 1), $s->tryLock(null) > 0, $s->release(null) === $s);

// A named argument that leaves one out.
var_dump($s->increment('n', ttl: null), $s->put('p', 'v', ttl: 100), $s->ttl('p') > 90);

$refused = [
    'none' => fn () => $s->increment(),
    'too many' => fn () => $s->increment('n', 1, null, 'more'),
    'one too many' => fn () => $s->version(1),
    'an array for a name' => fn () => $s->increment([], 1),
    'null for a name' => fn () => @$s->increment(null),
    'an array for a number' => fn () => $s->increment('n', []),
    'a number for an array' => fn () => $s->getMultiple(1),
    'no such parameter' => fn () => $s->increment('n', many: 1),
    'a NUL in a path' => fn () => $s->setFile("a\0b"),
];
foreach ($refused as $case => $call) {
    try {
        $call();
        echo "$case: taken\n";
    } catch (Throwable $error) {
        echo "$case: ", get_class($error), ': ', $error->getMessage(), "\n";
    }
}
var_dump($s->n);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
int(2)
bool(true)
int(2)
int(3)
int(13)
array(1) {
  [0]=>
  string(1) "n"
}
array(1) {
  [0]=>
  string(1) "n"
}
int(1)
array(1) {
  [0]=>
  string(2) "12"
}
string(1) "x"
array(1) {
  [0]=>
  string(3) "1.5"
}
array(1) {
  [0]=>
  string(1) "n"
}
bool(true)
bool(true)
int(14)
string(1) "v"
bool(true)
none: ArgumentCountError: Sync::increment() expects at least 1 argument, 0 given
too many: ArgumentCountError: Sync::increment() expects at most 3 arguments, 4 given
one too many: ArgumentCountError: Sync::version() expects exactly 0 arguments, 1 given
an array for a name: TypeError: Sync::increment(): Argument #1 ($name) must be of type string, array given
null for a name: taken
an array for a number: TypeError: Sync::increment(): Argument #2 ($by) must be of type int|float, array given
a number for an array: TypeError: Sync::getMultiple(): Argument #1 ($names) must be of type array, int given
no such parameter: Error: Unknown named parameter $many
a NUL in a path: ValueError: Sync::setFile(): Argument #1 ($file) must not contain any null bytes
int(14)
