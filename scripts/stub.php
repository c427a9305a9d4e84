<?php
/*
 * Reading stubs/sync.stub.php, for the scripts that compare or make something with it.
 *
 * The stub is compiled inside a namespace, so that reflection sees its classes beside those of the extension, or without that.
 */

declare(strict_types=1);

/** @return array<string, ReflectionClass> the classes of a stub, by their names in the namespace */
function stubs(string $path = __DIR__ . '/../stubs/sync.stub.php'): array
{
    $before = get_declared_classes();
    eval('namespace Stubs;' . substr(file_get_contents($path), strlen('<?php')));
    $stubs = [];
    foreach (array_diff(get_declared_classes(), $before) as $name) {
        $stubs[$name] = new ReflectionClass($name);
    }
    return $stubs;
}

/** A type, or the name of a class or constant, as the stub has it. */
function withoutNamespace(string $type): string
{
    return preg_replace('~(?<![\w\\\\])\\\\?Stubs\\\\~', '', $type);
}

/** A default value, as the stub has it. */
function valueAsWritten(mixed $value): string
{
    return match (true) {
        $value === null => 'null',
        $value === [] => '[]',
        default => var_export($value, true),
    };
}

/** The parameters of a method, in brackets; with their types, or their names and defaults alone. */
function parametersAsWritten(ReflectionMethod $method, bool $types): string
{
    return '(' . implode(', ', array_map(fn (ReflectionParameter $p) => implode('', [
        $types && $p->hasType() ? withoutNamespace((string) $p->getType()) . ' ' : '',
        $p->isVariadic() ? '...' : '',
        '$', $p->getName(),
        $p->isDefaultValueAvailable() ? ' = ' . valueAsWritten($p->getDefaultValue()) : '',
    ]), $method->getParameters())) . ')';
}
