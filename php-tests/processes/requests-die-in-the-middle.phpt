--TEST--
A request that ends in the middle of reading, writing, decoding or encoding, in any way, leaves the values that are kept as they are
--FILE--
<?php
require __DIR__ . '/../include/kept-values.inc';

$values = make_kept_values();
$log = scratch_file('log');
$server = web_server(scratch_directory(), kept_values_settings(), $log);
/** The words of a request before it ended. The values that it reads after that, in its shutdown function, are right. */
$ask = function (string $query) use ($server, $values): string {
    [$said, $read] = explode('|', $server($query), 2) + ['', ''];
    if ($read !== json_encode([$values['text'], $values['array']])) {
        echo "$query: said '$said', then read '$read'\n";
    }
    return $said;
};
foreach (['writing', 'converting', 'reading', 'nothing'] as $where) {
    foreach (['exit', 'exception', 'fatal', 'memory', 'timeout'] as $how) {
        $said = [];
        // The first two requests decode values, the others have them.
        for ($i = 0; $i < ($how === 'timeout' ? 1 : 4); $i++) {
            $said[$ask("kind=steps&where=$where&how=$how")] = true;
        }
        echo "$where, $how: ", implode(' / ', array_keys($said)), "\n";
    }
}
$said = [];
// (Where the engine's allocator is off, nothing knows of a limit.)
for ($left = getenv('USE_ZEND_ALLOC') === '0' ? 400_000 : 0; $left <= 400_000; $left += 4_000) {
    $said[$left < 400_000 ? $ask("kind=no+room&left=$left") : 'all was read'] = true;
}
unset($said['']);
echo implode(' / ', array_keys($said)), "\n";
// Values that the deaths have touched are as whole as the others.
foreach (array_diff(KINDS, ['contexts']) as $kind) {
    $server("kind=$kind") ?: print("$kind: no answer\n");
}
look_into_log($log);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
writing, exit: in the middle of writing
writing, exception: 
writing, fatal: 
writing, memory: 
writing, timeout: 
converting, exit: in the middle of converting
converting, exception: 
converting, fatal: 
converting, memory: 
converting, timeout: 
reading, exit: in the middle of reading
reading, exception: 
reading, fatal: 
reading, memory: 
reading, timeout: 
nothing, exit: to its end
nothing, exception: to its end
nothing, fatal: to its end
nothing, memory: to its end
nothing, timeout: to its end
all was read
and says nothing
