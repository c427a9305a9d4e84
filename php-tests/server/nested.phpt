--TEST--
Nested writes and operators are single steps on a server, too
--FILE--
<?php
require __DIR__ . '/../include/redis.inc';

$redis = new RedisServer();
[$s, $t] = [new Sync($redis->address()), new Sync($redis->address())];
$s->list[] = 'a';
$t->list[] = 'b';
$s->list[] = ['deep' => [1]];
$t->list[2]['deep'][] = 2;
unset($s->list[0]);
$t->map['a']['b']['c'] = 1;
$s->map['a']['b']['c']++;
$s->n = 1;
$t->n += 41;
var_dump(++$s->n, $t->n--);
$s->text = 'x';
$t->text .= 'y';
$s->object = (object) ['p' => 1];
$t->object->p = 2;
$t->{'1.5'} ??= 'new';
$s->{'1.5'} ??= 'newer';
echo json_encode($t), "\n";
$s->max = PHP_INT_MAX;
$t->max++;
var_dump($s->max);
foreach (range(1, 2_000) as $i) {
    $one = $i % 2 ? $s : $t;
    $one->long[] = $i;
}
var_dump($t->long === range(1, 2_000), $s->long === range(1, 2_000));
try {
    $t->n[] = 1;
} catch (Error $e) {
    echo $e->getMessage(), "\n";
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
int(43)
int(43)
{"list":{"1":"b","2":{"deep":[1,2]}},"map":{"a":{"b":{"c":2}}},"n":42,"text":"xy","object":{"p":2},"1.5":"new"}
float(9.223372036854776E+18)
bool(true)
bool(true)
Cannot use a scalar value as an array
