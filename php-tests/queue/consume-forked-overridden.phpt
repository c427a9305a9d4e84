--TEST--
A child that is forked in consume() of a class with accessors, and returns from the function, does not end the parent's consumption
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

class Overridden extends Sync
{
    public function set($name, $value) { return parent::set($name, $value); }
}
foreach (['Sync', 'Overridden'] as $class) {
    foreach (['returns', 'throws', 'is killed'] as $how) {
        foreach ([[1, 2, 3], ['same', 'same', 'same']] as $list) {
            $s = new $class(scratch("$class $how"));
            $s->list = $list;
            $parent = Peer::fork(function (Peer $main) use ($class, $how) {
                $s = new $class(scratch("$class $how"));
                $me = getmypid();
                try {
                    $s->consume('list', function () use ($how, $me) {
                        $child = pcntl_fork();
                        if ($child === 0) {
                            return;
                        }
                        pcntl_waitpid($child, $status);
                        if ($how === 'throws') {
                            throw new Exception;
                        }
                        if ($how === 'is killed') {
                            posix_kill($me, SIGKILL);
                        }
                    });
                } catch (Exception) {
                }
                if (getmypid() !== $me) {
                    posix_kill(getmypid(), SIGKILL);
                }
            });
            $parent->end();
            // (It goes back with the next look, within a moment.)
            $expected = $how === 'returns' ? array_slice($list, 1) : $list;
            for ($end = microtime(true) + PATIENCE; $s->list !== $expected && microtime(true) < $end;) {
                usleep(1000);
            }
            echo "$class, the parent $how: ", json_encode($s->list), "\n";
        }
    }
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
Sync, the parent returns: [2,3]
Sync, the parent returns: ["same","same"]
Sync, the parent throws: [1,2,3]
Sync, the parent throws: ["same","same","same"]
Sync, the parent is killed: [1,2,3]
Sync, the parent is killed: ["same","same","same"]
Overridden, the parent returns: [2,3]
Overridden, the parent returns: ["same","same"]
Overridden, the parent throws: [1,2,3]
Overridden, the parent throws: ["same","same","same"]
Overridden, the parent is killed: [1,2,3]
Overridden, the parent is killed: ["same","same","same"]
