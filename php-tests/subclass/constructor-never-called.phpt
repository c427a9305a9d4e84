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
echo "done\n";
unset($s);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
done
