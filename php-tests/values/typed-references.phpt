--TEST--
A reference into a typed property keeps the type of the property
--FILE--
<?php
require __DIR__ . '/round-trip.inc';

class Typed
{
    public int $int = 1;
    public ?array $array = null;
    public $loose;
    private string $private = 'p';

    function link()
    {
        $this->loose = ['int' => &$this->int, 'private' => &$this->private];
        return $this;
    }
}
comes_back('references to typed properties', (new Typed)->link());
$s = new Sync(scratch());
$s->x = (new Typed)->link();
$x = $s->x;
foreach (['int' => 'no int', 'private' => []] as $key => $value) {
    attempt(function () use ($x, $key, $value) {
        $x->loose[$key] = $value;
    });
}
$x->loose['int'] = '5';
var_dump($x->int);
// A value of the wrong type: alone, and by an earlier reference.
attempt(fn () => forged("\x92\xc7\x05\x01Typed\x81\xa3int\xa1s"));
attempt(fn () => forged("\x92\xc7\x05\x01Typed\x82\xa5loose\xa1s\xa3int\xd4\x05\x02"));
// Twice the same property: the second value has to fit as well.
attempt(fn () => forged("\x92\xc7\x05\x01Typed\x83\xa3int\x05\xa5loose\xd4\x05\x02\xa3int\xa1s"));
var_dump(forged("\x92\xc7\x05\x01Typed\x83\xa3int\x05\xa5loose\xd4\x05\x02\xa3int\x06")->int);
// A typed property that refers to itself; the reference registers its type once, and removes it once.
class Cyclic
{
    public ?array $array = null;
}
$cyclic = new Cyclic;
$cyclic->array = ['self' => null];
$cyclic->array['self'] = &$cyclic->array;
comes_back('a typed property that refers to itself', $cyclic);
$s->x = $cyclic;
$x = $s->x;
attempt(function () use ($x) {
    $x->array['self'] = 'no array';
});
$reference = &$x->array;
unset($x->array);
$reference = 'free';
var_dump($reference);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
TypeError: Cannot assign string to reference held by property Typed::$int of type int
TypeError: Cannot assign array to reference held by property Typed::$private of type string
int(5)
SyncException: Can't read property 'x' of '{dir}/forged': Cannot assign string to property Typed::$int of type int. It stays until it is set anew or removed; an object with allowedClasses: false reads it without its class.
SyncException: Can't read property 'x' of '{dir}/forged': Cannot assign string to property Typed::$int of type int. It stays until it is set anew or removed; an object with allowedClasses: false reads it without its class.
SyncException: Can't read property 'x' of '{dir}/forged': Cannot assign string to property Typed::$int of type int. It stays until it is set anew or removed; an object with allowedClasses: false reads it without its class.
int(6)
TypeError: Cannot assign string to reference held by property Cyclic::$array of type ?array
string(4) "free"
