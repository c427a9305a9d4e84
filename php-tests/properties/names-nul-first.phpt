--TEST--
A name that starts with a NUL byte is the Error that a stdClass gives
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

foreach ([new stdClass, new Sync(scratch())] as $object) {
    attempt(fn () => $object->{"\0x"});
    attempt(fn () => $object->{"\0x"} = 1);
    attempt(function () use ($object) { unset($object->{"\0x"}); });
    attempt(fn () => $object->{"\0x"}[] = 1);
    var_dump(isset($object->{"\0x"}), $object->{"\0x"} ?? 'none');
}
$s = new Sync(scratch());
attempt(fn () => $s->get("\0x"));
attempt(fn () => $s->set("\0x", 1));
attempt(fn () => $s->remove("\0x"));
attempt(fn () => $s["\0x"]);
attempt(fn () => $s["\0x"] = 1);
var_dump($s["\0x"] ?? 'none');
var_dump(scratch_exists());
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
Error: Cannot access property starting with "\0"
Error: Cannot access property starting with "\0"
Error: Cannot access property starting with "\0"
Error: Cannot access property starting with "\0"
bool(false)
string(4) "none"
Error: Cannot access property starting with "\0"
Error: Cannot access property starting with "\0"
Error: Cannot access property starting with "\0"
Error: Cannot access property starting with "\0"
bool(false)
string(4) "none"
Error: Cannot access property starting with "\0"
Error: Cannot access property starting with "\0"
Error: Cannot access property starting with "\0"
Error: Cannot access property starting with "\0"
Error: Cannot access property starting with "\0"
string(4) "none"
bool(false)
