<?php
/*
 * The jobs that index.php shows and task.php does: one shared property, an array of jobs by their ids.
 *
 * A job is an array: name, steps, done, state (starting, running, done, canceled, died), cancel, pid, since.
 */

final class Jobs
{
    const AT_ONCE = 8;          // so many processes may those start that see the page
    const KEPT = 30;            // older ones that have ended are forgotten
    const TIME_TO_START = 10;   // seconds

    public readonly Sync $sync;

    public function __construct()
    {
        // Arrays and scalars are enough: an object, whoever had stored it, would not be made.
        $this->sync = new Sync(getenv('SYNC_FILE') ?: '/dev/shm/progress.sync', allowedClasses: false);
    }

    /** @return array<string, array> the oldest first */
    public function all(): array
    {
        return $this->sync->get('jobs', []);
    }

    /** Makes a job that a process is to do; its id, or null where too many are at work. */
    public function add(string $name, int $steps): ?string
    {
        $id = 'j' . bin2hex(random_bytes(8)); // (a letter first: a key that is a number would become an int)
        $job = ['name' => $name, 'steps' => $steps, 'done' => 0, 'state' => 'starting', 'cancel' => false, 'pid' => null, 'since' => microtime(true)];
        // (With what other programs have stored meanwhile: nobody writes between reading and storing.)
        $jobs = $this->sync->update('jobs', function (?array $jobs) use ($id, $job) {
            $jobs ??= [];
            if (count(array_filter($jobs, self::isAtWork(...))) >= self::AT_ONCE) {
                return $jobs;
            }
            $ended = array_keys(array_filter($jobs, fn ($job) => !self::isAtWork($job)));
            $jobs = array_diff_key($jobs, array_flip(array_slice($ended, 0, max(0, count($jobs) + 1 - self::KEPT))));
            return $jobs + [$id => $job];
        });
        return isset($jobs[$id]) ? $id : null;
    }

    /** Asks the process of a job to stop. It does so before its next step. */
    public function cancel(string $id): void
    {
        $this->sync->update('jobs', function (?array $jobs) use ($id) {
            if (isset($jobs[$id]) && self::isAtWork($jobs[$id])) {
                $jobs[$id]['cancel'] = true;
            }
            return $jobs ?? [];
        });
    }

    /** Forgets the jobs that have ended. */
    public function clear(): void
    {
        $this->sync->update('jobs', fn (?array $jobs) => array_filter($jobs ?? [], self::isAtWork(...)));
    }

    /** Says of each job whose process is gone that it has died. */
    public function buryTheDead(): void
    {
        foreach (array_filter($this->all(), self::isAtWork(...)) as $id => $job) {
            if ($job['state'] === 'starting' && microtime(true) < $job['since'] + self::TIME_TO_START) {
                continue;
            }
            // The one that works on a job has its lock, and the kernel takes that from a process that dies, however it dies. With the
            // lock in hand nobody else is at it, and a job that is still "running" was left by one that is gone.
            if ($this->sync->tryLock("job $id")) {
                $this->sync->update('jobs', function (?array $jobs) use ($id) {
                    if (isset($jobs[$id]) && self::isAtWork($jobs[$id])) {
                        $jobs[$id]['state'] = 'died';
                    }
                    return $jobs ?? [];
                });
                $this->sync->release("job $id");
            }
        }
    }

    public static function isAtWork(array $job): bool
    {
        return in_array($job['state'], ['starting', 'running'], true);
    }
}
