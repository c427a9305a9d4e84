<?php

declare(strict_types=1);

namespace Sync\Tests;

use PHPUnit\Framework\TestCase;
use Symfony\Component\Lock\Exception\LockConflictedException;
use Symfony\Component\Lock\Exception\LockStorageException;
use Symfony\Component\Lock\Key;
use Sync\Psr16\Cache;
use Sync\Psr6\CachePool;
use Sync\Session\SessionHandler;
use Sync\Symfony\CacheAdapter;
use Sync\Symfony\LockStore;

/**
 * All that the package promises and no public suite asks for.
 */
final class PackageTest extends TestCase
{
    private string $file;
    /** @var list<string> */
    private array $errors = [];

    protected function setUp(): void
    {
        $this->file = store_file('package');
        (new \Sync($this->file))->clear();
    }

    private function note(): \Closure
    {
        return function (\Throwable $error): void { $this->errors[] = $error->getMessage(); };
    }

    public function testValueOfAClassThatIsGoneIsAMiss(): void
    {
        in_processes(1, function () {
            eval('class Gone { public $a = 1; } enum GoneEnum { case A; }');
            $sync = new \Sync($this->file);
            $sync->object = new \Gone();
            $sync->deep = ['list' => [1, new \Gone()]];
            $sync->enum = [\GoneEnum::A];
            $sync->{':object'} = new \Gone();
            $sync->fine = 1;
        });
        $cache = new Cache($this->file, '', $this->note());
        foreach (['object', 'deep', 'enum'] as $name) {
            // Twice: the second time the value may come from the process's own memory.
            $this->assertSame('default', $cache->get($name, 'default'));
            $this->assertSame('default', $cache->get($name, 'default'));
        }
        $this->assertCount(6, $this->errors);
        $this->assertSame(['object' => 0, 'fine' => 1, 'deep' => 0], $cache->getMultiple(['object', 'fine', 'deep'], 0));
        $this->assertFalse((new CachePool($this->file, '', $this->note()))->getItem('deep')->isHit());
        $this->assertFalse((new CacheAdapter($this->file))->getItem('object')->isHit());
        $this->assertNull((new \Sync\Laravel\Store($this->file, '', $this->note()))->get('object'));
        $this->assertTrue($cache->set('object', 'new'));
        $this->assertSame('new', $cache->get('object'));
        $this->assertSame('', (string) ini_get('unserialize_callback_func'));
    }

    public function testValueThatCannotBeStoredIsFalse(): void
    {
        $cache = new Cache($this->file, '', $this->note());
        $this->assertFalse($cache->set('key', fn () => 1));
        $this->assertFalse($cache->setMultiple(['good' => 1, 'bad' => fn () => 1]));
        $this->assertFalse($cache->has('good'));
        $this->assertStringContainsString('Closure', $this->errors[0]);
    }

    public function testFileThatIsNoStoreIsAMissAndTold(): void
    {
        $file = store_file('text');
        file_put_contents($file, str_repeat('no store ', 1000));
        $cache = new Cache($file, '', $this->note());
        $this->assertSame('default', $cache->get('key', 'default'));
        $this->assertFalse($cache->set('key', 1));
        $this->assertFalse($cache->has('key'));
        $this->assertFalse($cache->clear());
        $this->assertCount(4, $this->errors);
    }

    public function testPrefixKeepsCachesApart(): void
    {
        $one = new Cache($this->file, 'one.');
        $two = new Cache($this->file, 'two.');
        $one->setMultiple(['key' => 1, '7' => 7]);
        $two->set('key', 2);
        $this->assertSame(['key' => 1, 7 => 7], $one->getMultiple(['key', '7']));
        $one->clear();
        $this->assertNull($one->get('key'));
        $this->assertSame(2, $two->get('key'));
    }

    public function testNullThatIsStoredIsAHit(): void
    {
        $cache = new Cache($this->file);
        $cache->set('key', null);
        $this->assertTrue($cache->has('key'));
        $this->assertNull($cache->get('key', 'default'));
        $this->assertTrue((new CachePool($this->file))->getItem('key')->isHit());
    }

    public function testObjectIsCopied(): void
    {
        $cache = new Cache($this->file);
        $object = (object) ['a' => 1];
        $cache->set('key', $object);
        $object->a = 2;
        $copy = $cache->get('key');
        $this->assertSame(1, $copy->a);
        $copy->a = 3;
        $this->assertSame(1, $cache->get('key')->a);
    }

    public function testCommitIsOneStep(): void
    {
        $pool = new CachePool($this->file);
        $pool->saveDeferred($pool->getItem('a')->set(1));
        $pool->saveDeferred($pool->getItem('b')->set(2)->expiresAfter(60));
        $pool->saveDeferred($pool->getItem('gone')->set(3)->expiresAfter(-1));
        $sync = new \Sync($this->file);
        $before = $sync->stats()['commits'];
        $this->assertTrue($pool->commit());
        $this->assertSame($before + 1, $sync->stats()['commits']);
        $this->assertSame(['a', 'b'], $sync->keys());
        $this->assertEqualsWithDelta(60, $sync->ttl('b'), 1);
    }

