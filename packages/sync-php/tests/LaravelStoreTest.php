<?php

declare(strict_types=1);

namespace Sync\Tests;

use Illuminate\Cache\RateLimiter;
use Illuminate\Cache\Repository;
use Illuminate\Contracts\Cache\LockTimeoutException;
use PHPUnit\Framework\TestCase;
use Sync\Laravel\Store;

/**
 * The store under Laravel's own Repository, RateLimiter and Lock, of which there is no public suite.
 */
final class LaravelStoreTest extends TestCase
{
    private Store $store;
    private Repository $cache;

    protected function setUp(): void
    {
        $this->store = new Store(store_file('laravel'), 'laravel:');
        $this->store->flush();
        $this->cache = new Repository($this->store);
    }

    /**
     * @dataProvider values
     */
    public function testValueIsReadAsItWasStored(mixed $value): void
    {
        $this->assertTrue($this->cache->put('key', $value, 60));
        $this->assertEquals($value, $this->cache->get('key'));
        $this->assertSame(get_debug_type($value), get_debug_type($this->cache->get('key')));
    }

    public static function values(): iterable
    {
        yield 'string' => ['value'];
        yield 'number in a string' => ['12'];
        yield 'integer' => [12];
        yield 'float' => [1.5];
        yield 'float without a fraction' => [2.0];
        yield 'true' => [true];
        yield 'false' => [false];
        yield 'array' => [['a' => [1, 2], 3 => null]];
        yield 'object' => [new \DateTimeImmutable('2026-01-02 03:04:05')];
        yield 'empty string' => [''];
        yield 'bytes' => ["\0\xff"];
    }

    public function testMissingKeyGivesTheDefault(): void
    {
        $this->assertNull($this->cache->get('missing'));
        $this->assertSame('default', $this->cache->get('missing', 'default'));
        $this->assertSame('made', $this->cache->get('missing', fn () => 'made'));
        $this->assertTrue($this->cache->missing('missing'));
    }

    public function testValueExpires(): void
    {
        $begin = microtime(true);
        $this->cache->put('short', 1, 1);
        $this->cache->put('until', 2, now_plus(1));
        $this->cache->put('long', 3, 60);
        while ($this->cache->has('short') || $this->cache->has('until')) {
            usleep(10_000);
        }
        // (However late a busy machine looks.)
        $this->assertGreaterThan(0.9, microtime(true) - $begin);
        $this->assertTrue($this->cache->has('long'));
    }

    public function testTtlThatIsOverRemoves(): void
    {
        $this->cache->put('key', 1, 60);
        $this->cache->put('key', 2, 0);
        $this->assertNull($this->cache->get('key'));
        $this->cache->put('key', 1, 60);
        $this->cache->put('key', 2, -5);
        $this->assertNull($this->cache->get('key'));
    }

    public function testForeverStays(): void
    {
        $this->assertTrue($this->cache->forever('key', 'value'));
        $this->assertNull((new \Sync(store_file('laravel')))->ttl('laravel:key'));
        $this->assertSame('value', $this->cache->get('key'));
    }

    public function testAddStoresOnlyWhereThereIsNothing(): void
    {
        $this->assertTrue($this->cache->add('key', 'first', 60));
        $this->assertFalse($this->cache->add('key', 'second', 60));
        $this->assertSame('first', $this->cache->get('key'));
        $this->cache->put('key', 'gone', 0);
        $this->assertTrue($this->cache->add('key', 'third', 60));
    }

    public function testAddIsWonByExactlyOneOfTenProcesses(): void
    {
        $winners = in_processes(10, fn () => (new Repository(new Store(store_file('laravel'), 'laravel:')))->add('winner', getmypid(), 60) ? 1 : 0);
        $this->assertSame(1, array_sum($winners));
    }

    public function testIncrementAndDecrement(): void
    {
        $this->assertSame(1, $this->cache->increment('n'));
        $this->assertSame(6, $this->cache->increment('n', 5));
        $this->assertSame(4, $this->cache->decrement('n', 2));
        $this->assertSame(-1, $this->cache->decrement('other'));
        $this->assertSame(4, $this->cache->get('n'));
    }

    public function testIncrementByANumberInAString(): void
    {
        $this->assertSame(2, $this->cache->increment('n', '2'));
        $this->assertSame(0.5, $this->cache->decrement('n', '1.5'));
        $this->assertFalse($this->cache->increment('n', 'many'));
        $this->assertSame(0.5, $this->cache->get('n'));
    }

