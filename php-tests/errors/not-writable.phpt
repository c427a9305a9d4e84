--TEST--
A file that may be read only can be read; a write says: File '%s' is not writable.
--SKIPIF--
<?php require __DIR__ . '/../include/of-files.inc'; of_files('its mode'); ?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->x = 1;
chmod(scratch(), 0444);
as_nobody(function () {
    $s = new Sync(scratch());
    var_dump($s->x, isset($s->y), $s->getData());
    attempt(fn () => $s->x = 2);
    attempt(fn () => $s->set('x', 2));
    attempt(fn () => $s['x'] = 2);
    attempt(function () use ($s) { unset($s->x); });
    attempt(fn () => $s->remove('x'));
    attempt(fn () => $s->setData(new stdClass));
    attempt(fn () => $s->lock());
    var_dump($s->x);
});
var_dump($s->x);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECTF--
int(1)
bool(false)
object(stdClass)#%d (1) {
  ["x"]=>
  int(1)
}
SyncException: File '{dir}/store' is not writable. It belongs to %s:%s with mode 0444, and this process runs as %s:%s. Let this process in by chmod or chgrp (new files get the mode of sync.file_mode, less the umask of the program that makes them).
SyncException: File '{dir}/store' is not writable. It belongs to %s:%s with mode 0444, and this process runs as %s:%s. Let this process in by chmod or chgrp (new files get the mode of sync.file_mode, less the umask of the program that makes them).
SyncException: File '{dir}/store' is not writable. It belongs to %s:%s with mode 0444, and this process runs as %s:%s. Let this process in by chmod or chgrp (new files get the mode of sync.file_mode, less the umask of the program that makes them).
SyncException: File '{dir}/store' is not writable. It belongs to %s:%s with mode 0444, and this process runs as %s:%s. Let this process in by chmod or chgrp (new files get the mode of sync.file_mode, less the umask of the program that makes them).
SyncException: File '{dir}/store' is not writable. It belongs to %s:%s with mode 0444, and this process runs as %s:%s. Let this process in by chmod or chgrp (new files get the mode of sync.file_mode, less the umask of the program that makes them).
SyncException: File '{dir}/store' is not writable. It belongs to %s:%s with mode 0444, and this process runs as %s:%s. Let this process in by chmod or chgrp (new files get the mode of sync.file_mode, less the umask of the program that makes them).
SyncException: File '{dir}/store' is not writable. It belongs to %s:%s with mode 0444, and this process runs as %s:%s. Let this process in by chmod or chgrp (new files get the mode of sync.file_mode, less the umask of the program that makes them).
int(1)
int(1)
