--TEST--
consume() goes through get() and set() of a class that overrides them; the element stays in the array meanwhile
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

class Encrypted extends Sync
{
    public function get($name, $default = null)
    {
        $value = parent::get($name);
        return $value === null ? $default : unserialize(strrev($value));
    }

    public function set($name, $value)
    {
        parent::set($name, strrev(serialize($value)));
        return $value;
    }
}

$s = new Encrypted(scratch());
var_dump($s->consume('secret', fn () => 0));
$s->push('secret', 'the first', ['b'], 'c');
$stored = fn () => scratch_content();
$s->consume('secret', function ($job) use ($s, $stored) {
    var_dump($job, count($s->get('secret')), str_contains($stored(), 'the first'));
    $s->push('secret', 'd');
    attempt(fn () => $s->consume('secret', fn () => 0));
});
var_dump(str_contains($stored(), 'the first'));
attempt(fn () => $s->consume('secret', fn () => throw new Exception('no')));
echo json_encode($s->get('secret')), "\n";
$child = Peer::fork(function (Peer $parent) {
    $s = new Encrypted(scratch());
    $s->consume('secret', function () use ($parent) {
        $parent->tell('has it');
        sleep(100);
    });
});
$child->hear();
$child->kill()->end();
$s->consume('secret', fn ($job) => print(json_encode($job) . "\n"));
$s->consume('secret', fn ($job) => $s->set('secret', ['another']));
echo json_encode($s->get('secret')), "\n";
$s->put('secret', ['the first', 'b'], 1000);
$s->consume('secret', fn () => 0);
var_dump($s->get('secret'), $s->ttl('secret') > 990);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
bool(false)
string(9) "the first"
int(3)
bool(false)
SyncException: consume() can't be called within another consume() of an object whose class overrides get() or set().
bool(false)
Exception: no
[["b"],"c","d"]
["b"]
["another"]
array(1) {
  [0]=>
  string(1) "b"
}
bool(true)
