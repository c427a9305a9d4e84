--TEST--
A transaction within a transaction is a part of it
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->list = [];
echo $s->transaction(function ($s) {
    $s->list[] = 1;
    $result = $s->transaction(function ($s) {
        $s->list[] = 2;
        return 'inner result';
    });
    $s->list[] = 3;
    return $result;
}), "\n", json_encode($s->list), "\n";
// An exception that the outer one catches ends the inner one only; there is nothing to go back to.
$s->list = [];
$s->transaction(function ($s) {
    $s->list[] = 'outer';
    try {
        $s->transaction(function ($s) {
            $s->list[] = 'inner';
            throw new Exception('inner');
        });
    } catch (Exception $e) {
        echo 'caught: ', $e->getMessage(), "\n";
    }
    $s->list[] = 'after';
});
echo json_encode($s->list), "\n";
try {
    $s->transaction(function ($s) {
        $s->transaction(fn ($s) => $s->list = 'lost');
        throw new Exception('outer');
    });
} catch (Exception $e) {
    echo 'caught: ', $e->getMessage(), "\n", json_encode($s->list), "\n";
}
class Job
{
    public function __invoke(Sync $s)
    {
        return count($s->list);
    }
}
echo 'a callable of any kind: ', $s->transaction(new Job()), "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
inner result
[1,2,3]
caught: inner
["outer","inner","after"]
caught: outer
["outer","inner","after"]
a callable of any kind: 3
