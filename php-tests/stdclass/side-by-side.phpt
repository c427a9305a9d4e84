--TEST--
Everything that works on a stdClass works on a Sync, and docs/like-a-stdclass.md lists the differences
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

require __DIR__ . '/side-by-side.inc';
[$table, $wrong] = side_by_side(scratch_stores());
echo implode("\n", $wrong), $wrong ? "\n" : '';
$page = @file_get_contents(__DIR__ . '/../../docs/like-a-stdclass.md');
$made_here = preg_match('/with PHP ([\d.]+);/', $page, $m) && $m[1] === series();
echo $page === like_a_stdclass($table) || $page && !$made_here ? "The page is up to date.\n"
    : "docs/like-a-stdclass.md is not; run: scripts/with-sync.sh php-tests/stdclass/side-by-side.inc --write\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
The page is up to date.
