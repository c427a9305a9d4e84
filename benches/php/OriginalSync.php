<?php

/**
 * The class that `Sync` replaces, to measure against: every access opens the file, takes
 * `flock()` on it and unserializes all of it; every write serializes and rewrites all of it.
 *
 * It does the same with a file as php-shared-memory 1.5, by the same system calls in the same order,
 * without the rest of that class's interface.
 */
final class OriginalSync
{
    public function __construct(private string $file)
    {
    }

    public function __get(string $name): mixed
    {
        return $this->access(LOCK_SH, static fn (stdClass $all) => $all->data->$name ?? null);
    }

    public function __set(string $name, mixed $value): void
    {
        $this->access(LOCK_EX, static function (stdClass $all) use ($name, $value) {
            $all->data->$name = $value;
        });
    }

    public function __isset(string $name): bool
    {
        return $this->access(LOCK_SH, static fn (stdClass $all) => isset($all->data->$name)) ?? false;
    }

    public function __unset(string $name): void
    {
        $this->access(LOCK_EX, static function (stdClass $all) use ($name) {
            unset($all->data->$name);
        });
    }

    public function setData(stdClass $data): void
    {
        $this->access(LOCK_EX, static function (stdClass $all) use ($data) {
            $all->data = $data;
        });
    }

    private function access(int $mode, Closure $body): mixed
    {
        clearstatcache(true, $this->file);
        if ($mode === LOCK_SH && !is_file($this->file)) {
            return null;
        }
        $stream = fopen($this->file, 'c+');
        flock($stream, $mode);
        $text = stream_get_contents($stream);
        $all = $text === '' ? (object) ['data' => new stdClass, 'lock' => null] : unserialize($text);
        $result = $body($all);
        if ($mode === LOCK_EX) {
            rewind($stream);
            ftruncate($stream, 0);
            fwrite($stream, serialize($all));
        }
        flock($stream, LOCK_UN);
        fclose($stream);
        return $result;
    }
}
