<?php

declare(strict_types=1);

/*
 * Cases of the suites that ask for something that Sync does otherwise: [suite, test, outcome, reason]. The run fails where one of them has
 * another outcome, and where a case that is not here does not pass. The table of the package's README is made from this.
 */
return [
    ['symfony-cache', 'testPrune', 'skipped', 'A pool is pruneable where values that have expired stay until they are pruned. In Sync they are gone for every program, and their room is used again, without anybody\'s doing: `CacheAdapter` is no `PruneableInterface`.'],
];
