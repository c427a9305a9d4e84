--TEST--
A process that is killed inside an operator blocks no writer
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->text = 'a';
$child = Peer::fork(function (Peer $parent) {
    $s = new Sync(scratch());
    $s->text .= new class($parent) {
        public function __construct(private Peer $parent)
        {
        }

        public function __toString(): string
        {
            $this->parent->tell('inside');
            $this->parent->hear();
            return 'x';
        }
    };
});
$child->hear();
$child->kill()->end();
$s->text .= 'b';
var_dump($s->text);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
string(2) "ab"
