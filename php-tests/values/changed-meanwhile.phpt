--TEST--
A hook that changes the value that is being stored changes a copy, or is detected; the store is never damaged
--FILE--
<?php
require __DIR__ . '/round-trip.inc';

#[AllowDynamicProperties]
class Meddler
{
    public static ?Closure $meddle = null;

    function __serialize(): array
    {
        (self::$meddle)();
        return [];
    }
}
#[AllowDynamicProperties]
class Holder
{
    public $a = 1;
    public $meddler;
    public $b = 2;
}
$s = new Sync(scratch());
function store(string $what, mixed $value, Closure $meddle): void
{
    global $s;
    Meddler::$meddle = $meddle;
    $s->x = 'before';
    $result = outcome(function () use ($s, $value) {
        $s->x = $value;
        return 'stored';
    });
    Meddler::$meddle = fn () => null;
    echo "$what: $result, ", json_encode((new Sync(scratch()))->x), "\n";
}
$array = [1, new Meddler, 2];
store('an array grows', $array, function () use (&$array) { for ($i = 0; $i < 100; $i++) { $array[] = 3; } });
$referenced = [1, new Meddler, 2];
$outer = ['r' => &$referenced];
store('a referenced array is replaced', $outer, function () use (&$referenced) { $referenced = str_repeat('x', 100); gc_collect_cycles(); });
$holder = new Holder;
$holder->meddler = new Meddler;
store('a property is removed', $holder, function () use ($holder) { unset($holder->b); });
$holder = new Holder;
$holder->meddler = new Meddler;
store('a property is added', $holder, function () use ($holder) { $holder->c = 3; });
$holder = new Holder;
$holder->meddler = new Meddler;
$holder->dynamic = 1;
store('a dynamic property is removed', $holder, function () use ($holder) { unset($holder->dynamic); });
$holder = new Holder;
$holder->meddler = new Meddler;
store('the object lets go of the rest', [$holder, 'end'], function () use ($holder) { $holder->meddler = $holder->b = null; gc_collect_cycles(); });
$std = (object) ['m' => new Meddler, 'b' => 2];
store('a stdClass changes', $std, function () use ($std) { $std->b = 3; $std->c = 4; unset($std->m); });
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
an array grows: stored, [1,{},2]
a referenced array is replaced: stored, {"r":[1,{},2]}
a property is removed: SyncException: An object was changed by its own __serialize(), __sleep() or serialize() while it was being stored., "before"
a property is added: stored, {"a":1,"meddler":{},"b":2}
a dynamic property is removed: stored, {"a":1,"meddler":{},"b":2,"dynamic":1}
the object lets go of the rest: stored, [{"a":1,"meddler":{},"b":null},"end"]
a stdClass changes: stored, {"m":{},"b":2}
