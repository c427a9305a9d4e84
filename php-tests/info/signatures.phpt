--TEST--
The classes are declared as the stub declares them: parents, interfaces, parameters, defaults and tentative return types
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

foreach (['Sync', 'SyncException', 'SyncLockTimeoutException'] as $name) {
    [$declared, $promised] = [describe(new ReflectionClass($name)), describe(new ReflectionClass("Stubs\\$name"))];
    echo $name, $declared === $promised ? " agrees\n" : " differs:\n$declared---\n$promised";
}
foreach ((new ReflectionClass('Sync'))->getMethods() as $method) {
    if ($method->hasReturnType()) {
        echo "$method->name has a return type that is not tentative\n";
    }
}
?>
--EXPECT--
Sync agrees
SyncException agrees
SyncLockTimeoutException agrees
