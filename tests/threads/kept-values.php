<?php
/* 6 2 40: what threads keep from request to request is their own, and right, while others write it; superseded values live as long as a request has them. */
require __DIR__ . '/include.inc';

/** A value that tells which number it was made of. */
function table(int $number): array
{
    return ['number' => $number, 'text' => "number $number", 'list' => [$number, "$number", ['deep' => "deep $number"]]];
}

function values(): object
{
    return (object) [
        'table' => table(0), 'scheme' => 'kept-scheme', 'regex' => '/number (?<n>\d+)/', 'constant' => 'KEPT', 'names' => array_map(fn ($n) => "name$n", range(0, 49)),
    ];
}

class Wrapper
{
    public $context;
    private int $reads = 0;
    public function stream_open() { return true; }
    public function stream_read() { return $this->reads++ ? '' : 'read'; }
    public function stream_eof() { return $this->reads > 0; }
    public function stream_stat() { return []; }
}

class Statics
{
    public static array $kept = [];
}

ini_set('memory_limit', '64M');
run(
    before: fn () => (new Sync(scratch()))->setData(values()),
    each: function (int $thread, int $request) {
        $s = new Sync(scratch());
        // Engine and extensions have them until the very end of the request.
        stream_wrapper_register($s->scheme, Wrapper::class);
        stream_wrapper_register($dynamic = $s->scheme . $thread, Wrapper::class);
        same('readread', file_get_contents("$s->scheme://x") . file_get_contents("$dynamic://x"), 'what wrappers read');
        define($s->constant, $s->names);
        Statics::$kept = [$s->table, $s->names];
        $first = $s->table;
        for ($i = 0; $i < 30; $i++) {
            $table = $s->table;
            same(table($table['number']), $table, 'a table');
            same(1, preg_match($s->regex, $table['text'], $match), 'matches');
            same("$table[number]", $match['n'], 'a match');
            $name = $s->names[($thread * 7 + $i) % 50];
            same(true, in_array($s->$name, [null, $name], true), "the value of $name");
            if ($i % 5 === 0) {
                $s->$name = $name;
                $s->table = table($table['number'] + 1);
            }
            $table['list'][] = $thread;
            if ($i === 10 && $request % 8 === $thread) {
                // Others keep what they have of a file that is gone, or of values that are.
                if ($request % 2) {
                    $s->setData(values());
                } else {
                    (new Sync(scratch("new $thread")))->setData(values());
                    rename(scratch("new $thread"), scratch());
                }
            }
        }
        same(table($first['number']), $first, 'the first table');
        same(constant('KEPT'), array_map(fn ($n) => "name$n", range(0, 49)), 'a constant');
        same(table(Statics::$kept[0]['number']), Statics::$kept[0], 'a static property');
    },
);
