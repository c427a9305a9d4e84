--TEST--
Properties that a subclass declares stay in the object and are not shared
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

class Worker extends Sync
{
    public $plain = 'default';
    public int $typed = 1;
    protected ?string $hidden = null;
    private array $secret = [];
    public static int $count = 0;

    public function note(string $what): array
    {
        $this->hidden = $what;
        $this->secret[] = $what;
        self::$count++;
        return [$this->hidden, $this->secret];
    }
}
$a = new Worker(scratch());
$b = new Worker(scratch());
$a->plain = 'changed';
$a->typed = 2;
$a->typed++;
$a->shared = 'yes';
var_dump($a->plain, $a->typed, $b->plain, $b->typed, $b->shared);
var_dump($a->note('x'), $b->note('y'), Worker::$count);
attempt(fn () => $a->typed = 'not a number');
unset($a->plain);
var_dump((array) (new Sync(scratch()))->getData());
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
string(7) "changed"
int(3)
string(7) "default"
int(1)
string(3) "yes"
array(2) {
  [0]=>
  string(1) "x"
  [1]=>
  array(1) {
    [0]=>
    string(1) "x"
  }
}
array(2) {
  [0]=>
  string(1) "y"
  [1]=>
  array(1) {
    [0]=>
    string(1) "y"
  }
}
int(2)
TypeError: Cannot assign string to property Worker::$typed of type int
array(1) {
  ["shared"]=>
  string(3) "yes"
}
