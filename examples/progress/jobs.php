<?php
/*
 * The jobs that index.php shows and task.php does: one shared property, an array of jobs by their ids.
 *
 * A job is an array: name, steps, done, state (starting, running, done, canceled, died), cancel, pid, since. Other programs may write to
 * the file, too, and whatever they like: checked() is the one place where stored bytes become jobs. All else is shown as
 * "not a job", is never changed, and is in nobody's way.
 */

/** Another program has something else under the name of the jobs, or under the id of one. */
final class NotAJob extends RuntimeException
{
}

/**
 * @phpstan-type Job array{name: string, steps: int, done: int, state: string, cancel: bool, pid: ?int, since: int|float}
 */
final class Jobs
{
    const AT_ONCE = 8;          // so many processes may those start that see the page
    const KEPT = 30;            // older ones that have ended are forgotten
    const TIME_TO_START = 10;   // seconds
    const LONGEST_NAME = 60;    // characters
    const MOST_BYTES = 65_536;  // encoded: no list of jobs is so long
    const MOST_SHOWN = 100;     // jobs, and things that are none

    public readonly Sync $sync;

    public function __construct()
    {
        // Arrays and scalars are enough: an object, whoever had stored it, would not be made.
        $this->sync = new Sync(getenv('SYNC_FILE') ?: '/dev/shm/progress.sync', allowedClasses: false);
    }

    /** @return array<string, Job> the oldest first; what is no job is one in the state "foreign" */
    public function all(): array
    {
        if ($this->isTooLong()) {
            return ['foreign' => self::foreign('The list of jobs: too long')];
        }
        $stored = $this->sync->get('jobs') ?? [];
        if (!is_array($stored)) {
            return ['foreign' => self::foreign('The list of jobs: ' . get_debug_type($stored))];
        }
        $all = [];
        foreach (array_slice($stored, -self::MOST_SHOWN, null, true) as $id => $job) {
            // (An id is also one in HTML; a key of somebody else may be any bytes.)
            $all[self::isId($id) ? $id : 'x' . hash('crc32b', (string) $id)] = self::checked($id, $job) ?? self::foreign((string) $id);
        }
        return $all;
    }

    /** @return Job|null the job of an id, if there is one */
    public function one(string $id): ?array
    {
        $job = $this->all()[$id] ?? null;
        return $job === null || $job['state'] === 'foreign' ? null : $job;
    }

    /**
     * Makes a job that a process is to do; its id, or null where too many are at work.
     *
     * @throws NotAJob
     */
    public function add(string $name, int $steps): ?string
    {
        $id = 'j' . bin2hex(random_bytes(8)); // (a letter first: a key that is a number would become an int)
        $job = ['name' => self::shortened($name), 'steps' => $steps, 'done' => 0, 'state' => 'starting', 'cancel' => false, 'pid' => null, 'since' => microtime(true)];
        // (With what other programs have stored meanwhile: nobody writes between reading and storing.)
        $jobs = $this->update(function (array $stored) use ($id, $job) {
            $jobs = array_filter(array_combine(array_keys($stored), array_map(self::checked(...), array_keys($stored), $stored)));
            if (count(array_filter($jobs, self::isAtWork(...))) >= self::AT_ONCE) {
                return $stored;
            }
            $ended = array_keys(array_filter($jobs, fn ($job) => !self::isAtWork($job)));
            return array_diff_key($stored, array_flip(array_slice($ended, 0, max(0, count($jobs) + 1 - self::KEPT)))) + [$id => $job];
        });
        return isset($jobs[$id]) ? $id : null;
    }

    /**
     * Changes some fields of a job in one step, if it is still there and $if says so of it; tells whether that was done.
     *
     * @param array<string, mixed> $fields
     * @param callable(Job): bool  $if
     */
    public function change(string $id, array $fields, ?callable $if = null): bool
    {
        try {
            $this->update(function (array $stored) use ($id, $fields, $if) {
                $job = self::checked($id, $stored[$id] ?? null);
                if ($job === null || $if !== null && !$if($job)) {
                    throw new NotAJob("There is no job $id to be changed.");
                }
                return array_replace($stored, [$id => array_replace($job, $fields)]);
            });
            return true;
        } catch (NotAJob) {
            return false; // and nothing was stored
        }
    }

