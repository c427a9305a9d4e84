--TEST--
unlock() hands over to waiting processes, even when the holder calls lock() again at once
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->x = 1;
$greedy = Peer::fork(function (Peer $parent) {
    $s = new Sync(scratch());
    $stop = false;
    pcntl_async_signals(true);
    pcntl_signal(SIGUSR1, function () use (&$stop) { $stop = true; });
    $parent->tell('ready');
    for ($holds = 0; !$stop; $holds++) {
        $s->lock();
        usleep(20_000);
        $s->unlock();
    }
    $parent->tell($holds);
});
$greedy->hear();
$turns = 0;
foreach ([
    fn () => $s->lock()->unlock(),
    fn () => $s->x,
    fn () => $s->x = 2,
    fn () => $s->x++,
    fn () => $s->x .= '1',
    fn () => isset($s->y),
    fn () => count($s),
    fn () => $s->getData(),
    fn () => iterator_to_array($s),
] as $access) {
    for ($n = 0; $n < 8; $n++, $turns++) {
        $access();
        // Each access queues anew: this process is not waiting when the holder takes the lock again.
        usleep(2000);
    }
}
$holds = (int) $greedy->kill(SIGUSR1)->hear();
echo $holds <= 3 * $turns ? 'it had its turns' : "$turns turns, $holds holds", "\n", $greedy->end(), "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
it had its turns
exit 0
