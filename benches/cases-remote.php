<?php
/*
 * A store on a server beside the same server by phpredis: over one unix socket, both processes on the processor that the bench is pinned to,
 * so that a round trip is the work in it and no waking of another processor.
 */

$sync = static fn (string $prefix, string $fill = '', string $options = '') => [
    'needs' => 'redis',
    'open' => "\$s = new Sync('unix://{dir}/redis?prefix=$prefix$options'); $fill",
];
$redis = static fn (string $fill = '') => ['needs' => 'redis', 'open' => "\$r = new Redis; \$r->connect('{dir}/redis'); $fill"];
$all = '$s->setData((object) named(1000)); $s->getData();';

return [
    'remote-read' => [
        'title' => 'Read of a value on a server',
        'subjects' => [
            'Sync, unchanged' => $sync('read', '$s->x = 1; $s->x;') + ['run' => '$v = $s->x;'],
            'Sync, asking each time (?cache=0)' => $sync('read', '$s->x = 1;', '&cache=0') + ['run' => '$v = $s->x;'],
            'phpredis, get()' => $redis('$r->set("x", 1);') + ['run' => '$v = $r->get("x");'],
        ],
    ],
    'remote-write' => [
        'title' => 'Write of a value on a server, and counting there',
        'subjects' => [
            'Sync, $s->x = $i' => $sync('write', '$s->x = 1;') + ['run' => '$s->x = $i;'],
            'Sync, $s->x = a string' => $sync('write-text', '$s->x = "";') + ['run' => '$s->x = "value $i";'],
            'Sync, $s->n++' => $sync('count', '$s->n = 0;') + ['run' => '$s->n++;'],
            'phpredis, set()' => $redis() + ['run' => '$r->set("x", $i);'],
            'phpredis, incr()' => $redis() + ['run' => '$r->incr("n");'],
        ],
    ],
    'remote-all' => [
        'title' => 'All of 1,000 values on a server',
        'subjects' => [
            'Sync, getData(), nothing has changed' => $sync('all', $all) + ['run' => '$v = $s->getData();'],
            'Sync, foreach, nothing has changed' => $sync('all', $all) + ['run' => 'foreach ($s as $k => $v);'],
            'Sync, getData(), one has changed' => $sync('all-but-one', $all . ' $other = new Sync("unix://{dir}/redis?prefix=all-but-one&timeout=5");')
                + ['run' => '$other->key7 = $i; $v = $s->getData();'],
            'Sync, getData(), asking each time (?cache=0)' => $sync('all', $all, '&cache=0') + ['run' => '$v = $s->getData();'],
            'Sync, setData()' => $sync('replace', '$data = (object) named(1000);') + ['run' => '$s->setData($data);'],
            'phpredis, mget()' => $redis('$r->mset(named(1000)); $names = array_keys(named(1000));') + ['run' => '$v = $r->mget($names);'],
            'phpredis, mset()' => $redis('$values = named(1000);') + ['run' => '$r->mset($values);'],
        ],
    ],
];
