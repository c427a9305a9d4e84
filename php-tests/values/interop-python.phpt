--TEST--
Python's msgpack reads values that PHP stores, and the other way round
--SKIPIF--
<?php
require __DIR__ . '/../include/of-files.inc'; of_files('its bytes');
if (!is_executable((string) getenv('SYNC_PYTHON'))) {
    die('skip SYNC_PYTHON names no Python with msgpack; make test installs one');
}
?>
--FILE--
<?php
require __DIR__ . '/round-trip.inc';

/** The bytes of a store from the value of `$key` on. */
function bytes_from_value(string $file, string $key): string
{
    $bytes = file_get_contents($file);
    $at = strpos($bytes, chr(0xa0 | strlen($key)) . $key);
    return substr($bytes, $at + 1 + strlen($key));
}
class Point
{
    public $x = 1;
    protected $y = [2, 3];
}
enum Suit
{
    case Hearts;
}
$o = new Point;
$n = 5;
$values = [
    'null' => null, 'true' => true, 'int' => -1234567890123, 'float' => 0.1, 'negative zero' => -0.0, 'infinity' => INF,
    'text' => 'naïve 重庆', 'bytes' => "\xff\x00", 'list' => [1, [2, []], null], 'map' => ['a' => 1, 5 => 'five', -1 => [true]],
    'empty map' => [], 'stdClass' => (object) ['a' => (object) []], 'object' => $o, 'enum' => [Suit::Hearts],
    'twice' => [$o, $o], 'references' => [&$n, &$n],
];
$writer = new Sync(scratch());
$input = [];
foreach ($values as $name => $value) {
    $file = scratch($name);
    (function () use ($file, $value) { $s = new Sync($file); $s->{'the only key'} = $value; })();
    $input[] = bin2hex(substr(bytes_from_value($file, 'the only key'), 0, 1000));
}

$python = <<<'PYTHON'
import msgpack, sys

for line in sys.stdin:
    line = line.strip()
    if line == '':
        break
    unpacker = msgpack.Unpacker(strict_map_key=False)
    unpacker.feed(bytes.fromhex(line))
    print(unpacker.unpack())
pack = lambda value: msgpack.packb(value, use_bin_type=True)
for value in [None, True, 12345678901, -7, 2**64 - 1, 0.25, 'naïve 重庆', b'\xff\x00\x01', [1, [2, 'x'], {}], {'a': [1, 2], 5: None, '6': 'six', 1.5: 'float'}, {None: 1, True: 2}]:
    print(pack([value, 0]).hex())
print(msgpack.packb([0.25, 0], use_single_float=True).hex())
PYTHON;
$process = proc_open([getenv('SYNC_PYTHON'), '-c', $python], [['pipe', 'r'], ['pipe', 'w'], STDERR], $pipes, null, ['PYTHONIOENCODING' => 'utf-8']);
fwrite($pipes[0], implode("\n", $input) . "\n\n");
fclose($pipes[0]);
foreach ($values as $name => $value) {
    echo "$name: ", fgets($pipes[1]);
}
while ($line = fgets($pipes[1])) {
    echo addcslashes(serialize(forged(hex2bin(trim($line)))[0]), "\0..\37\177..\377"), "\n";
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
null: None
true: True
int: -1234567890123
float: 0.1
negative zero: -0.0
infinity: inf
text: naïve 重庆
bytes: b'\xff\x00'
list: [1, [2, []], None]
map: {'a': 1, 5: 'five', -1: [True]}
empty map: []
stdClass: [ExtType(code=1, data=b''), {'a': [ExtType(code=1, data=b''), {}]}]
object: [ExtType(code=1, data=b'Point'), {'x': 1, '\x00*\x00y': [2, 3]}]
enum: [ExtType(code=3, data=b'Suit:Hearts')]
twice: [[ExtType(code=1, data=b'Point'), {'x': 1, '\x00*\x00y': [2, 3]}], ExtType(code=4, data=b'\x02')]
references: [5, ExtType(code=5, data=b'\x02')]
N;
b:1;
i:12345678901;
i:-7;
d:1.8446744073709552E+19;
d:0.25;
s:13:"na\303\257ve \351\207\215\345\272\206";
s:3:"\377\000\001";
a:3:{i:0;i:1;i:1;a:2:{i:0;i:2;i:1;s:1:"x";}i:2;a:0:{}}
a:4:{s:1:"a";a:2:{i:0;i:1;i:1;i:2;}i:5;N;i:6;s:3:"six";i:1;s:5:"float";}
a:2:{s:0:"";i:1;i:1;i:2;}
d:0.25;
