<?php

declare(strict_types=1);

namespace Sync\Session;

use Sync\Internal\Sessions;

/**
 * PHP's sessions in a file of Sync.
 *
 *     session_set_save_handler(new Sync\Session\SessionHandler('/dev/shm/sessions.sync'), true);
 *     session_start();
 *
 * From session_start() until the session is closed other requests of the same session sleep, and get their turn in the order in which
 * they came, without polling; the lock is gone with its worker. `session_start(['read_and_close' => true])` waits for its turn and keeps
 * nobody waiting. Sessions expire by themselves.
 */
final class SessionHandler implements \SessionHandlerInterface, \SessionUpdateTimestampHandlerInterface
{
    private readonly Sessions $sessions;

    /**
     * @param string     $prefix   begins the names of the sessions, and of their locks
     * @param int|null   $lifetime seconds without use after which a session ends; null: as session.gc_maxlifetime says
     * @param bool       $lock     false: requests of one session run at once, and the last one to close wins
     * @param float|null $patience seconds to wait for another request, after which session_start() fails; null: as long as it takes
     *
     * @throws \Sync\ExtensionMissing
     * @throws \ValueError where $lifetime is less than 1
     */
    public function __construct(
        \Sync|string $sync,
        string $prefix = 'session.',
        ?int $lifetime = null,
        bool $lock = true,
        ?float $patience = null,
    ) {
        $this->sessions = new Sessions($sync, $prefix, $lifetime, $lock, $patience);
    }

    public function open(string $path, string $name): bool
    {
        $this->sessions->open();

        return true;
    }

    public function validateId(string $id): bool
    {
        return $this->sessions->has($id);
    }

    public function read(string $id): string|false
    {
        return $this->sessions->read($id);
    }

    public function write(string $id, string $data): bool
    {
        return $this->sessions->write($id, $data);
    }

    public function updateTimestamp(string $id, string $data): bool
    {
        return $this->sessions->touch($id, $data);
    }

    public function destroy(string $id): bool
    {
        return $this->sessions->remove($id);
    }

    public function close(): bool
    {
        $this->sessions->release();

        return true;
    }

    /**
     * Ends the lock of a session that PHP has given up without close(), because $_SESSION has a value that cannot be serialized. For a program
     * that catches the exception and goes on: otherwise the lock ends when it reads its next session, or with the request.
     */
    public function release(): void
    {
        $this->sessions->release();
    }

    /**
     * Each session expires by itself, and its room is given back by whoever writes.
     */
    public function gc(int $max_lifetime): int
    {
        return 0;
    }
}
