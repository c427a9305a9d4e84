<?php

declare(strict_types=1);

namespace Sync\Tests;

use PHPUnit\Framework\TestCase;
use Symfony\Component\Cache\Adapter\AbstractAdapter;
use Symfony\Component\Lock\Exception\LockConflictedException;
use Symfony\Component\Lock\Exception\LockStorageException;
use Symfony\Component\Lock\Key;
use Symfony\Component\Lock\LockFactory;
use Symfony\Component\Lock\Store\CombinedStore;
use Symfony\Component\Lock\Strategy\UnanimousStrategy;
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
        foreach (['object', 'deep', 'enum', 'none'] as $name) {
            $this->assertFalse($cache->has($name));
            $this->assertFalse((new CachePool($this->file, '', $this->note()))->hasItem($name));
            $this->assertFalse((new CacheAdapter($this->file))->hasItem($name));
        }
        $this->assertTrue($cache->has('fine'));
        $laravel = new \Sync\Laravel\Store($this->file, '', $this->note());
        $this->assertTrue($laravel->add('enum', 'new', 60));
        $this->assertFalse($laravel->add('enum', 'newer', 60));
        $this->assertSame('new', $laravel->get('enum'));
        $this->assertEqualsWithDelta(60, (new \Sync($this->file))->ttl('enum'), 5);
        $this->assertSame(['object' => 0, 'fine' => 1, 'deep' => 0], $cache->getMultiple(['object', 'fine', 'deep'], 0));
        $this->assertFalse((new CachePool($this->file, '', $this->note()))->getItem('deep')->isHit());
        $this->assertFalse((new CacheAdapter($this->file))->getItem('object')->isHit());
        $this->assertNull((new \Sync\Laravel\Store($this->file, '', $this->note()))->get('object'));
        $this->assertTrue($cache->set('object', 'new'));
        $this->assertSame('new', $cache->get('object'));
        $this->assertSame('', (string) ini_get('unserialize_callback_func'));
    }

    public function testAdaptersWorkWithoutFunctionsThatHostsDisable(): void
    {
        $said = shell_exec(sprintf('exec %s -d disable_functions=ini_set,error_log,getmypid -r %s 2>&1', escapeshellarg(\PHP_BINARY), escapeshellarg(
            'require '.var_export(__DIR__.'/bootstrap.php', true).'; $file = '.var_export($this->file, true).';
            $sync = new Sync($file); $sync->a = 1; $sync->b = [new ArrayObject([2])]; $sync->{":a"} = 3;
            $cache = new Sync\Psr16\Cache($file);
            echo json_encode([$cache->get("a"), $cache->getMultiple(["a", "b"])["b"][0][0], (new Sync\Symfony\CacheAdapter($file))->getItem("a")->get(),
                $cache->set("c", fn () => 1), (new Sync\Psr6\CachePool($file))->getItem("a")->get(),
                (new Symfony\Component\Lock\LockFactory(new Sync\Symfony\LockStore($file)))->createLock("job")->acquire(),
                (new Sync\Session\SessionHandler($file))->read("abc")]);')));
        $this->assertSame('[1,2,1,false,1,true,""]', $said);
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
        $this->assertLessThan(20, microtime(true) - $start);
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

    public function testLockThatIsHeldIsNotTakenForLostWhileOthersComeAndGo(): void
    {
        $others = [];
        foreach ([1, 2] as $number) {
            $others[] = start_process(function () use ($number) {
                $sync = new \Sync($this->file);
                for ($end = microtime(true) + 1.5; microtime(true) < $end;) {
                    $handles = [];
                    for ($i = 0; $i < 120; ++$i) {
                        $handles[$i] = clone $sync;
                        $handles[$i]->tryLock("$number-$i");
                    }
                    $handles = [];
                    $sync->{"value $number"} = str_repeat('x', random_int(1, 60_000));
                }
            });
        }
        $store = new LockStore($this->file);
        $store->save($held = new Key('held'));
        $lost = $refused = 0;
        for ($end = microtime(true) + 1; microtime(true) < $end;) {
            $lost += $store->exists($held) ? 0 : 1;
            $refused += (new LockFactory($store))->createLock('free')->acquire() ? 0 : 1;
        }
        array_map(result_of(...), $others);
        $this->assertSame([0, 0], [$lost, $refused]);
    }

    public function testLostLockThatAnotherTookIsThatOfTheOther(): void
    {
        $store = new LockStore($this->file);
        $store->save($key = new Key('job'));
        (new \Sync($this->file))->destroy();
        $store->save($other = new Key('job'));
        $this->assertFalse($store->exists($key));
        $store->delete($key);
        $this->assertTrue($store->exists($other));
    }

    public function testLockThatIsLostIsNotTakenByAsking(): void
    {
        $store = new LockStore($this->file);
        $store->save($key = new Key('job'));
        $sync = new \Sync($this->file);
        $sync->destroy();
        $this->assertFalse($store->exists($key));
        $this->assertFileDoesNotExist($this->file);
        // Nor is what took its place, even where no lock could be taken.
        file_put_contents($this->file, $text = str_repeat('no store ', 1000));
        $this->assertFalse($store->exists($key));
        $this->assertStringEqualsFile($this->file, $text);
        unlink($this->file);
    }

    public function testLockThatIsNotRefreshedIsNotHeld(): void
    {
        $store = new LockStore($this->file);
        $lock = (new LockFactory($store))->createLock('job', 300);
        $lock->acquire();
        (new \Sync($this->file))->destroy();
        try {
            $lock->refresh();
            $this->fail('the lost lock was refreshed');
        } catch (LockConflictedException) {
        }
        [$other] = in_processes(1, fn () => (new LockFactory(new LockStore($this->file)))->createLock('job')->acquire());
        $this->assertTrue($other);
        $this->assertTrue($lock->acquire());
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

    public function testCacheAdapterComputesWhereItsFileCannotBeUsed(): void
    {
        $adapter = new CacheAdapter(\dirname($this->file).'/no folder/cache.sync');
        $this->assertSame('made', $adapter->get('key', fn () => 'made'));
        $adapter = new CacheAdapter($this->file);
        $holder = new \Sync($this->file);
        $holder->lock();
        $this->assertSame('made', $adapter->get('key', fn () => 'made'));
        $holder->unlock();
        $this->assertFalse($adapter->getItem('key')->isHit());
    }

    /**
     * As Symfony 7.3's withSubNamespace() makes a pool of another.
     */
    public function testCacheAdapterForAPartOfItsNamespaceKeepsItsOwnValues(): void
    {
        $adapter = new CacheAdapter($this->file, 'site');
        $part = clone $adapter;
        $namespace = new \ReflectionProperty(AbstractAdapter::class, 'namespace');
        $namespace->setValue($part, $namespace->getValue($part).'part:');
        $this->assertSame('whole', $adapter->get('key', fn () => 'whole'));
        $this->assertSame('part', $part->get('key', fn () => 'part'));
        $this->assertSame('whole', $adapter->getItem('key')->get());
        $this->assertSame('part', $part->getItem('key')->get());

        // Where both wait for one lock, each has its own value afterwards.
        $child = start_process(fn () => $adapter->get('slow', function () {
            (new \Sync($this->file))->set('started', true);
            usleep(200_000);

            return 'whole';
        }));
        (new \Sync($this->file))->waitFor('started', fn ($started) => true === $started, 10.0);
        $this->assertSame('part', $part->get('slow', fn () => 'part'));
        $this->assertSame('whole', result_of($child));
        $this->assertSame('part', $part->getItem('slow')->get());
    }

    public function testCacheAdapterGivesTheOtherItemsWhereOneCannotBeMade(): void
    {
        in_processes(1, function () {
            eval('class GoneToo { public $a = 1; }');
            $adapter = new CacheAdapter($this->file, 'several');
            $adapter->saveDeferred($adapter->getItem('gone')->set(new \GoneToo()));
            $adapter->saveDeferred($adapter->getItem('fine')->set(1));
            $adapter->commit();
        });
        $items = iterator_to_array((new CacheAdapter($this->file, 'several'))->getItems(['gone', 'fine', 'missing']));
        $this->assertEquals(['gone' => false, 'fine' => true, 'missing' => false], array_map(fn ($item) => $item->isHit(), $items));
        $this->assertSame(1, $items['fine']->get());
    }

    public function testObjectOfAClassThatIsNotAllowedIsAMiss(): void
    {
        (new CacheAdapter($this->file))->save((new CacheAdapter($this->file))->getItem('date')->set(new \DateTime()));
        $careful = new \Sync($this->file, allowedClasses: false);
        $this->assertFalse((new CacheAdapter($careful))->getItem('date')->isHit());
        $this->assertFalse((new CachePool($careful))->getItem('date')->isHit());
        $this->assertNull((new Cache($careful))->get('date'));
        $this->assertNull((new \Sync\Laravel\Store($careful))->get('date'));
    }

    public function testDeferredItemsAreStoredWhenThePoolEnds(): void
    {
        $pool = new CachePool($this->file);
        $pool->saveDeferred($pool->getItem('key')->set('value'));
        $this->assertTrue($pool->hasItem('key'));
        $this->assertFalse((new CachePool($this->file))->hasItem('key'));
        $pool = null;
        $this->assertTrue((new CachePool($this->file))->hasItem('key'));
    }

    public function testDeferredItemIsStoredByTheProcessThatDeferredItAlone(): void
    {
        $pool = new CachePool($this->file);
        $pool->saveDeferred($pool->getItem('key')->set('old'));
        $copy = clone $pool;
        $this->assertFalse($copy->hasItem('key'));
        in_processes(1, function () use ($pool) {
            $pool->saveDeferred($pool->getItem('of the child')->set(1));
            $pool->commit();
        });
        $this->assertSame(['of the child'], (new \Sync($this->file))->keys());
        $pool->commit();
        $pool->save($pool->getItem('key')->set('new'));
        unset($copy);
        $this->assertSame('new', $pool->getItem('key')->get());
    }

    /**
     * @dataProvider expiries
     */
    public function testExpiry(int|\DateInterval|null $ttl, ?float $seconds): void
    {
        $sync = new \Sync($this->file);
        $cache = new Cache($this->file);
        $cache->set('key', 'before');
        $this->assertTrue($cache->set('key', 'value', $ttl));
        $cache->setMultiple(['several' => 'value'], $ttl);
        $pool = new CachePool($this->file);
        $this->assertTrue($pool->save($pool->getItem('item')->set('value')->expiresAfter($ttl)));
        foreach (['key', 'several', 'item'] as $name) {
            $this->assertSame($seconds !== 0.0, $cache->has($name));
            null === $seconds || 0.0 === $seconds
                ? $this->assertNull($sync->ttl($name))
                : $this->assertEqualsWithDelta($seconds, $sync->ttl($name), 2);
        }
    }

    public static function expiries(): iterable
    {
        yield 'none' => [null, null];
        yield 'zero' => [0, 0.0];
        yield 'negative' => [-1, 0.0];
        yield 'seconds' => [100, 100.0];
        yield 'interval' => [new \DateInterval('PT2M'), 120.0];
        $past = new \DateInterval('PT2M');
        $past->invert = 1;
        yield 'interval in the past' => [$past, 0.0];
        yield 'empty interval' => [new \DateInterval('PT0S'), 0.0];
        yield 'difference of two dates' => [(new \DateTime('2001-01-01'))->diff(new \DateTime('2001-01-02')), 86400.0];
    }

    public function testExpiryThatIsFarAway(): void
    {
        $cache = new Cache($this->file, '', $this->note());
        $this->assertTrue($cache->set('key', 'value', \PHP_INT_MAX));
        $this->assertSame('value', $cache->get('key'));
        $pool = new CachePool($this->file, '', $this->note());
        $this->assertTrue($pool->save($pool->getItem('item')->set('value')->expiresAfter(\PHP_INT_MAX)));
        $this->assertTrue($pool->save($pool->getItem('date')->set('value')->expiresAt(new \DateTime('9999-12-31'))));
        $this->assertSame(['key', 'item', 'date'], (new \Sync($this->file))->keys());
    }

    /**
     * @dataProvider noExpiries
     */
    public function testExpiryOfAnotherTypeIsRefused(\Closure $call): void
    {
        $this->expectException(\Psr\Cache\InvalidArgumentException::class);
        $call((new CachePool($this->file))->getItem('key'));
    }

    public static function noExpiries(): iterable
    {
        yield 'a word' => [fn ($item) => $item->expiresAfter('soon')];
        yield 'a number as a string' => [fn ($item) => $item->expiresAfter('60')];
        yield 'a date as a string' => [fn ($item) => $item->expiresAt('tomorrow')];
        yield 'a list' => [fn ($item) => $item->expiresAt([])];
    }

    public function testKeysAndValuesMayComeFromGenerators(): void
    {
        $cache = new Cache($this->file, 'made.');
        $pairs = (function () { yield 'a' => 1; yield 7 => 2; yield 'a' => 3; })();
        $this->assertTrue($cache->setMultiple($pairs));
        $keys = fn () => (function () { yield 'a'; yield '7'; yield 'missing'; })();
        $this->assertSame(['a' => 3, 7 => 2, 'missing' => 'default'], $cache->getMultiple($keys(), 'default'));
        $this->assertTrue($cache->deleteMultiple($keys()));
        $this->assertSame([], (new \Sync($this->file))->keys());
    }

    public function testNothingIsStoredWhereOneKeyIsRefused(): void
    {
        $cache = new Cache($this->file);
        foreach (['{', '}', '(', ')', '/', '\\', '@', ':'] as $character) {
            try {
                $cache->setMultiple((function () use ($character) { yield 'good' => 1; yield "bad$character" => 2; })());
                $this->fail("$character is not refused");
            } catch (\Psr\SimpleCache\InvalidArgumentException) {
                $this->assertFalse($cache->has('good'));
            }
        }
    }

    public function testLockOfOneKeyInTwoStoresIsHeldInBoth(): void
    {
        $stores = [new LockStore($this->file), new LockStore($this->file, 'other.'), new LockStore(store_file('second'))];
        $combined = new CombinedStore($stores, new UnanimousStrategy());
        $combined->save($key = new Key('job'));
        $this->assertTrue($combined->exists($key));
        foreach ($stores as $store) {
            $this->assertTrue($store->exists($key));
            try {
                $store->save(new Key('job'));
                $this->fail('the lock was taken twice');
            } catch (LockConflictedException) {
            }
        }
        $combined->delete($key);
        $this->assertFalse($combined->exists($key));
        $combined->save(new Key('job'));
    }

    public function testLockWithATtlIsRefreshedAndDoesNotEnd(): void
    {
        $lock = (new LockFactory(new LockStore($this->file)))->createLock('job', 1);
        $this->assertTrue($lock->acquire());
        usleep(1_100_000);
        $this->assertTrue($lock->isAcquired());
        $lock->refresh();
        $this->assertFalse($lock->isExpired());
        // There are no shared locks: one for reading keeps others out, too.
        $this->assertFalse((new LockFactory(new LockStore($this->file)))->createLock('job')->acquireRead());
        $lock->release();
        $this->assertTrue((new LockFactory(new LockStore($this->file)))->createLock('job')->acquireRead());
    }

    public function testClassesFitTheSignaturesOfNewerVersions(): void
    {
        $loaded = explode("\n", trim($this->php(escapeshellarg(__DIR__.'/newer-signatures.php'))));
        $files = (int) shell_exec('find '.escapeshellarg(\dirname(__DIR__).'/src')." -name '*.php' | wc -l");
        $this->assertCount($files, $loaded, implode("\n", $loaded));
        $this->assertContains(Cache::class, $loaded);
    }

    /**
     * @dataProvider classes
     */
    public function testWithoutTheExtensionItSaysWhichOneToInstall(string $class): void
    {
        $code = 'require '.var_export(__DIR__.'/bootstrap.php', true).';
            try { new '.$class.'("/dev/shm/none.sync"); } catch (Sync\ExtensionMissing $error) { echo $error->getMessage(); }';
        // -n: no php.ini, and so no sync.so.
        $bare = '-n -d include_path='.escapeshellarg(get_include_path()).' -r ';
        $message = $this->php($bare.escapeshellarg($code));
        $this->assertStringContainsString('sync-php/adapters needs the PHP extension Sync, version 2.0 or newer, but the extension is not loaded.', $message);
        $this->assertStringContainsString('make install', $message);

        $message = $this->php($bare.escapeshellarg('class Sync {} '.$code));
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