    public function testCommitStoresTheRestWhereOneCannotBe(): void
    {
        $pool = new CachePool($this->file, '', $this->note());
        $pool->saveDeferred($pool->getItem('bad')->set(fn () => 1));
        $pool->saveDeferred($pool->getItem('good')->set(1));
        $this->assertFalse($pool->commit());
        $this->assertTrue($pool->hasItem('good'));
        $this->assertFalse($pool->hasItem('bad'));
    }

    public function testPoolIsNotUnserialized(): void
    {
        $this->expectException(\BadMethodCallException::class);
        unserialize(sprintf('O:%d:"%s":0:{}', \strlen(CachePool::class), CachePool::class));
    }

    public function testCacheAdapterComputesOnceForAllProcesses(): void
    {
        $results = in_processes(5, function () {
            $adapter = new CacheAdapter($this->file, 'once');

            return $adapter->get('key', function () {
                (new \Sync($this->file))->increment('calls');
                usleep(200_000);

                return 'value';
            });
        });
        $this->assertSame(array_fill(0, 5, 'value'), $results);
        $this->assertSame(1, (new \Sync($this->file))->calls);
    }

    public function testCacheAdapterComputesAgainWhereTheFirstWasKilled(): void
    {
        $child = start_process(fn () => (new CacheAdapter($this->file, 'killed'))->get('key', function () {
            (new \Sync($this->file))->set('started', true);
            posix_kill(getmypid(), \SIGKILL);
        }));
        (new \Sync($this->file))->waitFor('started', fn ($started) => true === $started, 10.0);
        $this->assertSame('mine', (new CacheAdapter($this->file, 'killed'))->get('key', fn () => 'mine'));
        $this->expectExceptionMessage('ended without a result');
        result_of($child);
    }

    public function testCacheAdapterThatWouldWaitForItselfComputes(): void
    {
        $one = new CacheAdapter($this->file, 'same');
        $two = new CacheAdapter($this->file, 'same');
        $start = microtime(true);
        $this->assertSame('inner', $one->get('key', fn () => $two->get('key', fn () => 'inner')));
        $this->assertLessThan(1, microtime(true) - $start);
    }

    public function testLockEndsWithItsProcess(): void
    {
        in_processes(1, fn () => (new LockStore($this->file))->save($GLOBALS['kept'] = new Key('job')));
        $store = new LockStore($this->file);
        $store->save($key = new Key('job'));
        $this->assertTrue($store->exists($key));
    }

    public function testLockIsNotThatOfAForkedProcess(): void
    {
        $store = new LockStore($this->file);
        $store->save($key = new Key('job'));
        [$inChild] = in_processes(1, function () use ($store, $key) {
            $exists = $store->exists($key);
            $store->delete($key);

            return $exists;
        });
        $this->assertFalse($inChild);
        $this->assertTrue($store->exists($key));
    }

    public function testLockThatIsLostIsTold(): void
    {
        $store = new LockStore($this->file);
        $store->save($key = new Key('job'));
        $store->putOffExpiration($key, 300);
        (new \Sync($this->file))->destroy();
        $this->assertFalse($store->exists($key));
        $this->expectException(LockConflictedException::class);
        $store->putOffExpiration($key, 300);
    }

    public function testLockThatItsFiberTookIsDeletedByAnother(): void
    {
        $store = new LockStore($this->file);
        $key = new Key('job');
        $fiber = new \Fiber(fn () => $store->save($key));
        $fiber->start();
        $this->assertTrue($store->exists($key));
        $store->delete($key);
        $store->save($other = new Key('job'));
        $this->assertTrue($store->exists($other));
    }

    public function testWaitingForALockOfTheSameProcessIsRefused(): void
    {
        $store = new LockStore($this->file);
        $store->save($mine = new Key('job'));
        $this->expectException(LockStorageException::class);
        $store->waitAndSave(new Key('job'));
    }

    public function testTenWorkersOfOneSessionWaitForTheirTurn(): void
    {
        in_processes(10, function () {
            for ($i = 0; $i < 20; ++$i) {
                $handler = new SessionHandler($this->file);
                $handler->open('', 'sid');
                $data = $handler->read('abc');
                usleep(200);
                $handler->write('abc', (string) ((int) $data + 1));
                $handler->close();
            }
        });
        $this->assertSame('200', (new \Sync($this->file))->{'session.abc'});
    }

