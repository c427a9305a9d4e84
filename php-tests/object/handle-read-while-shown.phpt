--TEST--
A handle that other code reads while its store is being shown is shown with its values afterwards, as any other
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

class Hook
{
    public $does;

    function __wakeup()
    {
        ($GLOBALS[$this->does])();
    }
}
$s = new Sync(scratch());
$s->data = 42;
$s->handle = $s;
$suspend = fn () => Fiber::suspend();
$keys = fn (Sync $handle) => implode(' ', array_keys(json_decode(json_encode($handle), true)));

// By the main program, while a fiber is in the middle of showing it.
$hook = new Hook;
$hook->does = 'suspend';
$s->hook = $hook;
$fiber = new Fiber(fn () => json_encode($s));
$fiber->start();
$meanwhile = $s->handle;
$fiber->resume();
$s->hook = null;
echo 'while a fiber shows it: ', $keys($meanwhile), "\n";
echo 'by the fiber: ', json_decode($fiber->getReturn())->handle->file === scratch() ? 'its file' : 'its values', "\n";

// By a hook that runs for one of its values.
$hook->does = 'reads';
$reads = function () use ($s, &$byHook) {
    $byHook = [$s->handle, $s->get('handle')];
};
$s->hook = $hook;
json_encode($s);
$s->hook = null;
foreach ($byHook as $handle) {
    echo 'by a hook: ', $keys($handle), "\n";
}

// By the end of a program that a hook has left.
$hook->does = 'leaves';
$leaves = fn () => exit;
$s->hook = $hook;
register_shutdown_function(function () use ($s, $keys) {
    $handle = $s->handle;
    $s->hook = null;
    echo 'when the program ends: ', $keys($handle), "\n";
});
json_encode($s);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
while a fiber shows it: data handle hook
by the fiber: its file
by a hook: data handle hook
by a hook: data handle hook
when the program ends: data handle hook
