--TEST--
A lock ends with its request, also where the process serves further requests
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

scratch_page(<<<'PHP'
    <?php
    $s = new Sync(STORES . '/store');
    switch ($_GET['do']) {
        case 'leak':
            // Kept alive by a cycle, beyond the end of the script.
            $cycle = new stdClass;
            $cycle->self = $cycle;
            $cycle->sync = $s;
            $s->lock();
            $s->x = getmypid();
            break;
        case 'read':
            echo $s->x === getmypid() ? 'the same process, not locked' : 'another process';
    }
    PHP);
$server = web_server(scratch_directory());
echo $server('do=leak'), $server('do=read'), "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
the same process, not locked
