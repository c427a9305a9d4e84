--TEST--
push() does not read the list, however long it is, and knows how long it has become
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
$sync->list = array_map(fn ($i) => new Result($i), range(0, 199_999));
memory_reset_peak_usage();
$before = memory_get_usage();
$others = array_map(fn () => new Sync(scratch()), range(1, 5));
foreach ($others as $n => $other) {
    $length = $other->push('list', new Result(200_000 + 2 * $n), "text $n");
    $other->list[7] = new Result(7 + $n);
    if ($length !== 200_002 + 2 * $n || $other->push('list') !== $length) {
        var_dump($length, $other->push('list'));
    }
}
// So many that the store has to make room by itself.
for ($i = 0; $i < 40_000; $i++) {
    $length = $others[$i % 5]->push('list', $i);
}
printf("%d objects made, %s\n", Result::$made, memory_get_peak_usage() - $before < 1_000_000 ? 'little memory used' : 'much memory used');
// (Objects of a debug build are larger.)
ini_set('memory_limit', '512M');
$list = $sync->list;
var_dump($length, count($list), $list[7]->number, $list[199_999]->number, $list[200_009], $list[200_010], end($list));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
0 objects made, little memory used
int(240010)
int(240010)
int(11)
int(199999)
string(6) "text 4"
int(0)
int(39999)
