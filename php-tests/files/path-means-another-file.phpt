--TEST--
A path is looked up anew at once after chdir(), symlink(), link(), a mount, and programs that have run
--SKIPIF--
<?php
require __DIR__ . '/../include/of-files.inc'; of_files('its path');
if (posix_getuid() !== 0) die('skip needs root');
if (!is_executable('/bin/mount')) die('skip needs mount');
?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$rounds = function (int $times, string $what, string $path, Closure ...$steps) {
    $seen = [];
    $kept = new Sync($path);
    for ($i = 0; $i < $times; $i++) {
        $found = [];
        foreach ($steps as $step) {
            $step();
            $found[] = json_encode((new Sync($path))->x);
        }
        $seen[implode(' ', $found)] = 1;
    }
    echo "$what: ", implode(' | ', array_keys($seen)), "\n";
};
foreach ([1, 2] as $n) {
    mkdir(scratch("$n"));
    (new Sync(scratch("$n/store")))->set('x', $n);
}
$home = getcwd();
chdir('/');
$rounds(100, 'chdir', 'store', fn () => chdir(scratch('1')), fn () => chdir(scratch('2')));
chdir($home);
$link = function (int $n) {
    @unlink(scratch('link'));
    symlink(scratch("$n"), scratch('link'));
};
$link(1);
$rounds(100, 'symlink', scratch('link/store'), fn () => $link(1), fn () => $link(2));
$hard = function (int $n) {
    @unlink(scratch('hard'));
    link(scratch("$n/store"), scratch('hard'));
};
$hard(1);
$rounds(100, 'link', scratch('hard'), fn () => $hard(1), fn () => $hard(2));
$rounds(
    10, 'exec', scratch('1/store'),
    fn () => exec('cd ' . scratch_directory() . ' && mv 1 3 && mv 2 1 && mv 3 2'),
    fn () => exec('cd ' . scratch_directory() . ' && mv 1 3 && mv 2 1 && mv 3 2'),
);
$run = function (string ...$command) {
    $pid = pcntl_fork();
    if ($pid === 0) {
        pcntl_exec(array_shift($command), $command);
    }
    pcntl_waitpid($pid, $status);
};
$rounds(
    10, 'waitpid', scratch('1/store'),
    fn () => $run('/bin/mv', scratch('1/store'), scratch('away')),
    fn () => $run('/bin/mv', scratch('away'), scratch('1/store')),
);
in_namespace(
    'require ' . var_export(realpath(__DIR__ . '/../include/peer.inc'), true) . ';' . <<<'PHP'
        $kept = new Sync("$argv[1]/1/store");
        $seen = [];
        for ($i = 0; $i < 5; $i++) {
            $found = [json_encode((new Sync("$argv[1]/1/store"))->x)];
            exec("mount -t tmpfs none $argv[1]/1");
            $found[] = json_encode((new Sync("$argv[1]/1/store"))->x);
            (new Sync("$argv[1]/1/store"))->set('x', 'mounted');
            exec("umount -l $argv[1]/1");
            $found[] = json_encode((new Sync("$argv[1]/1/store"))->x);
            exec("mount --bind $argv[1]/2 $argv[1]/1");
            $found[] = json_encode((new Sync("$argv[1]/1/store"))->x);
            exec("umount -l $argv[1]/1");
            $seen[implode(' ', $found)] = 1;
        }
        echo 'mount: ', implode(' | ', array_keys($seen)), "\n";
        PHP,
    scratch_directory(),
);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>

--EXPECT--
chdir: 1 2
symlink: 1 2
link: 1 2
exec: 2 1
waitpid: null 1
mount: 1 null 1 2
