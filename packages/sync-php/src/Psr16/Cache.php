<?php

declare(strict_types=1);

namespace Sync\Psr16;

use Psr\SimpleCache\CacheInterface;
use Sync\Internal\Key;
use Sync\Internal\Values;

/**
 * A PSR-16 cache that all programs on the machine share.
 *
 *     $cache = new Sync\Psr16\Cache('/dev/shm/cache.sync', 'blog.');
 *     $cache->set('front', $page, 60);
 *
 * Parameters have no types, so that one class fits psr/simple-cache 1, 2 and 3.
 */
final class Cache implements CacheInterface
{
    private readonly Values $values;
    private readonly \stdClass $none;

    /**
     * @param \Sync|string                     $sync    a file of its own, or one that others use, too
     * @param string                           $prefix  begins the names of this cache's values; clear() removes these
     * @param (\Closure(\Throwable): void)|null $onError is told why a read or write failed; by default the error log is
     *
     * @throws \Sync\ExtensionMissing
     */
    public function __construct(\Sync|string $sync, string $prefix = '', ?\Closure $onError = null)
    {
        $this->values = new Values($sync, $prefix, $onError);
        $this->none = new \stdClass();
    }

    public function get($key, $default = null): mixed
    {
        $value = $this->values->read($this->key($key), $this->none);

        return $value === $this->none ? $default : $value;
    }

    public function set($key, $value, $ttl = null): bool
    {
        return $this->values->write($this->key($key), $value, $this->ttl($ttl));
    }

    public function delete($key): bool
    {
        return $this->values->remove([$this->key($key)]);
    }

    public function clear(): bool
    {
        return $this->values->clear();
    }

    /**
     * All of the values are as of one moment.
     *
     * @return array<array-key, mixed>
     */
    public function getMultiple($keys, $default = null): array
    {
        $values = $this->values->readAll($this->keys($keys), $this->none);
        foreach ($values as $key => $value) {
            if ($value === $this->none) {
                $values[$key] = $default;
            }
        }

        return $values;
    }

    /**
     * Other programs see all of the values or none.
     */
    public function setMultiple($values, $ttl = null): bool
    {
        if (!is_iterable($values)) {
            throw new InvalidArgumentException('Values are an array or Traversable, not '.get_debug_type($values).'.');
        }
        $checked = [];
        foreach ($values as $key => $value) {
            // An array cannot have '1' as a key, but has 1.
            $checked[$this->key(\is_int($key) ? (string) $key : $key)] = $value;
        }

        return $this->values->writeAll($checked, $this->ttl($ttl));
    }

    public function deleteMultiple($keys): bool
    {
        return $this->values->remove($this->keys($keys));
    }

    public function has($key): bool
    {
        return $this->values->has($this->key($key));
    }

    private function key(mixed $key): string
    {
        $fault = Key::fault($key);
        if (null !== $fault) {
            throw new InvalidArgumentException($fault);
        }

        return $key;
    }

    /**
     * @return list<string>
     */
    private function keys(mixed $keys): array
    {
        if (!is_iterable($keys)) {
            throw new InvalidArgumentException('Keys are an array or Traversable, not '.get_debug_type($keys).'.');
        }
        $checked = [];
        foreach ($keys as $key) {
            $checked[] = $this->key($key);
        }

        return $checked;
    }

    private function ttl(mixed $ttl): int|\DateInterval|null
    {
        if (null !== $ttl && !\is_int($ttl) && !$ttl instanceof \DateInterval) {
            throw new InvalidArgumentException('A TTL is an int, a DateInterval or null, not '.get_debug_type($ttl).'.');
        }

        return $ttl;
    }
}
