--TEST--
An element whose consumer throws or is killed while another process has a transaction, update() or lock() goes back after that, whatever it stores
--EXTENSIONS--
pcntl
posix
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

/** Tries one way to change the array, during which a consumer of its first element ends. */
$try = function (bool $kill, callable $change) {
    $s = new Sync(scratch());
    $s->q = [1, 2, 3];
    $consumer = Peer::fork(function (Peer $parent) {
        try {
            (new Sync(scratch()))->consume('q', function () use ($parent) {
                $parent->tell('has it');
                $parent->hear();
                throw new Exception('failed');
            });
        } catch (Exception) {
            $parent->tell('threw');
        }
        $parent->hear();
    });
    $consumer->hear();
    $change($s, function () use ($consumer, $kill) {
        if ($kill) {
            $consumer->kill()->end();
        } else {
            $consumer->tell();
            $consumer->hear();
        }
    });
    $after = json_encode((new Sync(scratch()))->q);
    if (!$kill) {
        $consumer->tell();
        $consumer->end();
    }
    return "$after ";
};
$ways = [
    'update()' => fn ($s, $end) => $s->update('q', function ($q) use ($end) { $end(); return [...$q, 100]; }),
    'transaction(), a push, then the end' => fn ($s, $end) => $s->transaction(function ($s) use ($end) { $s->push('q', 100); $end(); }),
    'transaction(), the end, then a push' => fn ($s, $end) => $s->transaction(function ($s) use ($end) { $end(); $s->push('q', 100); }),
    'transaction(), an element' => fn ($s, $end) => $s->transaction(function ($s) use ($end) { $s->q[0] = 'x'; $end(); }),
    'transaction(), shift()' => fn ($s, $end) => $s->transaction(function ($s) use ($end) { $s->shift('q'); $end(); }),
    'transaction(), all of it' => fn ($s, $end) => $s->transaction(function ($s) use ($end) { $s->q = ['new']; $end(); }),
    'transaction(), unset()' => fn ($s, $end) => $s->transaction(function ($s) use ($end) { unset($s->q); $end(); }),
    'transaction(), touch()' => fn ($s, $end) => $s->transaction(function ($s) use ($end) { $s->touch('q', 100); $end(); }),
    'transaction() in vain' => function ($s, $end) {
        try {
            $s->transaction(function ($s) use ($end) { $s->q = ['new']; $end(); throw new Exception(); });
        } catch (Exception) {
        }
    },
    'lock()' => function ($s, $end) { $s->lock(); $q = $s->q; $end(); $s->q = [...$q, 100]; $s->unlock(); },
    'lock(), shift()' => function ($s, $end) { $s->lock(); $end(); $s->push('q', $s->shift('q')); $s->unlock(); },
    'synchronized()' => fn ($s, $end) => $s->synchronized(function () use ($s, $end) { $q = $s->q; $end(); $s->q = [...$q, 100]; }),
];
foreach ($ways as $name => $change) {
    echo $name, ': ', $try(false, $change), $try(true, $change), "\n";
}
// One that ended before is there at once.
$s = new Sync(scratch());
foreach (['transaction', 'synchronized'] as $method) {
    $s->q = [1, 2, 3];
    $consumer = Peer::fork(function (Peer $parent) {
        (new Sync(scratch()))->consume('q', function () use ($parent) {
            $parent->tell('has it');
            $parent->hear();
        });
    });
    $consumer->hear();
    $consumer->kill()->end();
    $s->$method(function () use ($s) { echo json_encode($s->q), ' '; $s->q = [...$s->q, 4]; });
    echo json_encode($s->q), "\n";
}
// Its own goes back at once, also within lock().
$s->q = [1, 2, 3];
$s->lock();
try {
    $s->consume('q', fn () => throw new Exception());
} catch (Exception) {
    echo json_encode($s->q), "\n";
}
$s->unlock();
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
update(): [1,2,3,100] [1,2,3,100] 
transaction(), a push, then the end: [1,2,3,100] [1,2,3,100] 
transaction(), the end, then a push: [1,2,3,100] [1,2,3,100] 
transaction(), an element: [1,"x",3] [1,"x",3] 
transaction(), shift(): [1,3] [1,3] 
transaction(), all of it: [1,"new"] [1,"new"] 
transaction(), unset(): [1] [1] 
transaction(), touch(): [1,2,3] [1,2,3] 
transaction() in vain: [1,2,3] [1,2,3] 
lock(): [1,2,3,100] [1,2,3,100] 
lock(), shift(): [1,3,2] [1,3,2] 
synchronized(): [1,2,3,100] [1,2,3,100] 
[1,2,3] [1,2,3,4]
[1,2,3] [1,2,3,4]
[1,2,3]
