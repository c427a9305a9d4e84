--TEST--
After another boot the longest valid log is kept, and one warning reports the dropped part
--SKIPIF--
<?php require __DIR__ . '/../include/of-files.inc'; of_files('its bytes'); ?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->first = 'kept';
$s->second = 'kept too';
$s->third = 'THE DAMAGED ONE';
$s->fourth = 'after the damage';
unset($s);
$content = substr_replace(file_get_contents(scratch()), random_bytes(16), 64, 16);
$content[strpos($content, 'THE DAMAGED ONE')] = 'X';
// A file that no process has open: one in use is of this boot, whatever its header says.
file_put_contents(scratch('image'), $content);
rename(scratch('image'), scratch());
Peer::php(<<<'PHP'
    set_error_handler(function (int $level, string $message) use (&$argv) {
        echo $level === E_WARNING ? 'warning' : $level, str_contains($message, $argv[1]) ? ' that names the file' : ": $message", "\n";
        return true;
    });
    $s = new Sync($argv[1]);
    var_dump($s->first, $s->second, isset($s->third), isset($s->fourth));
    $s->fifth = 'new';
    var_dump(count((array) (new Sync($argv[1]))->getData()));
    PHP, scratch())->end();
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
warning that names the file
string(4) "kept"
string(8) "kept too"
bool(false)
bool(false)
int(3)
