--TEST--
shift() takes the first element off, and every reader sees the others move up
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$other = new Sync(scratch());
var_dump($s->shift('jobs'), $s->shift('jobs', 0, 'none'), scratch_exists());
$s->push('jobs', 'a', 'b', 'c', 'd');
$other->jobs;
var_dump($s->shift('jobs'), count($other->jobs), $other->jobs[0], $other->shift('jobs'), $s->jobs, (new Sync(scratch()))->jobs);
foreach ($s->jobs as $at => $job) {
    echo "$at: $job\n";
}
var_dump($s->push('jobs', 'e'), $other->jobs[] = 'f', $other->push('jobs'));
while (null !== $job = $other->shift('jobs')) {
    echo $job, json_encode([$s->jobs, $other->jobs, count($s->jobs)]), "\n";
}
var_dump($s->jobs, isset($s->jobs), $s->push('jobs', 'anew'), $other->shift('jobs', default: 'none'), $other->shift('jobs', default: 'none'));
// A list that was stored as a whole; one in which something changes; null.
$s->jobs = range(1, 5);
$other->shift('jobs');
$s->jobs[0] = 'two';
$other->jobs[1] .= 'rd';
unset($s->jobs[3]);
var_dump($other->shift('jobs'), $s->shift('jobs'), $s->jobs);
$s->jobs = null;
var_dump($s->shift('jobs', 0, 'none'));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
NULL
string(4) "none"
bool(false)
string(1) "a"
int(3)
string(1) "b"
string(1) "b"
array(2) {
  [0]=>
  string(1) "c"
  [1]=>
  string(1) "d"
}
array(2) {
  [0]=>
  string(1) "c"
  [1]=>
  string(1) "d"
}
0: c
1: d
int(3)
string(1) "f"
int(4)
c[["d","e","f"],["d","e","f"],3]
d[["e","f"],["e","f"],2]
e[["f"],["f"],1]
f[[],[],0]
array(0) {
}
bool(true)
int(1)
string(4) "anew"
string(4) "none"
string(3) "two"
string(3) "3rd"
array(1) {
  [0]=>
  int(4)
}
string(4) "none"
