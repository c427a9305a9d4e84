--TEST--
Errors of nested writes are PHP's own, and change nothing
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$start = ['n' => 1, 'f' => 1.5, 'b' => true, 's' => 'text', 'no' => false, 'list' => [1], 'o' => (object) ['p' => 1], 'max' => [PHP_INT_MAX => 1]];
$writes = [
    '$o->n["k"] = 1;', '$o->f[] = 1;', '$o->b["k"] = 1;', '$o->s["k"] = 1;', '$o->s[] = "x";', '$o->s[0] = "";', '$o->no["k"] = 1;', '$o->list[[]] = 1;',
    '$o->list[new stdClass] = 1;', '$o->n->p = 1;', '$o->list->p = 1;', '$o->o["k"] = 1;', '$o->max[] = 1;', '$o->s["a"]["b"] = 1;', 'unset($o->s["k"]);', 'unset($o->n["k"]);',
    'unset($o->no["k"]);', '$o->list["k"]["l"]->m = 1;', '$o->s[0][0] = "x";', '$o->s[10] = "x";', '$o->list[1.7] = 2;', '$o->list[true] = 3;', '$o->list[null] = 4;', '$o->list["7"] = 5;',
];
set_error_handler(function ($level, $message) {
    echo " ($message)";
    return true;
});
foreach ($writes as $write) {
    $outcomes = [];
    foreach ([new stdClass, new Sync(scratch())] as $o) {
        foreach ($start as $name => $value) {
            $o->$name = $value;
        }
        ob_start();
        try {
            eval($write);
        } catch (Error $e) {
            echo get_class($e), ': ', $e->getMessage();
        }
        $outcomes[] = ob_get_clean() . ' ' . json_encode($o instanceof Sync ? $o->getData() : $o);
    }
    echo $write, $outcomes[0] === $outcomes[1] ? " the same\n" : "\n    $outcomes[0]\n    $outcomes[1]\n";
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
$o->n["k"] = 1; the same
$o->f[] = 1; the same
$o->b["k"] = 1; the same
$o->s["k"] = 1; the same
$o->s[] = "x"; the same
$o->s[0] = ""; the same
$o->no["k"] = 1; the same
$o->list[[]] = 1; the same
$o->list[new stdClass] = 1; the same
$o->n->p = 1; the same
$o->list->p = 1; the same
$o->o["k"] = 1; the same
$o->max[] = 1; the same
$o->s["a"]["b"] = 1; the same
unset($o->s["k"]); the same
unset($o->n["k"]); the same
unset($o->no["k"]); the same
$o->list["k"]["l"]->m = 1; the same
$o->s[0][0] = "x"; the same
$o->s[10] = "x"; the same
$o->list[1.7] = 2; the same
$o->list[true] = 3; the same
$o->list[null] = 4; the same
$o->list["7"] = 5; the same
