<?php

declare(strict_types=1);

/**
 * The handler of Symfony's fixtures, which tells each call, with the package's handler under it instead of a variable.
 */
class TestSessionHandler extends Sync\Symfony\SessionHandler
{
    /** The id in the cookie that the test sends. */
    private const ID = '123abc';

    public function __construct(string $data = '')
    {
        $sync = new Sync(store_file('http-foundation'));
        $sync->clear();
        if ('' !== $data) {
            $sync->set('session.'.self::ID, $data);
        }
        parent::__construct($sync);
    }

    public function open($path, $name): bool
    {
        echo __FUNCTION__, "\n";

        return parent::open($path, $name);
    }

    public function validateId($sessionId): bool
    {
        echo __FUNCTION__, "\n";

        return parent::validateId($sessionId);
    }

    public function read($sessionId): string
    {
        echo __FUNCTION__, "\n";

        return parent::read($sessionId);
    }

    public function updateTimestamp(string $sessionId, string $data): bool
    {
        echo __FUNCTION__, "\n";

        return parent::updateTimestamp($sessionId, $data);
    }

    public function write($sessionId, $data): bool
    {
        echo __FUNCTION__, "\n";

        return parent::write($sessionId, $data);
    }

    public function destroy($sessionId): bool
    {
        echo __FUNCTION__, "\n";

        return parent::destroy($sessionId);
    }

    public function close(): bool
    {
        echo __FUNCTION__, "\n";

        return parent::close();
    }

    protected function doRead(string $sessionId): string
    {
        $data = parent::doRead($sessionId);
        echo __FUNCTION__, ': ', self::ID === $sessionId ? $data : 'invalid sessionId', "\n";

        return $data;
    }

    protected function doWrite(string $sessionId, string $data): bool
    {
        echo __FUNCTION__, ': ', $data, "\n";

        return parent::doWrite($sessionId, $data);
    }

    protected function doDestroy(string $sessionId): bool
    {
        echo __FUNCTION__, "\n";

        return parent::doDestroy($sessionId);
    }
}
