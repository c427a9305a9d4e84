--TEST--
JavaScript's @msgpack/msgpack reads values that PHP stores, and the other way round
--SKIPIF--
<?php
require __DIR__ . '/../include/of-files.inc'; of_files('its bytes');
if (!is_dir(getenv('SYNC_NODE_PATH') . '/@msgpack/msgpack')) {
    die('skip SYNC_NODE_PATH has no @msgpack/msgpack; make test installs it');
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

$javascript = <<<'JAVASCRIPT'
const { decodeMulti, encode, ExtensionCodec } = require('@msgpack/msgpack');
const { inspect } = require('util');

const extensionCodec = new ExtensionCodec();
for (let type = 1; type <= 5; type++) {
    const decode = (body) => type < 4 ? `<${type}: ${Buffer.from(body)}>` : `<${type}: ${Buffer.from(body).readUIntBE(0, body.length)}>`;
    extensionCodec.register({ type, encode: () => null, decode });
}
for (const line of require('fs').readFileSync(0, 'utf8').trim().split('\n')) {
    for (const value of decodeMulti(Buffer.from(line, 'hex'), { extensionCodec, useBigInt64: true })) {
        console.log(inspect(value, { breakLength: Infinity, compact: 9, depth: 9 }));
        break;
    }
}
for (const value of [null, true, 12345678901, -7, 2n ** 64n - 1n, 0.25, 'naïve 重庆', new Uint8Array([255, 0, 1]), [1, [2, 'x'], {}], { a: [1, 2], 5: null }]) {
    console.log(Buffer.from(encode([value, 0], { useBigInt64: true })).toString('hex'));
}
JAVASCRIPT;
$environment = ['NODE_PATH' => (string) getenv('SYNC_NODE_PATH'), 'PATH' => getenv('PATH')];
$process = proc_open(['node', '-e', $javascript], [['pipe', 'r'], ['pipe', 'w'], STDERR], $pipes, null, $environment);
fwrite($pipes[0], implode("\n", $input));
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
null: null
true: true
int: -1234567890123n
float: 0.1
negative zero: -0
infinity: Infinity
text: 'naïve 重庆'
bytes: <Buffer ff 00>
list: [ 1, [ 2, [] ], null ]
map: { '5': 'five', a: 1, '-1': [ true ] }
empty map: []
stdClass: [ '<1: >', { a: [ '<1: >', {} ] } ]
object: [ '<1: Point>', { x: 1, '\x00*\x00y': [ 2, 3 ] } ]
enum: [ '<3: Suit:Hearts>' ]
twice: [ [ '<1: Point>', { x: 1, '\x00*\x00y': [ 2, 3 ] } ], '<4: 2>' ]
references: [ 5, '<5: 2>' ]
N;
b:1;
d:12345678901;
i:-7;
d:1.8446744073709552E+19;
d:0.25;
s:13:"na\303\257ve \351\207\215\345\272\206";
s:3:"\377\000\001";
a:3:{i:0;i:1;i:1;a:2:{i:0;i:2;i:1;s:1:"x";}i:2;a:0:{}}
a:2:{i:5;N;s:1:"a";a:2:{i:0;i:1;i:1;i:2;}}
