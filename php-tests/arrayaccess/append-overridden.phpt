--TEST--
A class that overrides set() or offsetSet() is given the next number; a number under which nothing is stored is not used up
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

class Picky extends Sync
{
    public function set($name, $value)
    {
        if ($value === 'bad') {
            throw new DomainException("not under $name");
        }
        // Other writers wait until the value is stored.
        if ($value === 'slow') {
            (new Sync(scratch()))->get('x');
            try {
                $other = new Sync(scratch());
                $other[] = 'too early';
            } catch (SyncException $e) {
                echo strstr($e->getMessage(), ':', true), "\n";
            }
        }
        return parent::set($name, "picked $value");
    }
}
class Elsewhere extends Sync
{
    public function offsetSet($offset, $value): void
    {
        parent::offsetSet($offset ?? 'null', $value);
    }
}
$s = new Picky(scratch());
$s[] = 'a';
attempt(fn () => $s[] = 'bad');
$s[] = 'slow';
$plain = new Sync(scratch());
$plain[] = 'c';
unset($plain[2]);
$s[] = 'd';
$e = new Elsewhere(scratch());
$e[] = 'e';
echo json_encode($plain), "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
DomainException: not under 1
Can't access shared object
{"0":"picked a","1":"picked slow","3":"picked d","null":"e"}
