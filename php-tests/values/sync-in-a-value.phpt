--TEST--
A Sync inside a value is stored as a handle on its file, and comes back as one
--FILE--
<?php
require __DIR__ . '/round-trip.inc';

class Sub extends Sync
{
    public $declared = 'of Sub';
}
$s = new Sync(scratch());
$inner = new Sync(scratch('inner'));
$inner->n = 1;
$s->handles = [$inner, 'again' => $inner, 'other' => new Sync(scratch('inner')), 'sub' => new Sub(scratch('inner'))];
$read = (new Sync(scratch()))->handles;
var_dump($read[0]->getFile() === scratch('inner'), $read[0] === $read['again'], $read[0] === $read['other'], get_class($read['sub']), $read['sub']->declared);
$read['sub']->n = 2;
var_dump($inner->n, $read[0]->n);
// The store itself.
$s->self = $s;
$itself = $s->self->self;
$itself->x = 'through itself';
var_dump($s->x, $s->self->self->self->getFile() === $s->getFile());
// Another process; a lock stays with the object that took it.
$inner->lock();
$s->handle = $inner;
$inner->unlock();
$peer = Peer::php('
    $s = new Sync($argv[1]);
    $s->handle->n = 3;
    $parent->tell($s->handle->getFile());', scratch());
var_dump($peer->hear() === scratch('inner'), $peer->end(), $inner->n);
// A handle on a missing file stays one, and creates nothing.
$s->missing = new Sync(scratch('missing'));
var_dump($s->missing->x, scratch_exists('missing'));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
bool(true)
bool(true)
bool(false)
string(3) "Sub"
string(6) "of Sub"
int(2)
int(2)
string(14) "through itself"
bool(true)
bool(true)
string(6) "exit 0"
int(3)
NULL
bool(false)
