--TEST--
A lock ends with the process that holds it, however it ends
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$ends = [
    'at its end' => fn () => null,
    'exit' => fn () => exit(0),
    'a fatal error' => function () { ini_set('display_errors', '0'); ini_set('memory_limit', '8M'); str_repeat('x', 100_000_000); },
    'SIGTERM' => fn () => posix_kill(posix_getpid(), SIGTERM),
    'SIGKILL' => fn () => posix_kill(posix_getpid(), SIGKILL),
];
foreach ($ends as $how => $end) {
    $child = Peer::fork(function (Peer $parent) use ($end, $how) {
        $s = new Sync(scratch());
        $s->lock();
        $s->how = $how;
        $parent->tell('locked');
        $parent->hear();
        $end();
    });
    $child->hear();
    $child->tell('end');
    echo "$s->how\n";
    $child->end();
}
$child = Peer::php(<<<'PHP'
    ini_set('display_errors', '0');
    $s = new Sync($argv[1]);
    $s->lock()->set('how', 'an uncaught exception');
    $parent->tell('locked');
    throw new Exception;
    PHP, scratch());
$child->hear();
echo "$s->how\n";
$child->end();
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
at its end
exit
a fatal error
SIGTERM
SIGKILL
an uncaught exception
