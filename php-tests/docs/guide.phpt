--TEST--
Every program in docs/guide.md runs as it stands, and prints what is shown beneath it
--SKIPIF--
<?php require __DIR__ . '/../include/of-files.inc'; of_files('its path'); ?>
--FILE--
<?php
/*
 * A section's programs share a directory of the test's, which takes the place of /dev/shm, and run one after the other. One that
 * begins with a comment of its file's name is that file, and runs by itself only where no other program of the section names it.
 */
require __DIR__ . '/../include/scratch.inc';

$ran = 0;
foreach (array_slice(preg_split('~^## ~m', file_get_contents(__DIR__ . '/../../docs/guide.md')), 1) as $n => $section) {
    $title = strtok($section, "\n");
    $directory = scratch_file("section$n");
    mkdir($directory, 0700, true);
    preg_match_all('~^```php\n(.*?)^```\n(?:\n```text\n(.*?)^```$)?~ms', $section, $programs, PREG_SET_ORDER);
    if (count($programs) !== preg_match_all('~^```php$~m', $section)) {
        echo "$title: a program could not be found\n";
    }
    $files = [];
    foreach ($programs as $number => [, $code]) {
        $name = preg_match('~^// (\w[\w-]*\.php)$~m', strtok($code, "\n"), $match) ? $match[1] : "program$number.php";
        file_put_contents("$directory/$name", "<?php chdir(__DIR__);\n" . str_replace('/dev/shm/', "$directory/", $code));
        $files[$name] = $programs[$number] + [2 => ''];
    }
    foreach ($files as $name => [, $code, $expected]) {
        $others = implode(array_column(array_diff_key($files, [$name => 1]), 1));
        if (str_contains($others, $name)) {
            continue;
        }
        $command = implode(' ', array_map('escapeshellarg', [...php_command(), "$directory/$name"]));
        $process = proc_open($command, [['file', '/dev/null', 'r'], ['file', "$directory/out", 'w'], ['file', "$directory/err", 'w']], $pipes);
        $status = proc_close($process);
        $ran++;
        [$out, $err] = [file_get_contents("$directory/out"), file_get_contents("$directory/err")];
        if ($status !== 0 || $out !== $expected || $err !== '') {
            echo "$title, $name: status $status\n--- expected\n$expected--- printed\n$out$err\n";
        }
    }
}
var_dump($ran >= 8);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
bool(true)
