<?php
// check-links.php: every link of a page of this repository to a page, a file or a folder of it leads there, and where it names a
// heading, the page has that heading. Links to other places are not followed.

declare(strict_types=1);

chdir(dirname(__DIR__));
exec('git ls-files --cached --others --exclude-standard "*.md"', $pages);
$problems = [];
$count = 0;

/** A page without its blocks of code, and without code in its lines. */
function prose(string $page): string
{
    $text = preg_replace('~^( *)```.*?^\1```~ms', '', file_get_contents($page));
    return preg_replace('~`[^`\n]*`~', '``', $text);
}

/** The names by which the headings of a page are linked to, as GitHub makes them. */
function anchors(string $page): array
{
    static $known = [];
    if (!isset($known[$page])) {
        $text = preg_replace('~^( *)```.*?^\1```~ms', '', file_get_contents($page));
        preg_match_all('~^#+ +(.+?) *$~m', $text, $headings);
        preg_match_all('~<a (?:id|name)="([^"]+)"~', $text, $named);
        $times = [];
        $known[$page] = $named[1];
        foreach ($headings[1] as $heading) {
            $heading = preg_replace('~\[([^]]*)\]\([^)]*\)~', '$1', $heading);
            // All letters are made small, punctuation goes, and spaces become hyphens.
            $name = str_replace(' ', '-', preg_replace('~[^\p{L}\p{N}\p{M}_\- ]~u', '', strtolower($heading)));
            $before = $times[$name] ?? 0;
            $times[$name] = $before + 1;
            $known[$page][] = $before ? "$name-$before" : $name;
        }
    }
    return $known[$page];
}

foreach ($pages as $page) {
    preg_match_all('~\]\(<?(?!\w+:)([^)#\s>]*)(?:#([^)\s>]+))?>?(?: "[^"]*")?\)~', prose($page), $links, PREG_SET_ORDER);
    foreach ($links as $link) {
        [$path, $anchor] = [rawurldecode($link[1]), $link[2] ?? ''];
        $target = $path === '' ? $page : ltrim(($path[0] === '/' ? '' : dirname($page) . '/') . $path, '/');
        $count++;
        if (!file_exists($target)) {
            $problems[] = "$page links to $path, which is not there";
        } elseif ($anchor !== '' && str_ends_with($target, '.md') && !in_array($anchor, anchors($target), true)) {
            $problems[] = "$page links to $path#$anchor: there is no such heading";
        }
    }
}

foreach ($problems as $problem) {
    echo "$problem\n";
}
echo $problems ? '' : "$count links on " . count($pages) . " pages lead somewhere.\n";
exit($problems || $count === 0 ? 1 : 0);
