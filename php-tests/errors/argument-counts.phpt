--TEST--
Too few arguments are an ArgumentCountError
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
foreach (['get', 'set', 'has', 'remove', 'setFile', 'setData'] as $method) {
    try {
        $s->$method();
    } catch (ArgumentCountError $e) {
        echo preg_replace('/ (at least|exactly) \d/', ' more', $e->getMessage()), "\n";
    }
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECTREGEX--
Sync::get\(\) expects more arguments?, 0 given
Sync::set\(\) expects more arguments?, 0 given
Sync::has\(\) expects more arguments?, 0 given
Sync::remove\(\) expects more arguments?, 0 given
Sync::setFile\(\) expects more arguments?, 0 given
Sync::setData\(\) expects more arguments?, 0 given
