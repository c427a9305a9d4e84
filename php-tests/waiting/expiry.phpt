--TEST--
The expiry of a value ends a wait for it
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$other = new Sync(scratch());
within_a_life(function ($ttl) use ($s, $other) {
    $other->put("x", 1, $ttl);
    return $s->x;
});
var_dump($s->wait("x", PATIENCE), $s->x, $s->wait("x", 0));
$other->put("x", 1, 100);
$s->x;
$other->touch("x", 0.05);
var_dump($s->wait("x", PATIENCE), $s->x);
$other->put("x", 1, 0.05);
$version = $s->version();
var_dump($s->waitFor("x", fn ($x) => $x === null, PATIENCE), $s->version() === $version);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
bool(true)
NULL
bool(false)
bool(true)
NULL
NULL
bool(true)
