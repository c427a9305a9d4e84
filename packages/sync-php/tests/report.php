<?php

declare(strict_types=1);

/*
 * report.php --suites: lists the suites, a name and a file a line.
 * report.php --results=FOLDER --composer=STATUS [--write]: counts the cases that ran, compares the tables of the READMEs with them, or writes
 * these with --write. The last line is 'N passed, N failed'.
 */

$package = dirname(__DIR__);
$suites = require __DIR__.'/suites.php';
$deviations = require __DIR__.'/deviations.php';
$options = getopt('', ['suites', 'results:', 'composer:', 'write']);

if (isset($options['suites'])) {
    foreach ($suites as $name => [, , , $file]) {
        echo "$name $file\n";
    }
    exit;
}

/**
 * The cases of a run of PHPUnit: name => passed, failed or skipped.
 *
 * @return array<string, string>
 */
function cases(string $file): array
{
    $document = is_file($file) ? @simplexml_load_file($file) : false;
    $cases = [];
    foreach (false === $document ? [] : $document->xpath('//testcase') as $case) {
        $cases[(string) $case['name']] = match (true) {
            isset($case->error) || isset($case->failure) || isset($case->warning) => 'failed',
            isset($case->skipped) => 'skipped',
            default => 'passed',
        };
    }

    return $cases;
}

/** The series of a package of Debian, as 5.4: a security update does not make the tables differ. */
function series(string $package): string
{
    $version = (string) shell_exec('dpkg-query --show --showformat=\'${Version}\' '.escapeshellarg($package));

    return preg_match('/^(?:\d+:)?(\d+\.\d+)/', $version, $part) ? $part[1] : $version;
}

/**
 * A table between its two marks: written, or compared.
 */
function table(string $page, string $mark, string $table, bool $write): ?string
{
    $text = (string) file_get_contents($page);
    $opening = "<!-- $mark -->\n";
    $closing = "<!-- /$mark -->";
    $start = strpos($text, $opening);
    $end = strpos($text, $closing);
    if (false === $start || false === $end) {
        return basename(dirname($page)).'/'.basename($page)." has no marks for the table '$mark'";
    }
    $start += strlen($opening);
    if (substr($text, $start, $end - $start) === $table) {
        return null;
    }
    if ($write) {
        file_put_contents($page, substr_replace($text, $table, $start, $end - $start));

        return null;
    }

    return "the table '$mark' of $page differs from this run; scripts/test-adapters.sh --write writes it";
}

$passed = $failed = 0;
$rows = [];
$problems = [];
foreach ($suites as $name => [$adapter, $suite, $of]) {
    $cases = cases("$options[results]/$name.xml");
    if ([] === $cases) {
        $problems[] = "$name: did not run; its output is in $options[results]/$name.log";
        continue;
    }
    $expected = [];
    foreach ($deviations as [$where, $test, $outcome]) {
        if ($where === $name) {
            $expected[$test] = $outcome;
        }
    }
    $good = 0;
    foreach ($cases as $case => $outcome) {
        $good += 'passed' === $outcome ? 1 : 0;
        $wanted = $expected[$case] ?? 'passed';
        unset($expected[$case]);
        if ($outcome !== $wanted) {
            $problems[] = "$name: $case is '$outcome', not '$wanted'; the output is in $options[results]/$name.log";
        } else {
            ++$passed;
        }
    }
    foreach (array_keys($expected) as $test) {
        $problems[] = "$name: there is no case $test, which tests/deviations.php lists";
    }
    // A process that ended after its last case, or in the middle, has another status.
    $status = trim((string) file_get_contents("$options[results]/$name.status"));
    if ('0' !== $status && !in_array('failed', $cases, true)) {
        $problems[] = "$name: PHPUnit ended with status $status; the output is in $options[results]/$name.log";
    }
    printf("%-16s %4d cases, %4d passed\n", $name, count($cases), $good);
    if ('' === $adapter) {
        continue;
    }
    $rows[] = sprintf("| %s | %s | %s | %d | %d |\n", $adapter, $suite, '' === $of ? '' : $of.' '.series($of), count($cases), $good);
}
if ('0' === $options['composer']) {
    ++$passed;
} else {
    $problems[] = "composer validate --strict finds faults; they are in $options[results]/composer.log";
}

$conformance = "| adapter | suite | from | cases | passed |\n| --- | --- | --- | ---: | ---: |\n".implode('', $rows);
$otherwise = "| suite | case | outcome | reason |\n| --- | --- | --- | --- |\n";
foreach ($deviations as [$where, $test, $outcome, $reason]) {
    $otherwise .= "| {$suites[$where][1]} | `$test` | $outcome | $reason |\n";
}
// Only a whole run makes a table.
if ([] === $problems) {
    foreach ([
        ["$package/README.md", 'adapters', $conformance],
        ["$package/README.md", 'deviations', $otherwise],
        [dirname($package, 2).'/README.md', 'adapters', $conformance],
    ] as [$page, $mark, $text]) {
        $problem = table($page, $mark, $text, isset($options['write']));
        if (null === $problem) {
            ++$passed;
        } else {
            $problems[] = $problem;
        }
    }
}
foreach ($problems as $problem) {
    fwrite(STDERR, "FAILED $problem\n");
    ++$failed;
}
echo "$passed passed, $failed failed\n";
exit(0 === $failed ? 0 : 1);
