<?php
/*
 * check-stub.php: the doc comments of stubs/sync.stub.php are such as static analysers read: phpstan/phpdoc-parser, the parser of PHPStan
 * (Debian's php-phpstan-phpdoc-parser), understands each tag, and reflection agrees with them. Prints each fault; exits with 1 if there is any.
 *
 * - Each type can be parsed, each @param is of a parameter, in the order of these, and each parameter has one.
 * - Each name in a type is a class, a type of PHP's or of the analysers', or a @template of the method or its class.
 * - A declared type and the documented one agree on null; a method says what it returns, by one of the two.
 */

declare(strict_types=1);

use PHPStan\PhpDocParser\Ast\Node;
use PHPStan\PhpDocParser\Ast\PhpDoc\InvalidTagValueNode;
use PHPStan\PhpDocParser\Ast\PhpDoc\PhpDocNode;
use PHPStan\PhpDocParser\Ast\Type\IdentifierTypeNode;
use PHPStan\PhpDocParser\Ast\Type\NullableTypeNode;
use PHPStan\PhpDocParser\Ast\Type\TypeNode;
use PHPStan\PhpDocParser\Ast\Type\UnionTypeNode;
use PHPStan\PhpDocParser\Lexer\Lexer;
use PHPStan\PhpDocParser\Parser\ConstExprParser;
use PHPStan\PhpDocParser\Parser\PhpDocParser;
use PHPStan\PhpDocParser\Parser\TokenIterator;
use PHPStan\PhpDocParser\Parser\TypeParser;

/** Types that are no classes, as far as the stub uses them. */
const TYPES = [
    'array', 'array-key', 'bool', 'callable', 'false', 'float', 'int', 'iterable', 'list', 'mixed', 'non-empty-array', 'null', 'numeric', 'positive-int', 'static', 'string',
    'true', 'void', 'max', 'min',
];

require __DIR__ . '/stub.php';

$autoload = '/usr/share/php/PHPStan/PhpDocParser/autoload.php';
is_file($autoload) || exit("sync: no phpstan/phpdoc-parser; run: scripts/need.sh --install test\n");
require $autoload;

$stubs = isset($argv[1]) ? stubs($argv[1]) : stubs();

function parse(Reflector $of): PhpDocNode
{
    static $parser = new PhpDocParser(new TypeParser(new ConstExprParser()), new ConstExprParser());
    return $parser->parse(new TokenIterator((new Lexer())->tokenize((string) $of->getDocComment())));
}

/** @return list<string> the names in a type */
function namesIn(mixed $node): array
{
    if (is_array($node)) {
        return array_merge(...array_map(namesIn(...), array_values($node)) ?: [[]]);
    }
    if (!$node instanceof Node) {
        return [];
    }
    $parts = get_object_vars($node);
    // (Of an array's shape: the names of its keys are no types.)
    unset($parts['keyName']);
    return array_merge($node instanceof IdentifierTypeNode ? [$node->name] : [], namesIn(array_values($parts)));
}

/** Whether null is of this type; what is within brackets does not count. */
function allowsNull(TypeNode $type): bool
{
    return match (true) {
        $type instanceof NullableTypeNode => true,
        $type instanceof UnionTypeNode => (bool) array_filter($type->types, allowsNull(...)),
        default => (string) $type === 'null',
    };
}

/** @return list<string> */
function templatesOf(PhpDocNode $doc): array
{
    return array_map(fn ($tag) => $tag->name, $doc->getTemplateTagValues());
}

$classes = array_map(fn ($class) => $class->getShortName(), $stubs);
$faults = [];
foreach ($stubs as $class) {
    $ofClass = parse($class);
    $methods = array_filter($class->getMethods(), fn ($method) => $method->class === $class->getName());
    foreach ([$class, ...$methods] as $documented) {
        $doc = parse($documented);
        $name = $documented instanceof ReflectionMethod ? "{$class->getShortName()}::$documented->name()" : $class->getShortName();
        $known = [...TYPES, ...$classes, ...templatesOf($ofClass), ...templatesOf($doc)];
        foreach ($doc->getTags() as $tag) {
            if ($tag->value instanceof InvalidTagValueNode) {
                $faults[] = "$name: $tag->name cannot be read: {$tag->value->exception->getMessage()}";
                continue;
            }
            foreach (namesIn($tag->value) as $type) {
                if (!in_array($type, $known, true) && !(str_starts_with($type, '\\') && (class_exists($type) || interface_exists($type)))) {
                    $faults[] = "$name: $tag->name names $type, which nothing defines";
                }
            }
        }
        if (!$documented instanceof ReflectionMethod) {
            continue;
        }
        $tags = [...$doc->getParamTagValues()];
        $written = array_map(fn ($tag) => ltrim($tag->parameterName, '$'), $tags);
        $declared = array_map(fn ($parameter) => $parameter->getName(), $documented->getParameters());
        if ($written !== $declared) {
            $faults[] = "$name: its @param tags are of " . (implode(', ', $written) ?: 'nothing') . ', its parameters are ' . (implode(', ', $declared) ?: 'none');
            continue;
        }
        foreach ($documented->getParameters() as $at => $parameter) {
            $allows = allowsNull($tags[$at]->type);
            $type = $parameter->getType();
            if ($type !== null && (string) $type !== 'mixed' && $type->allowsNull() !== $allows) {
                $faults[] = "$name: \${$parameter->getName()} " . ($allows ? 'is documented with null' : 'may be null') . ", which its $type does not say";
            }
        }
        $returns = count($doc->getReturnTagValues());
        if ($returns > 1 || $returns === 0 && !$documented->hasReturnType() && !$documented->hasTentativeReturnType() && !$documented->isConstructor()) {
            $faults[] = "$name: $returns @return tags, and no declared type";
        }
    }
}
foreach ($faults as $fault) {
    echo "$fault\n";
}
echo $faults ? '' : "Static analysers can read the stub.\n";
exit($faults ? 1 : 0);
