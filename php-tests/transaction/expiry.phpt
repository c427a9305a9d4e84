--TEST--
A value that expires within the transaction that stored it is missing for all that follows in it
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->before = 1;
$s->transaction(function ($s) {
    foreach (['t', 'list', 'count', 'gone', 'before'] as $name) {
        $s->put($name, [1], 0.002);
    }
    while ($s->ttl('before') !== null) {
        usleep(500);
    }
    var_dump($s->has('t'), $s->get('t'), isset($s->t), count($s), $s->describe('t'), $s->pull('t'), $s->touch('t', 9));
    echo json_encode($s), ' ', json_encode($s->keys()), ' ', json_encode($s->getMultiple(['t', 'before'])), "\n";
    var_dump($s->add('t', 2), $s->push('list', 3), $s->increment('count'), $s->compareAndSet('gone', null, 'new'));
    echo json_encode($s), "\n";
});
echo json_encode($s), ' ', count($s), ' ', json_encode($s->ttl('t')), "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
bool(false)
NULL
bool(false)
int(0)
NULL
NULL
bool(false)
{} [] {"t":null,"before":null}
bool(true)
int(1)
int(1)
bool(true)
{"t":2,"list":[3],"count":1,"gone":"new"}
{"t":2,"list":[3],"count":1,"gone":"new"} 4 null
