--TEST--
A password is shown nowhere: not by getFile(), dumps, messages, stack traces, phpinfo() or serialize()
--FILE--
<?php
require __DIR__ . '/../include/redis.inc';

$redis = new RedisServer('--requirepass', 'sesame');
$s = new Sync($redis->address(':sesame'));
$s->x = 1;
var_dump((new Sync($redis->address(':sesame')))->x);
var_dump(shown($s->getFile()));

class Sub extends Sync
{
    public $own = 1;
}
$sub = new Sub($redis->address(':sesame'));
$wrong = new Sync($redis->address(':sesame2'));
ob_start();
var_dump($s, $sub);
var_export($s);
print_r($sub);
trace($s);
echo json_encode($s), serialize($s), serialize($sub), print_r($s->stats(), true), print_r((array) $sub, true), new ReflectionObject($s);
phpinfo(INFO_MODULES | INFO_CONFIGURATION);
foreach ([fn () => $wrong->x, fn () => $wrong->x = 1, fn () => $wrong->lock(), fn () => new Sync('redis://:sesame@'),
    fn () => $s->setFile('redis://user:sesame@host?x=1'), fn () => new Sync('redis://u:sesame@host', durability: 'commit'),
    fn () => $s->put('x', fn () => 1, 1), fn () => $s->transaction(fn () => $s->lock()), fn () => unserialize(serialize($s))] as $access) {
    try {
        $access();
        echo "nothing was thrown\n";
    } catch (Throwable $e) {
        echo $e, print_r($e->getTrace(), true);
    }
}
$shown = ob_get_clean();
var_dump(strlen($shown) > 10_000, str_contains($shown, 'sesame'), str_contains($shown, 'nothing was thrown'));

function trace(Sync $sync): void
{
    debug_print_backtrace();
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECTF--
int(1)
string(%d) "unix://:***@{dir}/redis.sock?db=0"
bool(true)
bool(false)
bool(false)
