--TEST--
A build without TLS refuses rediss:// at the first access, and says how to get it
--SKIPIF--
<?php
ob_start();
(new ReflectionExtension('sync'))->info();
if (str_contains(ob_get_clean(), 'with TLS')) {
    die('skip this build has TLS');
}
?>
--FILE--
<?php
require __DIR__ . '/../include/redis.inc';

foreach (['rediss://:secret@localhost:1', 'rediss+sentinel://localhost:1/master', 'rediss+cluster://localhost:1'] as $address) {
    $s = new Sync($address);
    attempt(fn () => $s->x);
    attempt(fn () => $s->x = 1);
}
(new ReflectionExtension('sync'))->info();
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECTF--
SyncException: Can't connect to 'rediss://:***@localhost:1/0': this build has no TLS: build Sync with FEATURES=tls (docs/install.md says how), or use redis:// in a network that you trust.
SyncException: Can't connect to 'rediss://:***@localhost:1/0': this build has no TLS: build Sync with FEATURES=tls (docs/install.md says how), or use redis:// in a network that you trust.
SyncException: Can't connect to 'rediss+sentinel://localhost:1/master/0': this build has no TLS: build Sync with FEATURES=tls (docs/install.md says how), or use redis:// in a network that you trust.
SyncException: Can't connect to 'rediss+sentinel://localhost:1/master/0': this build has no TLS: build Sync with FEATURES=tls (docs/install.md says how), or use redis:// in a network that you trust.
SyncException: Can't connect to 'rediss+cluster://localhost:1': this build has no TLS: build Sync with FEATURES=tls (docs/install.md says how), or use redis:// in a network that you trust.
SyncException: Can't connect to 'rediss+cluster://localhost:1': this build has no TLS: build Sync with FEATURES=tls (docs/install.md says how), or use redis:// in a network that you trust.
%A
Servers => Redis and Valkey, without TLS
%A
