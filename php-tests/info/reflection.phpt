--TEST--
Reflection knows the parameters of every method of the original
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

foreach (['__construct', 'get', 'set', 'has', 'remove', 'lock', 'unlock', 'getFile', 'setFile', 'getData', 'setData', 'destroy'] as $name) {
    $parameters = [];
    foreach ((new ReflectionMethod('Sync', $name))->getParameters() as $p) {
        $parameters[] = '$' . $p->getName() . ($p->isDefaultValueAvailable() ? ' = ' . var_export($p->getDefaultValue(), true) : '');
    }
    echo $name, '(', implode(', ', array_slice($parameters, 0, 2)), ")\n";
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECTREGEX--
__construct\(\$file(, \$\w+ = .*)?\)
get\(\$name, \$default = NULL\)
set\(\$name, \$value\)
has\(\$name\)
remove\(\$name\)
lock\(\$timeout = 0, \$interval = 50000\)
unlock\(\)
getFile\(\)
setFile\(\$file\)
getData\(\)
setData\(\$data\)
destroy\(\)
