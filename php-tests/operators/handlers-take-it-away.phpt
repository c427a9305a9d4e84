--TEST--
User code in the middle of a statement may unset or replace the value, destroy the store, change the file, throw or exit: no writer is blocked afterwards
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

final class Middle
{
    public static ?Closure $do = null;

    public function __toString(): string
    {
        (self::$do)();
        return 'x';
    }

    public function __serialize(): array
    {
        (self::$do)();
        return [];
    }
}

$deeds = [
    'unset the element' => function (Sync $s) {
        unset($s->a['n']);
    },
    'unset the property' => function (Sync $s) {
        unset($s->a, $s->n, $s->list);
    },
    'replace it by a string' => fn (Sync $s) => $s->a = $s->list = 'text',
    'replace it by another array' => fn (Sync $s) => $s->a = $s->list = ['another'],
    'replace it by an object' => fn (Sync $s) => $s->a = $s->list = new ArrayObject(['n' => 7]),
    'replace all' => fn (Sync $s) => $s->setData((object) ['a' => ['all' => 1], 'n' => 2, 'list' => []]),
    'destroy' => fn (Sync $s) => $s->destroy(),
    // (Nobody deletes a server's keys.)
    'delete the file' => fn (Sync $s) => on_server() ? $s->destroy() : unlink($s->getFile()),
    'take another file' => fn (Sync $s) => $s->setFile(scratch('another')),
    'take another file, and come back' => fn (Sync $s) => $s->setFile(scratch('another'))->setFile(scratch()),
    'lock' => fn (Sync $s) => $s->lock(),
    'lock and unlock' => fn (Sync $s) => $s->lock()->unlock(),
    'throw' => fn (Sync $s) => throw new LogicException('thrown'),
    'write, and throw' => function (Sync $s) {
        $s->a['m'] = 1;
        throw new LogicException('thrown');
    },
    'exit' => fn (Sync $s) => exit(3),
    'run out of memory' => function (Sync $s) {
        ini_set('memory_limit', memory_get_usage() + (4 << 20));
        ini_set('display_errors', '0');
        ini_set('log_errors', '0');
        str_repeat('x', 64 << 20);
    },
];
$statements = ['$s->n += "5 apples"', '$s->a["n"] += "5 apples"', '$s->a["n"] .= new Middle', '$s->list[] = new Middle'];

