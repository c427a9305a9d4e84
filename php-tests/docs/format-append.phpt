--TEST--
PHP reads records that Python appended by the rules of docs/format.md
--SKIPIF--
<?php
require __DIR__ . '/../include/of-files.inc'; of_files('its format');
if (!is_executable((string) getenv('SYNC_PYTHON'))) {
    die('skip SYNC_PYTHON names no Python with msgpack; make test installs one');
}
?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

preg_match_all('~```python\n(.*?)\n```~s', file_get_contents(__DIR__ . '/../../docs/format.md'), $blocks);
file_put_contents(scratch_file('append.py'), implode("\n\n", preg_replace('~^if __name__.*~ms', '', $blocks[1])) . <<<'PYTHON'


append(sys.argv[1], {
    'number': 42, 'fraction': 1.5, 'text': 'café', 'bytes': b'\xff\x00', 'nothing': None, 'yes': True,
    'list': [1, [2, 3]], 'map': {'a': 1, 'b': {'c': [None]}}, 'from PHP': 'changed', b'\xfe': 'bytes as a name',
})
values = read_store(sys.argv[1])
print(len(values), values['from PHP'], values['list'])
PYTHON);

// Stored by a process that has ended, because no process may have the file open meanwhile.
Peer::php('
    $sync = new Sync($argv[1]);
    $sync->{"from PHP"} = "unchanged";
    $sync->kept = [1, 2];
', scratch())->end();

$python = getenv('SYNC_PYTHON') ?: 'python3';
echo shell_exec(implode(' ', array_map('escapeshellarg', [$python, scratch_file('append.py'), scratch()])) . ' 2>&1');

$sync = new Sync(scratch());
foreach ($sync->getData() as $name => $value) {
    echo json_encode($name, JSON_INVALID_UTF8_SUBSTITUTE), ' ', is_string($value) && !preg_match('//u', $value) ? bin2hex($value) : json_encode($value), "\n";
}
$sync->after = 'PHP goes on';
var_dump($sync->after, $sync->number);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
11 changed [1, [2, 3]]
"kept" [1,2]
"number" 42
"fraction" 1.5
"text" "caf\u00e9"
"bytes" ff00
"nothing" null
"yes" true
"list" [1,[2,3]]
"map" {"a":1,"b":{"c":[null]}}
"from PHP" "changed"
"\ufffd" "bytes as a name"
string(11) "PHP goes on"
int(42)
