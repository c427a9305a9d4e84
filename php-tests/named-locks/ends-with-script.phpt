--TEST--
A function that exits, is fatal, or runs out of memory or time leaves no lock behind, in a process that lives on
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

scratch_page(<<<'PHP'
    <?php
    ini_set('display_errors', '0');
    $s = new Sync(STORES . '/store');
    if ($_GET['do'] === 'ask') {
        exit(is_int($s->tryLock('a')) && is_int($s->tryLock()) ? 'free' : 'locked');
    }
    // Kept alive by a cycle, beyond the end of the script.
    $cycle = new stdClass;
    $cycle->self = $cycle;
    $cycle->sync = $s;
    $s->tryLock('a');
    $s->synchronized(function () {
        switch ($_GET['do']) {
            case 'exit': exit;
            case 'fatal': eval('abstract class A { final abstract function f(); }');
            case 'memory': str_repeat('x', 1_000_000_000);
            case 'time': set_time_limit(1); while (true);
            case 'leak': return;
        }
    });
    PHP);
$server = web_server(scratch_directory());
foreach (['exit', 'fatal', 'memory', 'time', 'leak'] as $how) {
    $server("do=$how");
    echo $how, ': ', $server('do=ask'), "\n";
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
exit: free
fatal: free
memory: free
time: free
leak: free
