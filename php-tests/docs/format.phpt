--TEST--
The Python reader in docs/format.md reads the same values from a store as PHP
--SKIPIF--
<?php
require __DIR__ . '/../include/of-files.inc'; of_files('its format');
if (!is_executable((string) getenv('SYNC_PYTHON'))) {
    die('skip SYNC_PYTHON names no Python with msgpack; make test installs one');
}
?>
--INI--
memory_limit=1G
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

/*
 * Runs the first ```python block of docs/format.md unchanged, and compares the result of its
 * `read_store(path)`, name by name and in order, with PHP's. Both sides write each value
 * down in the same unmistakable way: with its type, and floats and bytes in hexadecimal.
 */
const TELL = <<<'PYTHON'


import json

def tell(value):
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return f'int {value}'
    if isinstance(value, float):
        return 'float ' + struct.pack('>d', value).hex()
    if isinstance(value, str):
        return f'str {value}'
    if isinstance(value, bytes):
        return f'bin {value.hex()}'
    if isinstance(value, list):
        return [tell(item) for item in value]
    if isinstance(value, dict):
        return {'map': [[tell(key), tell(item)] for key, item in value.items()]}
    return f'ext {value.code} {value.data.decode()}'  # msgpack.ExtType

json.dump(tell(read_store(sys.argv[1])), sys.stdout)
PYTHON;

function tell(mixed $value): mixed
{
    return match (true) {
        $value === null, is_bool($value) => $value,
        is_int($value) => "int $value",
        is_float($value) => 'float ' . bin2hex(pack('E', $value)),
        is_string($value) => preg_match('//u', $value) ? "str $value" : 'bin ' . bin2hex($value),
        is_array($value) && array_is_list($value) => array_map('tell', $value),
        is_array($value) => tellMap($value),
        default => ['ext 1 ' . ($value::class === 'stdClass' ? '' : $value::class), tellMap(get_mangled_object_vars($value))],
    };
}

function tellMap(array $map): array
{
    return ['map' => array_map(fn ($key, $item) => [tell($key), tell($item)], array_keys($map), $map)];
}

class Person
{
    public string $name = 'Ada';
    protected int $born = 1815;
    private array $children = ['Byron', 'Anne', 'Ralph'];
}

$sync = new Sync(scratch());

$values = [
    'null' => null, 'yes' => true, 'no' => false,
    'zero' => 0, 'negative' => -33, 'byte' => 255, 'long' => 1 << 40, 'max' => PHP_INT_MAX, 'min' => PHP_INT_MIN,
    'pi' => 3.25, 'minus zero' => -0.0, 'infinite' => INF, 'nan' => NAN, 'one' => 1.0,
    'text' => 'café 重庆 🚀', 'empty' => '', 'bytes' => "\xff\x00\xfe", 'long text' => str_repeat('abc', 100_000),
    'list' => [1, 'two', [3.5, null]], 'empty list' => [], 'map' => ['a' => 1, 7 => 'seven', "\xff" => true, 'sub' => ['x' => [1]]],
    'stdClass' => (object) ['a' => 1, 'b' => [2]], 'object' => new Person,
    '' => 'a name can be empty', '7' => 'or a number', "\xfe" => 'or bytes',
];

// Many values that were overwritten, removed and added again, so that dead records stand beside live ones.
foreach ($values as $name => $value) {
    $sync->set($name, 'old');
    $sync->set($name, $value);
}
for ($i = 0; $i < 5_000; $i++) {
    $sync->counter = $i;
    $sync->{"many $i"} = "value $i";
    if ($i % 3 === 0) {
        $sync->remove("many $i");
    }
}
$sync->remove('yes')->remove('never there')->set('yes', true);

// Values that expire: one that has, one that will, and lists whose newest record tells when.
$sync->put('expired', 1, 0.001);
$sync->put('expires', ['a' => 1], 1000);
$sync->expires['b'] = 2;
$sync->remains = [1];
$sync->remains[] = 2;
$sync->touch('remains', 0.001);
$sync->touched = [1];
$sync->touched[] = 2;
$sync->touch('touched', 1000);
while ($sync->ttl('expired') !== null || $sync->ttl('remains') !== null) {
    usleep(1000);
}

// And a list that is too long to be rewritten for each append: its pieces get merged.
$sync->longest = array_fill(0, 150_000, 'thirty bytes in each of them …');
foreach (range(1, 150) as $i) {
    $other = new Sync(scratch());
    $other->longest[] = str_repeat("$i", 5000);
    $other->longest["key $i"] = $i;
}

// Elements that came back to their arrays, one that is being consumed, and one that has gone.
$sync->queue = range(1, 10);
$sync->mapped = ['k' => 1, 5 => 2, 'l' => 3];
$sync->same = [[1], 'k' => 2];
foreach (['queue', 'mapped', 'same'] as $name) {
    try {
        $sync->consume($name, function () use ($sync) {
            $sync->same['k'] = 'there already';
            throw new Exception();
        });
    } catch (Exception) {
    }
}
$sync->consume('queue', fn () => 0);
$suspended = new Fiber(fn () => $sync->consume('queue', fn () => Fiber::suspend()));
$suspended->start();

$block = preg_match('~```python\n(.*?)\n```~s', file_get_contents(__DIR__ . '/../../docs/format.md'), $part) ? $part[1] : '';
echo 'The reader has ', count(array_filter(explode("\n", $block), fn ($line) => trim($line) !== '')) <= 44 ? 'few enough' : 'too many', " lines\n";

$script = scratch_file('reader.py');
file_put_contents($script, preg_replace('~^if __name__.*~ms', '', $block) . TELL);
$python = getenv('SYNC_PYTHON') ?: 'python3';
$output = shell_exec(escapeshellarg($python) . ' ' . escapeshellarg($script) . ' ' . escapeshellarg(scratch()) . ' 2>&1');
$read = json_decode((string) $output, true);
if ($read === null) {
    exit("Python says: $output\n");
}

$expected = tellMap((array) $sync->getData());
// A property's name is a string, whatever it looks like.
foreach ($expected['map'] as &$pair) {
    $pair[0] = preg_replace('~^int ~', 'str ', $pair[0]);
}
unset($pair);
echo count($expected['map']), " properties\n";

// The two views of one store must be equal; print the first difference.
foreach ($expected['map'] as $i => $pair) {
    if ($pair !== ($read['map'][$i] ?? null)) {
        echo "Property $i differs\n  PHP:    ", substr(json_encode($pair), 0, 200), "\n  Python: ", substr(json_encode($read['map'][$i] ?? null), 0, 200), "\n";
        break;
    }
}
var_dump($read === $expected);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
The reader has few enough lines
3366 properties
bool(true)
