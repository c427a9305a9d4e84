--TEST--
Every setting has the prefix sync. and a value
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

foreach (ini_get_all('sync', true) as $name => $setting) {
    if (!str_starts_with($name, 'sync.') || $setting['global_value'] === null) {
        echo "$name\n";
    }
}
echo "done\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
done
