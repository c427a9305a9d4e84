<?php

declare(strict_types=1);

namespace Sync\Internal;

/**
 * The values of a cache, under a prefix.
 *
 * A cache may fail without its application failing: a value that cannot be read is missing, a write that cannot be done
 * returns false, and the reason goes to $onError, by default to PHP's error log.
 *
 * @internal
 */
final class Values
{
    public readonly \Sync $sync;

    public function __construct(\Sync|string $sync, public readonly string $prefix, private readonly ?\Closure $onError = null)
    {
        $this->sync = Extension::open($sync);
    }

    /**
     * A value of which a class is not there any more would have holes; it is missing.
     */
    public function read(string $key, mixed $default): mixed
    {
        $before = ini_set('unserialize_callback_func', self::class.'::classIsGone');
        try {
            $value = $this->sync->get($this->prefix.$key, $default);
        } catch (\Throwable $error) {
            $this->report($error);

            return $default;
        } finally {
            ini_set('unserialize_callback_func', $before);
        }

        // Of a class that the Sync does not allow.
        return $value instanceof \__PHP_Incomplete_Class ? $default : $value;
    }

    /**
     * @param list<string> $keys
     *
     * @return array<array-key, mixed> all of the keys, in their order, as of one moment
     */
    public function readAll(array $keys, mixed $default): array
    {
        $names = [];
        foreach ($keys as $key) {
            $names[] = $this->prefix.$key;
        }
        $values = [];
        $before = ini_set('unserialize_callback_func', self::class.'::classIsGone');
        try {
            $found = $this->sync->getMultiple($names, $default);
        } catch (\Throwable) {
            // One of them cannot be made: the others can.
            foreach ($keys as $key) {
                $values[$key] = $this->read($key, $default);
            }

            return $values;
        } finally {
            ini_set('unserialize_callback_func', $before);
        }
        foreach ($keys as $at => $key) {
            $value = $found[$names[$at]];
            $values[$key] = $value instanceof \__PHP_Incomplete_Class ? $default : $value;
        }

        return $values;
    }

    public function has(string $key): bool
    {
        try {
            // A null that was stored is there, too.
            return $this->sync->has($this->prefix.$key) || null !== $this->sync->describe($this->prefix.$key);
        } catch (\Throwable $error) {
            return $this->report($error);
        }
    }

    /**
     * @param int|float|\DateInterval|null $ttl 0 or less removes
     */
    public function write(string $key, mixed $value, int|float|\DateInterval|null $ttl): bool
    {
        return $this->attempt(fn () => $this->sync->put($this->prefix.$key, $value, $ttl));
    }

    /**
     * Stores several values in one step.
     *
     * @param array<array-key, mixed> $values
     */
    public function writeAll(array $values, int|float|\DateInterval|null $ttl): bool
    {
        return $this->attempt(fn () => $this->sync->setMultiple($this->prefixed($values), $ttl));
    }

    /**
     * Stores values of several expiries in one step.
     *
     * @param array<array-key, array{mixed, ?float}> $entries value and TTL, by key
     */
    public function writeEach(array $entries): bool
    {
        return $this->attempt(fn () => $this->sync->transaction(function () use ($entries): void {
            foreach ($entries as $key => [$value, $ttl]) {
                $this->sync->put($this->prefix.$key, $value, $ttl);
            }
        }));
    }

    /**
     * @param list<string> $keys
     */
    public function remove(array $keys): bool
    {
        return $this->attempt(fn () => $this->sync->removeMultiple(array_map(fn (string $key) => $this->prefix.$key, $keys)));
    }

    public function clear(): bool
    {
        return $this->attempt(fn () => $this->sync->clear($this->prefix));
    }

    /**
     * @param array<array-key, mixed> $values
     *
     * @return array<array-key, mixed>
     */
    private function prefixed(array $values): array
    {
        if ('' === $this->prefix) {
            return $values;
        }
        $prefixed = [];
        foreach ($values as $key => $value) {
            $prefixed[$this->prefix.$key] = $value;
        }

        return $prefixed;
    }

    private function attempt(\Closure $write): bool
    {
        try {
            $write();

            return true;
        } catch (\Throwable $error) {
            return $this->report($error);
        }
    }

    private function report(\Throwable $error): false
    {
        if (null !== $this->onError) {
            ($this->onError)($error);
        } else {
            error_log('Sync cache: '.$error->getMessage());
        }

        return false;
    }

    /**
     * The engine calls it, by name, for a class that neither exists nor can be loaded.
     */
    public static function classIsGone(string $class): never
    {
        throw new \DomainException("The class '$class' of a cached value does not exist any more.");
    }
}
