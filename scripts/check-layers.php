<?php
// check-layers.php: the arrows between the source files point downwards, and none closes a circle.
//
// docs/design.md draws the layers of each source folder in a block that begins with ```layers FOLDER: the highest
// line first, each line the names of files (without .rs) or of folders. An arrow is a path in a `use` line or in code
// (`super::x::y`, `crate::x::y`) that leads to another file. It may point to a lower line, or along its own line, as long as
// no circle comes of it. Tests and models are apart; `mod x;` alone is no arrow. Where a table of files follows the drawing, each
// file has a row in it. And only src/php/zend/series.rs asks for which series of PHP it is built.

declare(strict_types=1);

/** In these two folders the recursion of the grammar (an array holds objects, which hold arrays) may be a circle. */
const GRAMMAR = ['php/value/encode', 'php/value/decode'];

/** A source without comments, strings and inline modules of tests. */
function code(string $source): string
{
    $source = preg_replace(
        ['~//[^\n]*~', '~/\*.*?\*/~s', '~b?r(#*)".*?"\1~s', '~[bc]?"(?:\\\\.|[^"\\\\])*"~s', "~b?'(?:\\\\.|[^'\\\\])'~"],
        ['', '', '""', '""', "' '"],
        $source,
    );
    while (preg_match('~#\[cfg\((?:all\()?test\b[^\]]*\]\s*(?:#\[[^\]]*\]\s*)*(?:pub(?:\([^)]*\))?\s+)?mod\s+\w+\s*(\{(?:[^{}]++|(?1))*\})~', $source, $match)) {
        $source = str_replace($match[0], '', $source);
    }
    return $source;
}

/** The paths that a tree of `use` stands for: a::{b, c::d} is a::b and a::c::d. */
function paths_of_use(string $tree, string $before = ''): array
{
    $tree = trim($tree);
    if (!preg_match('~^([^{]*)\{(.*)\}$~s', $tree, $match)) {
        return [$before . preg_replace('~\s+as\s+\w+$~', '', $tree)];
    }
    $paths = [];
    $depth = 0;
    $part = '';
    foreach (str_split($match[2] . ',') as $character) {
        $depth += ($character === '{') - ($character === '}');
        if ($character === ',' && $depth === 0) {
            if (trim($part) !== '') {
                array_push($paths, ...paths_of_use($part, $before . trim($match[1])));
            }
            $part = '';
        } else {
            $part .= $character;
        }
    }
    return $paths;
}

/** All files below a folder that count, by the path of their module. */
function modules(string $folder): array
{
    $modules = [];
    $files = new RecursiveIteratorIterator(new RecursiveDirectoryIterator($folder, FilesystemIterator::SKIP_DOTS));
    foreach ($files as $file) {
        $name = substr((string) $file, strlen($folder) + 1);
        if (!str_ends_with($name, '.rs') || preg_match('~(^|/)(tests|model|modelled)(/|\.rs$)~', $name)) {
            continue;
        }
        $modules[preg_replace('~(^|/)(mod|lib|main)?\.rs$|\.rs$~', '', $name)] = (string) $file;
    }
    ksort($modules);
    return $modules;
}

/** The module that a path, written in another module, leads to; null where it leaves the folder. */
function target(string $path, string $from, array $modules): ?string
{
    $steps = explode('::', preg_replace('~\s+~', '', $path));
    $at = $from === '' ? [] : explode('/', $from);
    $first = array_shift($steps);
    if ($first === 'crate') {
        $at = [];
    } elseif ($first === 'super') {
        array_pop($at);
        while (($steps[0] ?? '') === 'super') {
            array_shift($steps);
            array_pop($at);
        }
    } elseif ($first !== 'self') {
        // A child of this module, or another crate.
        $child = ltrim("$from/$first", '/');
        if (!isset($modules[$child])) {
            return null;
        }
        $at = explode('/', $child);
    }
    if (in_array($steps[0] ?? '', ['tests', 'model', 'modelled'], true)) {
        // Into the tests, from a line that is there in tests alone.
        return null;
    }
    foreach ($steps as $step) {
        if (!isset($modules[implode('/', [...$at, $step])])) {
            break;
        }
        $at[] = $step;
    }
    return implode('/', $at);
}

/** The names that the root of a folder gives to other crates: `use sync_store as store;`. */
function names_of_crates(array $modules): array
{
    preg_match_all('~^use \w+ as (\w+);~m', isset($modules['']) ? file_get_contents($modules['']) : '', $matches);
    return $matches[1];
}