    /** Asks the process of a job to stop. It does so before its next step. */
    public function cancel(string $id): void
    {
        $this->change($id, ['cancel' => true], self::isAtWork(...));
    }

    /**
     * Forgets the jobs that have ended.
     *
     * @throws NotAJob
     */
    public function clear(): void
    {
        $this->update(fn (array $stored) => array_filter($stored, function (mixed $stored, int|string $id) {
            $job = self::checked($id, $stored);
            return $job === null || self::isAtWork($job);
        }, ARRAY_FILTER_USE_BOTH));
    }

    /** Says of each job whose process is gone that it has died. */
    public function buryTheDead(): void
    {
        foreach (array_filter($this->all(), self::isAtWork(...)) as $id => $job) {
            if ($job['state'] === 'starting' && abs(microtime(true) - $job['since']) < self::TIME_TO_START) {
                continue;
            }
            // The one that works on a job has its lock, and the kernel takes that from a process that dies, however it dies. With the
            // lock in hand nobody else is at it, and a job that is still "running" was left by one that is gone.
            if ($this->sync->tryLock("job $id")) {
                $this->change($id, ['state' => 'died'], self::isAtWork(...));
                $this->sync->release("job $id");
            }
        }
    }

    /** @param Job $job */
    public static function isAtWork(array $job): bool
    {
        return in_array($job['state'], ['starting', 'running'], true);
    }

    /** The first characters of a name, with a sign in the place of bytes that are not UTF-8, and spaces for control characters. */
    public static function shortened(string $name): string
    {
        $name = htmlspecialchars_decode(htmlspecialchars(substr($name, 0, 8 * self::LONGEST_NAME), ENT_QUOTES | ENT_SUBSTITUTE, 'UTF-8'), ENT_QUOTES);
        preg_match('~^.{0,' . self::LONGEST_NAME . '}~us', trim(preg_replace('~\p{Cc}+~u', ' ', $name)), $match);
        return $match[0];
    }

    private static function isId(int|string $key): bool
    {
        return preg_match('~^j[0-9a-z]{1,32}$~D', (string) $key) === 1;
    }

    /**
     * Changes the list in one step; where $change throws, nothing is stored.
     *
     * @param callable(array): array $change
     * @throws NotAJob where it is no list of jobs, so that there is no place for one
     */
    private function update(callable $change): array
    {
        $refuse = fn (string $kind) => throw new NotAJob("Another program has stored something else under the name \"jobs\": $kind. It stays as it is until `syncctl rm` removes it.");
        if ($this->isTooLong()) {
            $refuse('it is too long for a list of jobs');
        }
        return $this->sync->update('jobs', fn (mixed $stored) => $change(is_array($stored ??= []) ? $stored : $refuse(get_debug_type($stored))));
    }

    /** Whether reading the list would take more memory than a list of jobs does. */
    private function isTooLong(): bool
    {
        return ($this->sync->describe('jobs')['bytes'] ?? 0) > self::MOST_BYTES;
    }

    /** @return Job|null the job that was stored, if it is one: each field is there, and of its type */
    private static function checked(int|string $id, mixed $job): ?array
    {
        if (!self::isId($id) || !is_array($job)) {
            return null;
        }
        ['name' => $name, 'steps' => $steps, 'done' => $done, 'state' => $state, 'cancel' => $cancel, 'pid' => $pid, 'since' => $since] =
            $job + ['name' => null, 'steps' => null, 'done' => null, 'state' => null, 'cancel' => null, 'pid' => null, 'since' => null];
        $is_job = is_string($name) && is_int($steps) && $steps > 0 && is_int($done) && $done >= 0 && $done <= $steps && is_bool($cancel)
            && (is_int($pid) || $pid === null && $state !== 'running') && (is_int($since) || is_float($since) && is_finite($since))
            && in_array($state, ['starting', 'running', 'done', 'canceled', 'died'], true);
        return $is_job ? ['name' => self::shortened($name), 'steps' => $steps, 'done' => $done, 'state' => $state, 'cancel' => $cancel, 'pid' => $pid, 'since' => $since] : null;
    }

    /** @return Job what stands in the place of something that is none */
    private static function foreign(string $key): array
    {
        return ['name' => self::shortened($key), 'steps' => 1, 'done' => 0, 'state' => 'foreign', 'cancel' => false, 'pid' => null, 'since' => 0];
    }
}
