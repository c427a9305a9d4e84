--TEST--
Where an object that cannot be stored lies inside of a value, the message says the way to it
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

class Parts
{
    public $public;
    protected $protected;
    private $private;
    public ?Closure $typed = null;
    public ?self $next = null;

    public function with(mixed ...$values): static
    {
        foreach ($values as $name => $value) {
            $this->$name = $value;
        }
        return $this;
    }
}
#[AllowDynamicProperties]
class Dynamic extends Parts
{
}
class Own
{
    public $closure;

    public function __serialize(): array
    {
        return [$this->closure = fn () => 1];
    }
}
class Sleeper
{
    public $closure;

    public function __sleep(): array
    {
        return ['closure'];
    }
}
$closure = fn () => 1;
$sleeper = new Sleeper;
$sleeper->closure = $closure;
$ring = new Parts;
$ring->with(next: $ring, public: [&$ring], private: ['k' => $closure]);
$behind = [1];
$reference = &$behind['ref'];
$reference = $closure;
$deep = $closure;
for ($i = 0; $i < 99; $i++) {
    $deep = [$deep];
}
$s = new Sync(scratch());
$s->map = ['a' => ['b' => (object) ['c' => 1]]];
$s->list = [1];
attempt(fn () => $s->a = $closure);
attempt(fn () => $s->a = ['b' => (object) ['c' => $closure]]);
attempt(fn () => $s->a = [1, [2, 3, [$closure]], (fn () => yield)()]);
attempt(fn () => $s->a = [-5 => new class {}]);
attempt(fn () => $s->a = (new Parts)->with(public: 1, protected: [$closure]));
attempt(fn () => $s->a = (new Parts)->with(private: $closure));
attempt(fn () => $s->a = (new Parts)->with(next: (new Parts)->with(typed: $closure)));
attempt(fn () => $s->a = (new Dynamic)->with(dynamic: ["it's" => $closure]));
attempt(fn () => $s->a = $ring);
attempt(fn () => $s->a = $behind);
attempt(fn () => $s->set('a', ['b' => $closure]));
attempt(fn () => $s->setData((object) ['x' => 1, 'y' => ['z' => $closure]]));
// In the value as the statement would make it; of a part that is put into one, without the way to that.
attempt(fn () => $s->map['a']['b']->c = $closure);
attempt(fn () => $s->map['a']['b']->d[] = [$closure]);
attempt(fn () => $s->list[] = ['k' => $closure]);
attempt(fn () => $s->push('list', ['k' => $closure]));
attempt(fn () => $s->list[] = $closure);
attempt(fn () => $s[] = ['k' => $closure]);
attempt(fn () => $s->compareAndSet('list', ['k' => $closure], 1));
// Methods of a class may have made it, or say which properties there are: those are not looked into.
attempt(fn () => $s->a = [new Own]);
attempt(fn () => $s->a = ['b' => $sleeper]);
attempt(fn () => $s->a = new ArrayObject([$closure]));
echo strlen((string) strstr(message(fn () => $s->a = $deep), '[0]')), ' ', strlen((string) strstr(message(fn () => $s->a = [[$deep]]), '[0]')), "\n";
var_dump((array) $s == ['map' => ['a' => ['b' => (object) ['c' => 1]]], 'list' => [1]]);

function message(Closure $body): string
{
    try {
        $body();
    } catch (SyncException $e) {
        return $e->getMessage();
    }
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
SyncException: Can't store property 'a' in '{dir}/store': Serialization of 'Closure' is not allowed
SyncException: Can't store property 'a' in '{dir}/store': Serialization of 'Closure' is not allowed: ['b']->c is a Closure
SyncException: Can't store property 'a' in '{dir}/store': Serialization of 'Closure' is not allowed: [1][2][0] is a Closure
SyncException: Can't store property 'a' in '{dir}/store': Serialization of 'class@anonymous' is not allowed: [-5] is a class@anonymous
SyncException: Can't store property 'a' in '{dir}/store': Serialization of 'Closure' is not allowed: ->protected[0] is a Closure
SyncException: Can't store property 'a' in '{dir}/store': Serialization of 'Closure' is not allowed: ->private is a Closure
SyncException: Can't store property 'a' in '{dir}/store': Serialization of 'Closure' is not allowed: ->next->typed is a Closure
SyncException: Can't store property 'a' in '{dir}/store': Serialization of 'Closure' is not allowed: ->dynamic['it's'] is a Closure
SyncException: Can't store property 'a' in '{dir}/store': Serialization of 'Closure' is not allowed: ->private['k'] is a Closure
SyncException: Can't store property 'a' in '{dir}/store': Serialization of 'Closure' is not allowed: ['ref'] is a Closure
SyncException: Can't store property 'a' in '{dir}/store': Serialization of 'Closure' is not allowed: ['b'] is a Closure
SyncException: Can't store property 'y' in '{dir}/store': Serialization of 'Closure' is not allowed: ['z'] is a Closure
SyncException: Can't store property 'map' in '{dir}/store': Serialization of 'Closure' is not allowed: ['a']['b']->c is a Closure
SyncException: Can't store property 'map' in '{dir}/store': Serialization of 'Closure' is not allowed: ['a']['b']->d[0][0] is a Closure
SyncException: Can't store property 'list' in '{dir}/store': Serialization of 'Closure' is not allowed: …['k'] is a Closure
SyncException: Can't store property 'list' in '{dir}/store': Serialization of 'Closure' is not allowed: …['k'] is a Closure
SyncException: Can't store property 'list' in '{dir}/store': Serialization of 'Closure' is not allowed
SyncException: Can't store a new property in '{dir}/store': Serialization of 'Closure' is not allowed: ['k'] is a Closure
SyncException: Can't compare property 'list' of '{dir}/store': Serialization of 'Closure' is not allowed: ['k'] is a Closure. No value in a store can be equal to the expected one: expect a value that can be stored.
SyncException: Can't store property 'a' in '{dir}/store': Serialization of 'Closure' is not allowed
SyncException: Can't store property 'a' in '{dir}/store': Serialization of 'Closure' is not allowed
SyncException: Can't store property 'a' in '{dir}/store': Serialization of 'Closure' is not allowed
310 0
bool(true)
