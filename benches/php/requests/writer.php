<?php
/* php writer.php DIRECTORY: another process, which writes all values of a kind: a line with its number and what is added to each. */

require __DIR__ . '/../../../php-tests/include/peer.inc';
require __DIR__ . '/values.php';

$parent = Peer::parent();
while (($line = fgets(STDIN)) !== false) {
    [$kind, $salt] = explode(' ', $line);
    $kind = array_keys(KINDS)[(int) $kind];
    $s = new Sync(store_of($argv[1], $kind));
    foreach (names_of($kind) as $n => $name) {
        $s->$name = value_of($kind, $n, (int) $salt);
    }
    unset($s);
    $parent->tell('written');
}
