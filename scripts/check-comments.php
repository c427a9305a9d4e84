<?php
/*
 * check-comments.php: two rules of style, over all sources that Git tracks.
 *
 * No comment, no paragraph of a comment, no title of a PHPT and no sentence of a page of documentation begins with
 * what, who, whoever or whose: a noun says it better. No source file of src or of a crate is longer than 700 lines, tests and models apart. Prints each
 * breach; exits with 1 if there is any.
 */

const MAX_LINES = 700;

chdir(__DIR__ . '/..');
exec('git ls-files', $files);

/** The kind of comments in a file, by its name or its first line; null for files without comments. */
function language(string $file): ?string
{
    if (str_starts_with(basename($file), 'Makefile') || preg_match('~\.(sh|toml|yml|py)$~', $file)) {
        return 'shell';
    }
    if (preg_match('~\.(rs|php|phpt|inc|c|h|js)$~', $file)) {
        return 'c';
    }
    if (str_ends_with($file, '.md')) {
        return 'markdown';
    }
    return is_file($file) && str_starts_with((string) file_get_contents($file, length: 2), '#!') ? 'shell' : null;
}

/** The text of the comment on a line; null where there is none. A comment after code counts as well. */
function comment(string $line, string $language): ?string
{
    $opening = $language === 'c' ? '~(?:^|\s)(?://[/!]?|/\*[*!]?|(?<=^|^ )\s*\*(?!/))(?=\s|$)~' : '~(?:^|\s)#(?=\s|$)~';
    return preg_match($opening, $line, $found, PREG_OFFSET_CAPTURE)
        ? trim(substr($line, $found[0][1] + strlen($found[0][0])), " \t-*/")
        : null;
}

/** @return list<int> the numbers of the lines of a page in Markdown on which a sentence begins with a pronoun */
function pronounsOfPage(array $lines): array
{
    $starts = preg_grep('~(?:^|[.!?:)] |[|>*#-] )\W*(What|Who|Whoever|Whose)\b~', $lines);
    return array_map(fn ($number) => $number + 1, array_keys($starts));
}

/** @return list<int> the numbers of the lines that begin a comment, or a paragraph of one, with a pronoun */
function pronouns(array $lines, string $language): array
{
    if ($language === 'markdown') {
        return pronounsOfPage($lines);
    }
    $found = [];
    $begins = true;
    foreach ($lines as $number => $line) {
        $afterTitle = ($lines[$number - 1] ?? '') === '--TEST--';
        $text = $afterTitle ? $line : comment($line, $language);
        $alone = (bool) preg_match('~^\s*(//|/?\*|#)~', $line);
        if ($text !== null && ($begins || !$alone) && preg_match('~^(what|who|whoever|whose)\b~i', $text)) {
            $found[] = $number + 1;
        }
        $begins = !$alone || $text === null || $text === '';
    }
    return $found;
}

/** Whether the length of a file is limited. */
function isLimited(string $file): bool
{
    return preg_match('~^(src|crates/[^/]+/src)/.*\.(rs|c)$~', $file)
        && !preg_match('~/tests/|/(tests|model|modelled)\.rs$|^crates/backend/src/testing/~', $file);
}

$breaches = [];
foreach ($files as $file) {
    $language = language($file);
    if ($language === null || !is_file($file)) {
        continue;
    }
    $lines = file($file, FILE_IGNORE_NEW_LINES);
    foreach (pronouns($lines, $language) as $number) {
        $breaches[] = "$file:$number: " . trim($lines[$number - 1]);
    }
    if (isLimited($file) && count($lines) > MAX_LINES) {
        $breaches[] = "$file: " . count($lines) . ' lines, more than ' . MAX_LINES;
    }
}

foreach ($breaches as $breach) {
    echo "$breach\n";
}
echo $breaches ? count($breaches) . " breaches\n" : "No comment begins with a pronoun, and no source file is too long.\n";
exit($breaches ? 1 : 0);
