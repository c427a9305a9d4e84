--TEST--
Operators, nested writes and references on hooked properties of a subclass work as in any class
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
    public string $virtual { get => 'virtual'; }
    public array $list = [1] { get => $this->list; }
    public array $kept = ['b' => 1];
    public array $referred { &get { return $this->kept; } }
    public string $upper = 'x' { set => strtoupper($value); }
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
    'return [$o->doubled++, $o->doubled];',
    'return [++$o->doubled, $o->doubled];',
    'return [$o->doubled--, $o->doubled];',
    'return [$o->doubled += 5, $o->doubled];',
    'return [$o->doubled .= "3", $o->doubled];',
    'return [$o->doubled **= 2, $o->doubled];',
    'return [$o->doubled ??= 9, $o->doubled];',
    '$o->doubled %= 0;',
    '$o->doubled += [];',
    '$o->upper .= "d"; return $o->upper;',
    '$o->virtual .= "x";',
    '$o->virtual[0] = "z";',
    'return $o->list[0] ?? 3;',
    '$o->list[] = 2;',
    '$o->list[0]++;',
    'unset($o->list[0]);',
    'return $o->list += [3 => 4];',
    'sort($o->list);',
    'foreach ($o->list as &$value) $value++;',
    '$r = &$o->doubled;',
    '$o->doubled = &$x;',
    '$o->referred[] = 2; return $o->kept;',
    '$o->referred["b"]++; return $o->kept;',
    '$o->referred["x"]["y"] = 1; return $o->kept;',
    'unset($o->referred["b"]); return $o->kept;',
    '$r = &$o->referred; $r[] = 9; return $o->kept;',
    'sort($o->referred); return $o->kept;',
    'array_push($o->referred, 5); return $o->kept;',
    'foreach ($o->referred as &$value) $value++; return $o->kept;',
    '$o->referred = [1];',
    'return $o->referred += [7 => 8];',
]);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
return [$o->doubled++, $o->doubled];
    [2,8]
return [++$o->doubled, $o->doubled];
    [3,8]
return [$o->doubled--, $o->doubled];
    [2,4]
return [$o->doubled += 5, $o->doubled];
    [7,16]
return [$o->doubled .= "3", $o->doubled];
    ["23",48]
return [$o->doubled **= 2, $o->doubled];
    [4,10]
return [$o->doubled ??= 9, $o->doubled];
    [2,2]
$o->doubled %= 0;
    DivisionByZeroError
$o->doubled += [];
    TypeError
$o->upper .= "d"; return $o->upper;
    "XD"
$o->virtual .= "x";
    Error
$o->virtual[0] = "z";
    Error
return $o->list[0] ?? 3;
    1
$o->list[] = 2;
    Error
$o->list[0]++;
    Error
unset($o->list[0]);
    Error
return $o->list += [3 => 4];
    {"0":1,"3":4}
sort($o->list);
    Error
foreach ($o->list as &$value) $value++;
    Error
$r = &$o->doubled;
    Error
$o->doubled = &$x;
    Error
$o->referred[] = 2; return $o->kept;
    {"b":1,"0":2}
$o->referred["b"]++; return $o->kept;
    {"b":2}
$o->referred["x"]["y"] = 1; return $o->kept;
    {"b":1,"x":{"y":1}}
unset($o->referred["b"]); return $o->kept;
    []
$r = &$o->referred; $r[] = 9; return $o->kept;
    {"b":1,"0":9}
sort($o->referred); return $o->kept;
    [1]
array_push($o->referred, 5); return $o->kept;
    {"b":1,"0":5}
foreach ($o->referred as &$value) $value++; return $o->kept;
    {"b":2}
$o->referred = [1];
    Error
return $o->referred += [7 => 8];
    Error
