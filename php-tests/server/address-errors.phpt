--TEST--
An address that is wrong is refused when the object is made, in words that quote nothing of it
--FILE--
<?php
require __DIR__ . '/../include/redis.inc';

$s = new Sync(scratch_file('store'));
foreach (['redis://', 'redis://:xyzzy@', 'redis://xyzzy@host', 'redis://:xy#zzy@host', 'redis://:xy/zzy@host', 'redis://host:0', 'redis://a,b',
    'redis://host/x', 'redis://host?prefix={a}', 'redis://host?xyzzy=1', 'unix://host/run/s', 'unix://run', 'redis+sentinel://h', 'redis+cluster://h/1',
    'REDIS://host?cache=2', 'rediss://host?timeout=0', 'redis://host?ca=/xyzzy', 'rediss://host?ca=xyzzy', 'rediss://host?key=/xyzzy', "redis://h\xe9"] as $address) {
    attempt(fn () => new Sync($address));
    try {
        $s->setFile($address);
        echo "accepted\n";
    } catch (SyncException $e) {
        echo str_contains($e, 'xy') ? "$e\n" : '';
    }
}
var_dump($s->getFile() === scratch_file('store'));
// Only two slashes make an address of it.
chdir(scratch_directory());
(new Sync('redis:'))->set('x', 1);
var_dump(is_file('redis:'));
attempt(fn () => new Sync("redis://host\0"));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
SyncException: The address names no host: write it behind ://, as in redis://localhost:6379/0.
SyncException: The address names no host: write it behind ://, as in redis://localhost:6379/0.
SyncException: The address names a user and no password: write user:password@, with nothing behind the colon for a user without a password.
SyncException: The address has a blank, a control character, or one that is not ASCII, or a #: write it as % and two hexadecimal digits (# is %23).
SyncException: The address has an @ where none can be: in a user or a password write @ as %40, / as %2F, ? as %3F and # as %23; elsewhere write @ as %40.
SyncException: The port of the address is no number from 1 to 65535.
SyncException: The address names several hosts: for a cluster write redis+cluster://, for sentinels redis+sentinel://.
SyncException: The database of the address is no number: write it as in redis://localhost:6379/0.
SyncException: The option prefix is empty or has braces: write some text without { and }.
SyncException: Option 1 of the address is none of prefix, db, cache, connect_timeout, timeout, ca, cert and key: write them as in ?prefix=app&timeout=2.5.
SyncException: The address of a socket names a host: write three slashes, as in unix:///run/redis.sock (a user and a password stand behind the second one: unix://user:password@/run/redis.sock).
SyncException: The address of a socket names a host: write three slashes, as in unix:///run/redis.sock (a user and a password stand behind the second one: unix://user:password@/run/redis.sock).
SyncException: The address names no master: write its name behind the sentinels, as in redis+sentinel://host:26379/master/0.
SyncException: The address names a database of a cluster, which has only one: leave it out.
SyncException: The option cache is neither 0 nor 1.
SyncException: An option for a time-out is no number of seconds from 0.001 to 3600: write it as in timeout=2.5.
SyncException: The option ca, cert or key is for encrypted connections alone: write rediss:// (or rediss+sentinel://, rediss+cluster://), or leave it out.
SyncException: An option for a file is no absolute path: write it as in ca=/etc/ssl/redis-ca.pem.
SyncException: The option key is the private key of a certificate: name that by the option cert.
SyncException: The address has a blank, a control character, or one that is not ASCII, or a #: write it as % and two hexadecimal digits (# is %23).
bool(true)
bool(true)
ValueError: Sync::__construct(): Argument #1 ($file) must not contain any null bytes
