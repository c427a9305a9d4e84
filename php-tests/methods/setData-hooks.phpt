--TEST--
setData() takes the values that property hooks give, as foreach does
--SKIPIF--
<?php PHP_VERSION_ID >= 80400 || print 'skip property hooks came with PHP 8.4';
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

eval('
class Hooked extends stdClass
{
    public $plain = 1;
    public $doubled = 2 { get => $this->doubled * 2; }
    public $virtual { get => "made of $this->plain"; }
    public $sink { set { } }
    protected $protected = 3 { get => $this->protected + 1; }
    public private(set) int $asymmetric = 5;
}
class Thrower extends stdClass
{
    public $bad { get => throw new LogicException("from the hook"); }
}
');
$s = new Sync(scratch());
$s->setData(new Hooked);
$shown = [];
foreach (new Hooked as $name => $value) {
    $shown[$name] = $value;
}
var_dump((array) $s == $shown, $s->doubled, $s->virtual, $s->asymmetric, isset($s->protected));
attempt(fn () => $s->setData(new Thrower));
var_dump($s->plain);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
bool(true)
int(4)
string(9) "made of 1"
int(5)
bool(false)
LogicException: from the hook
int(1)
