--TEST--
A signal handler that runs while an operator waits may give up the object and the name
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
foreach (['->{$name} .= "x"', '->{$name}++', '->{$name} += 2', '[$name] .= "x"', '->{$name}["k"] = 1'] as $statement) {
    foreach ([['k'], 'text', 5] as $value) {
        $s->the_name = $value;
        $s->lock(0, 30_000_000);
        $waiter = Peer::fork(function (Peer $parent) use ($statement) {
            pcntl_async_signals(true);
            $object = new Sync(scratch());
            $name = implode('_', ['the', 'name']);
            pcntl_signal(SIGUSR1, function () use (&$object, &$name, $parent) {
                $object = $name = null;
                // (The freed memory is used again.)
                $GLOBALS['junk'] = [str_repeat('j', 8), array_fill(0, 20, new ArrayObject()), range(1, 9)];
                $parent->tell('handled');
            });
            $parent->tell('about to');
            try {
                @eval('$object' . $statement . ';');
                $parent->tell('done');
            } catch (Throwable $e) {
                $parent->tell($e->getMessage());
            }
        });
        $waiter->hear();
        while (!$waiter->sleeps()) {
            usleep(1000);
        }
        $handled = $waiter->kill(SIGUSR1)->hear();
        $s->unlock();
        echo $statement, ' of ', json_encode($value), ": $handled, ", $waiter->hear(), ', ', $waiter->end(), ', ', json_encode($s->the_name), "\n";
    }
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
->{$name} .= "x" of ["k"]: handled, done, exit 0, "Arrayx"
->{$name} .= "x" of "text": handled, done, exit 0, "textx"
->{$name} .= "x" of 5: handled, done, exit 0, "5x"
->{$name}++ of ["k"]: handled, Cannot increment array, exit 0, ["k"]
->{$name}++ of "text": handled, done, exit 0, "texu"
->{$name}++ of 5: handled, done, exit 0, 6
->{$name} += 2 of ["k"]: handled, Unsupported operand types: array + int, exit 0, ["k"]
->{$name} += 2 of "text": handled, Unsupported operand types: string + int, exit 0, "text"
->{$name} += 2 of 5: handled, done, exit 0, 7
[$name] .= "x" of ["k"]: handled, done, exit 0, "Arrayx"
[$name] .= "x" of "text": handled, done, exit 0, "textx"
[$name] .= "x" of 5: handled, done, exit 0, "5x"
->{$name}["k"] = 1 of ["k"]: handled, done, exit 0, {"0":"k","k":1}
->{$name}["k"] = 1 of "text": handled, Cannot access offset of type string on string, exit 0, "text"
->{$name}["k"] = 1 of 5: handled, Cannot use a scalar value as an array, exit 0, 5
