--TEST--
Lengths that lie allocate nothing, and are exceptions
--FILE--
<?php
require __DIR__ . '/round-trip.inc';

$lies = [
    'array of 4 billion' => "\xdd\xff\xff\xff\xff\x01",
    'map of 4 billion' => "\xdf\xff\xff\xff\xff\x01\x01",
    'string of 4 GiB' => "\xdb\xff\xff\xff\xff" . 'abc',
    'bin of 4 GiB' => "\xc6\xff\xff\xff\xff" . 'abc',
    'ext of 4 GiB' => "\xc9\xff\xff\xff\xff\x01" . 'abc',
    'array of two too many' => "\x94\x01\x02",
    'nested' => str_repeat("\xdd\x00\x00\x10\x00", 1000) . "\x01",
    'siblings' => "\xdc\x00\xff" . str_repeat("\xdd\x00\x00\x04\x00", 255) . str_repeat("\x01", 1000),
    'object with 4 billion properties' => "\x92\xc7\x00\x01\xdf\xff\xff\xff\xff\x01\x01",
    'list of one object' => "\xdd\xff\xff\xff\xff\xc7\x00\x01\x80",
];
$peak = memory_get_peak_usage();
foreach ($lies as $name => $bytes) {
    echo "$name: ", outcome(fn () => forged($bytes)), "\n";
}
var_dump(memory_get_peak_usage() - $peak < 1 << 20);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
array of 4 billion: SyncException: A stored value is damaged: it has a length beyond its end. It stays until it is set anew or removed, or the store is restored from a copy.
map of 4 billion: SyncException: A stored value is damaged: it has a length beyond its end. It stays until it is set anew or removed, or the store is restored from a copy.
string of 4 GiB: SyncException: A stored value is damaged: it ends too early. It stays until it is set anew or removed, or the store is restored from a copy.
bin of 4 GiB: SyncException: A stored value is damaged: it ends too early. It stays until it is set anew or removed, or the store is restored from a copy.
ext of 4 GiB: SyncException: A stored value is damaged: it ends too early. It stays until it is set anew or removed, or the store is restored from a copy.
array of two too many: SyncException: A stored value is damaged: it has a length beyond its end. It stays until it is set anew or removed, or the store is restored from a copy.
nested: SyncException: A stored value is damaged: it has a length beyond its end. It stays until it is set anew or removed, or the store is restored from a copy.
siblings: SyncException: A stored value is damaged: it has a length beyond its end. It stays until it is set anew or removed, or the store is restored from a copy.
object with 4 billion properties: SyncException: A stored value is damaged: it has a length beyond its end. It stays until it is set anew or removed, or the store is restored from a copy.
list of one object: SyncException: A stored value is damaged: it has a length beyond its end. It stays until it is set anew or removed, or the store is restored from a copy.
bool(true)
