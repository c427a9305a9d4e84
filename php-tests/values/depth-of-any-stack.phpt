--TEST--
A value nested deeper than the stack allows is an exception on every stack: in fibers of any size, however much of it is in use
--INI--
unserialize_max_depth=0
zend.max_allowed_stack_size=-1
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

function nested(int $depth, string $kind): mixed
{
    $value = 1;
    while ($depth-- > 0) {
        $value = match ($kind) {
            'list' => [$value],
            'map' => ['k' => $value],
            'pairs' => [$value, 1],
            'object' => (object) ['v' => $value],
        };
    }
    return $value;
}
/** Runs `$do` below that many nested calls of callbacks by the engine. */
function under(int $calls, Closure $do): mixed
{
    return $calls > 0 ? array_map(fn () => under($calls - 1, $do), [1])[0] : $do();
}
/** Runs every operation that traverses a whole value. */
function all_ways(string $kind, int $depth): string
{
    $path = scratch("$kind$depth");
    $ways = [
        'read' => fn ($s) => $s->x,
        'write' => fn ($s) => $s->y = $s->x,
        'change' => function ($s) {
            $s->x[] = 1;
        },
        'getData' => fn ($s) => $s->getData(),
        'foreach' => function ($s) {
            foreach ($s as $value);
        },
        'an array of all' => fn ($s) => (array) $s,
        'clone' => fn ($s) => (clone $s)->get('x'),
    ];
    $told = '';
    foreach ($ways as $way => $do) {
        try {
            $do(new Sync($path));
        } catch (SyncException $e) {
            $told .= str_contains($e->getMessage(), 'the stack that is left can bear') ? '' : $e->getMessage();
        } catch (Error $e) {
            // Objects cannot be used as arrays; and PHP has a stack limit of its own, from 8.3 on.
            $told .= $way === 'change' || str_contains($e->getMessage(), 'Maximum call stack size') ? '' : $e->getMessage();
        }
        gc_collect_cycles();
    }
    return $told;
}
/** Runs `$body` in a process of its own and says how that ended. */
function apart(string $what, Closure $body): void
{
    $end = Peer::fork($body)->end();
    echo $end === 'exit 0' ? '' : "$what: $end\n";
}
$depths = [20, 90, 1000, 4000];
foreach (['list', 'map', 'pairs', 'object'] as $kind) {
    foreach ($depths as $depth) {
        (new Sync(scratch("$kind$depth")))->set("x", nested($depth, $kind));
    }
}
$sizes = [48 << 10, 128 << 10, 512 << 10, 2 << 20, 8 << 20];
foreach ($sizes as $size) {
    ini_set('fiber.stack_size', $size);
    foreach ([0, 10, 60, 700, 3000] as $calls) {
        // The engine itself needs this much of the stack for the calls.
        if ($calls * 900 + (20 << 10) > $size) {
            continue;
        }
        foreach (['list', 'map', 'pairs', 'object'] as $kind) {
            apart("$size bytes, $calls calls, $kind", function () use ($calls, $kind, $depths) {
                foreach ($depths as $depth) {
                    $told = '';
                    $fiber = new Fiber(function () use ($calls, $kind, $depth, &$told) {
                        try {
                            $told = under($calls, fn () => all_ways($kind, $depth));
                        } catch (Error $e) {
                            $told = str_contains($e->getMessage(), 'Maximum call stack size') ? '' : $e->getMessage();
                        }
                    });
                    try {
                        $fiber->start();
                    } catch (Error $e) {
                        // (Of the smallest stack, PHP leaves nothing to run a function on, from 8.3 on.)
                        $told = str_contains($e->getMessage(), 'Maximum call stack size') ? '' : $e->getMessage();
                    }
                    if ($told !== '') {
                        echo "$told\n";
                    }
                }
            });
        }
    }
}
// On the main program's stack, in a fiber started by a fiber, and where the value is freed elsewhere.
apart('the main program', function () {
    echo under(2000, fn () => all_ways('object', 4000));
});
apart('a fiber in a fiber', function () {
    $outer = new Fiber(function () {
        ini_set('fiber.stack_size', 256 << 10);
        $inner = new Fiber(fn () => under(100, fn () => all_ways('list', 4000) . all_ways('object', 1000)));
        $inner->start();
        echo $inner->getReturn();
    });
    $outer->start();
});
apart('an object whose values a small fiber frees', function () {
    $s = new Sync(scratch('list4000'));
    $s->x;
    $t = new Sync(scratch('other'));
    $t->y = nested(4000, 'list');
    // (From 8.3 on PHP runs nothing on the smallest one.)
    ini_set('fiber.stack_size', PHP_VERSION_ID < 80300 ? 48 << 10 : 128 << 10);
    $fiber = new Fiber(function () use (&$s, &$t) {
        $s = $t = null;
    });
    $fiber->start();
});
echo "done\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
done
