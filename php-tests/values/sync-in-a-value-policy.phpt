--TEST--
A handle that is read from a value allows no class that the object that read it does not allow
--FILE--
<?php
require __DIR__ . '/round-trip.inc';

class Gadget
{
    function __wakeup()
    {
        echo "a gadget ran\n";
    }
}
class Sub extends Sync
{
    public $declared = 1;
}
class Own extends Sync
{
    function __unserialize(array $data): void
    {
        parent::__unserialize($data);
    }
}
$far = new Sync(scratch('far'));
$far->x = new Gadget;
$far->deeper = new Sync(scratch('far'));
$s = new Sync(scratch());
$s->plain = $far;
$s->list = [1, ['sub' => new Sub(scratch('far'))]];
$s->own = (object) ['own' => new Own(scratch('far'))];
$s->narrow = new Sync(scratch('far'), allowedClasses: ['sub']);
$handles = fn (Sync $s) => [
    'plain' => $s->plain,
    'deeper' => $s->plain->deeper,
    'deepest' => $s->plain->deeper->deeper->deeper,
    'in a list' => $s->list[1]['sub'],
    'its own method' => $s->own->own,
    'by getData' => $s->getData()->plain,
    'by foreach' => iterator_to_array($s)['plain'],
    'a clone' => clone $s->plain,
    'again' => unserialize(serialize($s->plain)),
];
foreach (['*', ''] as $setting) {
    ini_set('sync.allowed_classes', $setting);
    $reader = new Sync(scratch(), allowedClasses: ['Sync', 'Sub', 'Own', 'stdClass']);
    foreach ($handles($reader) as $what => $handle) {
        echo get_class($handle->x) === '__PHP_Incomplete_Class' ? '' : "$what, with '$setting': a gadget\n";
    }
}
// If the reading object allows all classes, the handle's own setting counts.
$all = new Sync(scratch(), allowedClasses: true);
var_dump(get_class($all->plain->x), get_class($all->narrow->x));
// A handle as another program may have written it.
$hostile = "\x92\xc7\x04\x01Sync\x82\xa4file" . "\xd9" . chr(strlen(scratch('far'))) . scratch('far') . "\xaeallowedClasses\xc3";
var_dump(get_class(forged($hostile, ['sync'])->x));
var_dump(get_class(unserialize(serialize(new Sync(scratch('far'), allowedClasses: true)))->x));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
a gadget ran
string(6) "Gadget"
string(22) "__PHP_Incomplete_Class"
string(22) "__PHP_Incomplete_Class"
a gadget ran
string(6) "Gadget"
