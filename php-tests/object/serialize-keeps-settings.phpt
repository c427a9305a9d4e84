--TEST--
unserialize(serialize($s)) allows the same classes as the object did
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

class Job
{
    public $n = 1;
}
class Other extends Job {}
class Sub extends Sync
{
    public $declared = 'of Sub';
}
$writer = new Sync(scratch());
$writer->job = new Job;
$writer->other = new Other;
$reads = fn (Sync $s) => get_class($s->job) . ' ' . get_class($s->other);
$again = fn (Sync $s) => unserialize(serialize($s));
foreach ([null, true, false, [], ['job'], [Job::class, Other::class]] as $allowed) {
    $s = new Sync(scratch(), allowedClasses: $allowed);
    $t = $again($again($s));
    echo json_encode($allowed), ': ', $reads($t), $reads($t) === $reads($s) ? '' : ' (another)', "\n";
}
// The settings of the time at which the object was made.
ini_set('sync.allowed_classes', 'Other');
$s = new Sync(scratch());
ini_set('sync.allowed_classes', '*');
var_dump($reads($again($s)));
// A subclass, and a clone.
$sub = new Sub(scratch(), allowedClasses: false);
$sub->declared = 'changed';
var_dump($reads($again($sub)), $again($sub)->declared, $reads(clone $again($sub)));
$s = new Sync(scratch(), durability: 'none');
var_dump($again($s)->__serialize() === $s->__serialize());
// A handle that was serialized by a version without this field follows the setting.
ini_set('sync.allowed_classes', '');
$old = new Sync('/nowhere');
$old->__unserialize(['file' => scratch(), 'properties' => []]);
var_dump($reads($old));
// Nonsense is refused, and leaves the object as it was.
$odd = [['allowedClasses' => 'Job'], ['allowedClasses' => [1]], ['allowedClasses' => null], ['durability' => 'perhaps'], ['durability' => 1]];
foreach ($odd as $data) {
    attempt(fn () => $old->__unserialize($data + ['file' => scratch('odd')]));
}
var_dump($old->getFile() === scratch());
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
null: Job Other
true: Job Other
false: __PHP_Incomplete_Class __PHP_Incomplete_Class
[]: __PHP_Incomplete_Class __PHP_Incomplete_Class
["job"]: Job __PHP_Incomplete_Class
["Job","Other"]: Job Other
string(28) "__PHP_Incomplete_Class Other"
string(45) "__PHP_Incomplete_Class __PHP_Incomplete_Class"
string(7) "changed"
string(45) "__PHP_Incomplete_Class __PHP_Incomplete_Class"
bool(true)
string(45) "__PHP_Incomplete_Class __PHP_Incomplete_Class"
SyncException: This is no serialized Sync object: its allowedClasses is not one.
SyncException: This is no serialized Sync object: its allowedClasses is not one.
SyncException: This is no serialized Sync object: its allowedClasses is not one.
SyncException: This is no serialized Sync object: its durability is not one.
SyncException: This is no serialized Sync object: its durability is not one.
bool(true)
