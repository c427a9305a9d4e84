--TEST--
A $ttl is an int, a float, a DateInterval or null, in seconds from now on
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

date_default_timezone_set('UTC');
$s = new Sync(scratch());
class Weeks extends DateInterval {}
$past = new DateInterval('PT1H');
$past->invert = 1;
$start = new DateTimeImmutable;
foreach ([
    'null' => null, '60' => 60, '0.5' => 0.5, '1e-9' => 1e-9, "'60'" => '60', 'INF' => INF, 'PHP_INT_MAX' => PHP_INT_MAX, '1e300' => 1e300,
    '0' => 0, '-0.0' => -0.0, '-1' => -1, '-INF' => -INF, 'PHP_INT_MIN' => PHP_INT_MIN,
    'PT1M' => new DateInterval('PT1M'), 'P2W' => new Weeks('P2W'), 'PT0S' => new DateInterval('PT0S'), 'inverted' => $past,
    'ago' => DateInterval::createFromDateString('1 month ago'),
] as $words => $ttl) {
    $s->put('x', 1, $ttl);
    $left = $s->ttl('x');
    echo $words, ': ', isset($s->x) ? ($left === null ? 'never' : ceil($left)) : 'gone', "\n";
}
$s->put('month', 1, new DateInterval('P1M'));
$seconds = $start->add(new DateInterval('P1M'))->getTimestamp() - $start->getTimestamp();
var_dump(abs($s->ttl('month') - $seconds) < 100);
foreach (['NAN' => NAN, 'array' => [], 'text' => 'soon', 'object' => new DateTime] as $words => $ttl) {
    foreach (['put', 'add', 'increment', 'touch'] as $method) {
        try {
            $method === 'touch' ? $s->touch('none', $ttl) : $s->$method('none', 1, $ttl);
            echo "no exception\n";
        } catch (TypeError|ValueError $e) {
            echo get_class($e), ': ', $e->getMessage(), "\n";
        }
    }
}
var_dump($s->has('none'));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECTF--
null: never
60: 60
0.5: 1
1e-9: %r(1|gone)%r
'60': 60
INF: never
PHP_INT_MAX: never
1e300: never
0: gone
-0.0: gone
-1: gone
-INF: gone
PHP_INT_MIN: gone
PT1M: 60
P2W: 1209600
PT0S: gone
inverted: gone
ago: gone
bool(true)
ValueError: Sync::put(): Argument #3 ($ttl) must not be NAN
ValueError: Sync::add(): Argument #3 ($ttl) must not be NAN
ValueError: Sync::increment(): Argument #3 ($ttl) must not be NAN
ValueError: Sync::touch(): Argument #2 ($ttl) must not be NAN
TypeError: Sync::put(): Argument #3 ($ttl) must be of type DateInterval|int|float|null, array given
TypeError: Sync::add(): Argument #3 ($ttl) must be of type DateInterval|int|float|null, array given
TypeError: Sync::increment(): Argument #3 ($ttl) must be of type DateInterval|int|float|null, array given
TypeError: Sync::touch(): Argument #2 ($ttl) must be of type DateInterval|int|float|null, array given
TypeError: Sync::put(): Argument #3 ($ttl) must be of type DateInterval|int|float|null, string given
TypeError: Sync::add(): Argument #3 ($ttl) must be of type DateInterval|int|float|null, string given
TypeError: Sync::increment(): Argument #3 ($ttl) must be of type DateInterval|int|float|null, string given
TypeError: Sync::touch(): Argument #2 ($ttl) must be of type DateInterval|int|float|null, string given
TypeError: Sync::put(): Argument #3 ($ttl) must be of type DateInterval|int|float|null, DateTime given
TypeError: Sync::add(): Argument #3 ($ttl) must be of type DateInterval|int|float|null, DateTime given
TypeError: Sync::increment(): Argument #3 ($ttl) must be of type DateInterval|int|float|null, DateTime given
TypeError: Sync::touch(): Argument #2 ($ttl) must be of type DateInterval|int|float|null, DateTime given
bool(false)
