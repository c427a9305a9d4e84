--TEST--
A subclass that never calls parent::__construct() gets an Error at first use
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

class Forgetful extends Sync
{
    public function __construct()
    {
    }
}
$s = new Forgetful;
foreach ([
    fn () => $s->x, fn () => $s->x = 1, fn () => isset($s->x), function () use ($s) { unset($s->x); },
    fn () => $s->get('x'), fn () => $s->set('x', 1), fn () => $s->has('x'), fn () => $s->remove('x'),
    fn () => $s['x'], fn () => $s['x'] = 1, fn () => $s->lock(), fn () => $s->unlock(),
    fn () => $s->getFile(), fn () => $s->getData(), fn () => $s->setData(new stdClass), fn () => $s->destroy(),
] as $i => $use) {
    try {
        $use();
        echo "$i: no error\n";
    } catch (Error $e) {
        if (!str_contains($e->getMessage(), 'parent::__construct')) {
            echo "$i: ", get_class($e), ": {$e->getMessage()}\n";
        }
    }
}
attempt(fn () => (new Forgetful)->x);
// (Of an anonymous class without what PHP keeps behind its name.)
attempt(fn () => (new class extends Sync { public function __construct() {} })->x);
attempt(fn () => (new class extends Forgetful {})->x);
unset($s);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
Error: Forgetful is a Sync object that was not constructed: call parent::__construct($file) in Forgetful::__construct()
Error: Sync@anonymous is a Sync object that was not constructed: call parent::__construct($file) in Sync@anonymous::__construct()
Error: Forgetful@anonymous is a Sync object that was not constructed: call parent::__construct($file) in Forgetful@anonymous::__construct()
