<?php
/* Run by embed.c, again and again: each time it finds what was stored before, and no lock, and leaves a lock behind. */

$number = (int) getenv('NUMBER');

$s = new Sync(getenv('STORE'));
if ($number !== ($s->n ?? 0)) {
    fwrite(fopen('php://stderr', 'w'), "run $number: the count is " . json_encode($s->n) . "\n");
    exit(1);
}
$s->n = $number + 1;
$s->list[] = ['number' => $number, 'object' => new ArrayObject([$number])];
// A lock of each kind, of which the next run sees nothing.
$s->synchronized(fn () => $s->inside = $number, "lock", 5.0);
match ($number % 3) {
    0 => $s->lock(5),
    1 => $s->tryLock('lock', 5.0) ?: exit(2),
    2 => $s->tryLock(null, 5.0) ?: exit(3),
};
// It is not this request that ends it.
$GLOBALS['kept'] = $s;
