--TEST--
Whatever changes a readonly property of a stored object is refused as PHP refuses it
--FILE--
<?php
require __DIR__ . '/../include/twice.inc';

class Fixed
{
    public readonly int $uninitialized;
    public readonly array $later;

    public function __construct(
        public readonly int $number = 1,
        public readonly string $text = 'a',
        public readonly array $list = ['k' => 1],
        public readonly ?stdClass $object = new stdClass,
        protected readonly array $hidden = [1],
    ) {
    }

    /** The operators within the class, which may initialize. */
    public static function inside(object $o, string $code): mixed
    {
        return eval("return $code;");
    }
}
$make = function (object $o) {
    $o->a = new Fixed;
    $o->l = ['k' => [new Fixed]];
};
$operators = [
    'P = 5', 'P++', '++P', 'P--', '--P', 'P += 1', 'P -= 1', 'P .= "x"', 'P %= 2', 'P += []', 'P += ["x" => 1]', 'P ??= 1', 'P[] = 1', 'P["k"] = 2', 'P["k"]++',
    'P["k"] .= "x"', 'P["a"]["b"] = 1', 'P["k"] ??= 1', 'unset(P)', 'unset(P["k"])', '[P] = [1]', '[P["k"]] = [1]', 'foreach ([1] as P);', 'foreach ([1] as P["k"]);',
    'P->p = 1', 'P->p["k"] = 1', 'unset(P->p)',
];
$statements = [];
foreach (['$o->a->', '$o->l["k"][0]->'] as $at) {
    foreach (['number', 'text', 'list', 'object', 'hidden', 'uninitialized', 'later'] as $name) {
        foreach ($operators as $operator) {
            $code = str_replace('P', $at . $name, $operator);
            if (str_contains($code, 'object["k"] .=')) {
                continue; // PHP throws the same exception twice over.
            }
            $statements[] = $code;
            if (!preg_match('~^(unset|foreach)~', $code)) {
                $statements[] = "Fixed::inside(\$o, '$code')";
            }
        }
    }
}
done_twice($make, $statements);
echo outcome((object) ['a' => new Fixed], '$o->a->list++'), "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
682 statements
Error: Cannot modify readonly property Fixed::$list
TypeError: Cannot increment array
