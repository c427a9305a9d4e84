--TEST--
A parent's method that an override calls means what is shared under exactly that name, whichever method it is
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

/** The class that puts a prefix before the name in these methods of Sync, each by its parent's. */
function prefixing(string $class, array $methods): string
{
    $code = '';
    foreach ($methods as $name) {
        $method = new ReflectionMethod('Sync', $name);
        $type = $method->getReturnType() ?? $method->getTentativeReturnType();
        $return = (string) $type === 'void' ? '' : 'return ';
        // (PHP counts the parameters of magic methods.)
        $more = match (true) { $name === '__set' => ', $more', str_starts_with($name, '__') => '', default => ', ...$more' };
        $code .= "function $name(\$name$more)" . ($type ? ": $type" : '') . " { {$return}parent::$name('p.' . \$name$more); }\n";
    }
    eval("class $class extends Sync { $code }");
    return $class;
}
/** The result of an action on a name of a new store, and all that is in the store afterwards. */
function outcome(string $class, string $name, mixed $before, Closure $action): string
{
    $plain = new Sync(scratch());
    $plain->clear();
    $plain->setMultiple(['p.x' => $before]);
    $result = $action(new $class(scratch()), $name);
    return var_export([$result instanceof Sync ? 'itself' : $result, (array) $plain], true);
}
function compare(string $class, string $what, mixed $before, Closure $action): void
{
    $is = outcome($class, 'x', $before, $action);
    $expected = outcome('Sync', 'p.x', $before, $action);
    if ($is !== $expected) {
        echo "$class, $what: $is\ninstead of $expected\n";
    }
}

$by = fn (string $method, ...$more) => fn ($s, $name) => $s->$method($name, ...$more);
$methods = [
    '__get' => [7, $by('__get')],
    '__set' => [7, $by('__set', 8)],
    '__isset' => [7, $by('__isset')],
    '__unset' => [7, $by('__unset')],
    'get' => [7, $by('get', 'none')],
    'set' => [7, $by('set', 8)],
    'has' => [7, $by('has')],
    'remove' => [7, $by('remove')],
    'offsetGet' => [7, $by('offsetGet')],
    'offsetSet' => [7, $by('offsetSet', 8)],
    'offsetExists' => [7, $by('offsetExists')],
    'offsetUnset' => [7, $by('offsetUnset')],
    'push' => [[7], $by('push', 8)],
    'shift' => [[7, 8], $by('shift')],
    'consume' => [[7, 8], $by('consume', fn ($element) => $element === 7 || die('another element'))],
    'put' => [7, $by('put', 8)],
    'add' => [7, $by('add', 8)],
    'increment' => [7, $by('increment')],
    'compareAndSet' => [7, $by('compareAndSet', 7, 8)],
    'pull' => [7, $by('pull')],
    'update' => [7, $by('update', fn ($old) => $old * 2)],
    'remember' => [7, $by('remember', fn () => 8)],
    'touch' => [7, $by('touch', null)],
    'ttl' => [7, fn ($s, $name) => $s->ttl($name) !== null],
    'describe' => [7, fn ($s, $name) => $s->describe($name)['type'] ?? null],
    'waitFor' => [7, $by('waitFor', fn ($value) => $value === 7, 0)],
];
// Each by itself. (`tryLock`, `release` and others have names of other things than properties.)
foreach ((new ReflectionClass('Sync'))->getMethods() as $method) {
    $first = $method->getParameters()[0] ?? null;
    if (!in_array($first?->name, ['name', 'offset']) || $first->isOptional()) {
        continue;
    }
    if (!isset($methods[$method->name])) {
        echo "No case of {$method->name}()\n";
        continue;
    }
    [$before, $action] = $methods[$method->name];
    compare(prefixing("Prefixing_{$method->name}", [$method->name]), $method->name, $before, $action);
}
// In all of a kind: then the statements, and the other methods, mean the prefixed name, too.
$properties = [
    'isset' => fn ($s, $name) => isset($s->$name),
    'empty' => fn ($s, $name) => empty($s->$name),
    'coalesce' => fn ($s, $name) => $s->$name ?? 'default',
    'read' => fn ($s, $name) => $s->$name,
    'write' => fn ($s, $name) => $s->$name = 8,
    'count' => fn ($s, $name) => $s->$name = ($s->$name ?? 0) + 1,
    'assign if null' => fn ($s, $name) => $s->$name ??= 8,
    'operator' => fn ($s, $name) => $s->$name += 5,
    'unset' => function ($s, $name) { unset($s->$name); },
];
$elements = [
    'isset []' => fn ($s, $name) => isset($s[$name]),
    'empty []' => fn ($s, $name) => empty($s[$name]),
    'coalesce []' => fn ($s, $name) => $s[$name] ?? 'default',
    'read []' => fn ($s, $name) => $s[$name],
    'write []' => fn ($s, $name) => $s[$name] = 8,
    'count []' => fn ($s, $name) => $s[$name] = ($s[$name] ?? 0) + 1,
    'unset []' => function ($s, $name) { unset($s[$name]); },
];
$inside = [
    'isset inside' => fn ($s, $name) => isset($s->$name['k']),
    'coalesce inside' => fn ($s, $name) => $s->$name['k'] ?? 'default',
    'write inside' => fn ($s, $name) => $s->$name['k'] = 8,
    'append inside' => fn ($s, $name) => $s->$name['l'][] = 8,
];
$kinds = [
    'Magic' => [['__get', '__set', '__isset', '__unset'], $properties, $inside],
    'Named' => [['get', 'set', 'has', 'remove'], $properties + $elements, $inside],
    'Offsets' => [['offsetGet', 'offsetSet', 'offsetExists', 'offsetUnset'], $elements, []],
];
foreach ($kinds as $class => [$own, $whole, $parts]) {
    prefixing($class, $own);
    $whole += array_combine($own, array_map(fn ($name) => $methods[$name][1], $own));
    foreach ([7, 0, null] as $before) {
        foreach ($whole as $what => $action) {
            compare($class, $what, $before, $action);
        }
    }
    foreach ([['k' => 7], []] as $before) {
        foreach ($parts as $what => $action) {
            compare($class, $what, $before, $action);
        }
    }
    if ($class !== 'Offsets') {
        foreach (['push', 'shift', 'consume', 'put', 'add', 'increment', 'compareAndSet', 'pull', 'update', 'remember', 'waitFor'] as $what) {
            compare($class, $what, ...$methods[$what]);
        }
    }
}
// One kind by the other's.
class Crossed extends Sync
{
    public function __get($name) { return parent::get("p.$name"); }
    public function __set($name, $value) { parent::set("p.$name", $value); }
    public function __isset($name) { return parent::has("p.$name"); }
    public function __unset($name) { parent::remove("p.$name"); }
}
foreach ($properties as $what => $action) {
    compare('Crossed', $what, 7, $action);
}
echo "done\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
done
