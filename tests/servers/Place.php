<?php

/**
 * The folders in which the servers work, and their processes. Everything is below two folders, which scripts/test-servers.sh makes, and
 * removes with every process that still uses them, however this one ends.
 */
final class Place
{
    /** @var array<int, resource> processes that run, by process id */
    private array $processes = [];
    /** The store that the preloading of opcache uses. */
    public string $preloaded = '';

    /** @param string $own for configurations, logs, sockets and pages  @param string $shared on tmpfs, for stores */
    public function __construct(public readonly string $own, public readonly string $shared)
    {
    }

    /** The path of a store that no case has used before. */
    public function store(): string
    {
        static $number = 0;
        return "$this->shared/store" . ++$number;
    }

    /** Writes a file in the servers' folder, and returns its path. */
    public function write(string $name, string $content): string
    {
        file_put_contents("$this->own/$name", $content);
        return "$this->own/$name";
    }

    /** @return array<string, string> the environment of all servers */
    private static function environment(array $more): array
    {
        return $more + array_diff_key(getenv(), ['SYNC_STORE' => 1]);
    }

    /** Starts a server; its messages go to NAME.out. @return int its process id */
    public function start(string $name, array $command, array $environment = []): int
    {
        $out = ['file', "$this->own/$name.out", 'a'];
        // A session of its own: Apache ends all processes of its group.
        $process = proc_open(['setsid', ...$command], [['file', '/dev/null', 'r'], $out, $out], $pipes, $this->own, self::environment($environment));
        $pid = proc_get_status($process)['pid'];
        $this->processes[$pid] = $process;
        return $pid;
    }

    /** Ends a server by a signal, and waits for its end. */
    public function stop(int $pid, int $signal): void
    {
        if (!isset($this->processes[$pid])) {
            return;
        }
        posix_kill($pid, $signal);
        $deadline = hrtime(true) + 10e9;
        while (proc_get_status($this->processes[$pid])['running']) {
            if (hrtime(true) > $deadline) {
                posix_kill($pid, SIGKILL);
                throw new Exception("Server $pid does not end.");
            }
            usleep(5_000);
        }
        proc_close($this->processes[$pid]);
        unset($this->processes[$pid]);
    }

    /** The last lines that servers have said, for the report of a failure. */
    public function said(): string
    {
        $said = '';
        foreach (glob("$this->own/*.{out,log}", GLOB_BRACE) as $file) {
            $lines = array_slice(file($file), -15);
            $said .= $lines ? '--- ' . basename($file) . "\n" . implode($lines) : '';
        }
        return $said;
    }

    /** An address on the loopback interface that nobody listens at, by the kernel's choice. */
    public static function freeAddress(): string
    {
        $probe = stream_socket_server('tcp://127.0.0.1:0');
        return stream_socket_get_name($probe, false);
    }
}

/** Waits until a condition holds, and returns what it gave; an exception when it does not for too long. */
function until(Closure $condition, string $what): mixed
{
    $deadline = hrtime(true) + PATIENCE * 1e9;
    while (!($held = $condition())) {
        hrtime(true) < $deadline || throw new Exception("$what did not happen for " . PATIENCE . ' seconds.');
        usleep(2_000);
    }
    return $held;
}

/** Until a server listens at an address. */
function until_listening(string $address): void
{
    until(fn () => ($connection = @stream_socket_client($address)) && fclose($connection), "A server at $address");
}

/** @return list<int> the children of a process */
function children(int $pid): array
{
    return array_map('intval', preg_split('/ /', (string) @file_get_contents("/proc/$pid/task/$pid/children"), flags: PREG_SPLIT_NO_EMPTY));
}

function same(mixed $expected, mixed $found, string $what): void
{
    $expected === $found || throw new Exception("$what: expected " . json_encode($expected) . ', found ' . json_encode($found));
}

function holds(bool $condition, string $what): void
{
    $condition || throw new Exception($what);
}