/** Which modules each module's code leads to. */
function arrows(array $modules): array
{
    $arrows = [];
    $crates = names_of_crates($modules);
    foreach ($modules as $from => $file) {
        $code = code(file_get_contents($file));
        $paths = [];
        $code = preg_replace_callback('~\buse\s+([^;]+);~', function (array $match) use (&$paths): string {
            array_push($paths, ...paths_of_use($match[1]));
            return '';
        }, $code);
        preg_match_all('~(?<![\w:$])(?:crate|super|self)(?:::\w+)+~', $code, $matches);
        $arrows[$from] = [];
        foreach ([...$paths, ...$matches[0]] as $path) {
            if (preg_match('~^crate::(\w+)~', $path, $match) && in_array($match[1], $crates, true)) {
                continue;
            }
            $to = target($path, $from, $modules);
            if ($to !== null && $to !== $from) {
                $arrows[$from][$to] = $path;
            }
        }
    }
    return $arrows;
}

/** One name for a folder in which circles may be, and the module itself otherwise. */
function node(string $module): string
{
    foreach (GRAMMAR as $folder) {
        if ($module === $folder || str_starts_with($module, "$folder/")) {
            return $folder;
        }
    }
    return $module;
}

/** A circle among the nodes, as the list of its members; null where there is none. */
function circle(array $arrows): ?array
{
    $graph = [];
    foreach ($arrows as $from => $targets) {
        foreach (array_keys($targets) as $to) {
            if (node($from) !== node((string) $to)) {
                $graph[node($from)][node((string) $to)] = true;
            }
        }
    }
    $done = [];
    $visit = function (string $at, array $way) use (&$visit, &$done, $graph): ?array {
        $seen = array_search($at, $way, true);
        if ($seen !== false) {
            return [...array_slice($way, $seen), $at];
        }
        if (isset($done[$at])) {
            return null;
        }
        foreach (array_keys($graph[$at] ?? []) as $next) {
            $found = $visit((string) $next, [...$way, $at]);
            if ($found !== null) {
                return $found;
            }
        }
        $done[$at] = true;
        return null;
    };
    foreach (array_keys($graph) as $start) {
        $found = $visit((string) $start, []);
        if ($found !== null) {
            return $found;
        }
    }
    return null;
}

/** The line of a drawing on which a module stands: that of its own name, or of the nearest folder's. */
function line_of(string $module, array $lines): ?int
{
    for ($name = $module; ; $name = dirname($name)) {
        if (isset($lines[$name])) {
            return $lines[$name];
        }
        if (!str_contains($name, '/')) {
            return null;
        }
    }
}

/** All that is wrong with a folder, measured against the drawing of its layers. */
function faults(string $folder, string $drawing): array
{
    $modules = modules($folder);
    $arrows = arrows($modules);
    $faults = [];
    $lines = [];
    foreach (preg_split('~\n~', trim($drawing)) as $number => $line) {
        foreach (preg_split('~[\s·]+~u', trim($line), -1, PREG_SPLIT_NO_EMPTY) as $name) {
            $name = in_array($name, ['lib', 'main'], true) ? '' : $name;
            $lines[$name] = $number;
            $exists = isset($modules[$name]) || array_filter(array_keys($modules), fn ($module) => str_starts_with((string) $module, "$name/"));
            if (!$exists) {
                $faults[] = "$folder: the drawing names $name, which is not there";
            }
        }
    }
    foreach (array_keys($modules) as $module) {
        if (line_of((string) $module, $lines) === null) {
            $faults[] = "$folder: $module is not in the drawing";
        }
    }
    foreach ($arrows as $from => $targets) {
        foreach ($targets as $to => $path) {
            if (line_of((string) $from, $lines) > line_of((string) $to, $lines)) {
                $faults[] = "$folder: $from leads up to $to ($path)";
            }
        }
    }
    $circle = circle($arrows);
    if ($circle !== null) {
        $faults[] = "$folder: a circle: " . implode(' → ', $circle);
    }
    return $faults;
}

/** The differences between the files of a folder and the table of files behind its drawing; none where there is no table. */
function faults_of_table(string $folder, string $after): array
{
    if (!preg_match('~^\| file \| .*\n\|[ -|]*\n((?:\|.*\n)*)~m', $after, $table)) {
        return [];
    }
    preg_match_all('~^\| ([^|]*) \|~m', $table[1], $cells);
    preg_match_all('~`([^`]+?)(?:\.rs|/)`~', implode(' ', $cells[1]), $told);
    $modules = modules($folder);
    // A row for a folder's own file tells of all that is in the folder, and rows for these tell of it.
    $files = array_filter(array_keys($modules), fn ($module) => $module !== ''
        && !array_filter(array_keys($modules), fn ($other) => str_starts_with((string) $other, "$module/"))
        && !in_array(dirname((string) $module), $told[1], true));
    return [
        ...array_map(fn ($name) => "$folder: the table has no row for $name.rs", array_values(array_diff($files, $told[1]))),
        ...array_map(
            fn ($name) => "$folder: the table names $name.rs, which is not there",
            array_values(array_filter($told[1], fn ($name) => !isset($modules[$name]))),
        ),
    ];
}

