<?php

declare(strict_types=1);

/*
 * The package's classes are loaded beside interfaces with the types that psr/simple-cache 3, psr/cache 3, Symfony 7 and Laravel 12 have, which no
 * package of Debian 12 has: PHP refuses a class whose methods do not fit. It is a test of the signatures alone. Prints the classes that were loaded.
 */

namespace Psr\SimpleCache {
    interface CacheException extends \Throwable
    {
    }
    interface InvalidArgumentException extends CacheException
    {
    }
    interface CacheInterface
    {
        public function get(string $key, mixed $default = null): mixed;

        public function set(string $key, mixed $value, int|\DateInterval|null $ttl = null): bool;

        public function delete(string $key): bool;

        public function clear(): bool;

        public function getMultiple(iterable $keys, mixed $default = null): iterable;

        public function setMultiple(iterable $values, int|\DateInterval|null $ttl = null): bool;

        public function deleteMultiple(iterable $keys): bool;

        public function has(string $key): bool;
    }
}

namespace Psr\Cache {
    interface CacheException extends \Throwable
    {
    }
    interface InvalidArgumentException extends CacheException
    {
    }
    interface CacheItemInterface
    {
        public function getKey(): string;

        public function get(): mixed;

        public function isHit(): bool;

        public function set(mixed $value): static;

        public function expiresAt(?\DateTimeInterface $expiration): static;

        public function expiresAfter(int|\DateInterval|null $time): static;
    }
    interface CacheItemPoolInterface
    {
        public function getItem(string $key): CacheItemInterface;

        public function getItems(array $keys = []): iterable;

        public function hasItem(string $key): bool;

        public function clear(): bool;

        public function deleteItem(string $key): bool;

        public function deleteItems(array $keys): bool;

        public function save(CacheItemInterface $item): bool;

        public function saveDeferred(CacheItemInterface $item): bool;

        public function commit(): bool;
    }
}

namespace Symfony\Component\Lock {
    final class Key
    {
    }
    interface PersistingStoreInterface
    {
        public function save(Key $key): void;

        public function delete(Key $key): void;

        public function exists(Key $key): bool;

        public function putOffExpiration(Key $key, float $ttl): void;
    }
    interface BlockingStoreInterface extends PersistingStoreInterface
    {
        public function waitAndSave(Key $key): void;
    }
}

namespace Symfony\Component\Cache\Adapter {
    abstract class AbstractAdapter
    {
        abstract protected function doFetch(array $ids): iterable;

        abstract protected function doHave(string $id): bool;

        abstract protected function doClear(string $namespace): bool;

        abstract protected function doDelete(array $ids): bool;

        abstract protected function doSave(array $values, int $lifetime): array|bool;
    }
}

namespace Symfony\Component\HttpFoundation\Session\Storage\Handler {
    abstract class AbstractSessionHandler implements \SessionHandlerInterface, \SessionUpdateTimestampHandlerInterface
    {
        abstract protected function doRead(string $sessionId): string;

        abstract protected function doWrite(string $sessionId, string $data): bool;

        abstract protected function doDestroy(string $sessionId): bool;

        public function open(string $savePath, string $sessionName): bool
        {
            return true;
        }

        public function validateId(string $sessionId): bool
        {
            return true;
        }

        public function read(string $sessionId): string
        {
            return '';
        }

        public function write(string $sessionId, string $data): bool
        {
            return true;
        }

        public function destroy(string $sessionId): bool
        {
            return true;
        }
    }
}

namespace Illuminate\Contracts\Cache {
    interface Store
    {
        public function get($key);

        public function many(array $keys);

        public function put($key, $value, $seconds);

        public function putMany(array $values, $seconds);

        public function increment($key, $value = 1);

        public function decrement($key, $value = 1);

        public function forever($key, $value);

        public function touch($key, $seconds);

        public function forget($key);

        public function flush();

        public function getPrefix();
    }
    interface LockProvider
    {
        public function lock($name, $seconds = 0, $owner = null);

        public function restoreLock($name, $owner);
    }
    interface Lock
    {
        public function get($callback = null);

        public function block($seconds, $callback = null);

        public function release();

        public function owner();

        public function forceRelease();
    }
}

namespace Illuminate\Cache {
    abstract class TaggableStore implements \Illuminate\Contracts\Cache\Store
    {
    }
    abstract class Lock implements \Illuminate\Contracts\Cache\Lock
    {
        public function __construct($name, $seconds, $owner = null)
        {
        }

        abstract public function acquire();

        abstract public function release();

        abstract protected function getCurrentOwner();

        public function get($callback = null)
        {
        }

        public function block($seconds, $callback = null)
        {
        }

        public function owner()
        {
        }

        public function isOwnedByCurrentProcess()
        {
        }
    }
}

namespace {
    spl_autoload_register(static function (string $class): void {
        $file = dirname(__DIR__).'/src/'.strtr(substr($class, strlen('Sync\\')), '\\', '/').'.php';
        if (str_starts_with($class, 'Sync\\') && is_file($file)) {
            require $file;
        }
    });
    $loaded = [];
    $folder = dirname(__DIR__).'/src/';
    foreach (new RecursiveIteratorIterator(new RecursiveDirectoryIterator($folder, FilesystemIterator::SKIP_DOTS)) as $file) {
        $class = 'Sync\\'.strtr(substr((string) $file, strlen($folder), -4), '/', '\\');
        if (class_exists($class)) {
            $loaded[] = $class;
        }
    }
    sort($loaded);
    echo implode("\n", $loaded), "\n";
}
