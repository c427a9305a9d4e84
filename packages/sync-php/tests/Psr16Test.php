<?php

declare(strict_types=1);

namespace Sync\Tests;

use Cache\IntegrationTests\SimpleCacheTest;
use Sync\Psr16\Cache;

final class Psr16Test extends SimpleCacheTest
{
    public function createSimpleCache()
    {
        return new Cache(store_file('psr16'), 'psr16.');
    }
}
