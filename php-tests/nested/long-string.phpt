--TEST--
A string offset beyond all memory ends PHP as its own strings do, not by a signal, and keeps no other process waiting
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->text = 'abc';
foreach ([50, 60, 62] as $bits) {
    $code = "(new Sync(\$argv[1]))->text[1 << $bits] = 'x';";
    $quietly = ['sh', '-c', 'exec "$0" "$@" >/dev/null 2>&1'];
    echo strtok(Peer::start([...$quietly, ...php_command(), '-r', $code, '--', scratch()])->end(), ' '), "\n";
}
var_dump($s->text);
$s->text[4] = 'e';
$s->letter = 'a';
$s->letter[0] = 'b';
var_dump($s->text, $s->letter);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
exit
exit
exit
string(3) "abc"
string(5) "abc e"
string(1) "b"
