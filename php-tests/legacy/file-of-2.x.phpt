--TEST--
A file of version 2.x is read as it is and turned into ours by the first write
--SKIPIF--
<?php require __DIR__ . '/../include/of-files.inc'; of_files('the format of earlier versions'); ?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$entity = <<<'PHP'
    namespace Fuz\Component\SharedMemory\Entity;
    class StoredEntity
    {
        public function __construct(%1$s $data, %1$s $locked = false, %1$s $timeout = 0, %1$s $interval = 50000)
        {
        }
    }
    $data = (object) ['hello' => 'foo', 'list' => [1, 2], 'n' => 3];
    file_put_contents($argv[1], serialize(new StoredEntity($data)));
    PHP;
foreach (['public', 'protected', 'private'] as $visibility) {
    Peer::php(sprintf(str_replace('namespace ', 'eval(\'namespace ', str_replace('$data = (object)', '\'); $data = (object)', str_replace('new StoredEntity', 'new Fuz\Component\SharedMemory\Entity\StoredEntity', $entity))), $visibility), scratch())->end();
    $old = file_get_contents(scratch());
    $s = new Sync(scratch());
    var_dump($s->hello, $s->getData() == (object) ['hello' => 'foo', 'list' => [1, 2], 'n' => 3], file_get_contents(scratch()) === $old);
    $s->n = 4;
    unset($s);
    $s = new Sync(scratch());
    var_dump($s->getData() == (object) ['hello' => 'foo', 'list' => [1, 2], 'n' => 4], str_starts_with(file_get_contents(scratch()), 'O:'));
    unset($s);
    unlink(scratch());
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
string(3) "foo"
bool(true)
bool(true)
bool(true)
bool(false)
string(3) "foo"
bool(true)
bool(true)
bool(true)
bool(false)
string(3) "foo"
bool(true)
bool(true)
bool(true)
bool(false)
