<?php

declare(strict_types=1);

namespace Sync\Symfony;

use Symfony\Component\HttpFoundation\Session\Storage\Handler\AbstractSessionHandler;
use Sync\Internal\Sessions;

/**
 * The same sessions as Sync\Session\SessionHandler, for Symfony's session storage.
 *
 * As with each handler of Symfony, an empty session is not stored, and its cookie is taken back.
 */
class SessionHandler extends AbstractSessionHandler
{
    private readonly Sessions $sessions;

    /**
     * @param string     $prefix   begins the names of the sessions, and of their locks
     * @param int|null   $lifetime seconds without use after which a session ends; null: as session.gc_maxlifetime says
     * @param bool       $lock     false: requests of one session run at once, and the last one to close wins
     * @param float|null $patience seconds to wait for another request, after which reading fails; null: as long as it takes
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

    /**
     * @param string $savePath
     * @param string $sessionName
     */
    public function open($savePath, $sessionName): bool
    {
        $this->sessions->open();

        return parent::open($savePath, $sessionName);
    }

    public function updateTimestamp(string $sessionId, string $data): bool
    {
        return $this->sessions->touch($sessionId, $data);
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

    public function gc(int $maxLifetime): int|false
    {
        return 0;
    }

    protected function doRead(string $sessionId): string
    {
        $data = $this->sessions->read($sessionId);
        if (false === $data) {
            throw new \SyncTimeoutException("Another request has had the session '$sessionId' for too long.");
        }

        return $data;
    }

    protected function doWrite(string $sessionId, string $data): bool
    {
        return $this->sessions->write($sessionId, $data);
    }

    protected function doDestroy(string $sessionId): bool
    {
        return $this->sessions->remove($sessionId);
    }
}
