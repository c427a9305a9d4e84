--TEST--
phpinfo() has a section with version, file format and settings
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

ob_start();
phpinfo(INFO_MODULES);
$info = ob_get_clean();
preg_match('/\nsync\n\n(.*?)\n\n\w/s', $info, $m) || preg_match('/\nsync\n\n(.*)/s', $info, $m);
echo preg_match('/version => \d+\.\d+\.\d+/i', $m[1]) ? "version\n" : "no version\n";
echo preg_match('/format( version)? => \S/i', $m[1]) ? "format\n" : "no format\n";
foreach (array_keys(ini_get_all('sync')) as $setting) {
    echo str_contains($m[0] . $info, $setting) ? '' : "$setting is missing\n";
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
version
format
