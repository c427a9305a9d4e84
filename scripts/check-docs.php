<?php
/*
 * check-docs.php [--write]: the stubs, what the extension declares and README's API table say the same,
 * and no link of the documentation leads nowhere.
 *
 * The stubs are compiled inside a namespace, so that reflection sees them beside the classes of the
 * extension. Prints each difference; exits with 1 if there is any. With --write, README's tables are
 * made from the stubs and from the extension's settings instead of being compared with them.
 */

const ROOT = __DIR__ . '/..';

/** What a caller has to know of a class, as lines that can be compared. */
function describe(ReflectionClass $class): array
{
    $lines = [];
    $name = withoutNamespace($class->getName());

    $parent = $class->getParentClass();
    $interfaces = $class->getInterfaceNames();
    sort($interfaces);
    $lines[$name] = implode(' ', array_filter([
        $class->isFinal() ? 'final' : '',
        $class->isAbstract() ? 'abstract' : '',
        'class', $name,
        $parent ? 'extends ' . withoutNamespace($parent->getName()) : '',
        $interfaces ? 'implements ' . implode(', ', $interfaces) : '',
    ]));

    foreach ($class->getReflectionConstants() as $constant) {
        if ($constant->class === $class->getName()) {
            $lines["$name::$constant->name"] = 'const ' . $constant->name . ' = ' . var_export($constant->getValue(), true);
        }
    }
    foreach ($class->getProperties() as $property) {
        if ($property->class === $class->getName()) {
            $lines["$name::\$$property->name"] = implode(' ', Reflection::getModifierNames($property->getModifiers()))
                . " $" . $property->name . ': ' . $property->getType();
        }
    }
    foreach ($class->getMethods() as $method) {
        if ($method->class === $class->getName()) {
            $lines["$name::$method->name()"] = implode(' ', Reflection::getModifierNames($method->getModifiers()))
                . ' ' . signature($method, types: true);
        }
    }
    ksort($lines);
    return $lines;
}

/** `get(string $name, mixed $default = null): mixed`, or, without types, `get($name, $default = null)`. */
function signature(ReflectionMethod $method, bool $types): string
{
    $parameters = array_map(fn (ReflectionParameter $p) => implode('', [
        $types && $p->hasType() ? withoutNamespace($p->getType()) . ' ' : '',
        $p->isPassedByReference() ? '&' : '',
        $p->isVariadic() ? '...' : '',
        '$', $p->getName(),
        $p->isDefaultValueAvailable() ? ' = ' . constantAsWritten($p->getDefaultValue()) : ($p->isOptional() && !$p->isVariadic() ? ' = ?' : ''),
    ]), $method->getParameters());

    // A method of the extension has a tentative type, so that subclasses may still leave it away;
    // PHP code, and so the stub, can only declare it.
    $return = $method->getReturnType() ?? $method->getTentativeReturnType();
    return $method->name . '(' . implode(', ', $parameters) . ')' . ($types && $return ? ': ' . withoutNamespace($return) : '');
}

/**
 * What the extension declares, and what the stub does. Only the stub may say more of a parameter
 * that the extension takes as mixed and looks at itself: that a name is a string, for example.
 */
function agree(string $declared, string $promised): bool
{
    $pattern = preg_replace('~(?<=\(|, )mixed \\\\\$~', '\\S+ \\\\$', preg_quote($declared, '~'));
    return (bool) preg_match("~^$pattern$~D", $promised);
}

function constantAsWritten(mixed $value): string
{
    return match (true) {
        $value === null => 'null',
        $value === [] => '[]',
        default => var_export($value, true),
    };
}

function withoutNamespace(string $type): string
{
    return preg_replace('~(?<![\w\\\\])\\\\?Stubs\\\\~', '', $type);
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
                    ? str_replace('__construct', 'new ' . withoutNamespace($class->getName()), signature($method, types: false))
                    : signature($method, types: false);
                $rows[] = "| `$call` | " . str_replace('|', '\|', summary($method)) . ' |';
            }
        }
    }
    return implode("\n", $rows);
}

/** Replaces what README has between `<!-- NAME -->` and `<!-- /NAME -->`. */
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
$source = file_get_contents(ROOT . '/stubs/sync.stub.php');
$before = get_declared_classes();
eval('namespace Stubs;' . substr($source, strlen('<?php')));
$stubs = array_map(fn ($name) => new ReflectionClass($name), array_diff(get_declared_classes(), $before));

// The stub and the extension.
$declared = [];
foreach ($extension->getClasses() as $class) {
    $declared += describe($class);
}
$promised = [];
foreach ($stubs as $class) {
    $promised += describe($class);
}
// What is under Sync\ is the extension's own business, and no name to be used.
$declared = array_filter($declared, fn ($name) => !str_starts_with($name, 'Sync\\'), ARRAY_FILTER_USE_KEY);
foreach ($declared + $promised as $name => $_) {
    if (!agree($declared[$name] ?? '', $promised[$name] ?? '')) {
        $problems[] = "$name\n    stub:      " . ($promised[$name] ?? 'has none') . "\n    extension: " . ($declared[$name] ?? 'has none');
    }
}
foreach ($extension->getClasses() as $class) {
    foreach ($class->getMethods() as $method) {
        if ($method->class === $class->getName() && $method->hasReturnType() && !$class->isFinal()) {
            $problems[] = "$class->name::$method->name() declares a return type; it must be tentative, so that untyped overrides stay legal";
        }
    }
}

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
    if (!str_contains($new, "| `$setting` | `$default` |")) {
        $problems[] = "README.md's table of settings does not say that $setting is $default by default";
    }
}
if (in_array('--write', $argv, true)) {
    file_put_contents(ROOT . '/README.md', $new);
} elseif ($old !== $new) {
    $problems[] = 'README.md: its API table is not what the stubs say; run: make docs';
}

// What one page says is on another one, is there.
foreach ([ROOT . '/README.md', ROOT . '/CHANGELOG.md', ...glob(ROOT . '/docs/*.md')] as $page) {
    preg_match_all('~\]\((?!\w+:|#)([^)#\s]+)~', file_get_contents($page), $links);
    foreach ($links[1] as $link) {
        if (!file_exists(dirname($page) . "/$link")) {
            $problems[] = basename($page) . " links to $link, which is not there";
        }
    }
}

foreach ($problems as $problem) {
    echo "$problem\n";
}
echo $problems ? '' : "The stubs, the extension and README.md agree.\n";
exit($problems ? 1 : 0);
