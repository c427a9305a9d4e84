--TEST--
array_walk() walks by value, and refuses to walk by reference before anything has changed
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

class Walker
{
    public function __call($name, $arguments)
    {
        echo "$name $arguments[1]\n";
    }

    public static function change(&$value)
    {
        $value = 'changed';
    }
}
$s = new Sync(scratch());
$s->a = 1;
$s->list = [2, [3]];
array_walk($s, function ($value, $name, $more) {
    echo $name, ' ', json_encode($value), " $more\n";
}, 'more');
array_walk($s, [new Walker, 'any']);
array_walk_recursive($s, function ($value, $key) {
    echo "$key $value\n";
});
attempt(fn () => array_walk($s, function (&$value) {
    $value = 9;
}));
attempt(fn () => array_walk($s, function (&...$values) {
    $values[0] = 9;
}));
attempt(fn () => array_walk($s, 'Walker::change'));
attempt(fn () => array_walk($s, 'settype', 'string'));
attempt(fn () => array_walk_recursive($s, function (&$value) {
    $value = 9;
}));
echo json_encode($s), "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
a 1 more
list [2,[3]] more
any a
any list
a 1
0 2
0 3
Error: Cannot iterate by reference over a Sync object, which lives in shared memory: assign to its properties instead: foreach ($sync as $name => $value) { $sync->$name = …; }
Error: Cannot iterate by reference over a Sync object, which lives in shared memory: assign to its properties instead: foreach ($sync as $name => $value) { $sync->$name = …; }
Error: Cannot iterate by reference over a Sync object, which lives in shared memory: assign to its properties instead: foreach ($sync as $name => $value) { $sync->$name = …; }
Error: Cannot iterate by reference over a Sync object, which lives in shared memory: assign to its properties instead: foreach ($sync as $name => $value) { $sync->$name = …; }
Error: Cannot iterate by reference over a Sync object, which lives in shared memory: assign to its properties instead: foreach ($sync as $name => $value) { $sync->$name = …; }
{"a":1,"list":[2,[3]]}
