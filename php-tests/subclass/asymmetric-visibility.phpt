--TEST--
private(set), protected(set) and readonly properties of a subclass are as in any class
--SKIPIF--
<?php
if (PHP_VERSION_ID < 80400) die('skip property hooks came with PHP 8.4');
?>
--FILE--
<?php
require __DIR__ . '/twins.inc';

trait Declarations
{
    public private(set) int $number = 1;
    public protected(set) array $list = ['k' => 1];
    public private(set) object $object;
    public readonly int $once;

    public function change(int $by)
    {
        $this->number += $by;
        $this->number++;
        $this->list[] = $by;
        return [$this->number, $this->list];
    }

    public function make()
    {
        $this->object = new stdClass;
        $this->once = 3;
    }
}
class Guarded extends Sync
{
    use Declarations;
}
class GuardedTwin extends Twin
{
    use Declarations;
}
twins('Guarded', 'GuardedTwin', [
    'return [$o->number, isset($o->number), $o->list["k"]];',
    '$o->number = 2;',
    '$o->number++;',
    '$o->number += 1;',
    '[$o->number] = [4];',
    '$r = &$o->number;',
    'unset($o->number);',
    'return $o->change(5);',
    '$o->list[] = 1;',
    '$o->list["k"]++;',
    'unset($o->list["k"]);',
    'sort($o->list);',
    'foreach ($o->list as &$value);',
    'return $o->list ??= 1;',
    '$o->object = new stdClass;',
    '$o->object->x = 1;',
    'return $o->object;',
    '$o->make(); $o->object->x[] = 1; return $o->object;',
    '$o->make(); unset($o->object);',
    '$o->once = 1;',
    'return [isset($o->once), $o->once ?? "not yet"];',
    '$o->make(); return [$o->once, isset($o->once), (clone $o)->once];',
    '$o->make(); $o->once++;',
    '$o->make(); $o->make();',
    'unset($o->once);',
]);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
return [$o->number, isset($o->number), $o->list["k"]];
    [1,true,1]
$o->number = 2;
    Error
$o->number++;
    Error
$o->number += 1;
    Error
[$o->number] = [4];
    Error
$r = &$o->number;
    Error
unset($o->number);
    Error
return $o->change(5);
    [7,{"k":1,"0":5}]
$o->list[] = 1;
    Error
$o->list["k"]++;
    Error
unset($o->list["k"]);
    Error
sort($o->list);
    Error
foreach ($o->list as &$value);
    Error
return $o->list ??= 1;
    {"k":1}
$o->object = new stdClass;
    Error
$o->object->x = 1;
    Error
return $o->object;
    Error
$o->make(); $o->object->x[] = 1; return $o->object;
    {"x":[1]}
$o->make(); unset($o->object);
    Error
$o->once = 1;
    Error
return [isset($o->once), $o->once ?? "not yet"];
    [false,"not yet"]
$o->make(); return [$o->once, isset($o->once), (clone $o)->once];
    [3,true,3]
$o->make(); $o->once++;
    Error
$o->make(); $o->make();
    Error
unset($o->once);
    Error
