--TEST--
Random bytes are read or refused; a value that was read is the same after being written again
--INI--
error_reporting=0
--FILE--
<?php
require __DIR__ . '/round-trip.inc';

require __DIR__ . '/generators.inc';

$mutations = ["\xd4\x04\x01", "\xd4\x05\x01", "\xd4\x05\x02", "\xdd\xff\xff\xff\xff", "\x92\xc7\x00\x01\x80", "\x92", "\x80", "\x90", "\xc0", "\xc1", "\xdf\x00\x00\x00\x02"];
foreach (['Bare', 'Parental', 'Descendant', 'Dynamic', 'Magical', 'Sleepy', 'Ancient', 'Collection', 'ArrayObject', 'SplObjectStorage', 'SplFixedArray', 'SplDoublyLinkedList', 'DateTime', 'DateInterval', 'Exception', 'Gone', 'Closure', 'Countable'] as $class) {
    $name = chr(strlen($class)) . '%s' . $class;
    $seeds[] = "\x92\xc7" . sprintf($name, "\x01") . "\x84\xa5value\x92\x01\xa1a\xa6public\xd4\x04\x01\xa4more\x90\xa9\x00*\x00shadow\x07";
    $seeds[] = "\x92\xc7" . sprintf($name, "\x02") . "\xc4\x0ea:1:{i:0;i:5;}";
}
$seeds[] = "\x94\xc7\x0b\x03Suit:Hearts\xd4\x05\x02\x81\xa1k\xd4\x05\x03\x92\xcb\x3f\xf8\x00\x00\x00\x00\x00\x00\xd4\x04\x02";
// Strings of objects, and the extensions that may follow.
$old = "\x92\xc7\x07\x02Ancient\xc0";
$seeds[] = "\x92\xd6\x06\x00\x00\x00\x02\x92\xc4\x0ea:1:{i:0;r:2;}\x92\x92\xc7\x04\x01Bare\x80$old";
$seeds[] = "\x92\xd7\x06\x00\x00\x00\x04\x00\x00\x00\x02\x93\xc4\x21a:2:{i:0;R:2;i:1;O:4:\"Bare\":0:{}}\xc4\x04r:7;\x94\x05\xd4\x05\x02$old$old";
$seeds[] = "\x92\xd6\x06\xff\xff\xff\xfe\x93\xc0\xc4\x0ca:1:{i:0;N;}\x93$old$old\xd4\x04\x02";
array_push($mutations, $old, "\x92\xd6\x06\x00\x00\x00\x02", "\xc4\x04r:1;", "\xc4\x04R:3;");
$seeds[] = "\x92\xc7\x0a\x01Descendant\x84\xa6public\xd4\x04\x01\xa5typed\x05\xa8nullable\xc0\xa8readonly\xa1r";
set_error_handler(fn () => true);
mt_srand($seed = (int) (getenv('SYNC_FUZZ_SEED') ?: 1));
// Each object keeps a mapping for a while: valgrind has no address space for that many.
$rounds = (int) (getenv('SYNC_FUZZ_ROUNDS') ?: (getenv('USE_ZEND_ALLOC') === '0' ? 7 : times(4000)));
$s = new Sync(scratch());
$read = $refused = $unstable = 0;
for ($round = 0; $round < $rounds; $round++) {
    $bytes = $seeds[array_rand($seeds)];
    for ($i = mt_rand(0, 3); $i > 0; $i--) {
        $at = mt_rand(0, strlen($bytes) - 1);
        $piece = mt_rand(0, 3) ? $mutations[array_rand($mutations)] : $seeds[array_rand($seeds)];
        $bytes = match (mt_rand(0, 4)) {
            0 => substr_replace($bytes, chr(mt_rand(0, 255)), $at, 1),
            1 => substr_replace($bytes, $piece, $at, 0),
            2 => substr_replace($bytes, $piece, $at, strlen($piece)),
            3 => substr_replace($bytes, '', $at, 1),
            4 => "\x93$bytes$piece" . $seeds[array_rand($seeds)],
        };
    }
    if (strlen($bytes) < 3 || strlen($bytes) === 258) {
        continue;
    }
    file_put_contents(scratch_file('last'), $bytes);
    try {
        $value = forged($bytes);
        $read++;
    } catch (Throwable $e) {
        $refused++;
        continue;
    }
    try {
        $s->x = $value;
    } catch (Throwable $e) {
        continue;
    }
    $again = outcome(fn () => serialize($s->x));
    $expected = outcome(fn () => serialize(unserialize(serialize($value))));
    if ($again !== $expected) {
        $unstable++;
        echo "seed $seed, round $round: ", bin2hex($bytes), "\n  expected ", addcslashes($expected, "\0..\37\177..\377"), "\n  actual   ", addcslashes($again, "\0..\37\177..\377"), "\n";
    }
    $value = $e = null;
}
echo $read > $rounds / 20 && $refused > $rounds / 20 ? 'both were met' : "$read read, $refused refused", ", $unstable unstable\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
both were met, 0 unstable
