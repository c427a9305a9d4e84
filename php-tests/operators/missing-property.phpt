--TEST--
An operator on a missing property starts from null, without a warning that it is missing, like a read
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->a++;
$s->b += 5;
$s->c .= 'x';
$s->d['n']['m'] = 1;
var_dump($s->a, $s->b, $s->c, $s->d['n']);

// PHP's own message about -- on a null, if there is one, is raised once.
set_error_handler(function (int $level, string $message) use (&$warnings) {
    $warnings[] = $message;
    return true;
});
$null = (object) ['e' => null];
foreach ([fn ($o) => --$o->e, fn ($o) => $o->e--] as $decrement) {
    [$expected, $warnings] = [[], []];
    $decrement($null);
    [$expected, $warnings] = [$warnings, []];
    var_dump($decrement($s), $warnings === $expected);
    $s->remove('e');
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
int(1)
int(5)
string(1) "x"
array(1) {
  ["m"]=>
  int(1)
}
NULL
bool(true)
NULL
bool(true)