    public function testIncrementOfNoNumberIsFalse(): void
    {
        $this->cache->put('list', [1], 60);
        $this->assertFalse($this->cache->increment('list'));
        $this->assertSame([1], $this->cache->get('list'));
    }

    public function testIncrementKeepsTheExpiry(): void
    {
        $this->cache->put('n', 1, 60);
        $this->cache->increment('n');
        $this->assertEqualsWithDelta(60, (new \Sync(store_file('laravel')))->ttl('laravel:n'), 2);
    }

    public function testIncrementsOfTenProcessesAllCount(): void
    {
        in_processes(10, function () {
            $cache = new Repository(new Store(store_file('laravel'), 'laravel:'));
            for ($i = 0; $i < 100; ++$i) {
                $cache->increment('total');
            }
        });
        $this->assertSame(1000, $this->cache->get('total'));
    }

    public function testManyValues(): void
    {
        $this->assertTrue($this->cache->putMany(['a' => 1, 'b' => [2], 7 => 'seven'], 60));
        $this->assertSame(['a' => 1, 'missing' => null, 'b' => [2], '7' => 'seven'], $this->cache->many(['a', 'missing', 'b', '7']));
        $this->assertSame(['a' => 1, 'missing' => 'default'], $this->cache->many(['a', 'missing' => 'default']));
        $this->assertTrue($this->cache->setMultiple(['c' => 3]));
        $this->assertSame(3, $this->cache->get('c'));
        $this->assertTrue($this->cache->deleteMultiple(['a', 'b']));
        $this->assertNull($this->cache->get('a'));
    }

    public function testForgetTellsWhetherThereWasAValue(): void
    {
        $this->cache->put('key', null, 60);
        $this->assertTrue($this->cache->forget('key'));
        $this->assertFalse($this->cache->forget('key'));
    }

    public function testPullTakesTheValue(): void
    {
        $this->cache->put('key', 'value', 60);
        $this->assertSame('value', $this->cache->pull('key'));
        $this->assertNull($this->cache->pull('key'));
    }

    public function testRememberComputesOnce(): void
    {
        $calls = 0;
        $make = function () use (&$calls) { return ++$calls; };
        $this->assertSame(1, $this->cache->remember('key', 60, $make));
        $this->assertSame(1, $this->cache->remember('key', 60, $make));
        $this->assertSame(2, $this->cache->rememberForever('other', $make));
        $this->assertSame(2, $this->cache->sear('other', $make));
    }

    public function testFlushRemovesWhatIsUnderThePrefix(): void
    {
        $other = new Repository(new Store(store_file('laravel'), 'other:'));
        $other->put('key', 'stays', 60);
        $this->cache->put('key', 'goes', 60);
        $this->assertTrue($this->cache->clear());
        $this->assertNull($this->cache->get('key'));
        $this->assertSame('stays', $other->get('key'));
    }

    public function testTags(): void
    {
        $this->cache->tags(['people', 'artists'])->put('john', 'John', 60);
        $this->cache->tags(['people', 'authors'])->put('anne', 'Anne', 60);
        $this->assertSame('John', $this->cache->tags(['people', 'artists'])->get('john'));
        $this->assertNull($this->cache->tags(['people'])->get('john'));
        $this->cache->tags('authors')->flush();
        $this->assertSame('John', $this->cache->tags(['people', 'artists'])->get('john'));
        $this->assertNull($this->cache->tags(['people', 'authors'])->get('anne'));
    }

    public function testTouchGivesAnotherExpiry(): void
    {
        $this->cache->put('key', 'value', 1);
        $this->assertTrue($this->store->touch('key', 60));
        $this->assertFalse($this->store->touch('missing', 60));
        usleep(1_100_000);
        $this->assertSame('value', $this->cache->get('key'));
    }

    public function testRateLimiterCountsAndForgets(): void
    {
        $limiter = new RateLimiter($this->cache);
        $this->assertFalse($limiter->tooManyAttempts('login', 2));
        $this->assertSame(1, $limiter->hit('login', 1));
        $this->assertSame(1, $limiter->remaining('login', 2));
        $this->assertSame(2, $limiter->hit('login', 1));
        $this->assertTrue($limiter->tooManyAttempts('login', 2));
        $this->assertGreaterThan(0, $limiter->availableIn('login'));
        sleep(2);
        $this->assertFalse($limiter->tooManyAttempts('login', 2));
        $this->assertTrue($limiter->attempt('mail', 1, fn () => true));
        $this->assertFalse($limiter->attempt('mail', 1, fn () => true));
        $limiter->clear('mail');
        $this->assertTrue($limiter->attempt('mail', 1, fn () => true));
    }

