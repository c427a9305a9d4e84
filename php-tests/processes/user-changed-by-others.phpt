--TEST--
Another user of the same process, of whom PHP's functions know nothing: in the next request at once, in the same one after a clock tick
--SKIPIF--
<?php
require __DIR__ . '/../include/of-files.inc'; of_files('its mode');
if (posix_getuid() !== 0) die('skip needs root');
if (!extension_loaded('ffi')) die('skip needs FFI');
?>
--INI--
ffi.enable=true
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

(new Sync(scratch()))->set('x', 1);
chmod(scratch(), 0600);
scratch_page(<<<'PHP'
    <?php
    $c = FFI::cdef('int seteuid(int user);');
    $read = function () {
        try {
            return (new Sync(STORES . '/store'))->x;
        } catch (SyncException) {
            return 'refused';
        }
    };
    if (isset($_GET['tick'])) {
        $c->seteuid(0);
        echo $read(), ' ';
        $c->seteuid(65534);
        for ($deadline = hrtime(true) + 50_000_000_000; ($found = $read()) !== 'refused' && hrtime(true) < $deadline;);
        echo $found;
    } else {
        // As a server does that runs each site as a user of its own.
        echo $read();
        $c->seteuid((int) $_GET['next']);
    }
    PHP);
chmod(scratch_file('index.php'), 0644);
$server = web_server(scratch_directory());
$seen = [];
$server('next=0');
for ($i = 0; $i < 50; $i++) {
    $seen[$server('next=65534') . ' ' . $server('next=0')] = 1;
}
echo implode(' | ', array_keys($seen)), "\n", $server('tick=1'), "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>

--EXPECT--
1 refused
1 refused
