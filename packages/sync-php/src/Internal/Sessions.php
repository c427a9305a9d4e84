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
    private readonly \Sync $sync;

    /** Holds the lock of the open session; it ends with this handle. */
    private ?\Sync $held = null;
    private string $heldId = '';
    /** The session whose data was read and found. */
    private ?string $found = null;

    public function __construct(
        \Sync|string $sync,
        private readonly string $prefix,
        private readonly ?int $lifetime,
        private readonly bool $lock,
        private readonly ?float $patience,
    ) {
        $this->sync = Extension::open($sync);
    }

    public function has(string $id): bool
    {
        return $this->sync->has($this->prefix.$id);
    }

    /**
     * @return string|false false: another program had the session's lock for longer than the patience
     */
    public function read(string $id): string|false
    {
        if ($this->lock && !$this->acquire($id)) {
            return false;
        }
        $data = $this->sync->get($this->prefix.$id);
        $this->found = \is_string($data) ? $id : null;

        return \is_string($data) ? $data : '';
    }

    public function write(string $id, string $data): bool
    {
        $this->sync->put($this->prefix.$id, $data, $this->lifetime());

        return true;
    }

    /**
     * The data has not changed: only its expiry does.
     */
    public function touch(string $id, string $data): bool
    {
        if ($this->sync->touch($this->prefix.$id, $this->lifetime())) {
            return true;
        }

        // A session that was there and is gone was destroyed by another request (a logout, say), and stays so; a new one begins.
        return $this->found === $id || $this->write($id, $data);
    }

    public function remove(string $id): bool
    {
        $this->sync->remove($this->prefix.$id);

        return true;
    }

    public function release(): void
    {
        $this->held = null;
        $this->heldId = '';
        $this->found = null;
    }

    private function acquire(string $id): bool
    {
        if (null !== $this->held && $this->heldId === $id) {
            return true;
        }
        $this->release();
        $handle = clone $this->sync;
        if (false === $handle->tryLock($this->prefix.$id, $this->patience)) {
            return false;
        }
        $this->held = $handle;
        $this->heldId = $id;

        return true;
    }

    private function lifetime(): int
    {
        return $this->lifetime ?? (int) \ini_get('session.gc_maxlifetime');
    }
}
