--TEST--
An accessor that calls other methods of its parent is not called again for the same name, also where the class declares a property of that name
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

class Cache extends Sync
{
    public $own = 'own';
    protected int $hits = 0;
    public array $log = [];

    public function get($name, $default = null)
    {
        $this->log[] = "get $name";
        return count($this->log) > 50 ? throw new Exception('recursion') : parent::getMultiple([$name], $default)[$name];
    }

    public function set($name, $value)
    {
        $this->log[] = "set $name";
        count($this->log) > 50 && throw new Exception('recursion');
        return parent::put($name, $value, 1000);
    }

    public function remove($name)
    {
        $this->log[] = "remove $name";
        count($this->log) > 50 && throw new Exception('recursion');
        parent::pull($name);
    }

    public function check(string $name): void
    {
        $this->log = [];
        $this->set($name, 1);
        $plain = new Sync($this->getFile());
        $value = $plain->getData()->$name;
        echo "$name: ", json_encode([$value, $plain->ttl($name) > 900, $this->get($name), $this->increment($name), $this->get($name)]);
        $this->setMultiple([$name => 5]);
        $this->update($name, fn ($old) => $old + 1);
        echo ' ', json_encode($plain->get($name)), ' ';
        $this->remove($name);
        echo json_encode($plain->has($name)), ' ', count($this->log) < 40 ? 'few calls' : 'many', "\n";
    }
}
foreach (['other', 'own', 'hits'] as $name) {
    $s = new Cache(scratch($name));
    $s->check($name);
    var_dump($s->own);
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
other: [1,true,1,2,2] 6 false few calls
string(3) "own"
own: [1,true,1,2,2] 6 false few calls
string(3) "own"
hits: [1,true,1,2,2] 6 false few calls
string(3) "own"
