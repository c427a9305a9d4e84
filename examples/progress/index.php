<?php
/*
 * A web page that starts jobs and shows how far they are, as it happens: the server sends an event when a job has changed.
 *
 *   PHP_CLI_SERVER_WORKERS=20 php -S localhost:8000 -t examples/progress
 *
 * Or under PHP-FPM and nginx, as any folder with an index.php. It has no login: put it behind one, and its name into HOSTS.
 *
 *   index.php              the page; a POST to it starts a job, cancels one, or forgets those that have ended
 *   index.php?events       the stream of events, for progress.js
 *   index.php?json         all jobs, for other programs
 *
 * A process of the server is in use for as long as a stream lasts. So there are at most STREAMS at once, and each ends after a
 * while; the browser then connects anew by itself, and says what it had seen (Last-Event-ID). Where nothing is at work a stream ends
 * soon, and the browser only looks in now and then; beyond STREAMS the page does so with ?json.
 */

require __DIR__ . '/jobs.php';

// The names by which browsers ask for this page, as ['tools.example.org']: addresses and localhost are let in anyway, other names are not.
// Empty: those that SYNC_HOSTS in the environment names, with commas between them. (is_own_host() says why.)
const HOSTS = [];

const STREAMS = 4;              // fewer than pm.max_children (5 in Debian), or PHP_CLI_SERVER_WORKERS
const STREAM_SECONDS = 60;
const IDLE_SECONDS = 10;        // a stream without a job at work, and without news, ends after so long
const REST_SECONDS = 5;         // between two looks of a page that has no stream
const EVENTS_A_SECOND = 20;     // for a stream, however fast the jobs are

$jobs = new Jobs;

header('X-Content-Type-Options: nosniff');
header('Cache-Control: no-store');
header("Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'");

if (PHP_SAPI !== 'cli' && !is_own_host($_SERVER['HTTP_HOST'] ?? '')) {
    refuse(403, "This page was asked for by a name that it does not know. If it is this server's, add it to HOSTS in index.php.");
    exit;
}
try {
    if (($_SERVER['REQUEST_METHOD'] ?? 'GET') === 'POST') {
        act($jobs);
    } elseif (isset($_GET['events'])) {
        stream($jobs);
    } else {
        $jobs->buryTheDead();
        if (isset($_GET['json'])) {
            header('Content-Type: application/json');
            echo encode((object) $jobs->all());
        } else {
            require __DIR__ . '/page.php';
        }
    }
} catch (NotAJob $e) {
    refuse(409, $e->getMessage());
} catch (SyncException $e) {
    // The file cannot be used, mostly as it belongs to another user: the message says how that is put right.
    error_log($e->getMessage());
    refuse(500, $e->getMessage());
} catch (Throwable $e) {
    error_log((string) $e);
    refuse(500, 'This page has a fault; the log of the server says which.');
}

/** Does what a button of the page asks for, and leads back to it. */
function act(Jobs $jobs): void
{
    if (!is_from_here()) {
        refuse(403, 'This came from another site.');
        return;
    }
    $text = fn (string $field) => is_string($_POST[$field] ?? null) ? $_POST[$field] : '';
    switch ($text('do')) {
        case 'start':
            $id = $jobs->add(Jobs::shortened(trim($text('name')) === '' ? 'Job' : $text('name')), $text('length') === 'long' ? 1200 : 60);
            if ($id === null) {
                refuse(429, 'Too many jobs are at work; wait until one has ended.');
                return;
            }
            start_process($id);
            break;
        case 'cancel':
            $jobs->cancel($text('id'));
            break;
        case 'clear':
            $jobs->clear();
            break;
        default:
            refuse(400, 'There is no such button.');
            return;
    }
    header('Location: ?', true, 303); // (The address itself may be //elsewhere.)
}

/**
 * Whether a name, with or without a port, is one of this server. Any site can let its own name lead to this server's address (DNS
 * rebinding): to a browser, that site's page and this one are then of one origin, and the former may read and send what it likes, as
 * far as no password is asked for. An address and localhost are names that no site can have; others have to be known. (SERVER_NAME is
 * no help: with Apache, Caddy, and some configurations of nginx it is whatever the request says.)
 */
function is_own_host(string $host): bool
{
    $name = strtolower(preg_replace('~:\d*$~D', '', $host));
    $known = array_map(fn ($host) => strtolower(trim($host)), HOSTS ?: explode(',', (string) getenv('SYNC_HOSTS')));
    return preg_match('~^(localhost|\d{1,3}(\.\d{1,3}){3}|\[[0-9a-f:.]+\])$~D', $name) === 1 || $name !== '' && in_array($name, $known, true);
}

