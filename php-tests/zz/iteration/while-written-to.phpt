--TEST--
foreach is consistent while another process replaces everything all the time
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->setData((object) array_fill_keys(range('a', 'j'), 0));
$child = Peer::fork(function (Peer $parent) {
    $s = new Sync(scratch());
    $parent->tell('writing');
    for ($i = 1; $i <= 2000; $i++) {
        $s->setData((object) array_fill_keys(range('a', 'j'), $i));
    }
    $s->done = true;
});
$child->hear();
$loops = $wrong = 0;
do {
    $values = iterator_to_array($s);
    $done = isset($values['done']);
    unset($values['done']);
    $loops++;
    if (count($values) !== 10 || count(array_unique($values)) !== 1) {
        $wrong++;
    }
} while (!$done);
var_dump($wrong, $loops > 1);
echo $child->end(), "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
int(0)
bool(true)
exit 0
