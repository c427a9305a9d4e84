<?php

declare(strict_types=1);

namespace Sync\Laravel;

use Illuminate\Cache\TaggableStore;
use Illuminate\Contracts\Cache\LockProvider;
use Sync\Internal\Values;

/**
 * A cache store for Laravel that all programs on the machine share, with locks and tags.
 *
 *     Cache::extend('sync', fn ($app, array $config) => Cache::repository(new Sync\Laravel\Store($config['file'], $config['prefix'])));
 *
 * Its locks are values with a TTL, since Laravel lets another process release them. They are in the store, so that flush() ends them.
 */
final class Store extends TaggableStore implements LockProvider
{
    private readonly Values $values;

    /**
     * @param string                           $prefix  begins the names of this store's values; flush() removes these
     * @param (\Closure(\Throwable): void)|null $onError is told why a value could not be read; by default the error log is
     *
     * @throws \Sync\ExtensionMissing
     */
    public function __construct(\Sync|string $sync, string $prefix = '', ?\Closure $onError = null)
    {
        $this->values = new Values($sync, $prefix, $onError);
    }

    /**
     * @param string $key
     *
     * @return mixed
     */
    public function get($key)
    {
        return $this->values->read((string) $key, null);
    }

    /**
     * @param array<array-key, string> $keys
     *
     * @return array<array-key, mixed>
     */
    public function many(array $keys)
    {
        return $this->values->readAll(array_map(strval(...), array_values($keys)), null);
    }

    /**
     * @param string $key
     * @param mixed  $value
     * @param int    $seconds
     *
     * @return bool
     */
    public function put($key, $value, $seconds)
    {
        $this->values->sync->put($this->name($key), $value, $seconds);

        return true;
    }

    /**
     * @param int $seconds
     *
     * @return bool
     */
    public function putMany(array $values, $seconds)
    {
        $named = [];
        foreach ($values as $key => $value) {
            $named[$this->name($key)] = $value;
        }
        $this->values->sync->setMultiple($named, $seconds);

        return true;
    }

    /**
     * Stores a value if there is none; of any number of programs exactly one gets true.
     *
     * @param string $key
     * @param mixed  $value
     * @param int    $seconds
     *
     * @return bool
     */
    public function add($key, $value, $seconds)
    {
        return $this->values->add((string) $key, $value, $seconds);
    }

    /**
     * @param string $key
     * @param mixed  $value
     *
     * @return int|float|bool false: the value there is no number
     */
    public function increment($key, $value = 1)
    {
        try {
            return $this->values->sync->increment($this->name($key), +$value);
        } catch (\TypeError) {
            return false;
        }
    }

    /**
     * @param string $key
     * @param mixed  $value
     *
     * @return int|float|bool false: the value there is no number
     */
    public function decrement($key, $value = 1)
    {
        return $this->increment($key, -$value);
    }

    /**
     * @param string $key
     * @param mixed  $value
     *
     * @return bool
     */
    public function forever($key, $value)
    {
        $this->values->sync->set($this->name($key), $value);

        return true;
    }

    /**
     * Gives a value another expiry; Laravel asks for it from 12 on.
     *
     * @param string $key
     * @param int    $seconds
     *
     * @return bool
     */
    public function touch($key, $seconds)
    {
        return $this->values->sync->touch($this->name($key), $seconds);
    }

    /**
     * @param string $key
     *
     * @return bool false: there was none
     */
    public function forget($key)
    {
        // A removal that tells whether there was a value, which it does not make.
        return $this->values->sync->touch($this->name($key), 0);
    }

    /**
     * @return bool
     */
    public function flush()
    {
        $this->values->sync->clear($this->values->prefix);

        return true;
    }

    /**
     * @return string
     */
    public function getPrefix()
    {
        return $this->values->prefix;
    }

    /**
     * @param string      $name
     * @param int         $seconds
     * @param string|null $owner
     *
     * @return Lock
     */
    public function lock($name, $seconds = 0, $owner = null)
    {
        return new Lock($this->values->sync, $this->name($name), $seconds, $owner);
    }

    /**
     * @param string $name
     * @param string $owner
     *
     * @return Lock
     */
    public function restoreLock($name, $owner)
    {
        return $this->lock($name, 0, $owner);
    }

    private function name(string|int $key): string
    {
        return $this->values->prefix.$key;
    }
}
