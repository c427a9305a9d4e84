--TEST--
The overrides of a class are looked up anew for each class, also when classes come and go
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

for ($i = 0; $i < 3; $i++) {
    Peer::php(sprintf(<<<'PHP'
        eval('class Sub extends Sync { %s }');
        $s = new Sub($argv[1]);
        $s->x = %d;
        $s->x++;
        echo $s->x, "\n";
        PHP, $i % 2 ? 'public function __get($name) { return "overridden"; }' : '', $i), scratch())->end();
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
1
overridden
3
