--TEST--
Destructors and shutdown functions can read and write until the very end
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->n = 0;
register_shutdown_function(function () use ($s) {
    $s->n++;
    $s->log[] = 'shutdown function';
});
class Late
{
    public function __construct(private Sync $s)
    {
    }

    public function __destruct()
    {
        $this->s->n++;
        $this->s->log[] = 'destructor';
        echo $this->s->n, ' ', json_encode($this->s->log), "\n";
    }
}
$late = new Late($s);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
2 ["shutdown function","destructor"]
