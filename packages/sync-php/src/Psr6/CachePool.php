<?php

declare(strict_types=1);

namespace Sync\Psr6;

use Psr\Cache\CacheItemInterface;
use Psr\Cache\CacheItemPoolInterface;
use Sync\Internal\Key;
use Sync\Internal\Process;
use Sync\Internal\Values;

/**
 * A PSR-6 cache pool that all programs on the machine share.
 *
 *     $pool = new Sync\Psr6\CachePool('/dev/shm/cache.sync', 'blog.');
 *     $pool->save($pool->getItem('front')->set($page)->expiresAfter(60));
 *
 * Deferred items are stored by commit(), in one step, or when the pool ends; this pool has them from saveDeferred() on.
 */
final class CachePool implements CacheItemPoolInterface
{
    private readonly Values $values;
    private readonly \stdClass $none;

    /** @var array<array-key, CacheItem> */
    private array $deferred = [];
    /** The process that has deferred them: one that it forks has a copy, which would be stored a second time, over newer values. */
    private int $process = 0;

    /**
     * @param \Sync|string                     $sync    a file of its own, or one that others use, too
     * @param string                           $prefix  begins the names of this pool's values; clear() removes these
     * @param (\Closure(\Throwable): void)|null $onError is told why a read or write failed; by default the error log is
     *
     * @throws \Sync\ExtensionMissing
     */
    public function __construct(\Sync|string $sync, string $prefix = '', ?\Closure $onError = null)
    {
        $this->values = new Values($sync, $prefix, $onError);
        $this->none = new \stdClass();
    }

    public function __destruct()
    {
        $this->commit();
    }

    public function __clone()
    {
        $this->deferred = [];
    }

    /**
     * A pool that came out of unserialize() would store, when it ends, what the text says.
     */
    public function __unserialize(array $data): never
    {
        throw new \BadMethodCallException('A cache pool cannot be unserialized.');
    }

    public function getItem($key): CacheItem
    {
        $key = $this->key($key);

        return $this->deferredItem($key) ?? $this->item($key, $this->values->read($key, $this->none));
    }

    /**
     * All of the values that are stored are as of one moment.
     *
     * @return array<array-key, CacheItem>
     */
    public function getItems(array $keys = []): array
    {
        $keys = array_map($this->key(...), array_values($keys));
        $items = [];
        foreach ($this->values->readAll($keys, $this->none) as $key => $value) {
            $key = (string) $key;
            $items[$key] = $this->deferredItem($key) ?? $this->item($key, $value);
        }

        return $items;
    }

    public function hasItem($key): bool
    {
        $key = $this->key($key);

        return $this->deferredItem($key)?->isHit() ?? $this->values->has($key);
    }

    public function clear(): bool
    {
        $this->deferred = [];

        return $this->values->clear();
    }

    public function deleteItem($key): bool
    {
        return $this->deleteItems([$key]);
    }

    public function deleteItems(array $keys): bool
    {
        $keys = array_map($this->key(...), array_values($keys));
        foreach ($keys as $key) {
            unset($this->deferred[$key]);
        }

        return $this->values->remove($keys);
    }

    /**
     * @return bool false, too, for an item of another library
     */
    public function save(CacheItemInterface $item): bool
    {
        if (!$item instanceof CacheItem) {
            return false;
        }
        unset($this->deferred[$item->getKey()]);

        return $this->values->write($item->getKey(), $item->get(), $item->ttl());
    }

    /**
     * @return bool false for an item of another library
     */
    public function saveDeferred(CacheItemInterface $item): bool
    {
        if (!$item instanceof CacheItem) {
            return false;
        }
        $this->dropCopies();
        $this->process = Process::id();
        $this->deferred[$item->getKey()] = clone $item;

        return true;
    }

    /**
     * Other programs see all of the items or none; but where one cannot be stored, the others are, one by one.
     */
    public function commit(): bool
    {
        $this->dropCopies();
        if ([] === $this->deferred) {
            return true;
        }
        $entries = [];
        foreach ($this->deferred as $key => $item) {
            $entries[$key] = [$item->get(), $item->ttl()];
        }
        $this->deferred = [];
        if ($this->values->writeEach($entries)) {
            return true;
        }
        foreach ($entries as $key => [$value, $ttl]) {
            $this->values->write((string) $key, $value, $ttl);
        }

        return false;
    }

    /** Forgets the items that the process deferred from which this one was forked. */
    private function dropCopies(): void
    {
        if ([] !== $this->deferred && Process::id() !== $this->process) {
            $this->deferred = [];
        }
    }

    private function item(string $key, mixed $value): CacheItem
    {
        return $value === $this->none ? new CacheItem($key, null, false) : new CacheItem($key, $value, true);
    }

    private function deferredItem(string $key): ?CacheItem
    {
        $item = $this->deferred[$key] ?? null;
        if (null === $item) {
            return null;
        }
        $ttl = $item->ttl();

        return null === $ttl || $ttl > 0
            ? new CacheItem($key, $item->get(), true)
            : new CacheItem($key, null, false);
    }

    private function key(mixed $key): string
    {
        $fault = Key::fault($key);
        if (null !== $fault) {
            throw new InvalidArgumentException($fault);
        }

        return $key;
    }
}
