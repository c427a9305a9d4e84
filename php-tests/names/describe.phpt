--TEST--
describe() tells what a value is, without making it
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

class Loud
{
    public $a = 1;
    protected $b = [2];
    public function __wakeup() { echo "made\n"; }
}
enum Suit { case Hearts; }
$s = new Sync(scratch());
var_dump($s->describe('missing'), scratch_exists());
$values = [
    null, true, 5, 1.5, 'text', str_repeat('x', 100_000), [], [1, 2, 3], ['a' => 1, 'b' => [1]], new stdClass, new Loud,
    Suit::Hearts, [Suit::Hearts, new Loud], range(1, 50_000), array_fill_keys(range(1, 40_000, 2), 'many'), new ArrayObject([1, 2]),
];
foreach ($values as $value) {
    $s->value = $value;
    $described = $s->describe('value');
    $encoded = strlen(serialize($value));
    if ($described['ttl'] !== null || $described['pieces'] !== 1 || $described['bytes'] < 1 || $described['bytes'] > $encoded + 20) {
        var_dump($described);
    }
    echo json_encode($described['type']), ' ', json_encode($described['count']), "\n";
}
// Changed in part.
$s->list = range(1, 1000);
$s->list[] = 'more';
$s->list['k'] = 'plain';
$s->list[3] = 'other';
$s->list[-1] = 'below';
unset($s->list[0], $s->list['never']);
$s->list['deep']['er'] = 1;
['type' => $type, 'count' => $count] = $s->describe('list');
echo "$type $count ", json_encode($count === count($s->list)), "\n";
$s->log = range(1, 1000);
$s->log[] = 'more';
$s->log[] = 'and more';
echo json_encode(array_diff_key($s->describe('log'), ['bytes' => 0])), "\n";
$s->long = [str_repeat('a', 66_000)];
$s->push('long', str_repeat('x', 600_000), 'more');
var_dump($s->describe('long')['count']);
$s->text = str_repeat('x', 30_000_000);
$before = memory_get_peak_usage();
var_dump($s->describe('text')['type'], $s->compareAndSet('text', 'another', 1), memory_get_peak_usage() - $before < 10_000_000);
$s->map = array_fill_keys(range('a', 'z'), 0);
for ($i = 0; $i < 30; $i++) {
    $s->map["new $i"] = $i;
    unset($s->map['a'], $s->map["new " . ($i - 5)]);
}
var_dump($s->describe('map')['count'] === count($s->map));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
NULL
bool(false)
"null" null
"bool" null
"int" null
"float" null
"string" null
"string" null
"array" 0
"array" 3
"array" 2
"stdClass" 0
"Loud" 2
"Suit::Hearts" null
"array" 2
"array" 50000
"array" 20000
"ArrayObject" 4
array 1003 true
{"type":"array","count":1002,"ttl":null,"pieces":3}
int(3)
string(6) "string"
bool(false)
bool(true)
bool(true)
