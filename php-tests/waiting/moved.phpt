--TEST--
Values that compaction moves have not changed
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$other = new Sync(scratch());
for ($i = 0; $i < 200; $i++) {
    $s->{"still$i"} = $i;
    for ($j = 0; $j < 5; $j++) {
        $s->{"other" . 5 * $i + $j} = str_repeat("x", 100);
    }
}
$s->list = [0];
for ($i = 0; $i < 50; $i++) {
    $s->list[] = str_repeat("x", 20);
}
$names = [...array_map(fn (int $i) => "still$i", range(0, 199)), "list"];
$other->getMultiple($names);
$version = $other->version();
$compactions = $s->stats()["compactions"];
for ($i = 0; $i < times(20_000); $i++) {
    $s->{"other" . mt_rand(0, 999)} = str_repeat("y", 100);
}
// (A server compacts nothing.)
var_dump(($s->stats()["compactions"] > $compactions) !== on_server());
var_dump($other->wait($names, 0), $other->wait($names, 0, $version), $other->list[50] === str_repeat("x", 20));
$s->still150 = 150;
var_dump($other->wait($names, 0), $other->wait($names, 0), $other->wait($names, 0, $version));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
bool(true)
bool(false)
bool(false)
bool(true)
bool(true)
bool(false)
bool(true)
