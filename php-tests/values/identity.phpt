--TEST--
An object met twice is one object, a reference stays a reference, and cycles close
--FILE--
<?php
require __DIR__ . '/round-trip.inc';

class Node
{
    public $self;
    public $peers = [];
    public ?Node $next = null;
}
$s = new Sync(scratch());

$o = new Node;
comes_back('twice', $value = [$o, $o, [$o]]);
$s->x = $value;
$x = $s->x;
var_dump($x[0] === $x[1] && $x[0] === $x[2][0]);

$n = 1;
comes_back('references', $value = [&$n, &$n, 'k' => [&$n], 'by value' => $n]);
$s->x = $value;
$x = $s->x;
$x[0] = 2;
var_dump($x[1], $x['k'][0], $x['by value'], $n);

$o->self = $o;
$o->peers = [$o, &$o->peers];
$o->next = new Node;
$o->next->next = $o;
comes_back('cycle of objects', $o);
$s->x = $o;
$x = $s->x;
var_dump($x->self === $x && $x->next->next === $x && $x->peers[1][1][0] === $x);

$a = [1];
$a['a'] = &$a;
comes_back('array in itself', $a);
$s->x = $a;
$x = $s->x;
$x['a'][0] = 2;
var_dump($x['a']['a'][0]);

$r = new Node;
comes_back('references to an object', [&$r, $r, &$r, [&$r]]);
$b = ['x' => [1, 2]];
comes_back('reference to an array', [&$b, &$b['x'], &$b]);
comes_back('a sole reference', (function () { $v = [1, [2]]; foreach ($v as &$e); foreach ($v[1] as &$f); return $v; })());
comes_back('an array in itself, without a reference left', (function () { $a = [1]; $a[] = &$a; return $a; })());
$shared = [new Node];
comes_back('shared arrays', [$shared, $shared, (object) ['s' => $shared]]);
class Handing
{
    public $n;
    function __serialize(): array { return ['self' => $this, 'n' => $this->n, 'r' => &$this->n, 'again' => [&$this->n]]; }
    function __unserialize(array $d): void { $this->n = $d; }
}
$h = new Handing;
comes_back('a hook that hands out $this', [$h, $h]);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
bool(true)
int(2)
int(2)
int(1)
int(1)
bool(true)
int(2)
