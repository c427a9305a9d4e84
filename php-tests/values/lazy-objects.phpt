--TEST--
Lazy objects are stored as serialize writes them: initialised first, unless they were made to skip that
--SKIPIF--
<?php
if (PHP_VERSION_ID < 80400) die('skip lazy objects came with PHP 8.4');
?>
--FILE--
<?php
require __DIR__ . '/round-trip.inc';

class Heavy
{
    public $a = 1;
    public ?string $b = null;
    public int $typed;

    public function __construct()
    {
        $this->a = 2;
        $this->b = 'made';
    }
}
class Sleeping extends Heavy
{
    public function __sleep()
    {
        return ['a', 'typed'];
    }
}
class Custom extends Heavy
{
    public function __serialize(): array
    {
        return [$this->b];
    }

    public function __unserialize(array $data): void
    {
        $this->b = $data[0];
    }
}
/** Compares a new object after serialize() with another one after Sync. */
function becomes(string $what, Closure $make): void
{
    $s = new Sync(scratch());
    $ways = [fn () => unserialize(serialize($make())), function () use ($s, $make) {
        $s->x = $make();
        return $s->x;
    }];
    [$expected, $actual] = array_map(function (Closure $way) {
        $raised = '';
        set_error_handler(function (int $level, string $message) use (&$raised) {
            $raised .= '(' . str_replace('serialize(): ', '', $message) . ') ';
            return true;
        });
        $became = outcome(fn () => serialize($way()));
        restore_error_handler();
        return $raised . $became;
    }, $ways);
    echo "$what: ", $actual === $expected ? $actual : "$actual\n  EXPECTED: $expected", "\n";
}
const SKIP = ReflectionClass::SKIP_INITIALIZATION_ON_SERIALIZE;
foreach ([Heavy::class, Sleeping::class, Custom::class] as $class) {
    $reflection = new ReflectionClass($class);
    $ghost = fn (int $options = 0) => $reflection->newLazyGhost(fn ($o) => $o->__construct(), $options);
    $proxy = fn (int $options = 0) => $reflection->newLazyProxy(fn () => new $class, $options);
    becomes("$class, ghost", fn () => $ghost());
    becomes("$class, proxy", fn () => $proxy());
    becomes("$class, ghost that skips", fn () => $ghost(SKIP));
    becomes("$class, proxy that skips", fn () => $proxy(SKIP));
    foreach ([$ghost, $proxy] as $make) {
        becomes("$class, initialised", function () use ($make) {
            $o = $make();
            $o->a = 5;
            return $o;
        });
        becomes("$class, partly", function () use ($make, $reflection) {
            $o = $make(SKIP);
            $reflection->getProperty('a')->setRawValueWithoutLazyInitialization($o, 7);
            return $o;
        });
    }
    becomes("$class, inside of another value", fn () => ['list' => [$ghost(), $proxy()]]);
    becomes("$class, an exception", fn () => $reflection->newLazyGhost(fn () => throw new Exception('not today')));
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
Heavy, ghost: O:5:"Heavy":2:{s:1:"a";i:2;s:1:"b";s:4:"made";}
Heavy, proxy: O:5:"Heavy":2:{s:1:"a";i:2;s:1:"b";s:4:"made";}
Heavy, ghost that skips: O:5:"Heavy":2:{s:1:"a";i:1;s:1:"b";N;}
Heavy, proxy that skips: O:5:"Heavy":2:{s:1:"a";i:1;s:1:"b";N;}
Heavy, initialised: O:5:"Heavy":2:{s:1:"a";i:5;s:1:"b";s:4:"made";}
Heavy, partly: O:5:"Heavy":2:{s:1:"a";i:7;s:1:"b";N;}
Heavy, initialised: O:5:"Heavy":2:{s:1:"a";i:5;s:1:"b";s:4:"made";}
Heavy, partly: O:5:"Heavy":2:{s:1:"a";i:7;s:1:"b";N;}
Heavy, inside of another value: a:1:{s:4:"list";a:2:{i:0;O:5:"Heavy":2:{s:1:"a";i:2;s:1:"b";s:4:"made";}i:1;O:5:"Heavy":2:{s:1:"a";i:2;s:1:"b";s:4:"made";}}}
Heavy, an exception: Exception: not today
Sleeping, ghost: O:8:"Sleeping":1:{s:1:"a";i:2;}
Sleeping, proxy: O:8:"Sleeping":1:{s:1:"a";i:2;}
Sleeping, ghost that skips: ("a" returned as member variable from __sleep() but does not exist) O:8:"Sleeping":1:{s:1:"a";i:1;}
Sleeping, proxy that skips: ("a" returned as member variable from __sleep() but does not exist) O:8:"Sleeping":1:{s:1:"a";i:1;}
Sleeping, initialised: O:8:"Sleeping":1:{s:1:"a";i:5;}
Sleeping, partly: O:8:"Sleeping":1:{s:1:"a";i:7;}
Sleeping, initialised: O:8:"Sleeping":1:{s:1:"a";i:5;}
Sleeping, partly: O:8:"Sleeping":1:{s:1:"a";i:7;}
Sleeping, inside of another value: a:1:{s:4:"list";a:2:{i:0;O:8:"Sleeping":1:{s:1:"a";i:2;}i:1;O:8:"Sleeping":1:{s:1:"a";i:2;}}}
Sleeping, an exception: Exception: not today
Custom, ghost: O:6:"Custom":1:{i:0;s:4:"made";}
Custom, proxy: O:6:"Custom":1:{i:0;s:4:"made";}
Custom, ghost that skips: O:6:"Custom":1:{i:0;s:4:"made";}
Custom, proxy that skips: O:6:"Custom":1:{i:0;s:4:"made";}
Custom, initialised: O:6:"Custom":1:{i:0;s:4:"made";}
Custom, partly: O:6:"Custom":1:{i:0;s:4:"made";}
Custom, initialised: O:6:"Custom":1:{i:0;s:4:"made";}
Custom, partly: O:6:"Custom":1:{i:0;s:4:"made";}
Custom, inside of another value: a:1:{s:4:"list";a:2:{i:0;O:6:"Custom":1:{i:0;s:4:"made";}i:1;O:6:"Custom":1:{i:0;s:4:"made";}}}
Custom, an exception: Exception: not today
