<?php
/*
 * generate-api.php [--check]: makes docs/api from stubs/sync.stub.php: a page for each class, with the signature of each method, what goes
 * in, what comes out, errors and examples, and an index. With --check nothing is written: exits with 1 where a page is not what
 * the stub says.
 *
 * Needs no extension.
 */

declare(strict_types=1);

require __DIR__ . '/stub.php';

const ROOT = __DIR__ . '/..';
const TARGET = ROOT . '/docs/api';

/** A doc comment in parts: paragraphs and examples in order, and the texts behind each @tag. */
final class Comment
{
    /** @var list<string> Markdown. */
    public array $body = [];
    /** @var array<string, list<string>> */
    public array $tags = [];

    public function __construct(Reflector $of)
    {
        $text = trim(preg_replace(['~^\s*/\*\*[ \t]?~', '~\s*\*/$~', '~^[ \t]*\*[ \t]?~m'], '', (string) $of->getDocComment()));
        [$prose, $tags] = preg_split('~(?:^|\n)(?=@)~', $text, 2) + ['', ''];
        foreach (preg_split('~\n{2,}(?!    )|\n\n(?=    )|(?<=\n)\n(?!    )~', trim($prose)) as $block) {
            $this->body[] = str_starts_with($block, '    ')
                ? "```php\n" . preg_replace('~^    ~m', '', rtrim($block)) . "\n```"
                : trim(preg_replace('~\s*\n\s*~', ' ', $block));
        }
        foreach (preg_split('~\n(?=@)~', trim($tags), -1, PREG_SPLIT_NO_EMPTY) as $tag) {
            preg_match('~^@([\w-]+)\s*(.*)$~s', $tag, $match);
            $this->tags[$match[1]][] = trim(preg_replace('~\s*\n\s*~', ' ', $match[2]));
        }
    }

    public function summary(): string
    {
        return $this->body[0];
    }
}

/** The type at the beginning of a text, and the rest: a type may have spaces within brackets, and around | . */
function splitType(string $text): array
{
    $depth = 0;
    for ($at = 0, $length = strlen($text); $at < $length; $at++) {
        $depth += match ($text[$at]) { '<', '(', '{', '[' => 1, '>', ')', '}', ']' => -1, default => 0 };
        if ($depth > 0 || $text[$at] !== ' ') {
            continue;
        }
        // `callable(static): T`, and a conditional type in brackets.
        if ($text[$at - 1] === ':' || $text[$at - 1] === '|' || ($text[$at + 1] ?? '') === '|') {
            continue;
        }
        break;
    }
    return [substr($text, 0, $at), ltrim(substr($text, $at))];
}

function code(string $text): string
{
    return '`' . str_replace('|', '\|', $text) . '`';
}

function cell(string $text): string
{
    return preg_replace('~(?<!\\\\)\|~', '\|', $text);
}

function signature(ReflectionMethod $method): string
{
    $type = $method->getReturnType() ?? $method->getTentativeReturnType();
    return 'public function ' . $method->name . parametersAsWritten($method, true) . ($type ? ': ' . withoutNamespace((string) $type) : '');
}

/** The address of a method's part of its page, as GitHub and GitLab make it from the heading. */
function anchor(string $name): string
{
    return strtolower($name);
}

/** @return list<string> the lines of a method's part */
function methodPart(ReflectionMethod $method): array
{
    $comment = new Comment($method);
    $lines = ["## $method->name", '', '```php', signature($method), '```', ''];
    foreach ($comment->body as $block) {
        array_push($lines, $block, '');
    }
    if ($parameters = $comment->tags['param'] ?? []) {
        array_push($lines, '| parameter | type | |', '| --- | --- | --- |');
        foreach ($parameters as $parameter) {
            [$type, $rest] = splitType($parameter);
            preg_match('~^((?:\.\.\.)?\$\w+)\s*(.*)$~s', $rest, $match) || throw new Exception("$method->name: @param $parameter");
            $lines[] = '| ' . code($match[1]) . ' | ' . code($type) . ' | ' . cell($match[2]) . ' |';
        }
        $lines[] = '';
    }
    foreach ($comment->tags['return'] ?? [] as $return) {
        [$type, $rest] = splitType($return);
        array_push($lines, rtrim('Returns ' . '`' . $type . '`' . ($rest === '' ? '.' : ": $rest")), '');
    }
    if ($throws = $comment->tags['throws'] ?? []) {
        $lines[] = 'Throws';
        $lines[] = '';
        foreach ($throws as $throw) {
            [$type, $rest] = splitType($throw);
            $type = ltrim($type, '\\');
            $named = file_exists(TARGET . "/$type.md") || str_starts_with($type, 'Sync') ? "[`$type`]($type.md)" : "`$type`";
            // The exception of a lock is the same one everywhere.
            $rest = $rest === '' && $type === 'SyncLockTimeoutException' ? 'where another Sync holds a lock with a timeout, and that is over' : $rest;
            $lines[] = rtrim("- $named $rest");
        }
        $lines[] = '';
    }
    return $lines;
}

/** @return array<string, string> the pages by file name */
function pages(): array
{
    $classes = stubs();
    $note = '<!-- Made from stubs/sync.stub.php by scripts/generate-api.php: change that, and run `make docs`. -->';
    $pages = [];
    $index = ['# Reference', '', $note, '', 'The classes of the extension, each method with what goes in, what comes out, and errors. '
        . '[The guide](../guide.md) shows them by task. `TValue` is the type of the values: mixed, or what a comment says, as in '
        . '`@var Sync<int>`.', ''];
    foreach ($classes as $class) {
        $name = withoutNamespace($class->getName());
        $comment = new Comment($class);
        $own = array_values(array_filter($class->getMethods(), fn ($method) => $method->class === $class->getName()));
        $parent = $class->getParentClass();
        $interfaces = $parent ? [] : array_diff($class->getInterfaceNames(), ['Traversable']);
        $declaration = "class $name" . ($parent ? ' extends ' . withoutNamespace($parent->getName()) : '')
            . ($interfaces ? ' implements ' . implode(', ', $interfaces) : '');
        $lines = ["# $name", '', $note, '', '```php', $declaration, '```', ''];
        foreach ($comment->body as $block) {
            array_push($lines, $block, '');
        }
        if ($own) {
            array_push($lines, '| method | |', '| --- | --- |');
            foreach ($own as $method) {
                $lines[] = "| [`$method->name()`](#" . anchor($method->name) . ') | ' . cell((new Comment($method))->summary()) . ' |';
            }
            $lines[] = '';
        }
        array_push($lines, ...array_merge(...array_map(methodPart(...), $own)));
        $pages["$name.md"] = rtrim(implode("\n", $lines)) . "\n";
        $index[] = "- [`$name`]($name.md): " . $comment->summary();
    }
    $pages['README.md'] = implode("\n", $index) . "\n";
    return $pages;
}

$check = in_array('--check', $argv, true);
$pages = pages();
$there = array_map(basename(...), glob(TARGET . '/*.md'));
$faults = array_map(fn ($page) => "docs/api/$page is of no class", array_diff($there, array_keys($pages)));
foreach ($pages as $page => $text) {
    $path = TARGET . "/$page";
    if ((is_file($path) ? file_get_contents($path) : null) === $text) {
        continue;
    }
    if ($check) {
        $faults[] = "docs/api/$page is not what the stub says; run: make docs";
    } else {
        is_dir(TARGET) || mkdir(TARGET);
        file_put_contents($path, $text);
    }
}
foreach ($faults as $fault) {
    echo "$fault\n";
}
exit($faults === [] ? 0 : 1);
