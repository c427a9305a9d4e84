--TEST--
push() takes values of every kind, each of which stands for itself
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

enum Suit
{
    case Hearts;
}

class Job implements JsonSerializable
{
    public static int $serialized = 0;
    public ?Job $self = null;

    public function __construct(public string $name) {}

    public function __serialize(): array
    {
        self::$serialized++;
        return ['name' => $this->name, 'self' => $this->self];
    }

    public function __unserialize(array $data): void
    {
        ['name' => $this->name, 'self' => $this->self] = $data;
    }

    public function jsonSerialize(): mixed
    {
        return $this->name;
    }
}

$s = new Sync(scratch());
$job = new Job('itself');
$job->self = $job;
$reference = 1;
$array = ['r' => &$reference, 's' => &$reference];
$values = [null, true, 1.5, 'text', "\xff", [1, [2]], $job, Suit::Hearts, $array, new Sync(scratch('other'))];
foreach (['jobs', 'jobs'] as $name) {
    var_dump($s->push($name, ...$values));
}
printf("serialized %d times\n", Job::$serialized);
$other = new Sync(scratch());
$jobs = $other->jobs;
foreach ([0, 10] as $at) {
    var_dump(array_slice($jobs, $at, 6) === array_slice($values, 0, 6));
    var_dump($jobs[$at + 6]->self === $jobs[$at + 6], $jobs[$at + 7], $jobs[$at + 9]->getFile() === scratch('other'));
    $jobs[$at + 8]['r'] = 2;
    var_dump($jobs[$at + 8]['s']);
}
var_dump($jobs[6] === $jobs[16]);
// The argument itself is a reference.
$value = 'before';
$by = &$value;
$s->push('more', $by);
$value = 'after';
var_dump($s->more);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
int(10)
int(20)
serialized 2 times
bool(true)
bool(true)
enum(Suit::Hearts)
bool(true)
int(2)
bool(true)
bool(true)
enum(Suit::Hearts)
bool(true)
int(2)
bool(false)
array(1) {
  [0]=>
  string(6) "before"
}
