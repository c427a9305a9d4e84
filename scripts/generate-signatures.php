<?php
/*
 * generate-signatures.php [--check]: writes src/php/signatures.rs, the tables by which the extension declares its classes, from
 * stubs/sync.stub.php. With --check it writes nothing, and exits with 1 if the file differs.
 *
 * The stub is compiled inside a namespace and read by reflection. It can say nothing that is not either in the tables or
 * an error here. Two tags of its doc comments count: @tentative-return-type (PHP code cannot declare one) and @deprecated.
 * The build does not run this: the generated file is committed.
 */

require __DIR__ . '/stub.php';

const ROOT = __DIR__ . '/..';
const STUB = 'stubs/sync.stub.php';
const TARGET = 'src/php/signatures.rs';

/** The class entries of PHP's core, by the names that its headers give them. */
const CORE = [
    'ArrayAccess' => 'zend_ce_arrayaccess',
    'Countable' => 'zend_ce_countable',
    'Exception' => 'zend_ce_exception',
    'IteratorAggregate' => 'zend_ce_aggregate',
    'JsonSerializable' => 'php_json_serializable_ce',
    'RuntimeException' => 'spl_ce_RuntimeException',
    'Stringable' => 'zend_ce_stringable',
];

const MASKS = ['array', 'bool', 'callable', 'false', 'float', 'int', 'mixed', 'never', 'null', 'object', 'static', 'string', 'true', 'void'];

function refuse(string $why): never
{
    fwrite(STDERR, STUB . ": $why\n");
    exit(1);
}

/** `getFile` as `get_file`, `__get` as `magic_get`, `SyncException` as `sync_exception`. */
function snake(string $name): string
{
    return strtolower(preg_replace(['~^__~', '~(?<=[a-z0-9])(?=[A-Z])~'], ['magic_', '_'], $name));
}

function literal(string $text): string
{
    return 'c"' . addcslashes($text, "\\\"\n") . '"';
}

/** Refuses attributes, and every property in $says that the tables cannot express. */
function only(string $where, array $attributes, array $says): void
{
    if ($attributes !== []) {
        refuse("$where has an attribute: " . $attributes[0]->getName());
    }
    foreach ($says as $what => $there) {
        if ($there) {
            refuse("$where $what, which no table can say");
        }
    }
}

function hasTag(Reflector $of, string $tag): bool
{
    return (bool) preg_match("~^\s*(?:/\*)?\*\s*@$tag\b~m", (string) $of->getDocComment());
}

/** `Type::of(mask::ARRAY | mask::NULL)` for `?array`. */
function type(string $where, ?ReflectionType $type): string
{
    if ($type === null) {
        return 'Type::NONE';
    }
    if ($type instanceof ReflectionIntersectionType) {
        refuse("$where has an intersection type");
    }
    $class = null;
    $masks = [];
    foreach ($type instanceof ReflectionUnionType ? $type->getTypes() : [$type] as $one) {
        $name = $one instanceof ReflectionNamedType ? withoutNamespace($one->getName()) : refuse("$where has an intersection type");
        if ($name === 'iterable') {
            // Since PHP 8.2 another name of Traversable|array.
            $class = 'Traversable';
            $masks[] = 'array';
        } elseif (in_array($name, MASKS, true)) {
            $masks[] = $name;
        } elseif ($one->isBuiltin() || in_array($name, ['self', 'parent'], true)) {
            refuse("$where has the type $name");
        } elseif ($class !== null) {
            refuse("$where has a type of two classes");
        } else {
            $class = $name;
        }
    }
    if ($type instanceof ReflectionNamedType && $type->allowsNull() && !in_array($masks, [['mixed'], ['null']], true)) {
        $masks[] = 'null';
    }
    $mask = implode(' | ', array_map(fn ($mask) => 'mask::' . strtoupper($mask), $masks)) ?: '0';
    return $class === null ? "Type::of($mask)" : 'Type::class(' . literal($class) . ", $mask)";
}

/** The text of a default, for the few kinds whose text follows from the value. */
function defaultText(string $where, ReflectionParameter $parameter): string
{
    if ($parameter->isDefaultValueConstant()) {
        return withoutNamespace($parameter->getDefaultValueConstantName());
    }
    $value = $parameter->getDefaultValue();
    return match (true) {
        $value === null => 'null',
        $value === [] => '[]',
        is_bool($value), is_int($value), is_string($value) => var_export($value, true),
        // (Of a float parameter the default `0` is a float, too.)
        is_float($value) => var_export($value, true),
        default => refuse("$where has a default of the type " . get_debug_type($value)),
    };
}

