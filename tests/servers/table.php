<?php

/** The README's table of servers, between two comments. */
const README = __DIR__ . '/../../README.md';

/**
 * Writes the table, or compares its cases and results with those of a run.
 *
 * @param list<array{string, string, string, string}> $results server, mode, expectation, result
 * @return string|null what is wrong with it
 */
function table(array $results, bool $write): ?string
{
    $text = "| server | mode | the run checks that | result |\n| --- | --- | --- | --- |\n";
    foreach ($results as $row) {
        $text .= '| ' . implode(' | ', array_map(fn ($cell) => str_replace('|', '\|', $cell), $row)) . " |\n";
    }
    $old = file_get_contents(README);
    $new = preg_replace_callback('~(<!-- servers -->\n).*?(<!-- /servers -->)~s', fn ($part) => $part[1] . $text . $part[2], $old, 1, $found);
    if ($found !== 1) {
        return 'there is no place for it: <!-- servers -->';
    }
    if ($write) {
        file_put_contents(README, $new);
        return null;
    }
    return $old === $new ? null : 'it is not of these cases and results; run: scripts/test-servers.sh --write';
}
