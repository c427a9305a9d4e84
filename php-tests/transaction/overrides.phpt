--TEST--
Transactions, and methods for several names, go through what a subclass overrides
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

class Encoding extends Sync
{
    public function get($name, $default = null)
    {
        $value = parent::get($name);
        return $value === null ? $default : base64_decode($value);
    }

    public function set($name, $value)
    {
        return parent::set($name, base64_encode($value));
    }
}
$s = new Encoding(scratch());
$plain = new Sync(scratch());
$s->transaction(fn ($s) => $s->x = 'over');
echo "encoded: $plain->x\n$s->x\n";
$s->setMultiple(['y' => 'two', 'z' => 'three']);
echo json_encode([$s->x, $s->y, $s->z]), "\n";

class Telling extends Sync
{
    public static $calls = [];

    public function set($name, $value)
    {
        self::$calls[] = "set $name";
        return parent::set($name, $value);
    }

    public function remove($name)
    {
        self::$calls[] = "remove $name";
        return parent::remove($name);
    }

    public static function told(): void
    {
        echo implode(', ', self::$calls), "\n";
        self::$calls = [];
    }
}
$t = new Telling(scratch('telling'));
$t->setMultiple(['a' => '1', 'b' => '2']);
Telling::told();
echo json_encode([$t->a, $t->b]), "\n";
$t->removeMultiple(['a', 'nobody']);
Telling::told();
$t->clear();
Telling::told();
var_dump(count($t));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
encoded: b3Zlcg==
over
["over","two","three"]
set a, set b
["1","2"]
remove a, remove nobody
remove b
int(0)
