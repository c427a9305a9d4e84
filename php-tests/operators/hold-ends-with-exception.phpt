--TEST--
An operator that throws changes nothing and blocks no writer
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

class Thrower
{
    public function __toString(): string
    {
        throw new LogicException('from __toString');
    }
}
$s = new Sync(scratch());
$s->n = 1;
$s->list = [1];
$s->text = 'a';
attempt(function () use ($s) { $s->n += []; });
attempt(function () use ($s) { $s->n %= 0; });
attempt(function () use ($s) { $s->list++; });
attempt(function () use ($s) { $s->text .= new Thrower; });
attempt(function () use ($s) { $s->list[0] .= new Thrower; });
attempt(function () use ($s) { $s->list[] = (function () { throw new LogicException('right side'); })(); });
attempt(function () use ($s) { $s->n['a'] = 1; });
attempt(function () use ($s) { $s->list[new stdClass] = 1; });
// Another process can write at once.
$child = Peer::fork(function () {
    $s = new Sync(scratch());
    $s->n = $s->n + 1;
});
echo $child->end(), "\n";
var_dump($s->n, $s->list, $s->text);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECTF--
TypeError: Unsupported operand types: int + array
DivisionByZeroError: Modulo by zero
TypeError: Cannot increment array
LogicException: from __toString
LogicException: from __toString
LogicException: right side
Error: Cannot use a scalar value as an array
TypeError: %s offset %s
exit 0
int(2)
array(1) {
  [0]=>
  int(1)
}
string(1) "a"
