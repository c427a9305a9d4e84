--TEST--
A FUSE file system is refused by its own name; an overlay is as good as its upper layer; local file systems work
--SKIPIF--
<?php
require __DIR__ . '/../include/of-files.inc'; of_files('its file system');
exec('unshare -m true 2>/dev/null', $output, $code);
if (posix_getuid() !== 0 || $code !== 0) {
    die('skip nothing may be mounted here');
}
foreach (['fuse', 'overlay', 'ext4', 'ramfs', 'hugetlbfs'] as $kind) {
    if (!preg_match("/\t$kind$/m", file_get_contents('/proc/filesystems'))) {
        die("skip this kernel has no $kind");
    }
}
if (!is_writable('/dev/fuse')) {
    die('skip no /dev/fuse');
}
?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

/** Serves the kernel's requests for a file system with one file, which takes all writes and is empty to all reads. */
function serve_fuse($device): void
{
    $attributes = fn (int $node) => pack('P6V10', $node, 0, 0, 0, 0, 0, 0, 0, 0, $node === 1 ? 040777 : 0100666, 1, 0, 0, 0, 4096, 0);
    // (Without this PHP waits for as many bytes as it asks for.)
    stream_set_blocking($device, false);
    for ($requests = ''; ; $requests = substr($requests, strlen($request))) {
        while (strlen($requests) < 40) {
            [$read, $none] = [[$device], null];
            stream_select($read, $none, $none, PATIENCE);
            $requests .= fread($device, 1 << 20);
        }
        $request = substr($requests, 0, unpack('V', $requests)[1]);
        ['operation' => $operation, 'unique' => $unique, 'node' => $node] = unpack('Vlength/Voperation/Punique/Pnode', $request);
        $answer = match ($operation) {
            26 => pack('V4v2V11', 7, 31, 0, 0, 0, 0, 1 << 16, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0),         // INIT
            1 => rtrim(substr($request, 40), "\0") === 'store' ? pack('P4V2', 2, 0, 0, 0, 0, 0) . $attributes(2) : -2, // LOOKUP
            3, 4 => pack('PV2', 0, 0, 0) . $attributes($node),                                  // GETATTR, SETATTR
            14, 27 => pack('PV2', 0, 0, 0),                                                     // OPEN, OPENDIR
            17 => pack('P5V4', 0, 0, 0, 0, 0, 4096, 255, 4096, 0) . str_repeat("\0", 24),       // STATFS
            15 => '',                                                                           // READ
            16 => pack('V2', unpack('V', $request, 56)[1], 0),                                  // WRITE
            18, 25, 29, 34 => '',                                                               // RELEASE …
            2, 42, 36 => null,                                                                  // FORGET, INTERRUPT
            default => -38,
        };
        if ($answer !== null) {
            $error = is_int($answer) ? $answer : 0;
            $answer = is_int($answer) ? '' : $answer;
            fwrite($device, pack('VVP', 16 + strlen($answer), $error & 0xffffffff, $unique) . $answer);
        }
    }
}

function mount(string ...$arguments): void
{
    exec(implode(' ', array_map('escapeshellarg', ['mount', ...$arguments])) . ' 2>&1', $output, $code);
    echo $code ? 'no mount: ' . implode("\n", $output) . "\n" : '';
}

function try_at(string $path): void
{
    try {
        $s = new Sync($path);
        $s->x = 1;
        echo (new Sync($path))->x === 1 ? "works\n" : "lost\n";
    } catch (SyncException $e) {
        // The rest of the message is always the same.
        echo shown(strstr($e->getMessage(), ', a file system', true) ?: $e->getMessage()), "\n";
    }
}

// (In a mount namespace that ends with this process.)
if (!getenv('SYNC_MOUNTS')) {
    putenv('SYNC_MOUNTS=1');
    passthru(implode(' ', array_map('escapeshellarg', ['unshare', '-m', ...php_command(), $_SERVER['SCRIPT_FILENAME']])));
    exit;
}
foreach (['fuse', 'ext4', 'ramfs', 'huge', 'tmpfs', 'overlay'] as $name) {
    mkdir(scratch($name));
}

echo "FUSE\n";
$device = fopen('/dev/fuse', 'r+');
stream_set_read_buffer($device, 0);
stream_set_chunk_size($device, 1 << 20);
$process = proc_open(['mount', '-i', '-t', 'fuse.example', '-o', 'fd=3,rootmode=40000,user_id=0,group_id=0', 'example', scratch('fuse')], [3 => $device], $pipes);
proc_close($process);
$server = Peer::fork(function () use ($device) {
    // If this server fails to answer, its end ends the waiting of its clients.
    pcntl_alarm(PATIENCE);
    serve_fuse($device);
});
fclose($device);
try_at(scratch('fuse/store'));
try_at(scratch('fuse/new'));
foreach (['fuse.other', 'fuse.example', 'fuse', '0x65735546'] as $list) {
    ini_set('sync.file_systems', $list);
    try {
        (new Sync(scratch('fuse/store')))->get('x');
        echo "$list: allowed\n";
    } catch (SyncException $e) {
        echo "$list: ", str_contains($e->getMessage(), 'sync.file_systems') ? "refused\n" : $e->getMessage() . "\n";
    }
}
ini_restore('sync.file_systems');
$server->kill()->end();

echo "Others\n";
mount('-t', 'hugetlbfs', 'none', scratch('huge'));
try_at(scratch('huge/store'));
mount('-t', 'ramfs', 'none', scratch('ramfs'));
try_at(scratch('ramfs/store'));
ftruncate(fopen(scratch('disk'), 'w'), 8 << 20);
exec('mkfs.ext4 -q ' . escapeshellarg(scratch('disk')) . ' 2>&1', $output, $code);
if ($code === 0) {
    exec('mount -o loop ' . escapeshellarg(scratch('disk')) . ' ' . escapeshellarg(scratch('ext4')) . ' 2>&1', $output, $code);
}
try_at($code === 0 ? scratch('ext4/store') : scratch('ramfs/another'));
ini_set('sync.file_systems', 'ext2');
try_at($code === 0 ? scratch('ext4/store') : scratch('ramfs/another'));
ini_restore('sync.file_systems');

echo "An overlay\n";
mount('-t', 'tmpfs', 'none', scratch('tmpfs'));
foreach (['lower', 'upper layer', 'work'] as $name) {
    mkdir(scratch("tmpfs/$name"));
}
(new Sync(scratch('tmpfs/lower/store')))->set('x', 2);
mount('-t', 'overlay', '-o', sprintf('lowerdir=%1$s/lower,upperdir=%1$s/upper layer,workdir=%1$s/work', scratch('tmpfs')), 'none', scratch('overlay'));
try_at(scratch('overlay/store'));
try_at(scratch('overlay/new'));
foreach (['overlay', 'overlayfs, ext4', 'tmpfs', 'overlayfs, tmpfs'] as $list) {
    ini_set('sync.file_systems', $list);
    try_at(scratch('overlay/store'));
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
FUSE
Can't open '{dir}/fuse/store' file: it is on fuse.example
Can't open '{dir}/fuse/new' file: it is on fuse.example
fuse.other: refused
fuse.example: allowed
fuse: allowed
0x65735546: allowed
Others
Can't open '{dir}/huge/store' file: it is on hugetlbfs
works
works
works
An overlay
works
works
Can't open '{dir}/overlay/store' file: it is on an overlay whose upper layer is on tmpfs
Can't open '{dir}/overlay/store' file: it is on an overlay whose upper layer is on tmpfs
Can't open '{dir}/overlay/store' file: it is on overlayfs
works
