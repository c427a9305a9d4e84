<?php

declare(strict_types=1);

namespace Sync\Tests;

use Psr\Cache\CacheItemPoolInterface;
use Symfony\Component\Cache\Tests\Adapter\AdapterTestCase;
use Sync\Symfony\CacheAdapter;

final class CacheAdapterTest extends AdapterTestCase
{
    public function createCachePool(int $defaultLifetime = 0, ?string $testMethod = null): CacheItemPoolInterface
    {
        return new CacheAdapter(store_file('adapter'), 'test', $defaultLifetime);
    }
}
