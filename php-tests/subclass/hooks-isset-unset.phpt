--TEST--
isset, empty and unset of hooked properties of a subclass work as in any class
--SKIPIF--
<?php
if (PHP_VERSION_ID < 80400) die('skip property hooks came with PHP 8.4');
?>
--FILE--
<?php
require __DIR__ . '/twins.inc';

trait Declarations
{
    public int $zero = 5 { get => $this->zero - 5; }
    public ?string $nothing { get => null; }
    public string $virtual { get => 'virtual'; }
    public string $written { set { } }
    public int $late { set => $value; }
    public array $list = [1] { get => $this->list; }
    public string $throws { get => throw new Exception('from get'); }
    protected int $inside = 5 { get => $this->inside + 1; }
}
class Hooked extends Sync
{
    use Declarations;
}
class HookedTwin extends Twin
{
    use Declarations;
}
$all = [];
foreach (['zero', 'nothing', 'virtual', 'written', 'late', 'list', 'throws', 'inside'] as $name) {
    $all[] = "return isset(\$o->$name);";
    $all[] = "return empty(\$o->$name);";
    $all[] = "return \$o->$name ?? 'default';";
    $all[] = "unset(\$o->$name);";
}
$all[] = 'return [isset($o->list[0]), isset($o->list[1]), empty($o->list[0])];';
twins('Hooked', 'HookedTwin', $all);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
return isset($o->zero);
    true
return empty($o->zero);
    true
return $o->zero ?? 'default';
    0
unset($o->zero);
    Error
return isset($o->nothing);
    false
return empty($o->nothing);
    true
return $o->nothing ?? 'default';
    "default"
unset($o->nothing);
    Error
return isset($o->virtual);
    true
return empty($o->virtual);
    false
return $o->virtual ?? 'default';
    "virtual"
unset($o->virtual);
    Error
return isset($o->written);
    Error
return empty($o->written);
    Error
return $o->written ?? 'default';
    Error
unset($o->written);
    Error
return isset($o->late);
    false
return empty($o->late);
    true
return $o->late ?? 'default';
    "default"
unset($o->late);
    Error
return isset($o->list);
    true
return empty($o->list);
    false
return $o->list ?? 'default';
    [1]
unset($o->list);
    Error
return isset($o->throws);
    Exception
return empty($o->throws);
    Exception
return $o->throws ?? 'default';
    Exception
unset($o->throws);
    Error
return isset($o->inside);
    false
return empty($o->inside);
    true
return $o->inside ?? 'default';
    "default"
unset($o->inside);
    null
return [isset($o->list[0]), isset($o->list[1]), empty($o->list[0])];
    [true,false,false]
