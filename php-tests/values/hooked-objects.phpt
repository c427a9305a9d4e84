--TEST--
Objects with property hooks are stored by their backing values, and changed in the store through their hooks
--SKIPIF--
<?php
if (PHP_VERSION_ID < 80400) die('skip property hooks came with PHP 8.4');
?>
--FILE--
<?php
require __DIR__ . '/round-trip.inc';

class Hooked
{
    public int $doubled = 5 { get => $this->doubled * 2; set => $value + 100; }
    public string $virtual { get => 'virtual'; }
    public array $kept = [1];
    public array $referred { &get { return $this->kept; } }
    public private(set) int $number = 3;
    public readonly int $once;

    public function __construct()
    {
        $this->once = 9;
    }
}
comes_back('an object', new Hooked);

$writes = [
    '$o->x->doubled = 1;', '$o->x->doubled++;', '$o->x->doubled += 5;', '$o->x->doubled .= "7";', '$o->x->doubled ??= 7;', 'unset($o->x->doubled);',
    '$o->x->doubled[1] = 2;', '$o->x->virtual = "x";', '$o->x->number = 5;', '$o->x->number++;', '$o->x->once = 1;',
    '$o->x->referred[] = 2;', '$o->x->referred["a"]["b"] = 2;', 'unset($o->x->referred[0]);', '$o->x->kept[] = 7;',
];
foreach ($writes as $write) {
    [$expected, $actual] = array_map(fn ($o) => outcome(function () use ($o, $write) {
        $o->x = new Hooked;
        eval($write);
        return serialize($o->x);
    }), [new stdClass, new Sync(scratch())]);
    echo $write, "\n    ", $actual === $expected ? preg_replace('/Error\K: .*/', '', $actual) : "$actual\n    EXPECTED: $expected", "\n";
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
$o->x->doubled = 1;
    O:6:"Hooked":4:{s:7:"doubled";i:101;s:4:"kept";a:1:{i:0;i:1;}s:6:"number";i:3;s:4:"once";i:9;}
$o->x->doubled++;
    O:6:"Hooked":4:{s:7:"doubled";i:111;s:4:"kept";a:1:{i:0;i:1;}s:6:"number";i:3;s:4:"once";i:9;}
$o->x->doubled += 5;
    O:6:"Hooked":4:{s:7:"doubled";i:115;s:4:"kept";a:1:{i:0;i:1;}s:6:"number";i:3;s:4:"once";i:9;}
$o->x->doubled .= "7";
    O:6:"Hooked":4:{s:7:"doubled";i:207;s:4:"kept";a:1:{i:0;i:1;}s:6:"number";i:3;s:4:"once";i:9;}
$o->x->doubled ??= 7;
    O:6:"Hooked":4:{s:7:"doubled";i:5;s:4:"kept";a:1:{i:0;i:1;}s:6:"number";i:3;s:4:"once";i:9;}
unset($o->x->doubled);
    Error
$o->x->doubled[1] = 2;
    Error
$o->x->virtual = "x";
    Error
$o->x->number = 5;
    Error
$o->x->number++;
    Error
$o->x->once = 1;
    Error
$o->x->referred[] = 2;
    O:6:"Hooked":4:{s:7:"doubled";i:5;s:4:"kept";a:2:{i:0;i:1;i:1;i:2;}s:6:"number";i:3;s:4:"once";i:9;}
$o->x->referred["a"]["b"] = 2;
    O:6:"Hooked":4:{s:7:"doubled";i:5;s:4:"kept";a:2:{i:0;i:1;s:1:"a";a:1:{s:1:"b";i:2;}}s:6:"number";i:3;s:4:"once";i:9;}
unset($o->x->referred[0]);
    O:6:"Hooked":4:{s:7:"doubled";i:5;s:4:"kept";a:0:{}s:6:"number";i:3;s:4:"once";i:9;}
$o->x->kept[] = 7;
    O:6:"Hooked":4:{s:7:"doubled";i:5;s:4:"kept";a:2:{i:0;i:1;i:1;i:7;}s:6:"number";i:3;s:4:"once";i:9;}