    public function testLockIsForOne(): void
    {
        $lock = $this->cache->lock('report', 10);
        $this->assertTrue($lock->get());
        $this->assertFalse($this->cache->lock('report', 10)->get());
        $this->assertTrue($lock->release());
        $this->assertTrue($this->cache->lock('report', 10)->get());
    }

    public function testLockOfAnotherIsNotReleased(): void
    {
        $this->assertTrue($this->cache->lock('report', 10)->get());
        $this->assertFalse($this->cache->lock('report', 10)->release());
        $this->assertFalse($this->cache->lock('report', 10)->get());
        $this->cache->lock('report')->forceRelease();
        $this->assertTrue($this->cache->lock('report', 10)->get());
    }

    public function testLockExpires(): void
    {
        $lock = $this->cache->lock('report', 1);
        $this->assertTrue($lock->get());
        usleep(1_100_000);
        $this->assertTrue($this->cache->lock('report', 10)->get());
        $this->assertFalse($lock->release());
    }

    public function testLockWithoutSecondsStays(): void
    {
        $this->cache->lock('report')->get();
        $this->assertNull((new \Sync(store_file('laravel')))->ttl('laravel:report'));
        $this->assertFalse($this->cache->lock('report')->get());
    }

    public function testLockIsReleasedByAnotherProcess(): void
    {
        $lock = $this->cache->lock('report', 60);
        $this->assertTrue($lock->get());
        $owner = $lock->owner();
        [$released] = in_processes(1, fn () => (new Store(store_file('laravel'), 'laravel:'))->restoreLock('report', $owner)->release());
        $this->assertTrue($released);
        $this->assertTrue($this->cache->lock('report', 60)->get());
    }

    public function testLockOutlivesItsProcess(): void
    {
        in_processes(1, fn () => (new Store(store_file('laravel'), 'laravel:'))->lock('report', 60)->get());
        $this->assertFalse($this->cache->lock('report', 60)->get());
    }

    public function testLockIsReleasedAfterItsFunction(): void
    {
        $this->assertSame('done', $this->cache->lock('report', 10)->get(fn () => 'done'));
        try {
            $this->cache->lock('report', 10)->block(1, fn () => throw new \RuntimeException('failed'));
            $this->fail('the exception is lost');
        } catch (\RuntimeException $error) {
            $this->assertSame('failed', $error->getMessage());
        }
        $this->assertTrue($this->cache->lock('report', 10)->get());
    }

    public function testBlockEndsInTime(): void
    {
        $this->cache->lock('report', 60)->get();
        $start = microtime(true);
        try {
            $this->cache->lock('report', 60)->block(1);
            $this->fail('the lock was taken twice');
        } catch (LockTimeoutException) {
            $this->assertEqualsWithDelta(1, microtime(true) - $start, 0.3);
        }
    }

    public function testBlockWakesUpWhenTheLockIsReleased(): void
    {
        // At three moments, none of which is just before a poll: Laravel's own does one each 250 ms.
        foreach ([260_000, 300_000, 340_000] as $microseconds) {
            $lock = $this->cache->lock('report', 60);
            $lock->get();
            $child = start_process(function () use ($lock, $microseconds) {
                usleep($microseconds);
                $released = hrtime(true);
                $lock->release();

                return $released;
            });
            $next = $this->cache->lock('report', 60);
            $this->assertTrue($next->block(5));
            $late[] = (hrtime(true) - result_of($child)) / 1e6;
            $next->release();
        }
        // In milliseconds. A machine with other work may be late, but not each time; polls would be, by 160 at least.
        $this->assertLessThan(100, min($late));
    }

    public function testBlockWakesUpWhenTheLockExpires(): void
    {
        $this->cache->lock('report', 1)->get();
        $start = microtime(true);
        $this->assertTrue($this->cache->lock('report', 60)->block(5));
        $this->assertEqualsWithDelta(1, microtime(true) - $start, 0.3);
    }
}
