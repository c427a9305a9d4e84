--TEST--
A handle in a file of version 1.5 whose class constructs it in its own __unserialize() is bound by the reader's classes; one that a hook makes anew is not
--SKIPIF--
<?php require __DIR__ . '/../include/of-files.inc'; of_files('the format of earlier versions'); ?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

class Gadget
{
}
class Constructs extends Sync
{
    public ?Sync $own;

    function __unserialize(array $data): void
    {
        parent::__construct($data['file']);
        $this->own = new Sync($data['file']);
    }
}
$far = new Sync(scratch('far'));
$far->x = new Gadget;
$handle = serialize(new Constructs(scratch('far')));
$legacy = 'O:8:"stdClass":3:{s:7:"timeout";i:0;s:8:"interval";i:50000;s:4:"data";O:8:"stdClass":1:{s:1:"h";' . $handle . '}}';
file_put_contents(scratch(), $legacy);
$handle = (new Sync(scratch(), allowedClasses: ['Constructs']))->h;
var_dump(get_class($handle->x), get_class($handle->own->x));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
string(22) "__PHP_Incomplete_Class"
string(6) "Gadget"
