--TEST--
An error handler that takes away the array in which a nested write acts: nothing is written into another array, and what the handler did stays
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

class Holder
{
    public static ?Holder $last = null;
    public mixed $map = ['x' => ['k' => 1]];

    public function __wakeup(): void
    {
        self::$last = $this;
    }
}

$s = new Sync(scratch());
$s->o = new Holder();
$stranger = ['victim' => scratch()];
$held = null;
set_error_handler(function (int $level, string $message) use ($stranger, &$held): bool {
    echo $message, "\n";
    Holder::$last->map = null;
    // An array as large as the one that was freed just now.
    $held = ["x$level" => $stranger];
    return true;
});
$s->o->map['x'][1.5] = 'stranger';
echo json_encode($held) === json_encode(['x8192' => $stranger]) ? "not touched\n" : json_encode($held) . "\n";
var_dump($s->o->map);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
Implicit conversion from float 1.5 to int loses precision
not touched
NULL
