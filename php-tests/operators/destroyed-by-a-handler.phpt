--TEST--
After destroy() in the middle of a statement the element is gone with its array, as after unset() in that of a stdClass; a property is written into a new store
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

class Text
{
    public function __construct(private Closure $do)
    {
    }

    public function __toString(): string
    {
        ($this->do)();
        return 'x';
    }
}
$statements = [
    '$o->a["n"] .= $undefined', '$o->a["new"] .= $undefined', '$o->new["k"] = $undefined', '$o->a["new"] .= "x"', '$o->a["new"]++', '$o->a["n"] += "5 apples"',
    '$o->a["n"] .= $text', '$o->b .= $text', '$o->b .= $undefined', '$o->n += "5 apples"', '$o->a["l"][] = $undefined', '$o->a[(string) $text] = 1',
];
foreach ($statements as $statement) {
    $outcomes = [];
    // (PHP 8.2 leaks the text that it appends to what has been unset in a stdClass.)
    foreach (str_contains($statement, '.= $text') ? [new Sync(scratch())] : [new stdClass, new Sync(scratch())] as $o) {
        $o->a = ['n' => 1, 'l' => []];
        $o->b = 'b';
        $o->n = 1;
        $times = 0;
        $do = function () use ($o, &$times) {
            if ($times++ === 0) {
                if ($o instanceof Sync) {
                    $o->destroy();
                } else {
                    unset($o->a, $o->b, $o->n);
                }
            }
            return true;
        };
        $text = new Text($do);
        set_error_handler($do);
        try {
            eval("$statement;");
        } catch (Error $e) {
            echo $e->getMessage(), "\n";
        }
        restore_error_handler();
        $outcomes[] = json_encode((array) ($o instanceof Sync ? new Sync(scratch()) : $o));
        // Nobody is left waiting.
        $o->free = 'yes';
    }
    echo "$statement: ", implode(', as a Sync ', array_unique($outcomes)), "\n";
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
$o->a["n"] .= $undefined: [], as a Sync {"a":{"n":""}}
$o->a["new"] .= $undefined: [], as a Sync {"a":{"new":""}}
$o->new["k"] = $undefined: {"new":{"k":null}}
$o->a["new"] .= "x": []
$o->a["new"]++: []
$o->a["n"] += "5 apples": []
$o->a["n"] .= $text: []
$o->b .= $text: {"b":"bx"}
$o->b .= $undefined: {"b":""}
$o->n += "5 apples": [], as a Sync {"n":6}
$o->a["l"][] = $undefined: [], as a Sync {"a":{"l":[null]}}
$o->a[(string) $text] = 1: {"a":{"x":1}}
