--TEST--
A store that holds a handle on itself can be shown: a store inside of itself is shown by its file
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$other = new Sync(scratch('other'));
$other->x = 1;
$other->back = $s;
$s->self = $s;
$s->list = [$s];
$s->other = $other;
$show = fn (string $text) => print(shown($text) . "\n");
$show(json_encode($s, JSON_UNESCAPED_SLASHES));
$show(json_encode([$other], JSON_UNESCAPED_SLASHES));
$show(urldecode(http_build_query($s)));
$show(print_r($s, true));
// The handle that was read is like any other.
var_dump(array_keys((array) get_object_vars($s)['self']), array_keys((array) ((array) $s)['self']));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
{"self":{"file":"{dir}/store"},"list":[{"file":"{dir}/store"}],"other":{"x":1,"back":{"file":"{dir}/store"}}}
[{"x":1,"back":{"self":{"file":"{dir}/store"},"list":[{"file":"{dir}/store"}],"other":{"file":"{dir}/other"}}}]
self[file]={dir}/store&list[0][file]={dir}/store&other[x]=1&other[back][file]={dir}/store
Sync Object
(
    [self] => Sync Object
        (
            [file] => {dir}/store
        )

    [list] => Array
        (
            [0] => Sync Object
                (
                    [file] => {dir}/store
                )

        )

    [other] => Sync Object
        (
            [x] => 1
            [back] => Sync Object
                (
                    [file] => {dir}/store
                )

        )

)

array(3) {
  [0]=>
  string(4) "self"
  [1]=>
  string(4) "list"
  [2]=>
  string(5) "other"
}
array(3) {
  [0]=>
  string(4) "self"
  [1]=>
  string(4) "list"
  [2]=>
  string(5) "other"
}
