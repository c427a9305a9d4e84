<?php
/* The values that are measured, and helpers that the snippets in cases.php call. */

/** A small object as in ordinary programs. */
final class Point
{
    public function __construct(public int $x, public float $y, public string $label, protected ?array $tags = null, private bool $seen = false)
    {
    }
}

/** `$count` integers under the names key0, key1 … */
function named(int $count): array
{
    $all = [];
    for ($i = 0; $i < $count; $i++) {
        $all["key$i"] = $i;
    }
    return $all;
}

function fixtures(): array
{
    $pairs = [];
    for ($i = 0; $i < 100; $i++) {
        $pairs["some_key_$i"] = "some value number $i";
    }
    $objects = [];
    for ($i = 0; $i < 1000; $i++) {
        $objects[] = new Point($i, $i / 7, "point $i");
    }
    return [
        'pairs' => $pairs,
        // As many bytes as the array has in MessagePack: a map of 100 short strings to short strings.
        'pairsBytes' => str_repeat('x', 3 + array_sum(array_map(fn ($k, $v) => 2 + strlen($k) + strlen($v), array_keys($pairs), $pairs))),
        'objects' => $objects,
        'megabyte' => str_repeat('0123456789abcdef', 1 << 16),
    ];
}

/** Makes PHP's allocator keep the memory for a string of 1 MB, instead of returning it to the kernel. */
function warm_heap(): void
{
    for ($i = 0; $i < 8; $i++) {
        $a = str_repeat('a', 1 << 20);
        unset($a);
    }
}

/** Has another process write the fixture `$name` ('$pairs') under the names k0 … k($count - 1). */
function elsewhere(string $file, string $name, int $count = 1): void
{
    static $writer = null;
    $writer ??= Peer::php('require $argv[1]; serve_elsewhere($parent);', __FILE__);
    $writer->tell(json_encode([$file, substr($name, 1), $count]));
    $writer->hear();
}

/** The other side of elsewhere(). */
function serve_elsewhere(Peer $parent): void
{
    $fixtures = fixtures();
    while ($line = fgets(STDIN)) {
        [$file, $name, $count] = json_decode($line);
        $s = new Sync($file);
        for ($i = 0; $i < $count; $i++) {
            $s->{"k$i"} = $fixtures[$name];
        }
        unset($s);
        $parent->tell('written');
    }
}
