--TEST--
Releasing a Sync while all of it is read gives nothing, and no crash
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

class LettingGo
{
    public $n = 1;

    public function __wakeup()
    {
        $GLOBALS['s'] = null;
    }
}
$uses = [
    'get_object_vars' => fn () => get_object_vars($GLOBALS['s']),
    'array_walk' => function () {
        global $s;
        return array_walk($s, fn () => null);
    },
    'var_export' => fn () => strlen(var_export($GLOBALS['s'], true)) > 0,
    'json_encode' => fn () => json_encode($GLOBALS['s']),
    'foreach' => function () {
        global $s;
        $names = [];
        foreach ($s as $name => $value) {
            $names[] = $name;
        }
        return $names;
    },
];
$s = new Sync(scratch());
$s->a = 1;
$s->b = new LettingGo;
$kept = $s;
echo '(array): ', json_encode((array) $s), "\n";
$s = $kept;
unset($kept);
echo '(array): ', json_encode((array) $s), "\n";
foreach ($uses as $name => $use) {
    $s = new Sync(scratch());
    $s->a = 1;
    $s->b = new LettingGo;
    echo $name, ': ', json_encode($use()), "\n";
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
(array): []
(array): []
get_object_vars: {"a":1,"b":{"n":1}}
array_walk: true
var_export: true
json_encode: "{\"a\":1,\"b\":{\"n\":1}}"
foreach: ["a","b"]
