--TEST--
Property hooks of a subclass run as those of any class, virtual properties too, and nothing of them is shared
--SKIPIF--
<?php
if (PHP_VERSION_ID < 80400) die('skip property hooks came with PHP 8.4');
?>
--FILE--
<?php
require __DIR__ . '/twins.inc';

trait Declarations
{
    public int $doubled = 1 { get => $this->doubled * 2; set(int|string $value) { $this->doubled = (int) $value + 1; } }
    public string $virtual { get => "virtual {$this->doubled}"; }
    public string $written { set { $this->plain = $value; } }
    public $plain = 'plain';
    public string $upper = 'x' { set => strtoupper($value); }
    public string $read = 'read' { get => strtoupper($this->read); }
    public int $late { set => $value; }
    public string $throws { get => throw new Exception('from get'); set { throw new Exception('from set'); } }
    protected int $inside = 5 { get => $this->inside + 1; }

    public function look()
    {
        return $this->inside;
    }
}
class Hooked extends Sync
{
    use Declarations;
}
class HookedTwin extends Twin
{
    use Declarations;
}
twins('Hooked', 'HookedTwin', [
    'return $o->doubled;',
    '$o->doubled = 5; return $o->doubled;',
    '$o->doubled = "7"; return $o->doubled;',
    '$o->doubled = [];',
    'return $o->doubled ?? 8;',
    'return $o->virtual;',
    '$o->virtual = "a";',
    '$o->written = "w"; return $o->plain;',
    'return $o->written;',
    '$o->upper = "abc"; return $o->upper;',
    '[$o->upper] = ["list"]; return $o->upper;',
    'foreach (["a", "b"] as $o->upper); return $o->upper;',
    'return $o->read;',
    '$o->read = "n"; return $o->read;',
    'return $o->late;',
    '$o->late = 4; return $o->late;',
    'return $o->throws;',
    '$o->throws = "x";',
    'return $o->look();',
    'return "$o->virtual, {$o->doubled}";',
    'return $o?->virtual;',
    'return property_exists($o, "virtual");',
    '$p = new ReflectionProperty($o, "doubled"); return [$p->getValue($o), $p->getRawValue($o), $p->isInitialized($o)];',
    '$p = new ReflectionProperty($o, "doubled"); $p->setValue($o, 20); $p->setRawValue($o, 33); return $o->doubled;',
    '$change = fn () => $this->inside = 7; $change->call($o); return $o->look();',
]);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
return $o->doubled;
    2
$o->doubled = 5; return $o->doubled;
    12
$o->doubled = "7"; return $o->doubled;
    16
$o->doubled = [];
    TypeError
return $o->doubled ?? 8;
    2
return $o->virtual;
    "virtual 2"
$o->virtual = "a";
    Error
$o->written = "w"; return $o->plain;
    "w"
return $o->written;
    Error
$o->upper = "abc"; return $o->upper;
    "ABC"
[$o->upper] = ["list"]; return $o->upper;
    "LIST"
foreach (["a", "b"] as $o->upper); return $o->upper;
    "B"
return $o->read;
    "READ"
$o->read = "n"; return $o->read;
    "N"
return $o->late;
    Error
$o->late = 4; return $o->late;
    4
return $o->throws;
    Exception
$o->throws = "x";
    Exception
return $o->look();
    6
return "$o->virtual, {$o->doubled}";
    "virtual 2, 2"
return $o?->virtual;
    "virtual 2"
return property_exists($o, "virtual");
    true
$p = new ReflectionProperty($o, "doubled"); return [$p->getValue($o), $p->getRawValue($o), $p->isInitialized($o)];
    [2,1,true]
$p = new ReflectionProperty($o, "doubled"); $p->setValue($o, 20); $p->setRawValue($o, 33); return $o->doubled;
    66
$change = fn () => $this->inside = 7; $change->call($o); return $o->look();
    8
