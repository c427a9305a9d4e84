<?php

/**
 * Measures snippets of PHP against each other: all subjects of a case take turns, many short samples
 * each, so that other load on the machine affects them alike. The median counts.
 */
final class Bench
{
    /** Nanoseconds that one sample should take: short enough to fall between two interruptions. */
    private const SAMPLE = 1_500_000;

    /** How often a sample is retaken because the kernel gave the CPU to another process meanwhile. */
    private const RETAKES = 8;

    /** Samples taken of an operation that alone takes longer than a sample. */
    private const ROUNDS_OF_SLOW = 9;

    /** The call that marks both ends of the counted part: nothing else calls libc's function of this name. */
    public const MARK = 'gethostname';

    public function __construct(private string $directory, private int $rounds)
    {
    }

    /**
     * @param array<string, array{open: string, run: string, prepare?: string, 'at most'?: int}> $subjects
     * @return array<string, list<float>> nanoseconds a turn, one for each round
     */
    public function measure(array $subjects): array
    {
        $loops = $turns = $samples = [];
        foreach ($subjects as $name => $subject) {
            $loops[$name] = $this->compile($subject);
            $turns[$name] = $this->calibrate($loops[$name], $subject['at most'] ?? PHP_INT_MAX);
        }
        for ($round = 0; $round < $this->rounds; $round++) {
            foreach ($loops as $name => $loop) {
                if ($turns[$name] > 1 || isset($subjects[$name]['at most']) || $round < self::ROUNDS_OF_SLOW) {
                    $samples[$name][] = $this->sample($loop, $turns[$name]);
                }
            }
        }
        return $samples;
    }

    /** Nanoseconds a turn; the fastest of several tries, if each was interrupted. */
    public function sample(Closure $loop, int $turns): float
    {
        $fastest = INF;
        for ($try = 0; $try < self::RETAKES; $try++) {
            $before = getrusage()['ru_nivcsw'];
            $fastest = min($fastest, $loop($turns) / $turns);
            if (getrusage()['ru_nivcsw'] === $before) {
                break;
            }
        }
        return $fastest;
    }

    /**
     * With `$counted` marks are set around the loop, for callgrind, instead of looking at the clock.
     *
     * @return Closure(int): int runs the loop so many times; the nanoseconds it took
     */
    public function compile(array $subject, bool $counted = false): Closure
    {
        $open = str_replace('{dir}', $this->directory, $subject['open']);
        $prepare = $subject['prepare'] ?? '';
        // The loop gets the snippets' variables by name, as compiled variables, as in ordinary code.
        preg_match_all('/\$(\w+)/', $open . $prepare . $subject['run'], $names);
        $variables = array_map(fn ($name) => "\$$name", array_diff(array_unique($names[1]), ['i', 'n', 'v', 'this']));
        $define = implode(' ', array_map(fn ($variable) => "$variable ??= null;", $variables));
        $use = $variables ? 'use (' . implode(', ', $variables) . ')' : '';
        [$begin, $end] = $counted ? [self::MARK . '();', self::MARK . '(); return 0;'] : ['$start = hrtime(true);', 'return hrtime(true) - $start;'];
        $code = <<<PHP
            extract(fixtures());
            $open
            $define
            return static function (int \$n) $use {
                $prepare
                $begin
                for (\$i = 0; \$i < \$n; \$i++) {
                    {$subject['run']}
                }
                $end
            };
            PHP;
        return eval($code);
    }

    /** How many turns take about half as long as a sample is to take. */
    public function calibrate(Closure $loop, int $limit): int
    {
        $turns = 1;
        $loop(1);
        while (($took = $loop($turns)) < self::SAMPLE / 2 && $turns < $limit) {
            $turns = (int) min($limit, $turns * max(2, min(100, self::SAMPLE / max($took, 1) / 2)));
        }
        return $turns;
    }
}

/** The middle one of some numbers. */
function median(array $numbers): float
{
    sort($numbers);
    $middle = count($numbers) >> 1;
    return count($numbers) % 2 ? $numbers[$middle] : ($numbers[$middle - 1] + $numbers[$middle]) / 2;
}
