--TEST--
isset() makes no object: it runs no hook and no autoloader
--FILE--
<?php
require __DIR__ . '/round-trip.inc';

class Loud
{
    function __wakeup()
    {
        echo "__wakeup\n";
    }
}
spl_autoload_register(function ($class) {
    echo "autoload $class\n";
});
$s = new Sync(scratch());
$s->object = new Loud;
$s->deep = [[new Loud]];
$s->long = [new Loud, str_repeat('x', 100000)];
$s->null = null;
$s->false = false;
$s->empty = '';
$s->list = [];
foreach (['object', 'deep', 'long', 'null', 'false', 'empty', 'list', 'missing'] as $name) {
    $fresh = new Sync(scratch());
    echo "$name: ", json_encode([isset($fresh->$name), $fresh->has($name), isset($fresh[$name]), isset($s->$name)]), "\n";
}
var_dump(isset($s->object->x));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
object: [true,true,true,true]
deep: [true,true,true,true]
long: [true,true,true,true]
null: [false,false,false,false]
false: [true,true,true,true]
empty: [true,true,true,true]
list: [true,true,true,true]
missing: [false,false,false,false]
__wakeup
bool(false)
