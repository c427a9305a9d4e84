--TEST--
A file that may not be read: File '%s' is not readable.
--SKIPIF--
<?php require __DIR__ . '/../include/of-files.inc'; of_files('its mode'); ?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->x = 1;
chmod(scratch(), 0222);
as_nobody(function () {
    $s = new Sync(scratch());
    attempt(fn () => $s->x);
    attempt(fn () => isset($s->x));
    attempt(fn () => $s->get('x', 'default'));
    attempt(fn () => $s['x']);
    attempt(fn () => $s->getData());
});
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECTF--
SyncException: File '{dir}/store' is not readable. It belongs to %s:%s with mode 0222, and this process runs as %s:%s. Let this process in by chmod or chgrp (new files get the mode of sync.file_mode, less the umask of the program that makes them).
SyncException: File '{dir}/store' is not readable. It belongs to %s:%s with mode 0222, and this process runs as %s:%s. Let this process in by chmod or chgrp (new files get the mode of sync.file_mode, less the umask of the program that makes them).
SyncException: File '{dir}/store' is not readable. It belongs to %s:%s with mode 0222, and this process runs as %s:%s. Let this process in by chmod or chgrp (new files get the mode of sync.file_mode, less the umask of the program that makes them).
SyncException: File '{dir}/store' is not readable. It belongs to %s:%s with mode 0222, and this process runs as %s:%s. Let this process in by chmod or chgrp (new files get the mode of sync.file_mode, less the umask of the program that makes them).
SyncException: File '{dir}/store' is not readable. It belongs to %s:%s with mode 0222, and this process runs as %s:%s. Let this process in by chmod or chgrp (new files get the mode of sync.file_mode, less the umask of the program that makes them).
