<?php
/* The values that requests read, under the names name0, name1 … */

/** The kinds of values; an array of N has N elements, of which every other one is a string. */
const KINDS = ['int' => 0, 'string of 20' => 0, 'array of 2' => 2, 'array of 20' => 20, 'array of 1,000' => 1_000];

/** Names that are read and written in the churn; their values take several times what the cache has room for. */
const CROWD = 50_000;

function value_of(string $kind, int $n, int $salt = 0): int|string|array
{
    if ($kind === 'int') {
        return $n + $salt;
    }
    if ($kind === 'string of 20') {
        return sprintf('%020d', $n + $salt);
    }
    $all = [];
    for ($i = 0; $i < KINDS[$kind]; $i++) {
        $all["field_$i"] = $i % 2 ? "value $i of number " . ($n + $salt) : $n + $salt;
    }
    return $all;
}

/**
 * 1,000 of each kind; of long arrays fewer, which fit into the cache as it is set where nobody sets it.
 *
 * @return list<string>
 */
function names_of(string $kind): array
{
    return array_map(fn ($n) => "name$n", range(0, KINDS[$kind] > 100 ? 49 : 999));
}

/** The store of a kind below a directory. */
function store_of(string $directory, string $kind): string
{
    return "$directory/" . strtr($kind, ' ,', '--');
}
