--TEST--
getMultiple() gives values as of one moment, in a process that may only read, too, while another one writes without a pause
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->a = $s->b = 0;
$writer = Peer::fork(function (Peer $parent) {
    $s = new Sync(scratch());
    for ($i = 1; !file_exists(scratch_file('done')); $i++) {
        // b is never ahead of a, nor further behind than one step.
        $s->a = $i;
        $s->b = $i;
        $s->{"other " . $i % 50} = [$i];
    }
});
$check = function () {
    $s = new Sync(scratch());
    for ($i = 0; $i < 5000; $i++) {
        ['a' => $a, 'b' => $b, 'missing' => $missing] = $s->getMultiple(['b', 'missing', 'a']);
        if ($a < $b || $a > $b + 1 || $missing !== null) {
            return print("torn: $a $b\n");
        }
    }
};
if (!on_server()) {
    chmod(scratch(), 0644);
}
chmod(scratch_directory(), 0755);
while ($s->b === 0);
$check();
as_nobody($check);
touch(scratch_file('done'));
echo $writer->end(), "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
exit 0
