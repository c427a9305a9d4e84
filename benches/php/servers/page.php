<?php
/* A page that reads 50 names, from one of three; `fill` stores them. The answer is how long the values are together. */

$directory = __DIR__;
$length = 0;
switch ($_GET['from']) {
    case 'Sync':
        $s = new Sync("$directory/store/sync");
        for ($i = 0; $i < 50; $i++) {
            $length += strlen($s->{"name$i"});
        }
        break;
    case 'APCu':
        for ($i = 0; $i < 50; $i++) {
            $length += strlen(apcu_fetch("name$i"));
        }
        break;
    case 'phpredis':
        $r = new Redis;
        $r->pconnect("$directory/redis");
        for ($i = 0; $i < 50; $i++) {
            $length += strlen($r->get("name$i"));
        }
        break;
    case 'fill':
        $s = new Sync("$directory/store/sync");
        $r = new Redis;
        $r->pconnect("$directory/redis");
        for ($i = 0; $i < 50; $i++) {
            $value = str_pad("value of $i ", 20, '.');
            $s->{"name$i"} = $value;
            apcu_store("name$i", $value);
            $r->set("name$i", $value);
        }
        $length = 1_000;
        break;
}
echo $length;
