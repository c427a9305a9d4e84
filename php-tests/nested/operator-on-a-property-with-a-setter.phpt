--TEST--
An operator on a property that a stored object does not have calls __set only where there is a __get as well, as PHP does
--FILE--
<?php
require __DIR__ . '/../include/twice.inc';

#[AllowDynamicProperties]
class Setter
{
    private $hidden = 5;
    public function __set($name, $value)
    {
        trigger_error("set $name");
    }
}
class Getter
{
    public function __get($name)
    {
        trigger_error("get $name");
        return 3;
    }
}
class Both extends Getter
{
    public function __set($name, $value)
    {
        trigger_error("set $name");
    }
}
class GetsArrays extends Both
{
    public function __get($name)
    {
        trigger_error("get $name");
        return [1];
    }
}
#[AllowDynamicProperties]
class Free
{
}
class Closed
{
}
enum Suit
{
    case Hearts;
}
final readonly class Fixed
{
}
// (That a class without it has a dynamic property is told of at each reading.)
error_reporting(E_ALL & ~E_DEPRECATED);
$statements = [];
foreach (['$o->a->', '$o->l["k"][0]->'] as $at) {
    foreach (['missing', 'hidden', '{""}', '{"1"}'] as $name) {
        foreach (['P++', '++P', 'P--', '--P', 'P += 2', 'P .= "x"', 'P ??= 1', 'P = 1', 'P[] = 1', 'P["k"]++'] as $operator) {
            $statements[] = str_replace('P', $at . $name, $operator);
        }
    }
}
foreach ([Setter::class, Getter::class, Both::class, GetsArrays::class, Free::class, Closed::class, Fixed::class] as $class) {
    echo $class, ': ';
    done_twice(function (object $o) use ($class) {
        $o->a = new $class;
        $o->l = ['k' => [new $class]];
    }, $statements);
}
echo 'An enum: ';
done_twice(fn (object $o) => $o->a = Suit::Hearts, ['$o->a->missing++', '$o->a->missing .= "x"', '$o->a->name++', '$o->a->name .= "x"']);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
Setter: 80 statements
Getter: 80 statements
Both: 80 statements
GetsArrays: 80 statements
Free: 80 statements
Closed: 80 statements
Fixed: 80 statements
An enum: 4 statements
