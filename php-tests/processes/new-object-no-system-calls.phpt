--TEST--
Another object on a file that is open makes no system call within a clock tick, whatever way its path is given
--SKIPIF--
<?php require __DIR__ . '/../include/of-files.inc'; of_files('no system calls'); ?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

const OBJECTS = 20_000;
(new Sync(scratch()))->set('x', 1);
foreach (['absolute' => '$file = $argv[1];', 'relative' => 'chdir(dirname($argv[1])); $file = basename($argv[1]);', 'open_basedir' => '$file = $argv[1]; ini_set("open_basedir", dirname($file));'] as $way => $code) {
    $log = scratch_file('strace');
    $code = 'require ' . var_export(realpath(__DIR__ . '/../include/peer.inc'), true) . ';' . $code . <<<'PHP'
        $parent = Peer::parent();
        $s = new Sync($file);
        $s->x;
        posix_getppid();
        $start = hrtime(true);
        for ($i = 0; $i < 20_000; $i++) {
            $t = new Sync($file);
            $v = $t->x;
        }
        $took = hrtime(true) - $start;
        posix_getppid();
        $parent->tell((string) $took);
        PHP;
    $child = Peer::start(['strace', '-f', '-o', $log, ...php_command(), '-r', $code, '--', scratch()]);
    $ticks = (int) $child->hear() / 4_000_000 + 1;
    $child->end();
    $lines = file($log);
    $marks = array_keys(preg_grep('/getppid\(/', $lines));
    // Where the clock is a system call, under some hypervisors, it is not the store's.
    $calls = preg_grep('/clock_gettime|SIG/', array_slice($lines, $marks[count($marks) - 2] + 1, end($marks) - $marks[count($marks) - 2] - 1), PREG_GREP_INVERT);
    // A tick costs two calls (is it still the file? may it be opened?), and those by which PHP finds out about a path.
    $most = $ticks * ($way === 'absolute' ? 2 : 40) + 60;
    echo $way, ': ', count($calls) <= $most ? 'next to none' : count($calls) . " in $ticks ticks of 4 ms", "\n";
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>

--EXPECT--
absolute: next to none
relative: next to none
open_basedir: next to none
