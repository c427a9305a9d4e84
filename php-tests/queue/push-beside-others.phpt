--TEST--
Programs that push to an array which is no list, append to it and rewrite it at once, lose nothing and are never told that its end is occupied
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

const PROGRAMS = 4, EACH = 500;
$s = new Sync(scratch());
$s->q = ['k' => 0];
$programs = array_map(fn ($i) => Peer::fork(function () use ($i) {
    $s = new Sync(scratch());
    for ($j = 0; $j < EACH; $j++) {
        $i % 2 ? $s->push('q', "$i.$j") : $s->q[] = "$i.$j";
        $j % 50 || $s->update('q', fn ($q) => $q);
    }
}), range(1, PROGRAMS));
foreach ($programs as $program) {
    echo $program->end(), "\n";
}
$all = $s->q;
var_dump(count($all), count(array_unique($all)), array_key_first($all), array_key_last($all));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
exit 0
exit 0
exit 0
exit 0
int(2001)
int(2001)
string(1) "k"
int(1999)
