<?php
/*
 * check-docs.php [--write]: the stubs and README's API table say the same, README knows the extension's settings,
 * and every link of the documentation leads to a file. (The extension's classes are generated from the stubs.)
 *
 * Prints each difference; exits with 1 if there is any. With --write, README's API table is
 * made from the stubs instead of being compared with them.
 */

require __DIR__ . '/stub.php';

const ROOT = __DIR__ . '/..';

/** `get($name, $default = null)`. */
function call(ReflectionMethod $method): string
{
    return $method->name . parametersAsWritten($method, false);
}

/** The first paragraph of a doc comment. */
function summary(Reflector $of): string
{
    $text = preg_replace('~^\s*/?\*+/?[ \t]?~m', '', (string) $of->getDocComment());
    return trim(preg_replace('~\s*\n\s*~', ' ', explode("\n\n", trim($text))[0]));
}

/** The example of a doc comment: the lines that are indented by four. */
function hasExample(Reflector $of): bool
{
    return (bool) preg_match('~^\s*\*     \S~m', (string) $of->getDocComment());
}

/** @param ReflectionClass[] $stubs */
function apiTable(array $stubs): string
{
    $rows = ['| call | does |', '| --- | --- |'];
    foreach ($stubs as $class) {
        foreach ($class->getMethods() as $method) {
            $hidden = str_starts_with($method->name, 'offset') || (str_starts_with($method->name, '__') && !$method->isConstructor());
            if ($method->class === $class->getName() && !$hidden) {
                $call = $method->isConstructor()
                    ? str_replace('__construct', 'new ' . withoutNamespace($class->getName()), call($method))
                    : call($method);
                $rows[] = "| `$call` | " . str_replace('|', '\|', summary($method)) . ' |';
            }
        }
    }
    return implode("\n", $rows);
}

/** Replaces the text of README between `<!-- NAME -->` and `<!-- /NAME -->`. */
function between(string $readme, string $name, string $text): string
{
    $changed = preg_replace_callback(
        "~(<!-- $name -->\n).*?(<!-- /$name -->)~s",
        fn ($part) => "$part[1]$text\n$part[2]",
        $readme, 1, $found,
    );
    if ($found !== 1) {
        exit("README.md has no place for its table: <!-- $name -->\n");
    }
    return $changed;
}

$problems = [];
$extension = new ReflectionExtension('sync');

// The stub.
$stubs = stubs();

// The stub by itself.
foreach ($stubs as $class) {
    foreach ([$class, ...array_filter($class->getMethods(), fn ($m) => $m->class === $class->getName())] as $documented) {
        $name = withoutNamespace($documented instanceof ReflectionMethod ? "$class->name::$documented->name()" : $class->name);
        if (!str_ends_with(summary($documented), '.')) {
            $problems[] = "$name: its doc comment does not begin with a sentence";
        }
        if (!hasExample($documented)) {
            $problems[] = "$name: its doc comment has no example";
        }
    }
}

// The stub, the settings and the README.
$old = file_get_contents(ROOT . '/README.md');
$new = between($old, 'api', apiTable($stubs));
foreach ($extension->getINIEntries() as $setting => $default) {
    $told = (string) $default === '' ? 'empty' : "`$default`";
    if (!str_contains($new, "| `$setting` | $told |")) {
        $problems[] = "README.md's table of settings does not say that $setting is $default by default";
    }
}
if (in_array('--write', $argv, true)) {
    file_put_contents(ROOT . '/README.md', $new);
} elseif ($old !== $new) {
    $problems[] = 'README.md: its API table is not what the stubs say; run: make docs';
}

foreach ($problems as $problem) {
    echo "$problem\n";
}
echo $problems ? '' : "The stubs and README.md agree.\n";
exit($problems ? 1 : 0);
