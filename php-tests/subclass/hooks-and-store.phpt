--TEST--
Hooks of a subclass may use the store: values that they write under other names are shared, and each change is one step
--SKIPIF--
<?php
if (PHP_VERSION_ID < 80400) die('skip property hooks came with PHP 8.4');
?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

abstract class Account extends Sync
{
    abstract public string $label { get; }
    public int $balance { get => $this->cents ?? 0; set { $this->changes++; $this->cents = $value; } }
    public $entry { set { $this->entries[] = $value; $this->counts[$value] ??= 0; $this->counts[$value]++; } }
    public int $next { get { $this->lock(); try { return $this->number = ($this->number ?? 0) + 1; } finally { $this->unlock(); } } }
    public int $own = 0 { get { $this->reads++; return $this->own; } set { $this->own = $value; } }
}
class Checking extends Account
{
    public string $label { get => "account of {$this->owner}"; }
    public int $own = 5 { get => parent::$own::get() + 1000; set { parent::$own::set($value * 2); } }
}
$one = new Checking(scratch());
$two = new Checking(scratch());
$one->owner = 'A';
$one->balance = 5;
$two->balance += 10;
$one->balance++;
$one->entry = 'x';
$two->entry = 'y';
$one->entry = 'x';
$one->own = 3;
$one->own++;
echo json_encode([$two->label, $one->balance, $two->balance, $one->next, $two->next, $one->own, $two->own]), "\n";
echo json_encode(new Sync(scratch())), "\n";

// From several processes at once.
$peers = array_map(fn () => Peer::fork(function () {
    $s = new Checking(scratch());
    for ($i = 0; $i < 500; $i++) {
        $s->entry = 'z';
        $s->next;
    }
}), range(1, 4));
foreach ($peers as $peer) {
    echo $peer->end(), "\n";
}
echo json_encode([$one->counts['z'], count($one->entries), $one->number]), "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
["account of A",16,16,1,2,3014,1005]
{"owner":"A","changes":3,"cents":16,"entries":["x","y","x"],"counts":{"x":2,"y":1},"reads":3,"number":2}
exit 0
exit 0
exit 0
exit 0
[2000,2003,2002]
