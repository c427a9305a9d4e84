<?php
/*
 * check-messages.php: every message of a SyncException has its line in README's table of messages, with its reason and remedy.
 *
 * The messages are the sentences of the stores' and addresses' error.rs, and the literals that src/php throws as one of Sync's own exceptions. A line of
 * the table covers a message that begins as it says, where … is anything. Prints those without a line; exits with 1 if there are any.
 */

chdir(__DIR__ . '/..');

/** The texts of a Rust source behind a call: the first string literal, as it is written. */
function literals(string $source, string $call): array
{
    // A comment may have quotes.
    $source = preg_replace('~^\s*//.*$~m', '', $source);
    preg_match_all("~(?:$call)" . '[^;"{}]*?"((?:[^"\\\\]|\\\\.)*)"~s', $source, $found);
    // A line that ends with a backslash continues without the next one's indentation.
    return array_map(fn ($text) => stripslashes(preg_replace('~\\\\\n\s*~', '', $text)), $found[1]);
}

$messages = [];
foreach (['crates/store/src/error.rs', 'crates/server/src/store/error.rs', 'crates/server/src/address/error.rs'] as $file) {
    // (Those of addresses are the arms of a match.)
    foreach (literals(file_get_contents($file), 'write!\(\s*f,|Self::\w+ => \{?\s*(?=")') as $text) {
        $messages[$text] = $file;
    }
}
exec('git ls-files "src/php/*.rs"', $files);
foreach ($files as $file) {
    foreach (literals(file_get_contents($file), '\bthrow_(?:sync|timeout)\(') as $text) {
        // One that begins with another message is that message.
        if (!preg_match('~^$|^\{error\}|^\{what\} ~', $text)) {
            $messages[$text] = $file;
        }
    }
}

preg_match('~^## When something goes wrong$.*?(?=^## )~ms', file_get_contents('README.md'), $section);
$lines = [];
foreach (preg_grep('~^\| `~', explode("\n", $section[0])) as $row) {
    preg_match_all('~`([^`]+)`~', explode(' | ', $row)[0], $spans);
    array_push($lines, ...$spans[1]);
}
$covers = array_map(fn ($line) => '~^' . implode('.*', array_map(fn ($part) => preg_quote($part, '~'), explode('…', $line))) . '~s', $lines);

$without = [];
foreach ($messages as $text => $file) {
    $told = preg_replace('~\{[^}]*\}~', 'x', $text);
    if (!array_filter($covers, fn ($pattern) => preg_match($pattern, $told))) {
        $without[] = "$file: $text";
    }
}
foreach ($without as $message) {
    echo "README.md's table of messages has no line for: $message\n";
}
// A search that finds nothing proves nothing.
if (count($messages) < 40 || count($lines) < 15) {
    echo count($messages), ' messages, ', count($lines), " lines: they are not found where they were.\n";
    exit(1);
}
echo $without ? '' : count($messages) . " messages have their lines.\n";
exit($without ? 1 : 0);
