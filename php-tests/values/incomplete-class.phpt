--TEST--
An object whose class is gone survives a round trip under its old name
--FILE--
<?php
require __DIR__ . '/round-trip.inc';

$lost = unserialize('O:4:"Lost":3:{s:1:"a";i:1;s:7:"' . "\0*\0" . 'prot";a:1:{i:0;r:1;}s:7:"' . "\0Lost\0" . 'p";s:1:"x";}');
comes_back('incomplete', $lost);
comes_back('twice', [$lost, $lost]);
comes_back('nameless', new __PHP_Incomplete_Class);
$s = new Sync(scratch());
$s->x = $lost;
$s->y = (new Sync(scratch()))->x;
echo get_class($s->y), "\n";
class_alias('Found', 'Lost');
#[AllowDynamicProperties]
class Found
{
    public $a;
    protected $prot;
    private $p;
}
$found = $s->y;
echo get_class($found), ' ', $found->a, ' ', (fn () => $this->prot[0] === $this)->call($found) ? 'itself' : 'another', "\n";
// The reader of the file may not know the class, and write the object elsewhere.
class Known
{
    public $secret = 1;
}
$s->x = [new Known];
$peer = Peer::php('$s = new Sync($argv[1]); $s->copy = $s->x; $parent->tell(get_class($s->copy[0]));', scratch());
echo $peer->hear(), "\n";
$peer->end();
var_dump($s->copy == [new Known]);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
__PHP_Incomplete_Class
Found 1 itself
__PHP_Incomplete_Class
bool(true)
