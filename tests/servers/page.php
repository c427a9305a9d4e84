<?php
/*
 * The page of all servers: `do` names a step with the store `store`, and the answer is JSON. An exception that nobody catches is a 500, as in
 * any application.
 */
ini_set('display_errors', '0');
ini_set('log_errors', '1');
ini_set('max_execution_time', '60');

$s = new Sync($_GET['store']);

/** Says to the test that a step has begun: by a file, as the store may be locked. */
$mark = fn () => file_put_contents($_GET['mark'], getmypid());

echo json_encode(match ($_GET['do']) {
    'who' => ['pid' => getmypid(), 'user' => posix_geteuid(), 'sapi' => PHP_SAPI],
    'get' => $s->{$_GET['name']},
    'set' => $s->{$_GET['name']} = ['by' => PHP_SAPI, 'list' => [1, 2.5, null, ['nested' => true]]],
    'add' => (function () use ($s) {
        $s->n++;
        $s->list[] = getmypid();
        return getmypid();
    })(),
    // Says that it waits, and goes on when it is told to.
    'wait' => (function () use ($s) {
        $s->ready = getmypid();
        return $s->waitFor('go', fn ($value) => $value === 'go', 30);
    })(),
    'hold' => (function () use ($s, $mark) {
        $s->lock();
        $s->inside = true;
        $mark();
        sleep(60);
    })(),
    'loop' => (function () use ($s, $mark) {
        $mark();
        for (;;) {
            $s->transaction(function () use ($s) {
                if ($s->n++ > 1_000) {
                    [$s->n, $s->list] = [1, []];
                }
                $s->list[] = str_repeat('x', mt_rand(0, 200));
            });
        }
    })(),
    // As a request of many: a value that others see, one of its own, and now and then a file of its own.
    'churn' => (function () use ($s) {
        $number = (int) $_GET['number'];
        $s->n++;
        $s->{'name' . $number % 500} = ['number' => $number, 'text' => "text $number"];
        $v = $s->{'name' . $number * 7 % 500};
        if ($number % 50 === 0) {
            $other = new Sync("$_GET[store]-$number");
            $other->x = [$number];
            $v = $other->x;
            $other->destroy();
        }
        return 1;
    })(),
    'preloaded' => (function () {
        // The class is there without an include.
        $p = new Preloaded($_GET['store']);
        $p->step();
        return ['steps' => $p->steps, 'own' => $p->own, 'preloader' => $p->preloader, 'included' => count(get_included_files())];
    })(),
    'jit' => (function () use ($s) {
        $sum = 0;
        for ($i = 0; $i < 20_000; $i++) {
            $s->n++;
            $s->last = $i;
            $sum += $s->last;
        }
        return ['n' => $s->n, 'sum' => $sum, 'jit' => opcache_get_status(false)['jit']['on']];
    })(),
});
