--TEST--
An array that contains itself by no reference any more is cut off where serialize of PHP 8.2 cuts it off
--FILE--
<?php
/* From 8.4 on, serialize() itself follows such an array until the stack is full. */
require __DIR__ . '/round-trip.inc';

$arrays = [
    'directly' => (function () { $a = [1]; $a[] = &$a; return $a; })(),
    'through an array' => (function () { $a = [1]; $a['b'] = [[&$a]]; return $a; })(),
    'through an object' => (function () { $a = [1]; $a['o'] = (object) ['a' => &$a]; return $a; })(),
    'in an array' => [(function () { $a = [1]; $a['b'] = [&$a, 2]; return $a; })(), 3],
    'in an object' => (object) ['p' => (function () { $a = [1]; $a['b'] = [&$a, 2]; return $a; })()],
    'twice' => (function () { $a = [1]; $a['b'] = [&$a, &$a]; return [$a, $a]; })(),
];
foreach ($arrays as $how => $array) {
    if (PHP_VERSION_ID < 80300) {
        comes_back($how, $array);
    }
    $s = new Sync(scratch());
    $s->x = $array;
    $read = serialize($s->x);
    echo "$how: $read\n";
    $other = serialize((new Sync(scratch()))->x);
    echo $other === $read ? '' : "  by another object: $other\n";
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
directly: a:2:{i:0;i:1;i:1;N;}
through an array: a:2:{i:0;i:1;s:1:"b";a:1:{i:0;a:1:{i:0;a:2:{i:0;i:1;s:1:"b";N;}}}}
through an object: a:2:{i:0;i:1;s:1:"o";O:8:"stdClass":1:{s:1:"a";a:2:{i:0;i:1;s:1:"o";O:8:"stdClass":1:{s:1:"a";N;}}}}
in an array: a:2:{i:0;a:2:{i:0;i:1;s:1:"b";a:2:{i:0;N;i:1;i:2;}}i:1;i:3;}
in an object: O:8:"stdClass":1:{s:1:"p";a:2:{i:0;i:1;s:1:"b";a:2:{i:0;N;i:1;i:2;}}}
twice: a:2:{i:0;a:2:{i:0;i:1;s:1:"b";a:2:{i:0;a:2:{i:0;i:1;s:1:"b";N;}i:1;R:5;}}i:1;a:2:{i:0;i:1;s:1:"b";a:2:{i:0;R:5;i:1;R:5;}}}