/** Whether a browser sent the request from a page of this server: a login, or the way to this server, is not another site's to use. */
function is_from_here(): bool
{
    // Browsers say it themselves where the connection is safe (https, or localhost), and with a form or fetch() name the page's server.
    $site = $_SERVER['HTTP_SEC_FETCH_SITE'] ?? null;
    $origin = $_SERVER['HTTP_ORIGIN'] ?? null;
    if ($origin === null || !in_array($site, ['same-origin', null], true)) {
        return $site === 'same-origin';
    }
    $host = $_SERVER['HTTP_HOST'] ?? '';
    $from = preg_replace('~^https?://~', '', $origin);
    // Some servers leave the port out of HTTP_HOST (Debian's nginx); a proxy may put another name there than the browser knows.
    return is_own_host($from) && ($site === 'same-origin' || in_array($from, [$host, "$host:" . ($_SERVER['SERVER_PORT'] ?? '')], true));
}

function refuse(int $status, string $why): void
{
    http_response_code($status);
    header('Content-Type: text/plain; charset=utf-8');
    echo "$why\n";
}

/** Starts task.php in a session of its own, with nothing of this request: neither its output nor the server's socket. */
function start_process(string $id): void
{
    // Under FPM PHP_BINARY is php-fpm.
    $php = getenv('SYNC_PHP') ?: (PHP_SAPI === 'cli-server' ? PHP_BINARY : PHP_BINDIR . '/php');
    $command = implode(' ', array_map(escapeshellarg(...), [$php, __DIR__ . '/task.php', "--job=$id"]));
    exec("(exec setsid $command) </dev/null >/dev/null 2>&1 &");
}

/** Sends an event when a job has changed, until the time is over, nothing more is to be expected, or the browser has gone. */
function stream(Jobs $jobs): void
{
    if (in_array($_SERVER['HTTP_SEC_FETCH_SITE'] ?? '', ['cross-site', 'same-site'], true)) {
        refuse(403, 'This came from another site.'); // which could not read it, but take all places
        return;
    }
    $sync = $jobs->sync;
    // One of the places, for as long as this request lasts.
    $has_place = false;
    for ($place = 1; $place <= STREAMS && !$has_place; $place++) {
        $has_place = (bool) $sync->tryLock("stream $place");
    }
    if (!$has_place) {
        header('Retry-After: ' . REST_SECONDS);
        refuse(503, 'As many are looking as this page has places for. How it is now: ?json');
        return;
    }
    header('Content-Type: text/event-stream');
    header('X-Accel-Buffering: no'); // nginx would collect 4 KB first
    ini_set('zlib.output_compression', '0');
    set_time_limit(STREAM_SECONDS + 30);
    while (ob_get_level() > 0) {
        ob_end_flush();
    }
    echo "retry: 500\n\n";

    $end = microtime(true) + STREAM_SECONDS;
    $idle_end = microtime(true) + IDLE_SECONDS;
    $sent = null;
    // The number of the state that the browser has seen, if it was connected before.
    $seen = $_SERVER['HTTP_LAST_EVENT_ID'] ?? null;
    do {
        $jobs->buryTheDead();
        $version = $sync->version();
        $all = $jobs->all();
        $is_work = array_filter($all, Jobs::isAtWork(...)) !== [];
        if ($sent === null && $seen === (string) $version) {
            $sent = $all;
            $idle_end = 0; // it looks in, and there is nothing new
        }
        if ($all !== $sent) {
            send($version, $sent === null, array_filter($all, fn ($job, $id) => $job !== ($sent[$id] ?? null), ARRAY_FILTER_USE_BOTH), array_keys(array_diff_key($sent ?? [], $all)));
            $sent = $all;
            $idle_end = microtime(true) + IDLE_SECONDS;
            usleep(intdiv(1_000_000, EVENTS_A_SECOND));
        } elseif (!$is_work && microtime(true) >= $idle_end) {
            echo 'retry: ', REST_SECONDS * 1000, "\nevent: rest\ndata:\n\n";
            return;
        } else {
            echo ": still here\n\n"; // a connection that is gone shows when something is sent
        }
        flush();
        // Sleeps until a job changes. A death changes nothing in the file, and neither does a browser that goes: so have a look each second.
        $sync->wait('jobs', max(0, min($end - microtime(true), 1)), $version);
    } while (microtime(true) < $end && !connection_aborted());
}

/** One event: the jobs that have changed, by their ids; the first one of a stream has all of them. */
function send(int $version, bool $is_all, array $changed, array $gone): void
{
    echo "id: $version\ndata: ", encode(['all' => $is_all, 'changed' => (object) $changed, 'gone' => $gone]), "\n\n";
}

function encode(mixed $value): string
{
    return json_encode($value, JSON_THROW_ON_ERROR | JSON_INVALID_UTF8_SUBSTITUTE | JSON_UNESCAPED_UNICODE | JSON_HEX_TAG);
}
