--TEST--
The classes are declared as the stub declares them: parents, interfaces, parameters, defaults and return types
--FILE--
<?php
// (The tables are generated from the stub: this is a test of the generator, and of how the tables are registered.)
eval('namespace Stubs;' . substr(file_get_contents(__DIR__ . '/../../stubs/sync.stub.php'), strlen('<?php')));

function describe(ReflectionClass $class): string
{
    $interfaces = $class->getInterfaceNames();
    sort($interfaces);
    $text = implode(' ', ['class', $class->name, 'extends', $class->getParentClass() ? $class->getParentClass()->name : 'nothing', ...$interfaces]) . "\n";
    foreach ($class->getMethods() as $method) {
        if ($method->class === $class->name) {
            $text .= implode(' ', Reflection::getModifierNames($method->getModifiers())) . " $method->name: "
                . ($method->getTentativeReturnType() ?? $method->getReturnType()) . "\n"
                . implode("\n", $method->getParameters()) . "\n";
        }
    }
    return str_replace(['Stubs\\', '= NULL'], ['', '= null'], $text);
}

foreach (['Sync', 'SyncException', 'SyncTimeoutException', 'SyncLockTimeoutException'] as $name) {
    [$declared, $promised] = [describe(new ReflectionClass($name)), describe(new ReflectionClass("Stubs\\$name"))];
    echo $name, $declared === $promised ? " agrees\n" : " differs:\n$declared---\n$promised";
}
// A subclass that was written for the PHP class declares no return types where it overrides a method of that, or of an interface.
$old = ['get', 'set', 'has', 'remove', 'lock', 'unlock', 'getFile', 'setFile', 'getData', 'setData', 'destroy'];
$interfaces = array_merge(...array_values(array_map('get_class_methods', class_implements('Sync'))));
foreach ((new ReflectionClass('Sync'))->getMethods() as $method) {
    $is_old = str_starts_with($method->name, '__') || in_array($method->name, [...$old, ...$interfaces]);
    if ($method->hasReturnType() === $is_old) {
        echo "$method->name has ", $is_old ? "a return type that is not tentative\n" : "no return type\n";
    }
}
?>
--EXPECT--
Sync agrees
SyncException agrees
SyncTimeoutException agrees
SyncLockTimeoutException agrees
