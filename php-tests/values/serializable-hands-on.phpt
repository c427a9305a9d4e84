--TEST--
A Serializable object may change, release, store and serialize the values that it sees while it is read or stored
--INI--
error_reporting=E_ALL & ~E_DEPRECATED
--FILE--
<?php
require __DIR__ . '/round-trip.inc';

class Old implements Serializable
{
    public static ?Closure $onRead = null;
    public static ?Closure $onWrite = null;
    public $value;

    public function __construct(mixed $value = null)
    {
        $this->value = $value;
    }

    public function serialize()
    {
        (self::$onWrite)($this);
        return serialize($this->value);
    }

    public function unserialize($data)
    {
        $this->value = unserialize($data);
        (self::$onRead)($this);
    }
}
#[AllowDynamicProperties]
class Parented
{
    public $children = [];
    public $other;
}
class Destructed
{
    public function __destruct()
    {
        echo " destructed\n";
    }
}
class Waking
{
    public $inside;

    // In both of these hooks PHP keeps nested serialize() calls apart.
    public function __serialize(): array
    {
        global $s, $other;
        $s->kept = [$other, new Old($other)];
        return [];
    }

    public function __unserialize(array $data): void
    {
        global $s;
        $kept = $s->kept;
        $this->inside = $kept[0] === $kept[1]->value;
    }
}
$s = new Sync(scratch());
$nothing = fn () => null;
Old::$onWrite = $nothing;
$o = new Parented;
$o->children = [new Old($o), 'two', new Old($o), [new Old([$o])]];
$o->other = [1, 2, 3];
$s->x = $o;
$kept = [];
$ways = [
    'add' => function ($old) {
        if ($old->value instanceof Parented) {
            $old->value->children[] = $old;
            for ($i = 0; $i < 100; $i++) {
                $old->value->{"dynamic$i"} = [$i];
            }
        }
    },
    'take away' => function ($old) {
        if ($old->value instanceof Parented) {
            $old->value->children = null;
            $old->value->other = null;
        }
        $old->value = null;
    },
    'unset' => function ($old) {
        if ($old->value instanceof Parented) {
            unset($old->value->children, $old->value->other);
        }
        unset($old->value);
        gc_collect_cycles();
    },
    'reference' => function ($old) use (&$kept) {
        if ($old->value instanceof Parented) {
            $kept[] = &$old->value->children;
        }
        $kept[] = &$old->value;
    },
    'store' => function ($old) use ($s) {
        static $depth = 0;
        if ($depth++ === 0) {
            $s->y = [$old->value, $old];
            $read = $s->y;
            var_dump($read[0] === $read[1]->value);
        }
    },
    'serialize' => function ($old) {
        $GLOBALS['text'] = strlen(serialize([1, 2, 3])) . unserialize('s:4:"text";') . json_encode(@unserialize('a:1:{i:0;r:999;}'));
    },
    'in a fiber' => function ($old) {
        $fiber = new Fiber(function () use ($old) {
            Fiber::suspend();
            $old->others = 'by a fiber';
        });
        $fiber->start();
        $fiber->resume();
    },
];
foreach ($ways as $way => Old::$onRead) {
    $read = $s->x;
    echo "$way: ", get_class($read), ' ', is_array($read->children ?? null) ? count($read->children) : 'none', "\n";
    unset($read);
    $kept = [];
    gc_collect_cycles();
}
echo $text, "\n";

// A value that changes while it is stored is stored as the encoder finds it.
Old::$onRead = $nothing;
$list = [1, $p = new Parented, new Old($p), new Old($p)];
Old::$onWrite = function ($old) use (&$list, $s) {
    $old->value->other = 'late';
    $list = null;
    $s->before = 'written meanwhile';
    gc_collect_cycles();
};
$s->list = $list;
Old::$onWrite = $nothing;
$read = $s->list;
var_dump($list, count($read), $read[1] === $read[2]->value, $read[1] === $read[3]->value, $read[1]->other, $s->before);

