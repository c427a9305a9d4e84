--TEST--
Hooks may use the store that is being written or read
--FILE--
<?php
require __DIR__ . '/round-trip.inc';

class Reentrant
{
    public static ?Sync $sync = null;

    function __construct(public $n = 0)
    {
    }

    function __serialize(): array
    {
        self::$sync->log = (self::$sync->log ?? '') . "serialize $this->n, ";
        self::$sync->x = 'written by a hook';
        self::$sync->other = [new ArrayObject([$this->n])];
        return ['n' => $this->n, 'next' => $this->n ? new Reentrant($this->n - 1) : null];
    }

    function __unserialize(array $data): void
    {
        $this->n = $data['n'];
        self::$sync->log .= "unserialize $this->n " . count(self::$sync->other[0]) . ', ';
        unset(self::$sync->x);
        self::$sync->many = range(1, 50000);
    }
}
$s = Reentrant::$sync = new Sync(scratch());
$s->x = new Reentrant(2);
$read = $s->x;
var_dump($read->n, isset($s->x), $s->log, count($s->many));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECTF--
int(2)
bool(false)
string(%d) "serialize 2, serialize 1, serialize 0, unserialize 0 1, unserialize 1 1, unserialize 2 1, "
int(50000)
