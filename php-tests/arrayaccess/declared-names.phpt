--TEST--
$sync['own'] and the methods mean the shared property where a subclass declares $own and overrides accessors, too
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

class Plain extends Sync
{
    public $own = ['mine' => 1];
    public $number = -1;
}
class Get extends Plain
{
    public function get($name, $default = null)
    {
        return parent::get($name, $default);
    }
}
class Set extends Plain
{
    public array $log = [];

    public function set($name, $value)
    {
        $this->log[] = $name;
        return parent::set($name, $value);
    }
}
class Magic extends Plain
{
    public function __get($name)
    {
        return parent::__get($name);
    }

    public function __set($name, $value)
    {
        parent::__set($name, $value);
    }
}
foreach (['Plain', 'Get', 'Set', 'Magic'] as $class) {
    $s = new $class(scratch($class));
    $s['own'] = ['shared' => 1];
    $s['own']['shared']++;
    $s['own']['list'][] = 1;
    unset($s['own']['none']);
    $s['number'] += 5;
    $s['number']++;
    $s->increment('number');
    $s->put('number', $s['number'] + 1, 1000);
    $s->setMultiple(['more' => 1]);
    $s->push('own', 'x');
    $s->own['changed'] = 2;
    $s->number--;
    echo json_encode([$s->own, $s->number]), ' ', json_encode(new Sync(scratch($class))), ' ', implode(' ', $s->log ?? []), "\n";
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
[{"mine":1,"changed":2},-2] {"own":{"shared":2,"list":[1],"0":"x"},"number":8,"more":1} 
[{"mine":1,"changed":2},-2] {"own":{"shared":2,"list":[1],"0":"x"},"number":8,"more":1} 
[{"mine":1,"changed":2},-2] {"own":{"shared":2,"list":[1],"0":"x"},"number":8,"more":1} own own own number number number number more own
[{"mine":1,"changed":2},-2] {"own":{"shared":2,"list":[1],"0":"x"},"number":8,"more":1} 
