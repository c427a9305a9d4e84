<?php

declare(strict_types=1);

/*
 * Forked processes, whose results come back through a socket.
 */

/**
 * @return array{int, resource} the process and its end of the socket
 */
function start_process(Closure $task): array
{
    $ends = stream_socket_pair(STREAM_PF_UNIX, STREAM_SOCK_STREAM, 0);
    $pid = pcntl_fork();
    if (0 === $pid) {
        fclose($ends[0]);
        try {
            $result = [true, $task()];
        } catch (Throwable $error) {
            $result = [false, (string) $error];
        }
        fwrite($ends[1], serialize($result));
        // Nothing of PHPUnit's runs at the end of a child.
        fclose($ends[1]);
        posix_kill(getmypid(), SIGKILL);
    }
    fclose($ends[1]);

    return [$pid, $ends[0]];
}

function result_of(array $process): mixed
{
    [$pid, $end] = $process;
    $text = stream_get_contents($end);
    pcntl_waitpid($pid, $status);
    [$fine, $result] = unserialize($text) ?: [false, 'the process ended without a result'];
    if (!$fine) {
        throw new RuntimeException($result);
    }

    return $result;
}

function in_processes(int $count, Closure $task): array
{
    $processes = [];
    for ($i = 0; $i < $count; ++$i) {
        $processes[] = start_process($task);
    }

    return array_map(result_of(...), $processes);
}

function now_plus(int $seconds): DateTimeImmutable
{
    return new DateTimeImmutable("+$seconds seconds");
}
