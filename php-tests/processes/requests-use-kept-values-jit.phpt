--TEST--
Values that are kept from request to request are what opcache and both kinds of JIT take them for
--SKIPIF--
<?php
if (!extension_loaded('Zend OPcache')) die('skip needs opcache');
?>
--FILE--
<?php
require __DIR__ . '/../include/kept-values.inc';

foreach (['off', 'tracing', 'function'] as $jit) {
    echo "$jit: ";
    make_kept_values();
    $log = scratch_file("log of $jit");
    $settings = ['opcache.enable' => '1', 'opcache.file_update_protection' => '0', 'opcache.jit' => $jit, 'opcache.jit_buffer_size' => $jit === 'off' ? '0' : '16M'];
    // Compiled as early as possible, or there would not be requests enough.
    $hot = ['opcache.jit_hot_loop' => '1', 'opcache.jit_hot_func' => '1', 'opcache.jit_hot_return' => '1', 'opcache.jit_hot_side_exit' => '1'];
    use_kept_values(web_server(scratch_directory(), kept_values_settings($settings + $hot), $log));
    look_into_log($log);
    (new Sync(scratch()))->destroy();
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
off: it is still there
and says nothing
tracing: it is still there
and says nothing
function: it is still there
and says nothing
