<?php
/*
 * The statements in which two builds of the extension are compared, as data: a new one is a new entry.
 *
 * Each is PHP source, as in cases.php: `open` runs once, `prepare` before each sample, unmeasured; `run` is
 * the body of the measured loop, in which `$i` counts; `at most` limits its turns. `times` repeats the body
 * within one turn: where the statement is short, most of a turn would be the loop's otherwise. `limit` is the
 * ratio above which the new build counts as slower, where that is not 1.05.
 */

$fresh = '$f = "{dir}/store"; $s = new Sync($f); ';
$names = '$names = array_keys(named(10000)); ';
$hundred = '$s->setData((object) named(100)); ';
$map = '$s->map = named(10); ';
$objects = '$rows = array_map(fn ($n) => (object) ["id" => $n, "name" => "name number $n", "tags" => [1, 2.5, null]], range(1, 50)); ';

return [
    'read, a literal name' => ['open' => "$fresh \$s->x = 1;", 'run' => '$v = $s->x;', 'times' => 8, 'limit' => 1.03],
    'read, an array' => ['open' => "$fresh \$s->x = \$pairs;", 'run' => '$v = $s->x;', 'times' => 8],
    'read, dynamic names' => ['open' => "$fresh $hundred $names", 'run' => '$v = $s->{$names[$i & 63]};'],
    'read, each once' => ['open' => "$fresh $names \$s->setData((object) named(10000));", 'prepare' => '$t = new Sync($f); $t->x;', 'run' => '$v = $t->{$names[$i]};', 'at most' => 10_000],
    'read, another object has just written it' => ['open' => "$fresh \$s->x = 1; \$t = new Sync(\$f);", 'run' => '$s->x = $i; $v = $t->x;'],
    'read, an array that another object has just written' => ['open' => "$fresh \$t = new Sync(\$f);", 'run' => '$s->x = $pairs; $v = $t->x;'],
    'read, by a new object each time' => ['open' => "$fresh \$s->x = 1;", 'run' => '$s = new Sync($f); $v = $s->x;'],
    'read, objects' => ['open' => "$fresh $objects \$s->x = \$rows;", 'run' => '$v = $s->x;'],
    'isset' => ['open' => "$fresh \$s->x = 1;", 'run' => '$v = isset($s->x);', 'times' => 8, 'limit' => 1.03],
    'isset, no such name' => ['open' => "$fresh \$s->x = 1;", 'run' => '$v = isset($s->y);', 'times' => 8],
    'write, an int' => ['open' => $fresh, 'run' => '$s->x = $i;'],
    'write, a string' => ['open' => $fresh, 'run' => '$s->x = "some string of some length";'],
    'write, an array' => ['open' => $fresh, 'run' => '$s->x = $pairs;'],
    'write, a list of ints' => ['open' => "$fresh \$ints = range(-500, 500);", 'run' => '$s->x = $ints;'],
    'write, objects' => ['open' => "$fresh $objects", 'run' => '$s->x = $rows;'],
    'write, dynamic names' => ['open' => "$fresh $hundred $names", 'run' => '$s->{$names[$i & 63]} = $i;'],
    'write, an int, among 1,000 names' => ['open' => "$fresh $names \$s->setData((object) named(1000));", 'run' => '$s->{$names[$i * 7 % 1000]} = $i;', 'limit' => 1.08],
    'write, an int, among 1,000,000 names' => ['open' => "$fresh \$all = named(1000000); \$s->setData((object) \$all); \$names = array_keys(\$all); unset(\$all);", 'run' => '$s->{$names[$i * 7919 % 1000000]} = $i;', 'limit' => 1.03],
    'write, an int, a new name' => ['open' => "$fresh $names \$none = new stdClass;", 'prepare' => '$s->setData($none);', 'run' => '$s->{$names[$i]} = $i;', 'at most' => 10_000],
    'write, a string, a new name' => ['open' => "$fresh $names \$none = new stdClass;", 'prepare' => '$s->setData($none);', 'run' => '$s->{$names[$i]} = "some string of some length";', 'at most' => 10_000],
    'write, an array, a new name' => ['open' => "$fresh $names \$none = new stdClass; \$ten = named(10);", 'prepare' => '$s->setData($none);', 'run' => '$s->{$names[$i]} = $ten;', 'at most' => 10_000],
    '++' => ['open' => "$fresh \$s->n = 0;", 'run' => '$s->n++;', 'limit' => 1.03],
    '.=' => ['open' => $fresh, 'prepare' => '$s->text = "";', 'run' => '$s->text .= "x";', 'at most' => 200],
    'nested ++' => ['open' => "$fresh $map", 'run' => '$s->map["key3"]++;'],
    'nested append' => ['open' => $fresh, 'prepare' => '$s->list = []; $s->list[] = 0;', 'run' => '$s->list[] = $i;', 'at most' => 2_000],
    'nested element write' => ['open' => "$fresh $map", 'run' => '$s->map["key3"] = $i;'],
    'nested unset' => ['open' => $fresh, 'prepare' => '$s->list = range(0, 999);', 'run' => 'unset($s->list[$i]);', 'at most' => 1_000],
    'append, $s[] =' => ['open' => "$fresh \$none = new stdClass;", 'prepare' => '$s->setData($none); $s[] = 0;', 'run' => '$s[] = $i;', 'at most' => 10_000],
    'unset' => ['open' => "$fresh $names \$all = (object) named(10000);", 'prepare' => '$s->setData($all);', 'run' => 'unset($s->{$names[$i]});', 'at most' => 10_000],
    'count' => ['open' => "$fresh $hundred", 'run' => '$v = count($s);', 'times' => 8],
    'foreach, 100 names' => ['open' => "$fresh $hundred", 'run' => 'foreach ($s as $k => $v);'],
    'getData, 100 names' => ['open' => "$fresh $hundred", 'run' => '$v = $s->getData();'],
    'getData, 100 names, after a write' => ['open' => "$fresh $hundred", 'run' => '$s->key3 = $i; $v = $s->getData();'],
    'setData, 100 names' => ['open' => "$fresh \$all = (object) named(100);", 'run' => '$s->setData($all);'],
    'lock, unlock' => ['open' => "$fresh \$s->x = 1;", 'run' => '$s->lock(); $s->unlock();'],
    'lock, ++, unlock' => ['open' => "$fresh \$s->n = 0;", 'run' => '$s->lock(); $s->n++; $s->unlock();'],
    'new, read' => ['open' => "$fresh \$s->x = 1;", 'run' => '$t = new Sync($f); $v = $t->x;'],
    'new file, write, destroy' => ['open' => '$f = "{dir}/new";', 'run' => '$s = new Sync($f); $s->x = 1; $s->destroy();'],
];
