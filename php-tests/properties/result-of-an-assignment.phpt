--TEST--
The result of an assignment is what was stored, also where code that runs for it changes or unsets the variable that the value came from
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

final class Hooked
{
    public static ?Closure $do = null;

    public function __serialize(): array
    {
        if ($do = self::$do) {
            $do();
        }
        return [];
    }
}

class Setter extends Sync
{
    public function __set($name, $value)
    {
        (Hooked::$do)();
        parent::__set($name, 1);
    }
}

$deeds = [
    'unset' => function () {
        unset($GLOBALS['x']);
    },
    'changed' => fn () => $GLOBALS['x'] = ['another'],
    'the same' => fn () => null,
];
foreach ([Sync::class, Setter::class] as $class) {
    foreach ($deeds as $what => $deed) {
        foreach (['a reference', 'none'] as $kind) {
            $s = new $class(scratch());
            $x = ['value' . getmypid() => new Hooked()];
            if ($kind === 'a reference') {
                $reference = &$x;
                unset($reference);
            }
            Hooked::$do = function () use ($deed) {
                Hooked::$do = fn () => null;
                $deed();
                // (The freed memory is used again.)
                $GLOBALS['junk'] = array_map(fn (int $n) => ["junk$n" => $n], range(1, 20));
            };
            $y = ($s->p = $x);
            echo "$class, $what, $kind: ", var_export(array_keys($y) === ['value' . getmypid()] && $y['value' . getmypid()] instanceof Hooked, true), "\n";
            unset($x, $y);
            Hooked::$do = null;
        }
    }
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
Sync, unset, a reference: true
Sync, unset, none: true
Sync, changed, a reference: true
Sync, changed, none: true
Sync, the same, a reference: true
Sync, the same, none: true
Setter, unset, a reference: true
Setter, unset, none: true
Setter, changed, a reference: true
Setter, changed, none: true
Setter, the same, a reference: true
Setter, the same, none: true
