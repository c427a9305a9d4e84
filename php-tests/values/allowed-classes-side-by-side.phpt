--TEST--
Objects on one file decode by their own allowedClasses, however quickly they follow each other
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

final class Allowed
{
    public function __construct(public int $n = 1)
    {
    }
}
$s = new Sync(scratch());
$s->object = new Allowed;
$s->array = ['inside' => new Allowed(2)];
$s->int = 3;
$kind = fn (Sync $of): string => implode(' ', array_map(function (string $name) use ($of) {
    try {
        $value = $of->$name;
        return get_debug_type(is_array($value) ? $value['inside'] : $value);
    } catch (SyncException) {
        return 'refused';
    }
}, ['object', 'array', 'int']));
$seen = [];
for ($i = 0; $i < 200; $i++) {
    $all = new Sync(scratch());
    $found = [$kind($all)];
    $none = new Sync(scratch(), allowedClasses: false);
    $found[] = $kind($none);
    $one = new Sync(scratch(), allowedClasses: ['Allowed']);
    $found[] = $kind($one);
    $other = new Sync(scratch(), allowedClasses: ['stdClass']);
    $found[] = $kind($other);
    $found[] = $kind($none);
    $seen[implode(', ', $found)] = 1;
}
echo implode("\n", array_keys($seen)), "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>

--EXPECT--
Allowed Allowed int, __PHP_Incomplete_Class __PHP_Incomplete_Class int, Allowed Allowed int, __PHP_Incomplete_Class __PHP_Incomplete_Class int, __PHP_Incomplete_Class __PHP_Incomplete_Class int
