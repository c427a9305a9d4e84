--TEST--
A transaction in an accessor that throws has changed nothing, also while setMultiple(), removeMultiple() and clear() call the accessor
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

class Audited extends Sync
{
    private function attempt(string $what): void
    {
        try {
            $this->transaction(function () use ($what) {
                parent::set("half $what", 'written');
                parent::set('kept', 'changed');
                parent::remove('removed');
                $this->push('list', 'half');
                throw new Exception('no');
            });
        } catch (Exception) {
        }
        $this->transaction(fn () => parent::set("whole $what", count($this)));
    }

    public function set($name, $value)
    {
        $this->attempt("set $name");
        return parent::set($name, $value);
    }

    public function remove($name)
    {
        $this->attempt("remove $name");
        return parent::remove($name);
    }
}
$plain = new Sync(scratch());
$s = new Audited(scratch());
foreach ([
    'set' => fn () => $s->set('a', 1),
    'put' => fn () => $s->put('a', 1, 100),
    'setMultiple' => fn () => $s->setMultiple(['a' => 1, 'b' => 2]),
    'removeMultiple' => fn () => $s->removeMultiple(['removed', 'b']),
    'clear' => fn () => $s->clear('r'),
    // A transaction of the program's is the outer one.
    'in a transaction' => fn () => $s->transaction(fn () => $s->setMultiple(['a' => 1])),
] as $how => $change) {
    $plain->setData((object) ['kept' => 'kept', 'removed' => 1, 'list' => [1]]);
    $change();
    echo "$how: ", json_encode($plain), "\n";
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
set: {"kept":"kept","removed":1,"list":[1],"whole set a":3,"a":1}
put: {"kept":"kept","removed":1,"list":[1],"whole set a":3,"a":1}
setMultiple: {"kept":"kept","removed":1,"list":[1],"whole set a":3,"a":1,"whole set b":5,"b":2}
removeMultiple: {"kept":"kept","list":[1],"whole remove removed":3,"whole remove b":3}
clear: {"kept":"kept","list":[1],"whole remove removed":3}
in a transaction: {"kept":"changed","list":[1,"half"],"half set a":"written","half set list":"written","whole set list":4,"whole set a":5,"a":1}