function parameter(string $where, ReflectionParameter $parameter): string
{
    $where .= " \$$parameter->name";
    only($where, array_filter($parameter->getAttributes(), fn ($a) => $a->getName() !== SensitiveParameter::class), ['is promoted' => $parameter->isPromoted(), 'is a reference' => $parameter->isPassedByReference()]);
    $type = type($where, $parameter->getType()) . ($parameter->isVariadic() ? '.variadic()' : '');
    $name = literal($parameter->name);
    return $parameter->isDefaultValueAvailable()
        ? "optional($name, $type, " . literal(defaultText($where, $parameter)) . ')'
        : "parameter($name, $type)";
}

/** A method as PHP code, for the doc comment of its Rust counterpart. */
function asWritten(ReflectionMethod $method): string
{
    $parameters = array_map(fn (ReflectionParameter $p) => implode('', [
        $p->hasType() ? withoutNamespace($p->getType()) . ' ' : '',
        $p->isVariadic() ? '...' : '',
        "\$$p->name",
        $p->isDefaultValueAvailable() ? ' = ' . defaultText($method->name, $p) : '',
    ]), $method->getParameters());
    return "$method->name(" . implode(', ', $parameters) . ')'
        . ($method->hasReturnType() ? ': ' . withoutNamespace($method->getReturnType()) : '');
}

/** The constant that holds the signature of a method. */
function signature(string $where, ReflectionMethod $method): string
{
    only($where, $method->getAttributes(), [
        'yields' => $method->isGenerator(),
        'returns a reference' => $method->returnsReference(),
    ]);
    $returns = type("$where()", $method->getReturnType());
    if (hasTag($method, 'tentative-return-type')) {
        $method->hasReturnType() || refuse("$where() has @tentative-return-type, and no return type");
        $returns .= '.tentative()';
    }
    $entries = ["result({$method->getNumberOfRequiredParameters()}, $returns)"];
    foreach ($method->getParameters() as $parameter) {
        $entries[] = parameter("$where()", $parameter);
    }
    $name = strtoupper(snake($method->getDeclaringClass()->getShortName()) . '_' . snake($method->name));
    return "const $name: &[zend_internal_arg_info] = &[" . implode(', ', $entries) . "];\n";
}

function flags(ReflectionMethod $method): string
{
    $flags = array_map(fn ($modifier) => 'ZEND_ACC_' . strtoupper($modifier), Reflection::getModifierNames($method->getModifiers()));
    if (hasTag($method, 'deprecated')) {
        $flags[] = 'ZEND_ACC_DEPRECATED';
    }
    if ($method->isVariadic()) {
        $flags[] = 'ZEND_ACC_VARIADIC';
    }
    return implode(' | ', array_map(fn ($flag) => "ffi::$flag", $flags));
}

