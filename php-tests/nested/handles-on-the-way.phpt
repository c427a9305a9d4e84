--TEST--
A write through a handle, at any depth, changes the store behind it, and blocks no other writer of the store that holds the handle
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

class Declaring extends Sync
{
    public $own = 1;
}
class Offsets extends Sync
{
    public function offsetSet($offset, $value): void
    {
        parent::offsetSet($offset, "[$value]");
    }
}

// A store that leads to itself, directly and from inside of an array and of an object.
$s = new Sync(scratch());
$s->self = $s;
$s->in = ['self' => $s, 'deep' => ['self' => $s]];
$s->object = (object) ['self' => $s];
$s->n = 1;
$s->list = [];
$s->self->n++;
$s->in['self']->n++;
$s->in['deep']['self']->n += 2;
$s->in['deep']['self']->in['self']->self->n .= '!';
$s->object->self->list[] = 'a';
$s->in['self']['list'][] = 'b';
$s->in['self']->list['k']['l'] = 'c';
unset($s->object->self->list[0]);
[$s->in['self']->x, $s->object->self['y']] = [1, 2];
unset($s->in['self']->x);
$s->in['self'][] = 'appended';
$s->object->self[] = 'appended, too';
$s->in['deep']['self'][]['to'] = 'in a new array';
echo json_encode([$s->n, $s->list, $s->y, isset($s->x), $s[0], $s[1], $s[2], count($s)]), "\n";

// Another store.
$t = new Sync(scratch('t'));
$s->to = ['t' => $t];
$s->to['t']->n = 5;
$s->to['t']->n **= 2;
$s->to['t']->a['x']['y'][] = 'z';
echo json_encode($t), "\n";

// Declared properties of a handle's class are part of the value; offset methods of its class apply to offsets.
$s->to = ['declaring' => new Declaring(scratch('t')), 'offsets' => new Offsets(scratch('t'))];
$s->to['declaring']->own += 10;
$s->to['declaring']->n = 'shared';
$s->to['offsets']['o'] = 'by method';
$s->to['offsets']->p = 'not by method';
echo json_encode([$s->to['declaring']->own, $t->n, $t->o, $t->p]), "\n";

// Two processes write through handles in opposite directions, each of them with everything that it can lock.
final class Slow
{
    public function __toString(): string
    {
        usleep(mt_rand(0, 200));
        return 'x';
    }
}
set_error_handler(fn () => true);
$s->a = ['other' => $t];
$t->a = ['other' => $s];
$s->text = $t->text = '';
$there = Peer::fork(function () {
    $s = new Sync(scratch());
    for ($i = 0; $i < 300; $i++) {
        $s->a['other']->text .= new Slow;
        $s->a['other']->count['n'] += '1 time';
    }
});
$back = Peer::fork(function () {
    $t = new Sync(scratch('t'));
    for ($i = 0; $i < 300; $i++) {
        $t->a['other']->text .= new Slow;
        $t->a['other']->count['n'] += '1 time';
    }
});
echo $there->end(), ', ', $back->end(), ', ', strlen($s->text), ' ', strlen($t->text), ' ', $s->count['n'], ' ', $t->count['n'], "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
["5!",{"1":"b","k":{"l":"c"}},2,false,"appended","appended, too",{"to":"in a new array"},9]
{"n":25,"a":{"x":{"y":["z"]}}}
[11,"shared","[by method]","not by method"]
exit 0, exit 0, 300 300 300 300
