<?php
/* 4 2 8: a request that ends in the middle of an operator, in any way, blocks no other thread. */
require __DIR__ . '/include.inc';

/** Converting it to a string ends the request, or throws, or works. */
class Text
{
    function __construct(private int $way) {}

    function __toString(): string
    {
        switch ($this->way) {
            case 0: return 'x';
            case 1: throw new LogicException('thrown');
            case 2: exit;
            case 3:
                ini_set('memory_limit', '8M');
                str_repeat('x', 64 << 20);
                // There is no limit where the engine does not manage its memory itself (USE_ZEND_ALLOC=0).
            case 4: trigger_error('meant', E_USER_ERROR);
            case 5: Fiber::suspend();
        }
        return '';
    }
}

ini_set('display_errors', '0');
ini_set('log_errors', '0');
run(
    before: fn () => (new Sync(scratch()))->setData((object) ['text' => '', 'map' => ['text' => '']]),
    each: function (int $thread, int $request, int $generation) {
        $s = new Sync(scratch());
        for ($i = 0; $i < 50; $i++) {
            $s->text .= new Text(0);
            $s->map['text'] .= new Text(0);
        }
        same('LogicException: thrown', thrown(fn () => $s->text .= new Text(1)), 'what is thrown in an operator');
        $s->lock();
        same('LogicException: thrown', thrown(fn () => $s->map['text'] .= new Text(1)), 'what is thrown in an operator');
        $s->unlock();
        $way = ($thread + $request) % 4 + 2;
        $way === 3 || $way === 4 ? fatal_is_meant() : null;
        if ($way === 5) {
            $fiber = new Fiber(function () use ($s) {
                $s->text .= new Text(5);
            });
            $fiber->start();
        } elseif ($request % 2) {
            $s->text .= new Text($way);
        } else {
            $s->map['text'] .= new Text($way);
        }
    },
    after: function () {
        $s = new Sync(scratch());
        same(4 * 2 * 8 * 50, strlen($s->text), 'the text');
        same(4 * 2 * 8 * 50, strlen($s->map['text']), 'the text in a map');
    },
);
