--TEST--
push() on what is no array is an exception that changes nothing
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
foreach ([0, 1.5, '', 'text', str_repeat('x', 100_000), new ArrayObject([1])] as $value) {
    $s->v = $value;
    attempt(fn () => $s->push('v', 1));
    attempt(fn () => (new Sync(scratch()))->push('v'));
    if ($s->v != $value) {
        var_dump($s->v);
    }
}
class Refuses
{
    public function __serialize(): array
    {
        throw new Exception('not this one');
    }
}
$s->list = ['a'];
attempt(fn () => $s->push('list', 'b', new Refuses));
attempt(fn () => $s->push('list', 'b', fn () => 1));
attempt(fn () => $s->push('missing', new Refuses));
attempt(fn () => $s->push("\0", 1));
echo json_encode([$s->list, isset($s->missing), count($s)]), "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECTF--
SyncException: Can't use property 'v' in '{dir}/store' as a queue: it is no array, but of type int.
SyncException: Can't use property 'v' in '{dir}/store' as a queue: it is no array, but of type int.
SyncException: Can't use property 'v' in '{dir}/store' as a queue: it is no array, but of type float.
SyncException: Can't use property 'v' in '{dir}/store' as a queue: it is no array, but of type float.
SyncException: Can't use property 'v' in '{dir}/store' as a queue: it is no array, but of type string.
SyncException: Can't use property 'v' in '{dir}/store' as a queue: it is no array, but of type string.
SyncException: Can't use property 'v' in '{dir}/store' as a queue: it is no array, but of type string.
SyncException: Can't use property 'v' in '{dir}/store' as a queue: it is no array, but of type string.
SyncException: Can't use property 'v' in '{dir}/store' as a queue: it is no array, but of type string.
SyncException: Can't use property 'v' in '{dir}/store' as a queue: it is no array, but of type string.
SyncException: Can't use property 'v' in '{dir}/store' as a queue: it is no array, but of type ArrayObject.
SyncException: Can't use property 'v' in '{dir}/store' as a queue: it is no array, but of type ArrayObject.
Exception: not this one
SyncException: Can't store property 'list' in '{dir}/store': Serialization of 'Closure' is not allowed
Exception: not this one
Error: Cannot access property starting with "\0"
[["a"],false,2]
