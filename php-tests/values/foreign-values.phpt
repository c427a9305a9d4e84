--TEST--
Values that other programs write are read as PHP would cast them, or refused
--FILE--
<?php
require __DIR__ . '/round-trip.inc';

$values = [
    'unsigned beyond PHP_INT_MAX' => "\xcf\x80\x00\x00\x00\x00\x00\x00\x00",
    'largest unsigned that is an int' => "\xcf\x7f\xff\xff\xff\xff\xff\xff\xff",
    'float 32' => "\xca\x3f\xc0\x00\x00",
    'int 8 that would fit in less' => "\x92\xd0\x05\x05",
    'int 64 that would fit in less' => "\xd3\x00\x00\x00\x00\x00\x00\x00\x05",
    'str that is not UTF-8' => "\xa2\xff\xfe",
    'bin that is UTF-8' => "\xc4\x01a",
    'long forms of short things' => "\xdd\x00\x00\x00\x01\xdb\x00\x00\x00\x01a",
    'keys' => "\x88\xa11\x01\xc0\x02\xc3\x03\xcb\x40\x04\x00\x00\x00\x00\x00\x00\x04\xa3-12\x05\xa201\x06\xc4\x0216\x07\xd0\x11\x08",
    'the same key twice' => "\x83\xa1a\x01\xa11\x02\xa1a\x03",
    'numbered properties' => "\x92\xc7\x00\x01\x82\x01\xa1a\xd0\x80\xa1b",
    'a key that is a list' => "\x81\x91\x01\x01",
    'a key that is too large' => "\x81\xcf\x80\x00\x00\x00\x00\x00\x00\x00\x01",
    'a key that is NAN' => "\x81\xcb\x7f\xf8\x00\x00\x00\x00\x00\x00\x01",
    'a timestamp' => "\xd6\xff\x00\x00\x00\x00",
    'an unknown ext' => "\xd4\x2a\x00",
    'the marker that is none' => "\x92\x01\xc1",
    'a class without an object' => "\xc7\x01\x01A",
    'a class with a list' => "\x92\xc7\x01\x01A\x91\x01",
    'a class of no name' => "\x92\xc7\x02\x01\x00A\x80",
    'a class from the root' => "\x92\xc7\x04\x01\\Foo\x80",
    'an object from the future' => "\x92\xd4\x04\x03\xc0",
    'a reference to itself' => "\x92\xd4\x05\x03\xc0",
    'an object that is an int' => "\x92\x05\xd4\x04\x02",
    'the array it is in' => "\x92\xd4\x05\x01\x05",
    'two values' => "\x01\x02\x03",
];
foreach ($values as $name => $bytes) {
    echo "$name: ", addcslashes(outcome(fn () => serialize(forged($bytes))), "\0..\37\177..\377"), "\n";
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
unsigned beyond PHP_INT_MAX: d:9.223372036854776E+18;
largest unsigned that is an int: i:9223372036854775807;
float 32: d:1.5;
int 8 that would fit in less: a:2:{i:0;i:5;i:1;i:5;}
int 64 that would fit in less: i:5;
str that is not UTF-8: s:2:"\377\376";
bin that is UTF-8: s:1:"a";
long forms of short things: a:1:{i:0;s:1:"a";}
keys: a:7:{i:1;i:3;s:0:"";i:2;i:2;i:4;i:-12;i:5;s:2:"01";i:6;i:16;i:7;i:17;i:8;}
the same key twice: a:2:{s:1:"a";i:3;i:1;i:2;}
numbered properties: O:8:"stdClass":2:{s:1:"1";s:1:"a";s:4:"-128";s:1:"b";}
a key that is a list: SyncException: A stored value is damaged: it has a key that is neither an int nor a string. It stays until it is set anew or removed, or the store is restored from a copy.
a key that is too large: SyncException: A stored value is damaged: it has a key that is neither an int nor a string. It stays until it is set anew or removed, or the store is restored from a copy.
a key that is NAN: SyncException: A stored value is damaged: it has a key that is neither an int nor a string. It stays until it is set anew or removed, or the store is restored from a copy.
a timestamp: SyncException: A stored value has the MessagePack ext type -1, which Sync does not know. It stays until it is set anew or removed, or the store is restored from a copy.
an unknown ext: SyncException: A stored value has the MessagePack ext type 42, which Sync does not know. It stays until it is set anew or removed, or the store is restored from a copy.
the marker that is none: SyncException: A stored value is damaged: it is not MessagePack. It stays until it is set anew or removed, or the store is restored from a copy.
a class without an object: SyncException: A stored value is damaged: it has a class name that no object follows. It stays until it is set anew or removed, or the store is restored from a copy.
a class with a list: SyncException: A stored value is damaged: it is not made of what it should be. It stays until it is set anew or removed, or the store is restored from a copy.
a class of no name: SyncException: A stored value is damaged: it has a class name that cannot be one. It stays until it is set anew or removed, or the store is restored from a copy.
a class from the root: SyncException: A stored value is damaged: it has a class name that cannot be one. It stays until it is set anew or removed, or the store is restored from a copy.
an object from the future: SyncException: A stored value is damaged: it has a pointer to something that is not there. It stays until it is set anew or removed, or the store is restored from a copy.
a reference to itself: SyncException: A stored value is damaged: it has a pointer to something that is not there. It stays until it is set anew or removed, or the store is restored from a copy.
an object that is an int: SyncException: A stored value is damaged: it has a pointer to something that is not there. It stays until it is set anew or removed, or the store is restored from a copy.
the array it is in: a:2:{i:0;N;i:1;i:5;}
two values: SyncException: A stored value is damaged: it has bytes after its end. It stays until it is set anew or removed, or the store is restored from a copy.
