--TEST--
Objects of every class that is loaded and can be instantiated come back as serialize gives them
--INI--
error_reporting=E_ALL & ~E_DEPRECATED & ~E_WARNING
--FILE--
<?php
require __DIR__ . '/round-trip.inc';

require __DIR__ . '/classes.inc';

// How to make one where `new` alone does not; each from scratch, since serializing may change them.
$makers = [
    'DateTimeZone' => fn () => [new DateTimeZone('Europe/Paris'), new DateTimeZone('+02:00'), new DateTimeZone('CEST')],
    'DateTime' => fn () => [new DateTime('2020-02-29 12:34:56.789 Asia/Chongqing')],
    'DateInterval' => fn () => [new DateInterval('P1Y2M3DT4H5M6S'), date_create('@0')->diff(date_create('@100000'))],
    'DatePeriod' => fn () => [new DatePeriod(new DateTime('@0'), new DateInterval('P1D'), 3)],
    'ArrayObject' => fn () => [new ArrayObject([1, 'a' => new Bare]), new ArrayObject(new Parental, ArrayObject::ARRAY_AS_PROPS)],
    'ArrayIterator' => fn () => [new ArrayIterator([1, [2]])],
    'RecursiveArrayIterator' => fn () => [new RecursiveArrayIterator([1, [2]])],
    'SplObjectStorage' => function () {
        [$storage, $object] = [new SplObjectStorage, new Bare];
        [$storage[$object], $storage[new Parental]] = [[$object], $storage];
        return [$storage, $object];
    },
    'SplFixedArray' => fn () => [SplFixedArray::fromArray([1, null, [new Bare]]), new SplFixedArray(3)],
    'SplDoublyLinkedList' => function () {
        foreach ([new SplDoublyLinkedList, new SplQueue, new SplStack] as $list) {
            $list[] = 1;
            $list[] = [new Bare];
            $lists[] = $list;
        }
        return $lists;
    },
    'MultipleIterator' => fn () => [new MultipleIterator],
    'Exception' => fn () => [new Exception('message', 5, new LogicException('previous')), new ErrorException('e', 1, E_NOTICE, 'file', 7)],
    '__PHP_Incomplete_Class' => fn () => [unserialize('O:4:"Gone":1:{s:1:"a";r:1;}')],
    'Collection' => fn () => [new Collection(['a' => 1])],
];
if (extension_loaded('gmp')) {
    $makers['GMP'] = fn () => [gmp_init('123456789012345678901234567890'), gmp_init(-5)];
}
$tried = $compared = 0;
foreach (get_declared_classes() as $class) {
    // A Sync is a handle on a file and has a test of its own.
    $reflection = new ReflectionClass($class);
    if ($reflection->isAbstract() || $reflection->isEnum() || is_a($class, 'Sync', true) || in_array($class, ['Peer', 'FFI'])) {
        continue;
    }
    $tried++;
    $objects = [];
    foreach ([$makers[$class] ?? fn () => [new $class], fn () => [$reflection->newInstanceWithoutConstructor()]] as $make) {
        try {
            $objects = $make();
            break;
        } catch (Throwable) {
        }
    }
    foreach ($objects as $object) {
        $compared += comes_back($class, $object) && comes_back("$class in an array", [$object, [$object], 'k' => &$object]);
    }
}
echo $tried > 100 && $compared > 90 ? "enough\n" : "only $tried tried, $compared compared\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
enough
