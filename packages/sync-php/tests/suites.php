<?php

declare(strict_types=1);

/*
 * The suites, in the order of the tables: name => [adapter, suite, package of Debian, file of the test].
 */
return [
    'psr16' => ['`Sync\Psr16\Cache`', 'PSR-16, php-cache/integration-tests', 'php-cache-integration-tests', 'Psr16Test.php'],
    'psr6' => ['`Sync\Psr6\CachePool`', 'PSR-6, php-cache/integration-tests', 'php-cache-integration-tests', 'Psr6Test.php'],
    'symfony-lock' => ['`Sync\Symfony\LockStore`', 'Symfony Lock: AbstractStoreTestCase, BlockingStoreTestTrait, UnserializableTestTrait', 'php-symfony-lock', 'LockStoreTest.php'],
    'symfony-cache' => ['`Sync\Symfony\CacheAdapter`', 'Symfony Cache: AdapterTestCase', 'php-symfony-cache', 'CacheAdapterTest.php'],
    'symfony-tags' => ['`Sync\Symfony\CacheAdapter` in a TagAwareAdapter', 'Symfony Cache: TagAwareTestTrait, and our own', 'php-symfony-cache', 'TagsTest.php'],
    'http-foundation' => ['`Sync\Symfony\SessionHandler`', 'Symfony HttpFoundation: AbstractSessionHandlerTest, by `php -S`', 'php-symfony-http-foundation', 'HTTP_FOUNDATION'],
    'laravel' => ['`Sync\Laravel\Store`', 'our own, under Laravel\'s Repository, RateLimiter and Lock (there is no public suite)', 'php-illuminate-cache', 'LaravelStoreTest.php'],
    'session' => ['`Sync\Session\SessionHandler`', 'our own, under PHP\'s sessions', '', 'SessionHandlerTest.php'],
    'package' => ['promises of all', 'our own', '', 'PackageTest.php'],
    // The tests that docs/guide.md shows: no adapter, and in no table.
    'guide' => ['', '', '', 'GUIDE'],
];
