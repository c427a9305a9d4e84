<?php

declare(strict_types=1);

namespace Sync\Laravel;

use Illuminate\Cache\Lock as BaseLock;
use Illuminate\Contracts\Cache\LockTimeoutException;

/**
 * A lock of Laravel: a value with its owner's token and its seconds, which any process with the token releases.
 *
 * block() sleeps until the lock is released or expires, and does not poll.
 */
final class Lock extends BaseLock
{
    /**
     * @param string      $name
     * @param int         $seconds 0: until it is released
     * @param string|null $owner
     */
    public function __construct(private readonly \Sync $sync, $name, $seconds, $owner = null)
    {
        parent::__construct($name, $seconds, $owner);
    }

    /**
     * @return bool
     */
    public function acquire()
    {
        return $this->sync->add($this->name, $this->owner, $this->seconds > 0 ? $this->seconds : null);
    }

    /**
     * @return bool
     */
    public function release()
    {
        return $this->sync->transaction(function (): bool {
            if (!$this->isOwnedByCurrentProcess()) {
                return false;
            }
            $this->sync->remove($this->name);

            return true;
        });
    }

    /**
     * @return void
     */
    public function forceRelease()
    {
        $this->sync->remove($this->name);
    }

    /**
     * @param int           $seconds
     * @param callable|null $callback
     *
     * @return mixed
     *
     * @throws LockTimeoutException
     */
    public function block($seconds, $callback = null)
    {
        $end = microtime(true) + $seconds;
        // Before each look: a release between the look and the wait is then told.
        for ($version = $this->sync->version(); !$this->acquire(); $version = $this->sync->version()) {
            $left = $end - microtime(true);
            if ($left <= 0) {
                throw new LockTimeoutException();
            }
            $this->sync->wait($this->name, $left, $version);
        }
        if (!\is_callable($callback)) {
            return true;
        }
        try {
            return $callback();
        } finally {
            $this->release();
        }
    }

    /**
     * @return string
     */
    protected function getCurrentOwner()
    {
        return $this->sync->get($this->name, '');
    }
}
