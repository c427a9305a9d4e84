--TEST--
When the one that computes is killed, or throws, the next one computes
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

foreach (['killed', 'throws'] as $how) {
    $s = new Sync(scratch($how));
    $ask = fn () => Peer::fork(function (Peer $parent) use ($how) {
        $s = new Sync(scratch($how));
        try {
            $parent->tell($s->remember('x', function () use ($parent) {
                $parent->tell('computing');
                return $parent->hear() === 'throw' ? throw new LogicException('thrown') : 'the value';
            }));
        } catch (LogicException $e) {
            $parent->tell($e->getMessage());
        }
    });
    $first = $ask();
    echo $first->hear(), "\n";
    $second = $ask();
    while ($s->stats()['waiters'] < 1) {
        usleep(1000);
    }
    if ($how === 'killed') {
        $first->kill()->end();
    } else {
        $first->tell('throw');
        echo $first->hear(), "\n";
    }
    var_dump(isset($s->x));
    echo $second->hear(), "\n";
    $second->tell();
    echo $second->hear(), "\n";
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
computing
bool(false)
computing
the value
computing
thrown
bool(false)
computing
the value
