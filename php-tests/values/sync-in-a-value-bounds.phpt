--TEST--
A handle that is read from a value never allows more classes than the object that read it, whatever its methods are told
--INI--
error_reporting=8191
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

class Gadget
{
    function __wakeup()
    {
        echo "a gadget ran\n";
    }
}
class Constructs extends Sync
{
    function __unserialize(array $data): void
    {
        parent::__construct($data['file'], allowedClasses: true);
    }
}
class Makes extends Sync
{
    public ?Sync $own;

    function __unserialize(array $data): void
    {
        parent::__unserialize($data);
        $this->own = new Sync($data['file'], allowedClasses: true);
    }
}
class Text implements Serializable
{
    public $it;

    function serialize()
    {
        return serialize($this->it);
    }

    function unserialize($text)
    {
        $this->it = unserialize($text);
    }
}
$far = scratch('far');
$stored = new Sync($far);
$stored->x = new Gadget;
$s = new Sync(scratch());
$s->plain = new Sync($far);
$s->constructs = new Constructs($far);
$s->makes = new Makes($far);
$s->text = new Text;
$s->inText = (function () use ($far) {
    $text = new Text;
    $text->it = new Constructs($far);
    return $text;
})();
$reader = new Sync(scratch(), allowedClasses: ['Sync', 'Constructs', 'Makes', 'Text']);
$all = ['file' => $far, 'allowedClasses' => true, 'durability' => 'none', 'properties' => []];
$told = function (Sync $handle, string $method, mixed ...$arguments) {
    $handle->$method(...$arguments);
    return $handle;
};
foreach ([
    'constructed by its own method' => $reader->constructs,
    'in a string of a Serializable' => $reader->inText->it,
    'constructed' => $told($reader->plain, '__construct', $far),
    'constructed with all' => $told($reader->plain, '__construct', $far, true),
    'unserialized' => $told($reader->plain, '__unserialize', $all),
    'moved' => $told($reader->plain, 'setFile', $far),
    'its clone' => clone $reader->plain,
    'its clone, constructed' => $told(clone $reader->plain, '__construct', $far, true),
    'its clone, unserialized' => $told(clone $reader->plain, '__unserialize', $all),
    'the clone of a clone, unserialized' => $told(clone clone $reader->plain, '__unserialize', $all),
    'serialized' => unserialize(serialize($told($reader->plain, '__construct', $far, true))),
] as $what => $handle) {
    echo get_class($handle->x) === '__PHP_Incomplete_Class' ? '' : "$what: a gadget\n";
}
echo "What a method makes anew: ", get_class($reader->makes->own->x), "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
What a method makes anew: a gadget ran
Gadget
