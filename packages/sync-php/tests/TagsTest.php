<?php

declare(strict_types=1);

namespace Sync\Tests;

use PHPUnit\Framework\TestCase;
use Psr\Cache\CacheItemPoolInterface;
use Symfony\Component\Cache\Adapter\TagAwareAdapter;
use Symfony\Component\Cache\Tests\Adapter\TagAwareTestTrait;
use Sync\Symfony\CacheAdapter;

final class TagsTest extends TestCase
{
    use TagAwareTestTrait;

    protected function setUp(): void
    {
        (new \Sync(store_file('tags')))->clear();
    }

    public function createCachePool(int $defaultLifetime = 0): CacheItemPoolInterface
    {
        return new TagAwareAdapter(new CacheAdapter(store_file('tags'), 'tags', $defaultLifetime), null, 0.0);
    }

    public function testTagIsInvalidForAllProcesses(): void
    {
        $pool = $this->createCachePool();
        $pool->save($pool->getItem('one')->set(1)->tag(['a', 'b']));
        $pool->save($pool->getItem('two')->set(2)->tag('b'));
        in_processes(1, fn () => $this->createCachePool()->invalidateTags(['a']));
        $this->assertFalse($pool->hasItem('one'));
        $this->assertTrue($pool->hasItem('two'));
    }
}