/** The struct of a class's methods and the function that registers it. */
function rust(ReflectionClass $class, array $stubs, array &$core): string
{
    $name = withoutNamespace($class->name);
    only($name, $class->getAttributes(), [
        'is no class' => $class->isInterface() || $class->isTrait() || $class->isEnum(),
        'has constants' => array_filter($class->getReflectionConstants(), fn ($c) => $c->class === $class->name),
        'has properties' => array_filter($class->getProperties(), fn ($p) => $p->class === $class->name),
        'uses traits' => $class->getTraits() !== [],
        'is readonly' => method_exists($class, 'isReadOnly') && $class->isReadOnly(),
    ]);
    $entry = function (string $of) use (&$core, $name) {
        $symbol = CORE[$of] ?? refuse("$name builds on $of, whose class entry this script does not know");
        $core[$symbol] = $symbol;
        return $symbol;
    };
    $parent = $class->getParentClass() ?: null;
    $own = $parent !== null && isset($stubs[$parent->name]);
    $parameters = $own ? snake($parent->getShortName()) . ': Class' : '';
    $parentCode = match (true) {
        $parent === null => 'ptr::null_mut()',
        $own => snake($parent->getShortName()) . '.as_ptr()',
        default => $entry($parent->name),
    };
    $inherited = $parent ? $parent->getInterfaceNames() : [];
    foreach ($class->getInterfaces() as $interface) {
        $inherited = [...$inherited, ...$interface->getInterfaceNames()];
    }
    $interfaces = array_map($entry, array_values(array_diff($class->getInterfaceNames(), $inherited)));

    $methods = array_filter($class->getMethods(), fn ($method) => $method->class === $class->name);
    $constants = $fields = $table = '';
    foreach ($methods as $method) {
        $function = snake($method->name);
        $constants .= signature("$name::$method->name", $method);
        $fields .= "/// `" . asWritten($method) . "`\npub $function: Method,\n";
        $constant = strtoupper(snake($name) . "_$function");
        $table .= 'method(' . literal($method->name) . ", methods.$function, $constant, " . flags($method) . "),\n";
    }
    $hidden = '';
    foreach ($methods as $method) {
        foreach ($method->getParameters() as $parameter) {
            if ($parameter->getAttributes(SensitiveParameter::class) !== []) {
                $hidden .= 'declare::hide(class, ' . literal(strtolower($method->name)) . ", {$parameter->getPosition()})?;\n";
            }
        }
    }
    $struct = '';
    if ($methods) {
        $struct = "/// The methods of `$name`, as the stub declares them.\npub struct {$name}Methods {\n$fields}\n\n";
        $parameters = implode(', ', array_filter([$parameters, "methods: &{$name}Methods"]));
    }
    $flags = $class->isFinal() ? 'ffi::ZEND_ACC_FINAL' : '0';
    $flags .= $class->isAbstract() ? ' | ffi::ZEND_ACC_EXPLICIT_ABSTRACT_CLASS' : '';
    $register = 'register_' . snake($name);
    return "$struct/// Registers `$name`. Called once, at module startup.\n"
        . "pub fn $register($parameters) -> error::Result<Class> {\n"
        . "// SAFETY: the core's classes are registered before any extension's; the methods are those of this class.\n"
        . 'unsafe { ' . ($hidden ? 'let class = ' : '') . 'declare::class(' . literal($name) . ", $parentCode, &[" . implode(', ', $interfaces)
        . "], &[\n{$table}end_of_methods()], $flags)" . ($hidden ? "?;\n{$hidden}Ok(class)" : '') . " }\n}\n\n$constants\n";
}

/** As `cargo fmt` has it. */
function formatted(string $source): string
{
    $rustfmt = proc_open(['rustfmt', '--edition', '2024', '--config-path', ROOT], [['pipe', 'r'], ['pipe', 'w']], $pipes);
    is_resource($rustfmt) || exit("There is no rustfmt.\n");
    fwrite($pipes[0], $source);
    fclose($pipes[0]);
    $formatted = stream_get_contents($pipes[1]);
    proc_close($rustfmt) === 0 || exit("rustfmt refused the generated file.\n");
    return $formatted;
}

$stubs = stubs();
foreach ([...get_declared_interfaces(), ...get_declared_traits(), ...get_defined_functions()['user']] as $name) {
    if (str_starts_with(strtolower($name), 'stubs\\')) {
        refuse("$name is neither a class nor in one");
    }
}

$core = [];
$classes = '';
foreach ($stubs as $class) {
    $classes .= rust($class, $stubs, $core);
}
sort($core);
$externs = implode("\n", array_map(fn ($symbol) => "static mut $symbol: *mut zend_class_entry;", $core));
$source = <<<RUST
    //! The classes that PHP programs see, with their methods and arguments. Generated by scripts/generate-signatures.php
    //! from stubs/sync.stub.php, do not edit: change the stub, and run `make signatures`.
    //!
    //! A method that the stub has and no implementation, or the other way round, does not compile.

    #![deny(dead_code, reason = "a class of the stub that nobody registers")]

    use std::ptr;

    use ext_php_rs::error;
    use ext_php_rs::ffi::{self, zend_class_entry, zend_internal_arg_info};

    use super::declare::{self, Class, Method, Type, end_of_methods, mask, method, optional, parameter, result};

    unsafe extern "C" {
    $externs
    }

    $classes
    RUST;

$source = formatted($source);
if (!in_array('--check', $argv, true)) {
    file_put_contents(ROOT . '/' . TARGET, $source);
} elseif (file_get_contents(ROOT . '/' . TARGET) !== $source) {
    echo TARGET, ' is not what ', STUB, " says; run: make signatures\n";
    exit(1);
}
