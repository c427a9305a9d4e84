--TEST--
An expired value is missing for every method, operator and loop, of every object
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->stays = 1;
$other = new Sync(scratch());
within_a_life(function ($ttl) use ($s, $other) {
    foreach (['n' => 1, 'null' => null, 'list' => [1, 2], 'text' => str_repeat('x', 100_000), 'object' => new ArrayObject, '7' => 7] as $name => $value) {
        $s->put($name, $value, $ttl);
    }
    $s->list[] = 3;
    return [$other->n, $other->text, $other->list];
});
while ($s->ttl('n') !== null || $s->ttl('list') !== null || $s->ttl('7') !== null) {
    usleep(1000);
}
foreach ([$s, $other] as $o) {
    foreach (['n', 'null', 'list', 'text', 'object', '7', 'never'] as $name) {
        var_dump([
            $o->$name, isset($o->$name), $o->get($name, 'default'), $o->has($name), $o[$name], isset($o[$name]), empty($o->$name),
            isset($o->$name[0]), $o->ttl($name), $o->describe($name), $o->pull($name), $o->touch($name, 5), property_exists($o, $name),
        ] === [null, false, 'default', false, null, false, true, false, null, null, null, false, false]);
    }
    var_dump(count($o), $o->keys(), iterator_to_array($o), (array) $o, json_encode($o), $o == (object) ['stays' => 1]);
    var_dump((array) $o->getData(), $o->getMultiple(['n', 'stays'], '-'), unserialize(serialize(clone $o))->count());
    var_dump($o);
}
unset($s->n);
$s->remove('list');
echo "-- again, in a new place\n";
$s->n++;
$s->text .= 'a';
$other->list[] = 'first';
$other->object['x']['y'] = 1;
$s[] = 'after 7';
var_dump($other->compareAndSet('null', null, 0), $s->update('7', fn ($old) => [$old], 'default'));
echo json_encode($s), "\n";
var_dump(array_map($s->ttl(...), $s->keys()) === array_fill(0, 8, null));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECTF--
bool(true)
%a
-- again, in a new place
bool(true)
array(1) {
  [0]=>
  string(7) "default"
}
{"stays":1,"n":1,"text":"a","list":["first"],"object":{"x":{"y":1}},"8":"after 7","null":0,"7":["default"]}
bool(true)
