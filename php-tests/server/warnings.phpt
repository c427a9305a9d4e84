--TEST--
A server that would lose values, or keeps its user from something, is warned of once a process; a refused right names the rule
--FILE--
<?php
require __DIR__ . '/../include/redis.inc';

set_error_handler(function ($level, $message) {
    if (!(error_reporting() & $level)) {
        return false;
    }
    echo $level === E_WARNING ? 'Warning' : $level, ': ', str_replace(scratch_directory(), '{dir}', $message), "\n";
    return true;
});
$redis = new RedisServer('--maxmemory', '100mb', '--maxmemory-policy', 'allkeys-lru');
$s = new Sync($redis->address());
echo "Nothing yet\n";
$s->x = 1;
echo "Nothing more\n";
var_dump($s->x, (new Sync($redis->address(options: '?prefix=other')))->x);

$admin = stream_socket_client("unix://$redis->socket");
$ask = function (string $command) use ($admin) {
    fwrite($admin, "$command\r\n");
    return trim(fgets($admin));
};
$rights = '-@all +@read +@write +@scripting +@transaction +@connection +client +time';
echo $ask('CONFIG SET maxmemory 0'), $ask("ACL SETUSER app on >secret ~{sync}:* resetchannels $rights"), "\n";
$app = new Sync($redis->address('app:secret'));
$app->x = 2;
echo $ask("ACL SETUSER low on >secret ~{sync}:* resetchannels $rights +info -@scripting"), "\n";
$low = new Sync($redis->address('low:secret'));
attempt(fn () => $low->x = 3);
echo $ask('ACL SETUSER none on >secret ~{sync}:* -@all +hello'), "\n";
$none = new Sync($redis->address('none:secret'));
attempt(fn () => $none->x);
// The handler may make an exception of it.
$redis->start();
set_error_handler(fn ($level) => error_reporting() & $level ? throw new Exception('thrown by the handler') : false);
attempt(fn () => $s->y);
restore_error_handler();
var_dump($s->y);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECTF--
Nothing yet
Warning: Sync server 'unix://{dir}/redis.sock?db=0': when its memory is full it removes any property, as its maxmemory-policy is allkeys-lru. Set that to noeviction, in its configuration and by CONFIG SET maxmemory-policy noeviction: a write is refused then, and nothing is lost.
Nothing more
int(1)
NULL
+OK+OK
Warning: Sync server 'unix://app:***@{dir}/redis.sock?db=0': it refuses INFO, so that it is not noticed when the server was started anew, or may remove properties. Allow that: ACL SETUSER app +info
+OK
SyncException: Can't use 'unix://low:***@{dir}/redis.sock?db=0': the server does not allow its user to do that ('NOPERM %s'). Give the user the rights that it needs: -@all +@read +@write +@scripting +@transaction +@connection +client +info +time.
+OK
SyncException: Can't connect to 'unix://none:***@{dir}/redis.sock?db=0': the server said 'NOPERM %s'; give its user the rights that it needs: -@all +@read +@write +@scripting +@transaction +@connection +client +info +time.
Exception: thrown by the handler
NULL
