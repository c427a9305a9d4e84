--TEST--
An operator in which a fiber is suspended ends with the request, however the request ends
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

copy(__DIR__ . '/../include/suspends.inc', scratch_file('suspends.inc'));
scratch_page(<<<'PHP'
    <?php
    require __DIR__ . '/suspends.inc';
    ini_set('display_errors', '0');
    $s = new Sync(STORES . '/store');
    $kind = $_GET['do'];
    if ($kind !== 'look') {
        $fiber = new Fiber(function () use ($s, $kind) {
            $s->text .= new Suspends($kind, function () use ($kind) {
                match ($kind) {
                    'fatal error inside' => trigger_error('meant', E_USER_ERROR),
                    'memory limit inside' => str_repeat('x', 1 << 40),
                    'exit inside' => exit,
                    default => null,
                };
            });
        });
        // The cycle delays the fiber's destruction, perhaps beyond the request.
        $GLOBALS['cycle'] = [&$GLOBALS['cycle'], $fiber];
        $fiber->start();
        match ($kind) {
            'fatal error outside' => trigger_error('meant', E_USER_ERROR),
            'memory limit outside' => str_repeat('x', 1 << 40),
            'exit outside' => exit,
            'uncaught' => throw new Exception,
            'end' => null,
        };
        exit;
    }
    try {
        $s->text .= getmypid() . ' ';
        echo $s->text;
    } catch (SyncException $e) {
        echo $e->getMessage();
    }
    PHP);
$server = web_server(scratch_directory());
$texts = [];
$kinds = ['end', 'uncaught', 'exit inside', 'exit outside', 'fatal error inside', 'fatal error outside'];
if (getenv('USE_ZEND_ALLOC') !== '0') {
    // Under valgrind there is no memory limit.
    array_push($kinds, 'memory limit inside', 'memory limit outside');
}
foreach ($kinds as $kind) {
    @$server('do=' . rawurlencode($kind));
    $text = $server('do=look');
    $texts[] = $text;
}
// The text holds only the pid of the one server process, once for each request that appended.
foreach ($texts as $n => $text) {
    $pids = explode(' ', trim($text));
    echo count($pids) === $n + 1 && count(array_unique($pids)) === 1 && is_numeric($pids[0]) ? '' : "{$kinds[$n]}: $text\n";
}
// Another process can write, too.
$s = new Sync(scratch());
$s->text = 'nobody is kept out';
echo $s->text, "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
nobody is kept out