/** The faults that this script has to notice, tried on small folders made for that. */
function check_itself(): array
{
    $cases = [
        'all is well' => [['a.rs' => 'use super::b; mod x { }', 'b.rs' => ''], "a\nb", 0],
        'an arrow upwards' => [['a.rs' => '', 'b.rs' => 'fn f() { crate::a::g() }'], "a\nb", 1],
        'a circle along a line' => [['a.rs' => 'use crate::{c::d, b::{self}};', 'b.rs' => 'use super::a::X;'], 'a b', 1],
        'a circle with the parent' => [['a/mod.rs' => 'pub use b::X;', 'a/b.rs' => 'use super::Y;'], 'a', 1],
        'another crate, by the name that the root gives it' => [['lib.rs' => 'use other as o;', 'b.rs' => 'use crate::o::X;'], "lib\nb", 0],
        'a test leads anywhere' => [['a.rs' => '', 'b.rs' => "#[cfg(test)]\nmod tests { use crate::a; fn f() { {} } }"], "a\nb", 0],
        'a comment, a string' => [['a.rs' => '', 'b.rs' => '// crate::a' . "\n" . 'const X: &str = "crate::a::b";'], "a\nb", 0],
        'a file that is not drawn' => [['a.rs' => '', 'b.rs' => ''], 'a', 1],
        'a name without a file' => [['a.rs' => ''], "a\nc", 1],
        'a table of all files' => [['a.rs' => '', 'b/mod.rs' => '', 'b/c.rs' => ''], "a b", 0, "| `a.rs`, `b/c.rs` | x |\n"],
        'a folder told as one' => [['a.rs' => '', 'b/mod.rs' => '', 'b/c.rs' => ''], "a b", 0, "| `a.rs` | x |\n| `b.rs` | x |\n"],
        'a table without a file' => [['a.rs' => '', 'b.rs' => ''], "a b", 1, "| `a.rs` | `b.rs` is nothing |\n"],
        'a table with a file that is not there' => [['a.rs' => ''], 'a', 1, "| `a.rs`, `b.rs` | x |\n"],
    ];
    $wrong = [];
    foreach ($cases as $name => $case) {
        [$files, $drawing, $expected] = $case;
        $folder = sys_get_temp_dir() . '/sync-layers-' . getmypid();
        foreach ($files as $file => $source) {
            @mkdir(dirname("$folder/$file"), 0777, true);
            file_put_contents("$folder/$file", $source);
        }
        $table = isset($case[3]) ? "| file | what |\n| --- | --- |\n$case[3]\n" : '';
        $found = [...faults($folder, $drawing), ...faults_of_table($folder, $table)];
        if (count($found) !== $expected) {
            $wrong[] = "check-layers.php itself, $name: $expected faults expected, found: " . json_encode($found, JSON_UNESCAPED_UNICODE);
        }
        foreach (array_keys($files) as $file) {
            unlink("$folder/$file");
        }
        array_map('rmdir', [...array_filter(["$folder/a", "$folder/b"], 'is_dir'), $folder]);
    }
    return $wrong;
}

chdir(dirname(__DIR__));
$faults = check_itself();
preg_match_all('~^```layers (\S+)\n(.*?)^```(.*?)(?=^```layers |^#|\z)~ms', file_get_contents('docs/design.md'), $drawings, PREG_SET_ORDER);
foreach ($drawings as [, $folder, $drawing, $after]) {
    array_push($faults, ...faults($folder, $drawing), ...faults_of_table($folder, $after));
}
if (count($drawings) < 2) {
    $faults[] = 'docs/design.md draws the layers of fewer than two folders';
}
// Nor is any of them asked about the series of PHP, but by one file.
foreach (new RecursiveIteratorIterator(new RecursiveDirectoryIterator('src', FilesystemIterator::SKIP_DOTS)) as $file) {
    if (!str_ends_with((string) $file, 'zend/series.rs') && preg_match('~\bcfg!?\((?:not\()?php\d~', file_get_contents((string) $file))) {
        $faults[] = "$file asks for which PHP it is built; that is for src/php/zend/series.rs";
    }
}
foreach ($faults as $fault) {
    echo "$fault\n";
}
printf("%d folders, %d faults\n", count($drawings), count($faults));
exit($faults === [] ? 0 : 1);
