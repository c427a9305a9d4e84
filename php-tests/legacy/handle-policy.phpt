--TEST--
A handle in a file of version 1.5 allows no class that the object that reads it does not allow
--SKIPIF--
<?php require __DIR__ . '/../include/of-files.inc'; of_files('the format of earlier versions'); ?>
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
$far = new Sync(scratch('far'));
$far->x = new Gadget;
$handle = serialize(new Sync(scratch('far'), allowedClasses: true));
$legacy = 'O:8:"stdClass":3:{s:7:"timeout";i:0;s:8:"interval";i:50000;s:4:"data";O:8:"stdClass":1:{s:1:"h";' . $handle . '}}';
file_put_contents(scratch(), $legacy);
foreach ([['Sync'], ['Sync', 'Gadget']] as $allowed) {
    var_dump(get_class((new Sync(scratch(), allowedClasses: $allowed))->h->x));
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
string(22) "__PHP_Incomplete_Class"
a gadget ran
string(6) "Gadget"
