--TEST--
An array that contains itself without a reference left ends where serialize ends it
--FILE--
<?php
require __DIR__ . '/round-trip.inc';

comes_back('directly', (function () { $a = [1]; $a[] = &$a; return $a; })());
comes_back('through an array', (function () { $a = [1]; $a['b'] = [[&$a]]; return $a; })());
comes_back('through an object', (function () { $a = [1]; $a['o'] = (object) ['a' => &$a]; return $a; })());
comes_back('in an array', [(function () { $a = [1]; $a['b'] = [&$a, 2]; return $a; })(), 3]);
comes_back('in an object', (object) ['p' => (function () { $a = [1]; $a['b'] = [&$a, 2]; return $a; })()]);
comes_back('twice', (function () { $a = [1]; $a['b'] = [&$a, &$a]; return [$a, $a]; })());
echo "done\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
done
