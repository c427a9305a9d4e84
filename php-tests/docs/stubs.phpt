--TEST--
The stubs, what the extension declares and README's API table say the same
--FILE--
<?php
$argv = [];
require __DIR__ . '/../../scripts/check-docs.php';
?>
--EXPECT--
The stubs, the extension and README.md agree.
