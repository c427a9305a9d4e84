--TEST--
Operators on $sync['n'], and writes into it, are one step between processes where a subclass overrides accessors, too
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

class Read extends Sync
{
    public function get($name, $default = null)
    {
        return parent::get($name, $default);
    }
}
class Stored extends Sync
{
    public function __set($name, $value)
    {
        parent::__set($name, $value);
    }
}
class Asked extends Sync
{
    public function has($name)
    {
        return parent::has($name);
    }
}
foreach (['Read', 'Stored', 'Asked'] as $class) {
    $s = new $class(scratch($class));
    $s['n'] = $s['m'] = 0;
    $s['text'] = '';
    $children = [];
    for ($i = 0; $i < 3; $i++) {
        $children[] = Peer::fork(function (Peer $parent) use ($s) {
            $parent->hear();
            for ($j = 0; $j < 500; $j++) {
                $s['n'] += 1;
                $s['m']++;
                $s['text'] .= 'x';
                $s['list'][] = 1;
            }
        });
    }
    foreach ($children as $child) {
        $child->tell();
    }
    foreach ($children as $child) {
        echo $child->end(), ' ';
    }
    echo "$class: {$s['n']} {$s['m']} ", strlen($s['text']), ' ', count($s['list']), "\n";
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
exit 0 exit 0 exit 0 Read: 1500 1500 1500 1500
exit 0 exit 0 exit 0 Stored: 1500 1500 1500 1500
exit 0 exit 0 exit 0 Asked: 1500 1500 1500 1500
