--TEST--
A change counts from when this object saw the value; one that it has neither read nor written, from the call
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$a = new Sync(scratch());
$b = new Sync(scratch());
$say = fn (string $what, bool $changed) => print(str_pad($what, 40) . ($changed ? "changed\n" : "-\n"));
$b->x = $b->y = 1;
$say("never seen", $a->wait("x", 0));
$b->x = 2;
$say("stored since", $a->wait("x", 0));
$say("told", $a->wait("x", 0));
$b->x = 3;
$a->x;
$say("read", $a->wait("x", 0));
for ($i = 0; $i < 3; $i++) {
    $b->x = $i;
    $a->x;
    $say("read by the same instruction", $a->wait("x", 0));
}
$b->x = 2;
$say("the same value again", $a->wait("x", 0));
$a->x = 5;
$say("its own", $a->wait("x", 0));
$a->x++;
$a->increment("x");
$say("its own operators", $a->wait("x", 0));
$b->y = 2;
$say("another name", $a->wait("x", 0));
$b->y = 3;
$b->y = 4;
$say("never seen, known to the thread", $a->wait("y", 0));
isset($a->missing);
$b->missing = null;
$say("seen to be missing", $a->wait("missing", 0));
unset($b->missing);
$say("removed", $a->wait("missing", 0));
$a->getData();
$say("after a look at everything", $a->wait("y", 0));
$b->list = [1];
$a->list;
$b->list[] = 2;
$say("appended to", $a->wait("list", 0));
$a->list[] = 3;
$say("appended to by itself", $a->wait("list", 0));
$b->push("list", 4);
$say("pushed", $a->wait("list", 0));
$b->setData((object) ["x" => 1]);
$say("everything replaced", $a->wait("list", 0));
$say("everything replaced, there again", $a->wait("x", 0));
foreach (new Sync(scratch()) as $name => $value);
$c = new Sync(scratch());
$c->x;
$b->x = 1;
$say("a new object, read from the cache", $c->wait("x", 0));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
never seen                              -
stored since                            changed
told                                    -
read                                    -
read by the same instruction            -
read by the same instruction            -
read by the same instruction            -
the same value again                    changed
its own                                 -
its own operators                       -
another name                            -
never seen, known to the thread         -
seen to be missing                      changed
removed                                 changed
after a look at everything              -
appended to                             changed
appended to by itself                   -
pushed                                  changed
everything replaced                     changed
everything replaced, there again        changed
a new object, read from the cache       changed
