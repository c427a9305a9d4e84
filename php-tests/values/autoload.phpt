--TEST--
Classes of stored objects are autoloaded, once; an exception of the autoloader reaches the reader
--FILE--
<?php
require __DIR__ . '/round-trip.inc';

spl_autoload_register(function ($class) {
    echo "autoload $class\n";
    if ($class === 'Broken') {
        throw new DomainException('broken');
    }
    if ($class !== 'Missing') {
        eval(str_starts_with($class, 'Enum') ? "enum $class { case A; }" : "class $class { public \$a; }");
    }
});
$object = fn ($class) => "\x92\xc7" . chr(strlen($class)) . "\x01$class\x80";
foreach (["\x93" . $object('First') . $object('First') . $object('first'), $object('Missing'), $object('Broken'), "\x92" . $object('Second') . $object('Broken'), "\xc7\x06\x03Enum:A"] as $bytes) {
    attempt(function () use ($bytes) {
        $value = forged($bytes);
        echo json_encode(array_map(get_class(...), is_array($value) ? $value : [$value])), "\n";
    });
}
// Sync may be used while Sync reads.
spl_autoload_register(function ($class) {
    $s = new Sync(scratch());
    $s->$class = [new ArrayObject([1])];
    echo count($s->$class[0]), "\n";
}, prepend: true);
echo get_class(forged($object('Third'))), "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
autoload First
["First","First","First"]
nothing was thrown
autoload Missing
["__PHP_Incomplete_Class"]
nothing was thrown
autoload Broken
DomainException: broken
autoload Second
autoload Broken
DomainException: broken
autoload Enum
["Enum"]
nothing was thrown
1
autoload Third
Third
