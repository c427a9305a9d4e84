--TEST--
Appending to a list, or setting a key of a map, does not read it: the cost does not depend on its length
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

class Result
{
    public static int $made = 0;

    public function __construct(public int $number) {}

    public function __unserialize(array $data): void
    {
        self::$made++;
        $this->number = $data['number'];
    }
}

$sync = new Sync(scratch());
$sync->list = array_map(fn ($i) => new Result($i), range(0, 19_999));
$sync->map = array_combine(array_map(fn ($i) => "key $i", range(0, 9_999)), array_fill(0, 10_000, str_repeat('x', 600)));

// An object of a new process has cached nothing. Reading the value would take memory.
memory_reset_peak_usage();
$before = memory_get_usage();
$others = array_map(fn () => new Sync(scratch()), range(1, 5));
foreach ($others as $n => $other) {
    $other->list[] = new Result(20_000 + $n);
    $other->list[] = "text $n";
    $other->map["key $n"] = $n;
    $other->map["new $n"] = [$n];
    $other->map[7 + $n] = true;
}
printf("%d objects made, %s\n", Result::$made, memory_get_peak_usage() - $before < 1_000_000 ? 'little memory used' : 'much memory used');

$list = $sync->list;
var_dump(count($list), $list[19_999]->number, $list[20_000]->number, $list[20_001], $list[20_008]->number, $list[20_009]);
$map = $sync->map;
var_dump(count($map), $map['key 0'], $map['key 4'], strlen($map['key 5']), $map['new 4'], $map[11]);
var_dump(array_slice(array_keys($map), -10));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
0 objects made, little memory used
int(20010)
int(19999)
int(20000)
string(6) "text 0"
int(20004)
string(6) "text 4"
int(10010)
int(0)
int(4)
int(600)
array(1) {
  [0]=>
  int(4)
}
bool(true)
array(10) {
  [0]=>
  string(5) "new 0"
  [1]=>
  int(7)
  [2]=>
  string(5) "new 1"
  [3]=>
  int(8)
  [4]=>
  string(5) "new 2"
  [5]=>
  int(9)
  [6]=>
  string(5) "new 3"
  [7]=>
  int(10)
  [8]=>
  string(5) "new 4"
  [9]=>
  int(11)
}
