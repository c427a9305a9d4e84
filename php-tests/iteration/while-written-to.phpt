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
    $control = new Sync(scratch('control'));
    for ($i = 1; !isset($control->done); $i++) {
        $s->setData((object) array_fill_keys(range('a', 'j'), $i));
    }
});
$child->hear();
$seen = [];
$wrong = 0;
while (count($seen) < 50) {
    $values = iterator_to_array($s);
    if (count($values) !== 10 || count(array_unique($values)) !== 1) {
        $wrong++;
    }
    $seen[$values['a']] = true;
}
(new Sync(scratch('control')))->set('done', true);
var_dump($wrong);
echo $child->end(), "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
int(0)
exit 0