// A handler that throws leaves nothing behind, and no destructor of a half-made object runs.
$s->x = [new Old(new Destructed), new Destructed, new Old('last')];
unset($list, $p);
echo "stored\n";
foreach ([0, 1] as $when) {
    Old::$onRead = function () use (&$when) {
        $when-- === 0 && throw new DomainException('from unserialize');
    };
    attempt(fn () => $s->x);
    $other = [$object = new stdClass, new Old($object), new Old($object)];
    $n = $when + 1;
    Old::$onWrite = function () use (&$n) {
        $n-- === 0 && throw new DomainException('from serialize');
    };
    attempt(fn () => $s->y = $other);
    Old::$onWrite = $nothing;
}
Old::$onRead = $nothing;
echo "whole:\n";
$read = $s->x;
unset($read);

// Within serialize() and unserialize() themselves, whatever PHP is in the middle of.
$other = new stdClass;
Old::$onWrite = function () use ($s, $other, &$depth) {
    if (!$depth++) {
        $s->z = [$other, new Old($other)];
    }
};
$text = serialize([$other, new Old($other), $other]);
Old::$onWrite = $nothing;
Old::$onRead = function () use ($s) {
    static $depth = 0;
    if (!$depth++) {
        $z = $s->z;
        var_dump($z[0] === $z[1]->value);
    }
};
$read = unserialize($text);
var_dump($read[0] === $read[1]->value, $read[0] === $read[2]);
Old::$onRead = $nothing;
var_dump(unserialize(serialize([new Waking, $other, new Old($other)]))[0]->inside);

// Fibers that are suspended in the middle and resumed in another order.
$fibers = [];
foreach (['a', 'b', 'c'] as $name) {
    $fibers[$name] = new Fiber(function () use ($name, $s) {
        $s->$name = [$object = (object) ['name' => $name], new Old($object)];
        $read = $s->$name;
        echo $name, ': ', $read[0]->name, $read[1]->value->name ?? ' nothing', "\n";
    });
}
Old::$onWrite = Old::$onRead = fn () => Fiber::getCurrent() && Fiber::suspend();
foreach ($fibers as $fiber) {
    $fiber->start();
}
foreach (['a', 'c', 'b', 'b', 'a', 'c'] as $name) {
    $fibers[$name]->isTerminated() || $fibers[$name]->resume();
}
// A fiber that is resumed while PHP serializes.
class Resuming
{
    public function __serialize(): array
    {
        $GLOBALS['fiber']->resume();
        return [];
    }

    public function __wakeup()
    {
        $GLOBALS['fiber']->resume();
    }
}
$fiber = new Fiber(function () use ($s) {
    $s->f = [$object = new stdClass, new Old($object)];
    $read = $s->f;
    var_dump($read[0] === $read[1]->value);
});
$fiber->start();
$object = new stdClass;
$text = serialize([$object, $object, new Resuming, $object]);
echo $text, "\n";
$read = unserialize($text);
var_dump($read[0] === $read[3], $fiber->isTerminated());
// A fiber that is never resumed.
$fiber = new Fiber(function () use ($s) {
    $s->d = [$object = new stdClass, new Old($object)];
});
$fiber->start();
unset($fiber, $fibers);
gc_collect_cycles();
$object = new stdClass;
Old::$onWrite = Old::$onRead = $nothing;
$s->e = [$object, new Old($object)];
$read = $s->e;
var_dump($read[0] === $read[1]->value, isset($s->d));
$read = unserialize(serialize([$object, $object, new Old($object)]));
var_dump($read[0] === $read[1], $read[0] === $read[2]->value, serialize([1, $object, $object]));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
add: Parented 6
take away: Parented none
unset: Parented none
reference: Parented 4
bool(true)
store: Parented 4
serialize: Parented 4
in a fiber: Parented 4
30textfalse
NULL
int(4)
bool(true)
bool(true)
NULL
string(17) "written meanwhile"
 destructed
 destructed
stored
DomainException: from unserialize
 destructed
DomainException: from serialize
 destructed
DomainException: from unserialize
DomainException: from serialize
whole:
 destructed
 destructed
bool(true)
bool(true)
bool(true)
bool(true)
b: bb
a: aa
c: cc
a:4:{i:0;O:8:"stdClass":0:{}i:1;r:2;i:2;O:8:"Resuming":0:{}i:3;r:2;}
bool(true)
bool(true)
bool(true)
bool(true)
bool(false)
bool(true)
bool(true)
string(45) "a:3:{i:0;i:1;i:1;O:8:"stdClass":0:{}i:2;r:3;}"