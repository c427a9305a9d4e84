--TEST--
A process that forks inside an operator: both complete it, and neither blocks the other for good
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

class Forks
{
    public ?int $child = null;

    public function __construct(private Sync $s)
    {
    }

    public function __toString(): string
    {
        $this->child = pcntl_fork();
        if ($this->child === 0) {
            // Waits for the parent, which is in the middle of the operator, to complete it.
            $this->s->child = 'was here';
        }
        return 'x';
    }
}
$s = new Sync(scratch());
$s->text = 'a';
$forks = new Forks($s);
$s->text .= $forks;
$s->text .= $forks->child === 0 ? 'c' : 'p';
if ($forks->child === 0) {
    exit(7);
}
pcntl_waitpid($forks->child, $status);
var_dump(pcntl_wexitstatus($status), $s->child);
// The child computes its operator's result from the value that was read before the fork.
var_dump(in_array($s->text, ['axpc', 'axc', 'axcp'], true) ?: $s->text);
$other = new Sync(scratch());
$other->free = 'yes';
var_dump($s->free);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
int(7)
string(8) "was here"
bool(true)
string(3) "yes"
