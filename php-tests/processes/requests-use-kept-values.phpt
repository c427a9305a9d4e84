--TEST--
Values that are kept from request to request are what the engine and its extensions take them for, whatever they do with them
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

file_put_contents(scratch('index.php'), <<<'PHP'
    <?php
    class Wrapper
    {
        public $context;
        private int $at = 0;
        function stream_open($path) { return true; }
        function stream_read($count) { return $this->at++ ? '' : 'read'; }
        function stream_eof() { return $this->at > 0; }
        function stream_stat() { return []; }
    }
    class Upper extends php_user_filter
    {
        function filter($in, $out, &$consumed, bool $closing): int
        {
            while ($bucket = stream_bucket_make_writeable($in)) {
                $bucket->data = strtoupper($bucket->data);
                $consumed += $bucket->datalen;
                stream_bucket_append($out, $bucket);
            }
            return PSFS_PASS_ON;
        }
    }
    class Holder
    {
        public static $value;
        public static array $values = [];
        public string $typed = '';
        public function __destruct() { echo strlen(self::$value) ? '' : 'lost'; }
    }
    $s = new Sync(__DIR__ . '/store');
    $kinds = [
        'wrapper' => function ($s) {
            stream_wrapper_register($s->wrapper, Wrapper::class);
            $dynamic = $s->wrapper . '2';
            stream_wrapper_register($dynamic, Wrapper::class);
            stream_filter_register($s->filter, Upper::class);
            $file = fopen('php://memory', 'r+');
            fwrite($file, $s->text);
            rewind($file);
            stream_filter_append($file, $s->filter);
            return file_get_contents("$s->wrapper://x") . file_get_contents("$dynamic://x") . stream_get_contents($file);
        },
        'regex' => fn ($s) => preg_replace($s->regex, $s->replacement, $s->text) . implode(preg_split($s->regex, $s->text)),
        'constants' => function ($s) {
            define($s->constant, $s->array);
            define('TEXT', $s->text);
            return json_encode([constant($s->constant), TEXT]);
        },
        'statics' => function ($s) {
            static $kept;
            Holder::$value = $s->text;
            Holder::$values[$s->text] = $s->array;
            Holder::$values += $s->array;
            $kept = $s->array;
            $GLOBALS['holder'] = new Holder;
            $GLOBALS['holder']->typed = $s->text;
            $GLOBALS[$s->name] = $s->array;
            return json_encode([Holder::$values, $kept]);
        },
        'settings' => function ($s) {
            ini_set('user_agent', $s->text);
            ini_set($s->setting, $s->text);
            date_default_timezone_set($s->zone);
            putenv($s->variable);
            header($s->header);
            setlocale(LC_ALL, $s->locale);
            return ini_get('user_agent') . ini_get($s->setting) . date_default_timezone_get() . getenv('SYNC_KEPT');
        },
        'references' => function ($s) {
            $array = $s->array;
            foreach ($array as $key => &$value) {
                if (is_array($value)) {
                    $value[] = $key;
                }
            }
            unset($value);
            $inner = &$array['list'];
            $inner[] = 'more';
            $copy = $s->array;
            $copy['list'][] = 1;
            array_walk_recursive($copy, function (&$value) { $value .= '.'; });
            $moved = $s->list;
            sort($moved);
            array_push($moved, 'end');
            array_splice($moved, 1, 1);
            [$a, $b] = $s->list;
            $swap = $s->list;
            [$swap[0], $swap[1]] = [$swap[1], $swap[0]];
            $string = $s->text;
            $string[0] = 'X';
            $string .= $s->text;
            extract($s->array);
            return json_encode([$array, $copy, $moved, $a, $b, $swap, $string, $map, $s->array, $s->list, $s->text]);
        },
        'generators' => function ($s) {
            $s->superseded = 'at first';
            $generator = (function () use ($s) {
                foreach ($s->list as $value) {
                    $sent = yield $value => $s->array;
                    $s->superseded = [$value, $sent];
                }
                yield from $s->list;
            })();
            $seen = [];
            foreach ($generator as $key => $value) {
                $seen[] = [$key, $value, $s->superseded];
            }
            return json_encode($seen);
        },
        'spl' => function ($s) {
            $object = new ArrayObject($s->array);
            $object['new'] = $s->text;
            foreach ($object as $key => $value) {
                $object[$key] = $value;
            }
            $object->ksort();
            $iterator = new RecursiveIteratorIterator(new RecursiveArrayIterator($s->array));
            $storage = new SplFixedArray(3);
            $storage[0] = $s->array;
            $heap = new SplMinHeap;
            $heap->insert($s->list);
            $heap->insert($s->array);
            $queue = SplFixedArray::fromArray($s->list);
            return json_encode([$object, iterator_to_array($iterator, false), $storage->toArray(), $heap->extract(), $queue]);
        },
        'superseded' => function ($s) {
            $list = $s->churn;
            $text = $s->churned;
            $in = [];
            foreach ($list as $i => $value) {
                $s->churn = [...$s->churn, "$i of " . count($s->churn)];
                $s->churned .= strlen($s->churned);
                $s->churn[] = $value;
                $in[] = $value;
            }
            $s->churn = $list;
            $s->churned = $text;
            return json_encode([$in, $text, $s->churn === $list, $s->churned === $text]);
        },
        'callables' => function ($s) {
            set_error_handler($s->handler);
            $before = set_exception_handler($s->handler);
            spl_autoload_register($s->handler, false);
            register_shutdown_function($s->handler, $s->text);
            header_register_callback($s->handler);
            $closure = Closure::fromCallable($s->handler);
            return json_encode([array_map($s->handler, $s->list), call_user_func_array($s->handler, $s->list), $closure($s->text)]);
        },
    ];
    function handle(...$arguments) { return json_encode(count($arguments)) . 'handled'; }
    $kind = $_GET['kind'];
    if (isset($kinds[$kind])) {
        header_remove();
        echo $kinds[$kind]($s);
        exit;
    }
    $kept = [$s->text, $s->array, $s->list];
    switch ($kind) {
        case 'memory':
            register_shutdown_function(function () use ($s, $kept) { $s->after = [$s->after ?? 0, $kept]; });
            $a = $s->array;
            while (true) { $a[] = [$s->array, str_repeat($s->text, 1000)]; }
        case 'fatal':
            $f = function () use ($s) { $s->superseded = [$s->text]; eval('abstract class A { final abstract function f(); }'); };
            $f();
        case 'timeout':
            set_time_limit(1);
            while (true) { $x = $s->array; $s->superseded = $s->text; }
        case 'shutdown':
            register_shutdown_function(function () use ($s) {
                $s->superseded = $s->array;
                echo json_encode([$s->superseded, $s->list]);
                throw new Exception($s->text);
            });
            exit;
        case 'buffer':
            ob_start(function ($out) use ($s) { $s->superseded = [$s->text => $out]; return json_encode($s->superseded); });
            echo $s->text;
            exit;
        case 'exchange':
            unset($s->text, $s->array);
            $s->array = $kept[1];
            $s->text = $kept[0];
            $s->destroy();
            $s->setData((object) unserialize(file_get_contents(__DIR__ . '/values')));
            exit(json_encode($kept));
    }
    PHP);
