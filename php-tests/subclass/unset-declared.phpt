--TEST--
A declared property that was unset is the shared one for every kind of statement, as PHP asks __get and __set about it; one that was never set is not
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

class A extends Sync
{
    public array $list;
    public $map;
    public int $n;
    public string $own;

    public function __construct($file)
    {
        parent::__construct($file);
        unset($this->list, $this->map, $this->n);
    }
}
class Value extends A
{
    public function __get($name) { return parent::__get($name); }
    public function __set($name, $value) { parent::__set($name, $value); }
}
class Reference extends A
{
    public function &__get($name) { $value = parent::__get($name); return $value; }
    public function __set($name, $value) { parent::__set($name, $value); }
}
foreach (['A', 'Value', 'Reference'] as $class) {
    $s = new $class(scratch($class));
    $s->list = [1];
    $s->list[] = 2;
    $s['list'][] = 3;
    $s->list[] += 4;
    $s->map = ['k' => 1, 'gone' => 1];
    $s->map['k']++;
    $s->map['deep']['er'][] = 'x';
    $s->map['late'] ??= 'y';
    unset($s->map['gone']);
    $s->n = 1;
    $s->n++;
    $s->n += 5;
    echo json_encode($s->getData()), ' ', json_encode((new Sync(scratch($class)))->getData()), "\n";
    var_dump(isset($s->list[3]), isset($s->n), count($s));
    unset($s->n);
    var_dump(isset($s->n), $s->has('n'));
    try {
        $reference = &$s->list;
        echo "a reference\n";
    } catch (Error $e) {
        echo get_class($e), ': ', $e->getMessage(), "\n";
    }
    try {
        $s->own .= 'x';
    } catch (Error $e) {
        echo $e->getMessage(), "\n";
    }
    $s->own = 'its own';
    var_dump($s->has('own'));
    // Where there is none, methods say null, whatever the type.
    $s->remove('n');
    var_dump($s->getMultiple(['n'])['n'], $s->update('n', fn ($n) => $n ?? 7), $s->pull('n'), $s->add('n', 1), $s->increment('n'));
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
{"list":[1,2,3,4],"map":{"k":2,"deep":{"er":["x"]},"late":"y"},"n":7} {"list":[1,2,3,4],"map":{"k":2,"deep":{"er":["x"]},"late":"y"},"n":7}
bool(true)
bool(true)
int(3)
bool(false)
bool(false)
Error: Cannot make a reference to ->list in a Sync object, which lives in shared memory: copy it, change the copy and assign that: $copy = $sync->list; …; $sync->list = $copy; (between lock() and unlock() where others write it, too)
Typed property A::$own must not be accessed before initialization
bool(false)
NULL
int(7)
int(7)
bool(true)
int(2)
{"list":[1,2,3,4],"map":{"k":2,"deep":{"er":["x"]},"late":"y"},"n":7} {"list":[1,2,3,4],"map":{"k":2,"deep":{"er":["x"]},"late":"y"},"n":7}
bool(true)
bool(true)
int(3)
bool(false)
bool(false)
Error: Cannot make a reference to ->list in a Sync object, which lives in shared memory: copy it, change the copy and assign that: $copy = $sync->list; …; $sync->list = $copy; (between lock() and unlock() where others write it, too)
Typed property A::$own must not be accessed before initialization
bool(false)
NULL
int(7)
int(7)
bool(true)
int(2)
{"list":[1,2,3,4],"map":{"k":2,"deep":{"er":["x"]},"late":"y"},"n":7} {"list":[1,2,3,4],"map":{"k":2,"deep":{"er":["x"]},"late":"y"},"n":7}
bool(true)
bool(true)
int(3)
bool(false)
bool(false)
Error: Cannot make a reference to ->list in a Sync object, which lives in shared memory: copy it, change the copy and assign that: $copy = $sync->list; …; $sync->list = $copy; (between lock() and unlock() where others write it, too)
Typed property A::$own must not be accessed before initialization
bool(false)
NULL
int(7)
int(7)
bool(true)
int(2)
