--TEST--
Deleting the file is noticed by the next access, of whatever kind
--SKIPIF--
<?php require __DIR__ . '/../include/of-files.inc'; of_files('its path'); ?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$accesses = [
    'property' => fn (Sync $s) => $s->x,
    'get' => fn (Sync $s) => $s->get('x', 'default'),
    'has' => fn (Sync $s) => $s->has('x'),
    '[]' => fn (Sync $s) => $s['x'],
    'isset []' => fn (Sync $s) => isset($s['x']),
    'getData' => fn (Sync $s) => count((array) $s->getData()),
];
$s = new Sync(scratch());
foreach ($accesses as $what => $access) {
    $s->x = 1;
    $access($s);
    unlink(scratch());
    echo "$what: ", json_encode($access($s)), "\n";
}
var_dump(file_exists(scratch()));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
property: null
get: "default"
has: false
[]: null
isset []: false
getData: 0
bool(false)
