--TEST--
A fatal error, a limit or exit() in the middle of writing or reading leaves the store whole and usable
--FILE--
<?php
require __DIR__ . '/round-trip.inc';

$child = <<<'PHP'
    ini_set('display_errors', 0);
    ini_set('log_errors', 0);
    ini_set('memory_limit', '64M');
    [, $file, $when, $how] = $argv;
    class Hook
    {
        public $inner;

        function __serialize(): array
        {
            stop('write');
            return ['inner' => new ArrayObject([1])];
        }

        function __unserialize(array $data): void
        {
            stop('read');
            $this->inner = $data['inner'];
        }
    }
    function stop(string $now): void
    {
        global $when, $how;
        if ($now === $when) {
            match ($how) {
                'error' => trigger_error('fatal', E_USER_ERROR),
                // Under valgrind there is no memory limit.
                'memory' => getenv('USE_ZEND_ALLOC') === '0' ? trigger_error('meant', E_USER_ERROR) : str_repeat('a', 1 << 30),
                'time' => [set_time_limit(1), (function () { while (true); })()],
                'exit' => exit(3),
            };
        }
    }
    $s = new Sync($file);
    $s->x = 'before';
    $value = [['k' => [1, new ArrayObject(['deep'])], 'hook' => new Hook, 'another' => [new Hook]]];
    register_shutdown_function(function () use ($s, $file, $parent, &$when) {
        $when = null;
        $other = new Sync($file);
        $s->y = [new Hook];
        $parent->tell(json_encode([$other->x, $s->y[0]->inner]));
    });
    if ($when === 'read') {
        $when = null;
        $s->x = $value;
        $when = 'read';
        $s->x;
    }
    $s->x = $value;
    PHP;
foreach (['write', 'read'] as $when) {
    foreach (['error', 'memory', 'time', 'exit'] as $how) {
        $peer = Peer::php($child, scratch(), $when, $how);
        echo "$when, $how: ", $peer->hear(), ', ', $peer->end(), "\n";
    }
}
$s = new Sync(scratch());
$s->x = 'after';
var_dump($s->x);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
write, error: ["before",{"0":1}], exit 255
write, memory: ["before",{"0":1}], exit 255
write, time: ["before",{"0":1}], exit 255
write, exit: ["before",{"0":1}], exit 3
read, error: [[{"k":[1,{"0":"deep"}],"hook":{"inner":{"0":1}},"another":[{"inner":{"0":1}}]}],{"0":1}], exit 255
read, memory: [[{"k":[1,{"0":"deep"}],"hook":{"inner":{"0":1}},"another":[{"inner":{"0":1}}]}],{"0":1}], exit 255
read, time: [[{"k":[1,{"0":"deep"}],"hook":{"inner":{"0":1}},"another":[{"inner":{"0":1}}]}],{"0":1}], exit 255
read, exit: [[{"k":[1,{"0":"deep"}],"hook":{"inner":{"0":1}},"another":[{"inner":{"0":1}}]}],{"0":1}], exit 3
string(5) "after"
