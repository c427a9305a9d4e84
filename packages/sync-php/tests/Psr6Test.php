<?php

declare(strict_types=1);

namespace Sync\Tests;

use Cache\IntegrationTests\CachePoolTest;
use Sync\Psr6\CachePool;

final class Psr6Test extends CachePoolTest
{
    public function createCachePool()
    {
        return new CachePool(store_file('psr6'), 'psr6.');
    }
}
