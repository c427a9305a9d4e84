--TEST--
A script that opcache preloads may use Sync; what its classes hold then is gone, and their functions read what is kept for each request
--SKIPIF--
<?php
if (!extension_loaded('Zend OPcache')) die('skip needs opcache');
?>
--FILE--
<?php
require __DIR__ . '/../include/kept-values.inc';

make_kept_values();
file_put_contents(scratch_file('preload.php'), with_stores(<<<'PHP'
    <?php
    class Preloaded
    {
        public static ?Sync $s = null;
        public static array $kept = [];
        public static function read(string $store): array
        {
            static $last = null;
            $o = new Sync($store);
            [$before, $last] = [$last, $o->array];
            return [$o->text, $o->array, $before];
        }
    }
    function preloaded(Sync $s): array
    {
        static $last = null;
        [$before, $last] = [$last, $s->list];
        return [$s->list, $s->text, $before];
    }
    Preloaded::$s = new Sync(STORES . '/store');
    Preloaded::$kept = [Preloaded::$s->array, Preloaded::$s->text => Preloaded::$s->list];
    for ($i = 0; $i < 3; $i++) {
        Preloaded::read(STORES . '/store');
        preloaded(Preloaded::$s);
    }
    define('PRELOADED', Preloaded::$s->array);
    class_alias('Preloaded', Preloaded::$s->class . '2');
    Preloaded::$s->preloaded += 1;
    $GLOBALS['kept'] = Preloaded::$s->array;
    PHP));
scratch_page(<<<'PHP'
    <?php
    const SCRIPTS = __DIR__;
    echo json_encode([Preloaded::$s, Preloaded::$kept, isset($GLOBALS['kept'])]);
    $s = Preloaded::$s = new Sync(STORES . '/store');
    Preloaded::$kept = [$s->array, $s->text => $s->list];
    echo json_encode([preloaded($s), preloaded($s), Preloaded::read(STORES . '/store'), Preloaded::read(STORES . '/store'), Preloaded::$kept]);
    PHP . "\n    require " . var_export(realpath(__DIR__ . '/../include/kept-values-page.inc'), true) . ';');
(new Sync(scratch()))->set('preloaded', 0);
$log = scratch_file('log');
$settings = ['opcache.enable' => '1', 'opcache.file_update_protection' => '0', 'opcache.preload' => scratch_file('preload.php'), 'opcache.preload_user' => posix_getpwuid(posix_getuid())['name']];
$server = web_server(scratch_directory(), kept_values_settings($settings), $log);
echo substr($server('kind=text'), 0, 84), "\n", (new Sync(scratch()))->preloaded, "\n";
use_kept_values($server);
look_into_log($log);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
[null,[],false][[["c","a","b","long enough to be on the heap"],"the text of this tes
1
it is still there
and says nothing
