<?php
/* The bars of `make bench-servers`, as data: see bars.php. Ratios of requests a second. */

return [
    [13, 'a page that makes a Sync and reads 50 names, times the same with APCu', fn (Results $r) => $r->ratio('page', 'Sync', 'APCu'), 'at least' => 0.97],
    [13, 'the same, times that with phpredis', fn (Results $r) => $r->ratio('page', 'Sync', 'phpredis'), 'at least' => 1],
];
