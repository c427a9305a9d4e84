--TEST--
The stubs and README's API table say the same
--INI--
sync.servers=
--FILE--
<?php
$argv = [];
require __DIR__ . '/../../scripts/check-docs.php';
?>
--EXPECT--
The stubs and README.md agree.
