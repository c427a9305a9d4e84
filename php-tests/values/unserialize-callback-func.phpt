--TEST--
unserialize_callback_func is called for missing classes
--FILE--
<?php
require __DIR__ . '/round-trip.inc';

function provide($class)
{
    echo "asked for $class\n";
    if ($class === 'Throws') {
        throw new DomainException('no');
    }
    if ($class === 'Made') {
        eval("class $class {}");
    }
}
set_error_handler(function ($level, $message) {
    echo $level === E_WARNING ? 'warning' : $level, ": $message\n";
    return true;
});
ini_set('unserialize_callback_func', 'provide');
foreach (['Made', 'Unmade', 'Throws'] as $class) {
    attempt(function () use ($class) {
        echo get_class(forged("\x92\xc7" . chr(strlen($class)) . "\x01$class\x80")), "\n";
    });
}
ini_set('unserialize_callback_func', 'no_such_function');
attempt(function () {
    echo get_class(forged("\x92\xc7\x04\x01Gone\x80")), "\n";
});
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
asked for Made
Made
nothing was thrown
asked for Unmade
warning: Function provide() hasn't defined the class it was called for
__PHP_Incomplete_Class
nothing was thrown
asked for Throws
DomainException: no
Error: Invalid callback no_such_function, function "no_such_function" not found or invalid function name
