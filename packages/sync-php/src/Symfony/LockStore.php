<?php

declare(strict_types=1);

namespace Sync\Symfony;

use Symfony\Component\Lock\BlockingStoreInterface;
use Symfony\Component\Lock\Exception\LockConflictedException;
use Symfony\Component\Lock\Exception\LockStorageException;
use Symfony\Component\Lock\Key;
use Sync\Internal\Extension;
use Sync\Internal\Process;

/**
 * Symfony locks that end with their process, however it ends, and need no refresh.
 *
 *     $factory = new LockFactory(new Sync\Symfony\LockStore('/dev/shm/locks.sync'));
 *
 * Waiting is sleeping, in the order of arrival, not polling. A lock belongs to the process that took it: its key cannot be serialized.
 */
final class LockStore implements BlockingStoreInterface
{
    private readonly \Sync $sync;
    /** The name of a key's state: of each file and prefix another one, as Symfony's CombinedStore gives one key to several stores. */
    private readonly string $state;

    /**
     * @param string $prefix begins the names of the locks, which are no properties and do not meet any
     *
     * @throws \Sync\ExtensionMissing
     */
    public function __construct(\Sync|string $sync, private readonly string $prefix = '')
    {
        $this->sync = Extension::open($sync);
        $this->state = self::class."\0".$this->sync->getFile()."\0".$prefix;
    }

    public function save(Key $key): void
    {
        $this->acquire($key, 0.0);
    }

    public function waitAndSave(Key $key): void
    {
        $this->acquire($key, null);
    }

    /**
     * The lock has no expiry, so only its loss is told: its file was removed.
     */
    public function putOffExpiration(Key $key, float $ttl): void
    {
        if (!$this->exists($key)) {
            // Symfony gives up the lock then, and would leave its key as it is.
            $this->delete($key);
            throw new LockConflictedException();
        }
    }

    public function delete(Key $key): void
    {
        if ($key->hasState($this->state)) {
            [$handle] = $key->getState($this->state);
            $key->removeState($this->state);
            // Where another fiber took it, the lock ends a line later, with the handle.
            $handle->release($this->name($key));
        }
    }

    /**
     * Asks the lock itself: its owner may take it again, which counts and gives the same token, however many locks are held in the file. Where
     * the file is another one the lock is lost, and is not asked: it would be taken anew, and a file that was removed made again.
     */
    public function exists(Key $key): bool
    {
        if (!$key->hasState($this->state)) {
            return false;
        }
        [$handle, $token, $process, $file] = $key->getState($this->state);
        // A process that was forked has a copy of the key, and not the lock.
        if (Process::id() !== $process || $this->file() !== $file) {
            return false;
        }
        try {
            $again = $handle->tryLock($this->name($key));
            if (false === $again) {
                return $this->isListed($handle, $token);
            }
            // Of a lock that was lost with the content of its file, and was free, this ends the new one.
            $handle->release($this->name($key));
        } catch (\SyncException $error) {
            throw new LockStorageException($error->getMessage(), 0, $error);
        }

        return $again === $token;
    }

    /**
     * Looks for a lock that somebody has: another owner, after it was lost, or the same handle in the fiber that took it, and that this one
     * cannot speak for.
     */
    private function isListed(\Sync $handle, int $token): bool
    {
        return \in_array($token, array_column($handle->stats()['locks'], 'token'), true);
    }

    private function acquire(Key $key, ?float $timeout): void
    {
        if ($this->exists($key)) {
            return;
        }
        // A handle of its own, since a lock belongs to a handle: two keys of one resource exclude each other in one process, too.
        $handle = clone $this->sync;
        try {
            $token = $handle->tryLock($this->name($key), $timeout);
        } catch (\SyncException $error) {
            throw new LockStorageException($error->getMessage(), 0, $error);
        }
        if (false === $token) {
            throw new LockConflictedException();
        }
        $key->setState($this->state, [$handle, $token, Process::id(), $this->file()]);
        $key->markUnserializable();
    }

    /**
     * The file that the path means now, whatever its content.
     *
     * @return array{int, int}|null null: none
     */
    private function file(): ?array
    {
        $path = $this->sync->getFile();
        clearstatcache(true, $path);
        $status = @stat($path);

        return false === $status ? null : [$status['dev'], $status['ino']];
    }

    private function name(Key $key): string
    {
        return $this->prefix.$key;
    }
}
