--TEST--
A process that serves many requests looks at each request's classes anew
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

scratch_page(<<<'PHP'
    <?php
    if ($_GET['override']) {
        eval('class Sub extends Sync { public function __get($name) { return "overridden"; } public $declared = "own"; }');
    } else {
        eval('class Sub extends Sync { }');
    }
    $s = new Sub(STORES . '/store');
    $s->x = 'shared';
    $s->declared = 'written';
    echo $s->x, ' ', $s->declared, "\n";
    PHP);
$server = web_server(scratch_directory());
foreach ([0, 1, 0, 1, 1, 0] as $override) {
    echo $server("override=$override");
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
shared written
overridden written
shared written
overridden written
overridden written
shared written
