--TEST--
Untyped overrides of every method are legal, with the original's signatures and without a notice
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

class Old extends Sync
{
    public $calls = [];

    public function __construct($file) { parent::__construct($file); }
    public function get($name, $default = null) { $this->calls[] = __FUNCTION__; return parent::get($name, $default); }
    public function set($name, $value) { $this->calls[] = __FUNCTION__; return parent::set($name, $value); }
    public function has($name) { $this->calls[] = __FUNCTION__; return parent::has($name); }
    public function remove($name) { $this->calls[] = __FUNCTION__; return parent::remove($name); }
    public function lock($timeout = 0, $interval = 50000) { $this->calls[] = __FUNCTION__; return parent::lock($timeout, $interval); }
    public function unlock() { $this->calls[] = __FUNCTION__; return parent::unlock(); }
    public function getFile() { $this->calls[] = __FUNCTION__; return parent::getFile(); }
    public function setFile($file) { $this->calls[] = __FUNCTION__; return parent::setFile($file); }
    public function getData() { $this->calls[] = __FUNCTION__; return parent::getData(); }
    public function setData(stdClass $data) { $this->calls[] = __FUNCTION__; return parent::setData($data); }
    public function destroy() { $this->calls[] = __FUNCTION__; return parent::destroy(); }
}
$s = new Old(scratch());
$s->set('x', 1);
var_dump($s->get('x'), $s->has('x'), $s->remove('x') === $s, $s->lock()->unlock() === $s, $s->getFile() === scratch());
$s->setFile(scratch('other'))->setData((object) ['y' => 2]);
var_dump($s->getData() == (object) ['y' => 2]);
$s->destroy();
echo implode(' ', $s->calls), "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
int(1)
bool(true)
bool(true)
bool(true)
bool(true)
bool(true)
set get has remove lock unlock getFile setFile setData getData destroy
