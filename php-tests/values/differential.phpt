--TEST--
Hundreds of random values come back as serialize gives them, read by the same object, by another and by another process
--INI--
error_reporting=E_ALL & ~E_DEPRECATED
--FILE--
<?php
require __DIR__ . '/round-trip.inc';

require __DIR__ . '/generators.inc';

$peer = Peer::php('
    error_reporting(E_ALL & ~E_DEPRECATED);
    require $argv[2];
    $s = new Sync($argv[1]);
    while ($parent->hear() === "read") {
        $parent->tell(hash("xxh128", serialize($s->x)));
    }', scratch(), __DIR__ . '/classes.inc');
$s = new Sync(scratch());
$wrong = 0;
for ($seed = 1; $seed <= 400; $seed++) {
    $value = (new Generate($seed))->value(5);
    $expected = serialize(unserialize(serialize($value)));
    $s->x = $value;
    $peer->tell('read');
    if (serialize($s->x) !== $expected || serialize((new Sync(scratch()))->x) !== $expected || $peer->hear() !== hash('xxh128', $expected)) {
        echo "seed $seed: ", addcslashes($expected, "\0..\37\177..\377"), "\n";
        $wrong++;
    }
    if (serialize($value) !== serialize((new Generate($seed))->value(5))) {
        echo "seed $seed: storing it has changed it\n";
    }
}
$peer->tell('end');
echo $peer->end(), ", $wrong wrong\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
exit 0, 0 wrong
