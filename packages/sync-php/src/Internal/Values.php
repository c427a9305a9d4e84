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
    /** The types, as describe() names them, of values that can always be made. */
    public const PLAIN = ['null', 'bool', 'int', 'float', 'string'];

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
        try {
            $value = MissingClasses::during(self::class.'::classIsGone', fn () => $this->sync->get($this->prefix.$key, $default));
        } catch (\Throwable $error) {
            $this->report($error);

            return $default;
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
        try {
            $found = MissingClasses::during(self::class.'::classIsGone', fn () => $this->sync->getMultiple($names, $default));
        } catch (\Throwable) {
            // One of them cannot be made: the others can.
            foreach ($keys as $key) {
                $values[$key] = $this->read($key, $default);
            }

            return $values;
        }
        foreach ($keys as $at => $key) {
            $value = $found[$names[$at]];
            $values[$key] = $value instanceof \__PHP_Incomplete_Class ? $default : $value;
        }

        return $values;
    }

    /**
     * A null that was stored is there, too; a value that read() would miss is not.
     */
    public function has(string $key): bool
    {
        try {
            $type = $this->sync->describe($this->prefix.$key)['type'] ?? null;
        } catch (\Throwable $error) {
            return $this->report($error);
        }
        if (null === $type || \in_array($type, self::PLAIN, true)) {
            return null !== $type;
        }
        $none = new \stdClass();

        return $none !== $this->read($key, $none);
    }

    /**
     * Stores a value where read() would miss one; of any number of programs exactly one gets true.
     */
    public function add(string $key, mixed $value, int|float|\DateInterval|null $ttl): bool
    {
        if ($this->sync->add($this->prefix.$key, $value, $ttl)) {
            return true;
        }
        if ($this->has($key)) {
            return false;
        }

        return $this->sync->transaction(function () use ($key, $value, $ttl): bool {
            if ($this->has($key)) {
                return false;
            }
            $this->sync->put($this->prefix.$key, $value, $ttl);

            return true;
        });
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
        } elseif (\function_exists('error_log')) {
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
