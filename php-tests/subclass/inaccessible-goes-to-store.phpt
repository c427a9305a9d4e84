--TEST--
A private or protected name is the object's own property inside the class, and a shared property outside, as with __get()
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

class Secretive extends Sync
{
    private string $secret = 'own';

    public function secret(): string
    {
        return $this->secret;
    }
}
$s = new Secretive(scratch());
var_dump($s->secret, isset($s->secret));
$s->secret = 'shared';
var_dump($s->secret, $s->secret(), isset($s->secret), (new Sync(scratch()))->secret);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
NULL
bool(false)
string(6) "shared"
string(3) "own"
bool(true)
string(6) "shared"