$values = [
    'wrapper' => 'kept-wrapper', 'filter' => 'kept.upper', 'text' => 'the text of this test', 'regex' => '/(t)(e)/u', 'replacement' => '<$2$1>',
    'constant' => 'KEPT_CONSTANT', 'array' => ['list' => [1, 'two', [3]], 'map' => ['a' => 1.5, 'b' => ['c' => null], 7 => true], 'text' => 'té'],
    'name' => 'kept_name', 'setting' => 'error_append_string', 'zone' => 'Europe/Madrid', 'variable' => 'SYNC_KEPT=kept', 'header' => 'X-Kept: yes',
    'locale' => 'C', 'list' => ['c', 'a', 'b', 'long enough to be on the heap'], 'handler' => 'handle', 'superseded' => 'at first',
    'churn' => ['x', 'y', 'z'], 'churned' => 'text ',
];
file_put_contents(scratch('values'), serialize($values));
$s = new Sync(scratch());
$s->setData((object) $values);
$log = scratch('log');
$server = web_server(scratch_directory(), ['-d', 'memory_limit=8M', '-d', 'display_errors=0', '-d', 'log_errors=0', '-d', 'report_memleaks=1', '-d', 'ignore_repeated_errors=0'], $log);
$first = [];
$kinds = ['wrapper', 'regex', 'constants', 'statics', 'settings', 'references', 'generators', 'spl', 'superseded', 'callables', 'shutdown', 'buffer', 'exchange', 'memory', 'fatal'];
for ($round = 1; $round <= 7; $round++) {
    foreach ($kinds as $kind) {
        $answer = @$server("kind=$kind");
        if ($answer === '' && !in_array($kind, ['memory', 'fatal'], true)) {
            echo "$kind, round $round: no answer\n";
        }
        $first[$kind] ??= $answer;
        if ($first[$kind] !== $answer) {
            echo "$kind, round $round:\n  $first[$kind]\n  ", var_export($answer, true), "\n";
        }
    }
    // Another order in each round.
    $kinds = [...array_slice($kinds, 4), ...array_slice($kinds, 0, 4)];
}
@$server('kind=timeout');
echo $server('kind=regex') === $first['regex'] ? "it is still there\n" : "it is gone\n";
echo preg_match('/leak|assert|freeing|corrupt/i', file_get_contents($log), $found) ? file_get_contents($log) : "and says nothing\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
it is still there
and says nothing
