--TEST--
A constructor of a subclass that throws before or after its parent's leaves nothing behind
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

class Thrower extends Sync
{
    public function __construct(string $file, bool $before)
    {
        if ($before) {
            throw new LogicException('before');
        }
        parent::__construct($file);
        $this->lock();
        throw new LogicException('after');
    }
}
foreach ([true, false] as $before) {
    try {
        new Thrower(scratch(), $before);
    } catch (LogicException $e) {
        echo $e->getMessage(), "\n";
        unset($e);
    }
}
$s = new Sync(scratch());
$s->x = 1;
var_dump($s->x);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
before
after
int(1)
