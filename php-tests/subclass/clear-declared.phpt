--TEST--
clear(), removeMultiple(), pull() and put() for no time remove what is shared, and leave a declared property of that name, whichever method of the class removes
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$classes = [];
foreach (['public', 'protected', 'private', 'public static'] as $access) {
    foreach (['function remove($n) { parent::remove($n); }', 'function remove($n) { parent::pull($n); }', 'function __unset($n) { parent::__unset($n); }',
        'function get($n, $d = null) { return parent::get($n, $d); }', ''] as $method) {
        $static = str_ends_with($access, 'static') ? 'static::$a' : '$this->a';
        $class = 'C' . count($classes);
        eval("class $class extends Sync { $access \$a = 7; $method function own() { return $static; } }");
        $classes[$class] = "$access, $method";
    }
}
$removals = [
    'clear' => fn ($s) => $s->clear(),
    'clear with a prefix' => fn ($s) => $s->clear('a'),
    'removeMultiple' => fn ($s) => $s->removeMultiple(['a']),
    'remove' => fn ($s) => $s->remove('a'),
    'pull' => fn ($s) => $s->pull('a'),
    'put' => fn ($s) => $s->put('a', 1, 0),
    'setMultiple' => fn ($s) => $s->setMultiple(['a' => 1], 0),
];
foreach ($classes as $class => $means) {
    foreach ($removals as $how => $remove) {
        $s = new $class(scratch());
        $s->set('a', 1);
        $s->set('b', 2);
        $remove($s);
        $left = $how === 'clear' ? [] : ['b'];
        if ($s->keys() !== $left || $s->own() !== 7) {
            echo "$means, $how: ", json_encode([$s->keys(), $s->own()]), "\n";
        }
        $s->destroy();
    }
}
echo count($classes), " classes\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
20 classes
