--TEST--
Declared properties of a subclass take nested writes and references as those of any object, beside the shared ones
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

class Mixed_ extends Sync
{
    public array $local = ['a' => 1];
    public int $count = 0;
    public readonly string $name;
    protected array $hidden = [];
    private static int $made = 0;

    public function __construct(string $file)
    {
        parent::__construct($file);
        $this->name = 'fixed';
        self::$made++;
    }

    public function hide(string $what): array
    {
        $this->hidden[] = $what;
        $this->sharedHidden[] = $what;
        return $this->hidden;
    }
}
$s = new Mixed_(scratch());
$s->local['b'][] = 2;
$s->count++;
$s->count += 5;
$r = &$s->count;
$r = 100;
sort($s->local);
$s->shared['b'][] = 2;
attempt(fn () => $s->name = 'other');
attempt(fn () => $s->hidden);
var_dump($s->local, $s->count, $s->hide('x'), isset($s->local['b']), isset($s->shared['b']));
echo json_encode((new Sync(scratch()))->getData()), "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
Error: Cannot modify readonly property Mixed_::$name
nothing was thrown
array(2) {
  [0]=>
  int(1)
  [1]=>
  array(1) {
    [0]=>
    int(2)
  }
}
int(100)
array(1) {
  [0]=>
  string(1) "x"
}
bool(false)
bool(true)
{"shared":{"b":[2]},"sharedHidden":["x"]}
