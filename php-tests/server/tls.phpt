--TEST--
An encrypted connection: with the server's CA it works as any other, without it the message says what to do
--SKIPIF--
<?php
ob_start();
(new ReflectionExtension('sync'))->info();
if (!str_contains(ob_get_clean(), 'with TLS')) {
    die('skip this build has no TLS: make test-tls');
}
?>
--FILE--
<?php
require __DIR__ . '/../include/redis.inc';

/** A CA, and a certificate of its for localhost. */
function certify(string $folder): void
{
    $run = fn (string $command) => exec("cd '$folder' && openssl $command 2>&1", $out, $status) !== false && $status === 0
        or throw new Exception(implode("\n", $out));
    $run('req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=An authority" -keyout ca.key -out ca.pem');
    $run('req -new -newkey rsa:2048 -nodes -subj "/CN=localhost" -keyout server.key -out server.csr');
    file_put_contents("$folder/names", "subjectAltName=DNS:localhost\n");
    $run('x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names -out server.pem');
}

$folder = scratch_directory();
certify($folder);
$redis = null;
for ($tries = 10; !$redis; $tries--) {
    $free = stream_socket_server('tcp://127.0.0.1:0');
    $port = (int) substr(strrchr(stream_socket_get_name($free, false), ':'), 1);
    fclose($free);
    try {
        $redis = new RedisServer('--tls-port', "$port", '--tls-ca-cert-file', "$folder/ca.pem", '--tls-cert-file', "$folder/server.pem",
            '--tls-key-file', "$folder/server.key", '--tls-auth-clients', 'no', '--requirepass', 'sesame');
    } catch (Exception $e) {
        // (Another process may have taken the port.)
        $tries > 0 or throw $e;
    }
}
$try = function (Closure $access) use ($port) {
    try {
        return $access();
    } catch (SyncException $e) {
        return get_class($e) . ': ' . str_replace([scratch_directory(), ":$port"], ['{dir}', ':{port}'], $e->getMessage());
    }
};

$s = new Sync("rediss://:sesame@localhost:$port?ca=$folder/ca.pem");
$s->list = range(1, 1000);
$s->list[] = 1001;
$s->n = 1;
$s->n++;
var_dump(count($s->list), $s->n, $s->tryLock('name') !== null);
var_dump((new Sync($redis->address(':sesame')))->n);
$other = new Sync($redis->address(':sesame'));
$other->n = 5;
var_dump($s->waitFor('n', fn ($n) => $n === 5, 10));
// A value may name the same files as the program has, and no others.
$command = [...php_command(), '-d', "sync.servers=localhost:$port", '-r'];
$in_a_child = function (string $code) use ($command, $port) {
    $out = shell_exec(implode(' ', array_map('escapeshellarg', [...$command, "try { $code } catch (SyncException \$e) { echo \$e->getMessage(); }"])));
    return str_replace([scratch_directory(), ":$port"], ['{dir}', ':{port}'], $out);
};
$text = var_export(serialize($s), true);
$named = 'new Sync(' . var_export("rediss://:sesame@localhost:$port?ca=$folder/ca.pem", true) . ');';
echo $in_a_child("$named echo unserialize($text)->n;"), "\n", $in_a_child("unserialize($text);"), "\n";

foreach (["localhost:$port", "127.0.0.1:$port?ca=$folder/ca.pem", "localhost:$port?ca=$folder/none.pem", "localhost:$port?ca=$folder/server.key"] as $rest) {
    $wrong = new Sync("rediss://:sesame@$rest");
    echo $try(fn () => $wrong->n), "\n";
}
$wrong = new Sync("redis://:sesame@localhost:$port");
echo $try(fn () => $wrong->n), "\n";
// A forked child has a connection of its own, and leaves its parent's as it was.
$child = Peer::fork(function ($parent) use ($s) {
    $s->n++;
});
echo $child->end(), "\n";
var_dump($s->n, $s->n++, $s->n);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECTF--
int(1001)
int(2)
bool(true)
int(2)
int(5)
5
A value names the store 'rediss://:***@localhost:{port}/0?ca={dir}/ca.pem', and the program has not named that server with these files in this request: whoever writes values would choose who may vouch for a server. Name it in the program, by new Sync().
SyncException: Can't connect to 'rediss://:***@localhost:{port}/0': %r(nobody whom this system trusts|this system has no certificates).*\bca\b.*%r
SyncException: Can't connect to 'rediss://:***@127.0.0.1:{port}/0?ca={dir}/ca.pem': the server's certificate is not for this host, but for localhost: write the host as the certificate has it.
SyncException: Can't connect to 'rediss://:***@localhost:{port}/0?ca={dir}/none.pem': the file '{dir}/none.pem' of the address cannot be used: No such file or directory (os error 2).
SyncException: Can't connect to 'rediss://:***@localhost:{port}/0?ca={dir}/server.key': the file '{dir}/server.key' of the address cannot be used: it has no certificate in PEM.
SyncException: Can't connect to 'redis://:***@localhost:{port}/0': %s; if this is a port for TLS, write rediss://.
exit 0
int(6)
int(6)
int(7)
