--TEST--
User code that runs inside of a nested write may add properties to the object in which it acts, so that they all move
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

#[AllowDynamicProperties]
class Holder
{
    public static ?Holder $last = null;

    public function __wakeup(): void
    {
        self::$last = $this;
    }
}

final class Text
{
    public function __toString(): string
    {
        more();
        return 'zz';
    }
}

final class Leaves
{
    public function __destruct()
    {
        if (isset(Holder::$last->d)) {
            more();
        }
    }
}

function more(): bool
{
    foreach (range(1, 100) as $n) {
        Holder::$last->{"more$n"} = [$n];
    }
    // Where they were there are other values now.
    $GLOBALS['others'] = array_map(fn (int $n) => ["k$n" => $GLOBALS['value']], range(1, 20));
    return true;
}

set_error_handler(more(...));
$statements = [
    "\$s->o->d['k'] = 1" => false,
    "\$s->o->d[1.5] = 1" => ['k' => 1],
    "\$s->o->d[1] = 'long'" => str_repeat('ab', 3),
    "\$s->o->d[1] = new Text()" => str_repeat('ab', 3),
    "\$s->o->d .= new Text()" => str_repeat('ab', 3),
    "\$s->o->d['k'] .= new Text()" => ['k' => str_repeat('ab', 3)],
    "\$s->o->d['new'] .= 'text'" => ['k' => 1],
    "\$s->o->new .= 'text'" => 1,
    "\$s->o->new++" => 1,
    "\$s->o->d = [str_repeat('a', 3)]" => new Leaves(),
];
foreach ($statements as $statement => $value) {
    $s = new Sync(scratch());
    $o = new Holder();
    $o->d = $value;
    $s->o = $o;
    unset($o);
    $others = [];
    $result = eval("return $statement;");
    $o = $s->o;
    echo $statement, ': ', json_encode($result), ', ', json_encode([$o->d, $o->new ?? null]), ' and ', count((array) $o), "\n";
    foreach ($others as $n => $other) {
        $other === ['k' . ($n + 1) => $value] || print("touched: " . json_encode($other) . "\n");
    }
    unset($o);
    Holder::$last = null;
    $s->destroy();
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
$s->o->d['k'] = 1: 1, [{"k":1},null] and 101
$s->o->d[1.5] = 1: 1, [{"k":1,"1":1},null] and 101
$s->o->d[1] = 'long': "long", ["alabab",null] and 101
$s->o->d[1] = new Text(): {}, ["azabab",null] and 101
$s->o->d .= new Text(): "abababzz", ["abababzz",null] and 101
$s->o->d['k'] .= new Text(): "abababzz", [{"k":"abababzz"},null] and 101
$s->o->d['new'] .= 'text': "text", [{"k":1,"new":"text"},null] and 101
$s->o->new .= 'text': "text", [1,"text"] and 102
$s->o->new++: null, [1,1] and 102
$s->o->d = [str_repeat('a', 3)]: ["aaa"], [["aaa"],null] and 101