foreach ($deeds as $what => $deed) {
    foreach ($statements as $statement) {
        $peer = Peer::fork(function (Peer $parent) use ($statement, $deed) {
            $another = new Sync(scratch('another'));
            $another->a = ['n' => 'other'];
            $s = new Sync(scratch());
            $s->n = 1;
            $s->a = ['n' => 10];
            $s->list = [];
            $times = 0;
            Middle::$do = function () use ($s, $deed, &$times) {
                // Only once: its own writes are encoded, too.
                $times++ || $deed($s);
            };
            set_error_handler(fn () => (Middle::$do)() ?? true);
            try {
                $result = eval("return $statement;");
                $seen = is_object($result) ? 'done' : json_encode($result);
            } catch (Throwable $e) {
                $seen = $e->getMessage();
            }
            // (Where user code removed the list, the value is appended to the new one, and encoded again as part of it.)
            $times === 1 || str_contains($statement, '[] =') || print("$times times, ");
            $parent->tell("$seen, then " . json_encode([$s->n, $s->a, $s->list]) . ($s->getFile() === scratch() ? '' : ' in the other file'));
            $s->unlock();
            // In this process no writer is blocked.
            $other = new Sync($s->getFile());
            $other->free = 1;
        });
        try {
            $seen = $peer->hear();
        } catch (Exception) {
            $seen = 'nothing';
        }
        $end = $peer->end();
        // Nor in another process.
        $s = new Sync(scratch());
        $s->free = 'yes';
        echo "$what, $statement: $seen", $seen === 'nothing' ? ', then ' . json_encode([$s->n, $s->a, $s->list]) : '', $end === 'exit 0' ? '' : ", $end", "\n";
        $s->destroy();
    }
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
unset the element, $s->n += "5 apples": 6, then [6,[],[]]
unset the element, $s->a["n"] += "5 apples": 15, then [1,{"n":15},[]]
unset the element, $s->a["n"] .= new Middle: "10x", then [1,{"n":"10x"},[]]
unset the element, $s->list[] = new Middle: done, then [1,[],[{}]]
unset the property, $s->n += "5 apples": 6, then [6,null,null]
unset the property, $s->a["n"] += "5 apples": 15, then [null,null,null]
unset the property, $s->a["n"] .= new Middle: "10x", then [null,null,null]
unset the property, $s->list[] = new Middle: done, then [null,null,[{}]]
replace it by a string, $s->n += "5 apples": 6, then [6,"text","text"]
replace it by a string, $s->a["n"] += "5 apples": 15, then [1,"text","text"]
replace it by a string, $s->a["n"] .= new Middle: "10x", then [1,"text","text"]
replace it by a string, $s->list[] = new Middle: [] operator not supported for strings, then [1,"text","text"]
replace it by another array, $s->n += "5 apples": 6, then [6,["another"],["another"]]
replace it by another array, $s->a["n"] += "5 apples": 15, then [1,{"0":"another","n":15},["another"]]
replace it by another array, $s->a["n"] .= new Middle: "10x", then [1,{"0":"another","n":"10x"},["another"]]
replace it by another array, $s->list[] = new Middle: done, then [1,["another"],["another",{}]]
replace it by an object, $s->n += "5 apples": 6, then [6,{"n":7},{"n":7}]
replace it by an object, $s->a["n"] += "5 apples": 15, then [1,{"n":15},{"n":7}]
replace it by an object, $s->a["n"] .= new Middle: "10x", then [1,{"n":"10x"},{"n":7}]
replace it by an object, $s->list[] = new Middle: done, then [1,{"n":7},{"n":7,"0":{}}]
replace all, $s->n += "5 apples": 6, then [6,{"all":1},[]]
replace all, $s->a["n"] += "5 apples": 15, then [2,{"all":1,"n":15},[]]
replace all, $s->a["n"] .= new Middle: "10x", then [2,{"all":1,"n":"10x"},[]]
replace all, $s->list[] = new Middle: done, then [2,{"all":1},[{}]]
destroy, $s->n += "5 apples": 6, then [6,null,null]
destroy, $s->a["n"] += "5 apples": 15, then [null,null,null]
destroy, $s->a["n"] .= new Middle: "10x", then [null,null,null]
destroy, $s->list[] = new Middle: done, then [null,null,[{}]]
delete the file, $s->n += "5 apples": 6, then [6,null,null]
delete the file, $s->a["n"] += "5 apples": 15, then [null,null,null]
delete the file, $s->a["n"] .= new Middle: "10x", then [null,null,null]
delete the file, $s->list[] = new Middle: done, then [null,null,[{}]]
take another file, $s->n += "5 apples": 6, then [6,{"n":"other"},null] in the other file
take another file, $s->a["n"] += "5 apples": 15, then [6,{"n":15},null] in the other file
take another file, $s->a["n"] .= new Middle: "10x", then [6,{"n":"10x"},null] in the other file
take another file, $s->list[] = new Middle: done, then [6,{"n":"other"},[{}]] in the other file
take another file, and come back, $s->n += "5 apples": 6, then [6,{"n":10},[]]
take another file, and come back, $s->a["n"] += "5 apples": 15, then [1,{"n":15},[]]
take another file, and come back, $s->a["n"] .= new Middle: "10x", then [1,{"n":"10x"},[]]
take another file, and come back, $s->list[] = new Middle: done, then [1,{"n":10},[{}]]
lock, $s->n += "5 apples": 6, then [6,{"n":10},[]]
lock, $s->a["n"] += "5 apples": 15, then [1,{"n":15},[]]
lock, $s->a["n"] .= new Middle: "10x", then [1,{"n":"10x"},[]]
lock, $s->list[] = new Middle: done, then [1,{"n":10},[{}]]
lock and unlock, $s->n += "5 apples": 6, then [6,{"n":10},[]]
lock and unlock, $s->a["n"] += "5 apples": 15, then [1,{"n":15},[]]
lock and unlock, $s->a["n"] .= new Middle: "10x", then [1,{"n":"10x"},[]]
lock and unlock, $s->list[] = new Middle: done, then [1,{"n":10},[{}]]
throw, $s->n += "5 apples": thrown, then [1,{"n":10},[]]
throw, $s->a["n"] += "5 apples": thrown, then [1,{"n":10},[]]
throw, $s->a["n"] .= new Middle: thrown, then [1,{"n":10},[]]
throw, $s->list[] = new Middle: thrown, then [1,{"n":10},[]]
write, and throw, $s->n += "5 apples": thrown, then [1,{"n":10,"m":1},[]]
write, and throw, $s->a["n"] += "5 apples": thrown, then [1,{"n":10,"m":1},[]]
write, and throw, $s->a["n"] .= new Middle: thrown, then [1,{"n":10,"m":1},[]]
write, and throw, $s->list[] = new Middle: thrown, then [1,{"n":10,"m":1},[]]
exit, $s->n += "5 apples": nothing, then [1,{"n":10},[]], exit 3
exit, $s->a["n"] += "5 apples": nothing, then [1,{"n":10},[]], exit 3
exit, $s->a["n"] .= new Middle: nothing, then [1,{"n":10},[]], exit 3
exit, $s->list[] = new Middle: nothing, then [1,{"n":10},[]], exit 3
run out of memory, $s->n += "5 apples": nothing, then [1,{"n":10},[]], exit 255
run out of memory, $s->a["n"] += "5 apples": nothing, then [1,{"n":10},[]], exit 255
run out of memory, $s->a["n"] .= new Middle: nothing, then [1,{"n":10},[]], exit 255
run out of memory, $s->list[] = new Middle: nothing, then [1,{"n":10},[]], exit 255