    public function testSessionsLockIsGoneWithItsWorker(): void
    {
        // The process is killed without close().
        in_processes(1, function () {
            $GLOBALS['kept'] = $handler = new SessionHandler($this->file);
            $handler->read('abc');
        });
        $this->assertSame('', (new SessionHandler($this->file, patience: 0.0))->read('abc'));
    }

    public function testSessionWithoutLockDoesNotWait(): void
    {
        $holder = new SessionHandler($this->file);
        $holder->read('abc');
        [$locked, $free] = in_processes(1, fn () => [
            (new SessionHandler($this->file, patience: 0.05))->read('abc'),
            (new SessionHandler($this->file, lock: false))->read('abc'),
        ])[0];
        $this->assertFalse($locked);
        $this->assertSame('', $free);
    }

    public function testLazyWriteChangesTheExpiryAlone(): void
    {
        $sync = new \Sync($this->file);
        $handler = new SessionHandler($this->file, lifetime: 100);
        $sync->put('session.abc', 'data', 5);
        $this->assertSame('data', $handler->read('abc'));
        $this->assertTrue($handler->updateTimestamp('abc', 'not stored'));
        $this->assertSame('data', $sync->{'session.abc'});
        $this->assertEqualsWithDelta(100, $sync->ttl('session.abc'), 1);
    }

    public function testSessionThatAnotherDestroyedStaysSo(): void
    {
        $sync = new \Sync($this->file);
        $sync->{'session.abc'} = 'data';
        $handler = new SessionHandler($this->file);
        $handler->read('abc');
        $sync->remove('session.abc');
        $this->assertTrue($handler->updateTimestamp('abc', 'data'));
        $this->assertFalse($handler->validateId('abc'));
    }

    public function testSessionsOfPhp(): void
    {
        $session = fn (string $code) => trim((string) shell_exec(sprintf(
            'SYNC_FILE=%s %s -d session.use_cookies=0 -d session.cache_limiter= -d session.use_strict_mode=1 -r %s 2>&1',
            escapeshellarg($this->file),
            escapeshellarg(\PHP_BINARY),
            escapeshellarg('require '.var_export(__DIR__.'/bootstrap.php', true).';
                session_set_save_handler(new Sync\Session\SessionHandler(getenv("SYNC_FILE"), lifetime: 60), true); '.$code),
        )));
        $id = $session('session_start(); $_SESSION["n"] = 1; echo session_id();');
        $this->assertMatchesRegularExpression('/^[a-z0-9,-]{22,}$/i', $id);
        $this->assertSame('1', $session("session_id('$id'); session_start(); echo \$_SESSION['n']++;"));
        $this->assertSame('2', $session("session_id('$id'); session_start(['read_and_close' => true]); echo \$_SESSION['n']; \$_SESSION['n'] = 9;"));
        // The lock is free while the program that read goes on.
        $this->assertSame('free', $session("session_id('$id'); session_start(['read_and_close' => true]);
            \$other = new Sync\Session\SessionHandler(getenv('SYNC_FILE'), patience: 0.0); echo false === \$other->read('$id') ? 'locked' : 'free';"));
        $new = $session("session_id('$id'); session_start(); session_regenerate_id(true); echo session_id();");
        $this->assertNotSame($id, $new);
        $this->assertSame('2', $session("session_id('$new'); session_start(); echo \$_SESSION['n'];"));
        $this->assertNotSame($id, $session("session_id('$id'); session_start(); echo session_id();"), 'strict mode takes no id of a destroyed session');
        $this->assertSame('', $session("session_id('$new'); session_start(); session_destroy();"));
        $this->assertFalse((new \Sync($this->file))->has("session.$new"));
    }

    /**
     * @dataProvider classes
     */
    public function testWithoutTheExtensionItSaysWhichOneToInstall(string $class): void
    {
        $code = 'require '.var_export(__DIR__.'/bootstrap.php', true).';
            try { new '.$class.'("/dev/shm/none.sync"); } catch (Sync\ExtensionMissing $error) { echo $error->getMessage(); }';
        // -n: no php.ini, and so no sync.so.
        $message = $this->php('-n -r '.escapeshellarg($code));
        $this->assertStringContainsString('sync-php/adapters needs the PHP extension Sync, version 2.0 or newer, but the extension is not loaded.', $message);
        $this->assertStringContainsString('make install', $message);

        $message = $this->php('-n -r '.escapeshellarg('class Sync {} '.$code));
        $this->assertStringContainsString('php-shared-memory', $message);
    }

    public static function classes(): iterable
    {
        foreach ([Cache::class, CachePool::class, LockStore::class, CacheAdapter::class, SessionHandler::class,
            \Sync\Symfony\SessionHandler::class, \Sync\Laravel\Store::class] as $class) {
            yield $class => [$class];
        }
    }

    private function php(string $arguments): string
    {
        return (string) shell_exec(escapeshellarg(\PHP_BINARY).' '.$arguments.' 2>&1');
    }
}
