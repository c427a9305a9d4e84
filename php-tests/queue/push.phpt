--TEST--
push() appends values to a list, in one step, and returns the new length
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$other = new Sync(scratch());
var_dump($s->push('jobs'), scratch_exists(), isset($s->jobs));
var_dump($s->push('jobs', 'a', 'b'), $other->push('jobs', 'c'), $s->push('jobs'), $other->push('jobs'));
echo json_encode([$s->jobs, $other->jobs]), "\n";
$other->jobs[] = 'd';
var_dump($s->push('jobs', 'e'), $s->jobs[4]);
unset($s->jobs);
var_dump($other->push('jobs'), $other->push('jobs', 'anew'), $s->jobs);
$s->jobs = null;
var_dump($other->push('jobs'), $other->push('jobs', 'in place of null'), $s->jobs);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
int(0)
bool(false)
bool(false)
int(2)
int(3)
int(3)
int(3)
[["a","b","c"],["a","b","c"]]
int(5)
string(1) "e"
int(0)
int(1)
array(1) {
  [0]=>
  string(4) "anew"
}
int(0)
int(1)
array(1) {
  [0]=>
  string(16) "in place of null"
}
