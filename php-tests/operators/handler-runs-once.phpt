--TEST--
An error handler runs once for each statement, however many processes run the same statement at the same time
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

define('TIMES', times(1500));
$statements = [
    '$s->a["n"] += "1 apple"', '$s->a["n"] -= "-1 apples"', '$s->a["d"]["n"] += "1 apple"', '$s->n += "1 apple"', '$s["n"] += "1 apple"', '$s["a"]["n"] += "1 apple"',
    '$s->f += "1 apple"', '$s->object->p += "1 apple"', '$s->elements["n"] += "1 apple"', '$s->text .= []',
];
$s = new Sync(scratch());
foreach ($statements as $statement) {
    $s->n = 0;
    $s->f = 0.5;
    $s->a = ['n' => 0, 'd' => ['n' => 0]];
    $s->object = (object) ['p' => 0];
    $s->elements = new ArrayObject(['n' => 0]);
    $s->text = '';
    $bodies = [];
    for ($i = 0; $i < 3; $i++) {
        $bodies[] = Peer::fork(function (Peer $parent) use ($statement) {
            $s = new Sync(scratch());
            // The cached values become stale at once.
            [$s->n, $s->f, $s->a];
            $times = 0;
            set_error_handler(function () use (&$times) {
                $times++;
                return true;
            });
            $parent->tell('ready');
            $parent->hear();
            $code = "for (\$i = 0; \$i < TIMES; \$i++) { $statement; }";
            eval($code);
            $parent->tell("$times");
        });
    }
    foreach ($bodies as $peer) {
        $peer->hear();
    }
    foreach ($bodies as $peer) {
        $peer->tell();
    }
    foreach ($bodies as $peer) {
        $times = $peer->hear();
        $peer->end();
        $times === (string) TIMES || print("$statement: the handler ran $times times\n");
    }
    $sum = $s->n + $s->f - 0.5 + $s->a['n'] + $s->a['d']['n'] + $s->object->p + $s->elements['n'] + strlen($s->text) / strlen('Array');
    $sum === 3.0 * TIMES || print("$statement: done $sum times\n");
}
echo "done\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
done
