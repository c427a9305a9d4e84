--TEST--
A destructor of a subclass can still use the object, and the script's end runs it
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

class Goodbye extends Sync
{
    public function __destruct()
    {
        $this->said = 'bye ' . $this->name;
        echo $this->said, "\n";
    }
}
$a = new Goodbye(scratch());
$a->name = 'a';
unset($a);
$b = new Goodbye(scratch());
$b->name = 'b';
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
bye a
bye b
