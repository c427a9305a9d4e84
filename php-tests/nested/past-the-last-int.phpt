--TEST--
++ and -- past the last int in a typed property of a stored object are refused in PHP's own words
--FILE--
<?php
require __DIR__ . '/../include/twice.inc';

class Counted
{
    public int $max = PHP_INT_MAX;
    public int $min = PHP_INT_MIN;
    public ?int $nullable = PHP_INT_MAX;
    public int|string $either = PHP_INT_MAX;
    public int|float $number = PHP_INT_MAX;
    public float $float = PHP_INT_MAX;
    public $any = PHP_INT_MAX;
    public array $list = [PHP_INT_MAX, [PHP_INT_MIN]];
    public ?self $next = null;
    protected int $hidden = PHP_INT_MAX;

    public static function inside(object $o): mixed
    {
        return $o->a->hidden++;
    }
}
$make = function (object $o) {
    $o->a = new Counted;
    $o->a->next = new Counted;
    $o->l = ['k' => [new Counted]];
};
$statements = ['Counted::inside($o)'];
foreach (['$o->a->', '$o->a->next->', '$o->l["k"][0]->'] as $at) {
    foreach (['max', 'min', 'nullable', 'either', 'number', 'float', 'any', 'list[0]', 'list[1][0]', '{"max"}'] as $name) {
        array_push($statements, "$at$name++", "++$at$name", "$at$name--", "--$at$name", "$at$name += 1", "$at$name -= 1");
    }
}
done_twice($make, $statements);
echo outcome((object) ['a' => new Counted], '$o->a->max++'), "\n";

// Behind a reference, by the property that has a type as by the element that has none.
$make = function (object $o) {
    $a = new Counted;
    $o->pair = [$a, &$a->max, &$a->min];
};
$statements = ['$o->pair[1]++', '++$o->pair[1]', '--$o->pair[2]', '$o->pair[2]--', '$o->pair[0]->max++', '--$o->pair[0]->min', '$o->pair[1] += 1', '$o->pair[1]--'];
done_twice($make, $statements);
$make = function (object $o) {
    $a = new Counted;
    $b = new Counted;
    $c = new Counted;
    $b->number = &$a->number;
    $c->max = &$b->either;
    // (Of several properties, the message names the first that has no floats.)
    $o->several = [$a, $b, $c, &$a->number, &$b->either];
};
done_twice($make, ['$o->several[3]++', '$o->several[4]++', '++$o->several[1]->number', '$o->several[2]->max++']);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
181 statements
TypeError: Cannot increment property Counted::$max of type int past its maximal value
8 statements
4 statements
