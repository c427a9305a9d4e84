<?php

declare(strict_types=1);

namespace Sync\Internal;

/**
 * The data of sessions, and the lock of the one that is open.
 *
 * @internal
 */
final class Sessions
{
    /** PHP's own default of session.gc_maxlifetime. */
    private const DEFAULT_LIFETIME = 1440;

    private readonly \Sync $sync;

    /**
     * The locks until release(), by session: the handle that has it, with which it ends, and the process that took it. There may be two:
     * a handler is asked about a second id, by session_create_id(), while a session is open.
     *
     * @var array<string, array{\Sync, int}>
     */
    private array $held = [];
    /** @var array<string, array{\Sync, int}> those of which PHP opens the session again, or has forgotten to close it, until the next is read */
    private array $earlier = [];
    /** @var array<string, true> the sessions that were stored when they were asked for, until release() */
    private array $known = [];

    public function __construct(
        \Sync|string $sync,
        private readonly string $prefix,
        private readonly ?int $lifetime,
        private readonly bool $lock,
        private readonly ?float $patience,
    ) {
        if (null !== $lifetime && $lifetime < 1) {
            throw new \ValueError("The lifetime of a session is at least one second, not $lifetime: a shorter one would be gone for the next request.");
        }
        $this->sync = Extension::open($sync);
    }

    /**
     * PHP opens a session: one that it has closed, or could not serialize, which it does not tell; or the same, by session_reset().
     */
    public function open(): void
    {
        $this->earlier = $this->held + $this->earlier;
        $this->held = [];
        $this->known = [];
    }

    public function has(string $id): bool
    {
        if (!$this->sync->has($this->prefix.$id)) {
            return false;
        }
        $this->known[$id] = true;

        return true;
    }

    /**
     * @return string|false false: another program had the session's lock for longer than the patience
     */
    public function read(string $id): string|false
    {
        return $this->orRelease(function () use ($id): string|false {
            if ($this->lock && !$this->acquire($id)) {
                return false;
            }
            $data = $this->sync->get($this->prefix.$id);
            if (!\is_string($data)) {
                return '';
            }
            $this->known[$id] = true;

            return $data;
        });
    }

    /**
     * A session that was there and is gone was destroyed by another request (a logout, say), and stays so, whatever this one has changed, as
     * with PHP's files, where it would write into a file that is removed. One that has expired meanwhile cannot be told from that. PHP calls
     * it for what has not changed, too: for an empty session, and without session.lazy_write.
     */
    public function write(string $id, string $data): bool
    {
        return $this->orRelease(function () use ($id, $data): bool {
            $store = fn () => $this->sync->put($this->prefix.$id, $data, $this->lifetime());
            $replace = fn () => $this->sync->has($this->prefix.$id) && $store();
            match (true) {
                !isset($this->known[$id]) => $store(),
                // The session's lock keeps other requests from destroying it in between.
                $this->lock => $replace(),
                default => $this->sync->transaction($replace),
            };

            return true;
        });
    }

    /**
     * The data has not changed: only its expiry does.
     */
    public function touch(string $id, string $data): bool
    {
        return $this->orRelease(fn (): bool => $this->sync->touch($this->prefix.$id, $this->lifetime()) || $this->write($id, $data));
    }

    public function remove(string $id): bool
    {
        return $this->orRelease(function () use ($id): bool {
            $this->sync->remove($this->prefix.$id);
            unset($this->known[$id]);

            return true;
        });
    }

    public function release(): void
    {
        $this->held = [];
        $this->earlier = [];
        $this->known = [];
    }

    private function acquire(string $id): bool
    {
        // The lock of this session is kept without a gap; others end before this one is waited for.
        if (isset($this->earlier[$id])) {
            $this->held[$id] ??= $this->earlier[$id];
        }
        $this->earlier = [];
        // A process that was forked has a copy of the handle, and not the lock.
        if (Process::id() === ($this->held[$id][1] ?? null)) {
            return true;
        }
        $handle = clone $this->sync;
        if (false === $handle->tryLock($this->prefix.$id, 0.0)) {
            // The request that has the lock may destroy the session.
            $this->has($id);
            if (false === $handle->tryLock($this->prefix.$id, $this->patience)) {
                return false;
            }
        }
        $this->held[$id] = [$handle, Process::id()];

        return true;
    }

    /**
     * After an exception PHP does not call the handler's close(): a process that goes on would keep the lock.
     *
     * @template T
     *
     * @param \Closure(): T $operation
     *
     * @return T
     */
    private function orRelease(\Closure $operation): mixed
    {
        try {
            return $operation();
        } catch (\Throwable $error) {
            $this->release();
            throw $error;
        }
    }

    /**
     * As long as session.gc_maxlifetime says. PHP takes 0 there, and less: its files are stored nevertheless, and go by chance, at the next
     * request that collects them. To be gone at once would be no session at all.
     */
    private function lifetime(): int
    {
        $lifetime = $this->lifetime ?? (int) \ini_get('session.gc_maxlifetime');
        if ($lifetime < 1) {
            trigger_error("session.gc_maxlifetime is $lifetime: the session is kept for ".self::DEFAULT_LIFETIME.' seconds.', \E_USER_WARNING);

            return self::DEFAULT_LIFETIME;
        }

        return $lifetime;
    }
}
