--TEST--
A null, a false or nothing in a typed property of a stored object becomes no array that its type does not allow
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

class Job
{
    public ?int $result = null;
    public bool $done = false;
    public ?DateTime $at = null;
    public int $number;
    protected ?Job $next = null;
    public $any = null;
    public ?array $list = null;
    public iterable|null $items = null;
    public int|array|false $mixed = false;
    public array $unset;

    public static function follow(object $o): void
    {
        $o->job->next['x'] = 1;
    }
}
#[AllowDynamicProperties]
class Free extends Job
{
}
const REFUSED = [
    'J->result["x"] = 1', 'J->result[] = 1', 'J->result["x"]["y"] = 1', 'J->result["x"]["y"] ??= 1', 'J->result["x"] ??= 1', '[$a, J->result["x"]] = [1, 2]',
    '[[J->result[]]] = [[2]]', 'foreach ([1] as J->result["x"]) {}', 'J->result["x"]->p = 1', 'J->done[] = 1', 'J->at["x"] = 1', 'J->number["x"] = 1',
    'Job::follow($o)',
];
// PHP itself lets these through, and makes an object that it does not unserialize.
const REFUSED_BY_SYNC = ['J->result["x"]++', 'J->result["x"] .= 1', 'J->result["x"]["y"] += 1', '--J->done["x"]["y"]', '$r = J->at["x"]--'];
const ALLOWED = [
    'J->any["x"] = 1', 'J->list[] = 1', 'J->list["x"]["y"]++', 'J->items["x"] .= 1', 'J->mixed[] = 1', 'J->unset["x"] = 1', 'unset(J->result["x"])',
    'J->dynamic["x"] = 1', 'J->result = 5', '$r = isset(J->result["x"])',
];
function outcome(object $o, string $statement): string
{
    try {
        @eval("$statement;");
        $thrown = 'done';
    } catch (Throwable $e) {
        $thrown = $e::class . ': ' . $e->getMessage();
    }
    return $thrown . ' ' . json_encode([$o->job, $o->list]);
}
function made(object $o): object
{
    $o->job = new Free;
    $o->list = ['k' => [new Free]];
    return $o;
}
$compared = 0;
foreach (['$o->job', '$o->list["k"][0]'] as $at) {
    foreach ([...REFUSED, ...ALLOWED] as $statement) {
        $statement = str_replace('J->', "$at->", $statement);
        $expected = outcome(made(new stdClass), $statement);
        $s = made(new Sync(scratch()));
        $actual = outcome($s, $statement);
        $expected === $actual || var_dump($statement, $expected, $actual);
        $compared++;
    }
    foreach (REFUSED_BY_SYNC as $statement) {
        $s = made(new Sync(scratch()));
        echo strstr(outcome($s, str_replace('J->', "$at->", $statement)), ' [', true), "\n";
        if ((array) new Sync(scratch()) != ['job' => new Free, 'list' => ['k' => [new Free]]]) {
            echo "something is stored\n";
        }
    }
}
echo "$compared the same\n";

// Behind a reference that the typed property shares.
$job = new Free;
$s = new Sync(scratch());
$s->pair = [$job, &$job->result];
attempt(fn () => $s->pair[1]['x'] = 1);
attempt(fn () => $s->pair[1][]++);
$s->pair[1] = 7;
echo json_encode($s->pair[0]->result), "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
TypeError: Cannot auto-initialize an array inside property Job::$result of type ?int
TypeError: Cannot auto-initialize an array inside property Job::$result of type ?int
TypeError: Cannot auto-initialize an array inside property Job::$result of type ?int
TypeError: Cannot auto-initialize an array inside property Job::$done of type bool
TypeError: Cannot auto-initialize an array inside property Job::$at of type ?DateTime
TypeError: Cannot auto-initialize an array inside property Job::$result of type ?int
TypeError: Cannot auto-initialize an array inside property Job::$result of type ?int
TypeError: Cannot auto-initialize an array inside property Job::$result of type ?int
TypeError: Cannot auto-initialize an array inside property Job::$done of type bool
TypeError: Cannot auto-initialize an array inside property Job::$at of type ?DateTime
46 the same
TypeError: Cannot auto-initialize an array inside a reference held by property Job::$result of type ?int
TypeError: Cannot auto-initialize an array inside a reference held by property Job::$result of type ?int
7
