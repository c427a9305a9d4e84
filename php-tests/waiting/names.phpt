--TEST--
wait() takes a name, several, or none for anything in the file
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$a = new Sync(scratch());
$b = new Sync(scratch());
$b->x = $b->{"5"} = 1;
var_dump($a->wait(["x", 5, "z"], 0), $a->wait(5, 0), $a->wait(null, 0), $a->wait(timeout: 0));
$b->{"5"} = 2;
var_dump($a->wait(["x", 5], 0), $a->wait(["x", 5], 0), $a->wait(null, 0), $a->wait(null, 0));
$a->own = 1;
var_dump($a->wait(null, 0));
$names = array_map(fn (int $n) => "name$n", range(1, 300));
var_dump($a->wait($names, 0.01));
$b->name299 = 1;
var_dump($a->wait($names, 1));
foreach ([[[], 0], [["x", []], 0], [new stdClass, 0], ["x", -1], ["x", NAN], ["x", "y"], ["x", 0, "z"], ["\0x", 0], [["\0"], 0]] as $arguments) {
    try {
        $a->wait(...$arguments);
    } catch (Error $e) {
        echo get_class($e), ": ", str_replace("\0", "\\0", $e->getMessage()), "\n";
    }
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
bool(false)
bool(false)
bool(false)
bool(false)
bool(true)
bool(false)
bool(true)
bool(false)
bool(false)
bool(false)
bool(true)
ValueError: Sync::wait(): Argument #1 ($names) must not be an empty array
TypeError: Sync::wait(): Argument #1 ($names) must be an array of names, one of type array given
Error: Object of class stdClass could not be converted to string
ValueError: Sync::wait(): Argument #2 ($timeout) must be greater than or equal to 0
ValueError: Sync::wait(): Argument #2 ($timeout) must be greater than or equal to 0
TypeError: Sync::wait(): Argument #2 ($timeout) must be of type ?float, string given
TypeError: Sync::wait(): Argument #3 ($since) must be of type ?int, string given
Error: Cannot access property starting with "\0"
Error: Cannot access property starting with "\0"
