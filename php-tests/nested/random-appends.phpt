--TEST--
Random appends to lists and maps, of objects too, by two processes in turn, one of which reads next to nothing, give the same as a stdClass, also where pieces were merged and moved
--FILE--
<?php
require __DIR__ . '/random.inc';

/** Counts how often the newest object was serialized, which shows whether a hook ran more than once for one statement. */
class Counted
{
    public static int $times = 0;
    private static ?self $newest = null;

    public function __construct(public string $text)
    {
        self::$newest = $this;
        self::$times = 0;
    }

    public function __serialize(): array
    {
        // (Older objects are in the array already, and are serialized when the array is written as a whole.)
        self::$times += $this === self::$newest ? 1 : 0;
        return ['text' => $this->text];
    }

    public function __unserialize(array $data): void
    {
        $this->text = $data['text'];
    }
}

/** Performs an append; returns how often its value was serialized, or the exception. */
function append(object $o, string $statement): string
{
    try {
        eval("$statement;");
        return str_contains($statement, 'Counted') ? Counted::$times . ' time(s)' : 'done';
    } catch (Throwable $e) {
        return get_class($e) . ': ' . $e->getMessage();
    }
}

function appended(): string
{
    $length = one_of([1, 1, 10, 100, 5000, 20000]);
    return one_of([
        "new Counted(str_repeat('o', $length))", "new Counted(str_repeat('o', $length))", "str_repeat('s', $length)", 'mt_rand()', '[1, [2]]', "(object) ['p' => str_repeat('p', $length)]",
    ]);
}

mt_srand((int) (getenv('SYNC_FUZZ_SEED') ?: 20240229));
$rounds = (int) (getenv('SYNC_FUZZ_ROUNDS') ?: times(12));
// The other process only appends: it never reads the value.
$other = Peer::fork(function (Peer $parent) {
    $s = new Sync(scratch());
    while (($line = $parent->hear()) !== 'end') {
        $parent->tell(append($s, $line));
    }
});
$s = new Sync(scratch());
for ($i = 0; $i < $rounds; $i++) {
    $s->setData(new stdClass);
    $o = new stdClass;
    $long = $i % 4 === 3 ? array_fill(0, 300, str_repeat('l', 15_000)) : [0];
    foreach ([$o, $s] as $either) {
        $either->list = [1, 2, 3];
        $either->map = ['k0' => 1];
        $either->objects = [new Counted('first')];
        $either->long = $long;
    }
    for ($n = 0; $n < 60; $n++) {
        $place = one_of(['$o->list[]', '$o->objects[]', '$o->long[]', "\$o->map['k" . mt_rand(0, 5) . "']", '$o->objects[' . mt_rand(0, 3) . ']', '$o->list[' . mt_rand(0, 70) . ']']);
        $statement = "$place = " . appended();
        if (str_contains($statement, 'mt_rand()')) {
            $statement = str_replace('mt_rand()', (string) mt_rand(), $statement);
        }
        append($o, $statement);
        if (mt_rand(0, 2)) {
            $other->tell($statement);
            $outcome = $other->hear();
        } else {
            $outcome = append($s, $statement);
        }
        $expected = str_contains($statement, 'Counted') ? '1 time(s)' : 'done';
        $outcome === $expected || print("$statement: $outcome\n");
        if (mt_rand(0, 9) === 0) {
            churn($s);
        }
        if (mt_rand(0, 19) === 0 && state($s, mt_rand(0, 1) === 0) !== state($o)) {
            break;
        }
    }
    foreach ($o as $name => $value) {
        $in_sync = [serialize($s->$name), serialize($s->getData()->$name)];
        $in_sync === array_fill(0, 2, serialize($value)) || print("round $i, after $n: $name differs\n");
    }
}
$other->tell('end');
echo $other->end(), "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
exit 0
