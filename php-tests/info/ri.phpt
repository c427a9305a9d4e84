--TEST--
php --ri sync says the same
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

exec(implode(' ', array_map('escapeshellarg', [...php_command(), '--ri', 'sync'])), $lines, $code);
var_dump($code, (bool) preg_grep('/version => \d+\.\d+\.\d+/i', $lines), (bool) preg_grep('/^File format => \d(\.\d)?, /', $lines));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
int(0)
bool(true)
bool(true)
