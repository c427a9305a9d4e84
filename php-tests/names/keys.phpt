--TEST--
keys() lists names in order, all or page by page, without reading a value
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

class Loud
{
    public function __unserialize(array $data): void { echo "made\n"; }
    public function __serialize(): array { return []; }
}
$s = new Sync(scratch());
var_dump($s->keys(), scratch_exists());
foreach (['user.2', 'other', 'user.1', '7', 'user.3', '', 'user.4'] as $name) {
    $s->$name = new Loud;
}
$s->{'user.2'} = 1;
echo json_encode($s->keys()), "\n", json_encode($s->keys('user.')), "\n", json_encode($s->keys('user.', null, 2)), "\n";
echo json_encode($s->keys('user.', 'user.1')), "\n", json_encode($s->keys(after: '7', limit: 1)), "\n";
echo json_encode([$s->keys('', 'user.4'), $s->keys('none'), $s->keys('', null, 0)]), "\n";

// A page goes on behind the last one, though its last name is gone, or has come again at the end.
$page = $s->keys('user.', null, 2);
unset($s->{'user.2'}, $s->{'user.1'});
$s->{'user.1'} = 'again';
echo json_encode($s->keys('user.', end($page), 2)), "\n";
attempt(fn () => $s->keys('', 'user.2'));
attempt(fn () => $s->keys('', null, -1));
// Another object asks for where the name is now.
echo json_encode((new Sync(scratch()))->keys('', 'user.4')), "\n";

// A walk that removes what it has seen sees everything, once.
for ($i = 0; $i < 1000; $i++) {
    $s->{"job $i"} = $i;
}
for ($seen = [], $after = null; $names = $s->keys('job ', $after, 64); $after = end($names)) {
    foreach ($names as $name) {
        $seen[] = $name;
        unset($s->$name);
    }
}
var_dump(count($seen), count(array_unique($seen)), count($s->keys('job ')));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
array(0) {
}
bool(false)
["user.2","other","user.1","7","user.3","","user.4"]
["user.2","user.1","user.3","user.4"]
["user.2","user.1"]
["user.3","user.4"]
["user.3"]
[[],[],[]]
["user.3","user.4"]
SyncException: Can't list the names after 'user.2': there is no such property (any more). Begin again without $after.
ValueError: Sync::keys(): Argument #3 ($limit) must be greater than or equal to 0
["user.1"]
int(1000)
int(1000)
int(0)
