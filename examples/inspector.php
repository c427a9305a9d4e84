<?php
/*
 * Shows what is in the files of Sync on this server, in a browser: names, types, sizes, expiry, values; who uses a file, who holds
 * which lock, what is in consumption; and how many changes a second there are. One file: copy it to where you need it.
 *
 * It shows everything to whoever may open it, so it does nothing until you say who that is: one of the next two lines. No object of
 * a value is made and none of its code runs: names and values may be anybody's.
 */

// The password for it, as `php -r 'echo password_hash("...", PASSWORD_DEFAULT);'` prints it; any user name will do.
const PASSWORD = '';
// Or true: the web server lets only those in who may see it. (A REMOTE_USER alone is no sign of that: nginx passes on what was sent.)
const IS_BEHIND_A_LOGIN = false;

// The names by which browsers ask for this page, as ['tools.example.org']: addresses and localhost are let in anyway, other names are not.
// Empty: those that SYNC_HOSTS in the environment names, with commas between them. (is_own_host() says why.)
const HOSTS = [];

// True: it can also remove names.
const CAN_CHANGE = false;

// The files. Empty: the one that SYNC_FILE in the environment names, or else those in /dev/shm whose names end with .sync.
const FILES = [];

const ON_A_PAGE = 50;               // names
const LONGEST_VALUE = 4 << 20;      // bytes, encoded: longer ones are not read
const LONGEST_TEXT = 2000;          // bytes of a string within a value
const LONGEST_DUMP = 100_000;       // bytes of a value as text
const SLOW = 0.2;                   // seconds: a list that took longer says why
const DEEPEST = 30;                 // arrays and objects within each other
const LONGEST_ADDRESS = 1500;       // of a link; what would be longer is a form
const LONGEST_NAME = 100;           // bytes: of a longer one, links and forms carry the beginning, and a digest
const LONGEST_PREFIX = 1000;        // bytes
const STEPS_BACK = [1, 2, 4, 8, 16, 32]; // from the end of a page: the names after which the next one may begin

$nonce = base64_encode(random_bytes(16));
header("Content-Security-Policy: default-src 'none'; script-src 'nonce-$nonce'; style-src 'nonce-$nonce'; connect-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'");
header('Content-Type: text/html; charset=utf-8');
header('X-Content-Type-Options: nosniff');
header('Referrer-Policy: same-origin'); // addresses have names in them; with no-referrer a form's Origin would be null
header('Cache-Control: no-store');
header('X-Robots-Tag: noindex');
set_time_limit(20);
ini_set('display_errors', '0'); // errors are for the log, not for an answer
$warnings = [];
set_error_handler(function (int $level, string $text) use (&$warnings): bool {
    // A file that was copied, or has come through a boot or a power loss, is put right when it is first used, which tells what is lost.
    if ($level === E_WARNING && str_starts_with($text, 'Sync file ')) {
        $warnings[] = $text;
    }
    return false; // it goes to the log as well
});
register_shutdown_function(function () {
    $error = error_get_last();
    if (($error['type'] ?? 0) === E_ERROR && preg_match('~^(Allowed memory|Maximum execution)~', $error['message']) && empty($GLOBALS['fields']->isLive)) {
        echo '<p class="problem">It takes more memory, or time, than this server leaves to a page.</p></main></body></html>';
    }
});

if (PHP_SAPI !== 'cli' && !is_own_host($_SERVER['HTTP_HOST'] ?? '')) {
    http_response_code(403);
    header('Content-Type: text/plain; charset=utf-8');
    echo "This page was asked for by a name that it does not know. If it is this server's, add it to HOSTS at the top of its file.\n";
    exit;
}
if (!is_allowed_in()) {
    exit;
}

$message = '';
try {
    $fields = new Fields($_POST + $_GET);
} catch (UnexpectedValueException $e) {
    http_response_code(400);
    $message = $e->getMessage();
    $fields = new Fields([]);
}
$files = FILES ?: (getenv('SYNC_FILE') ? [getenv('SYNC_FILE')] : (glob('/dev/shm/*.sync') ?: []));
// (One that is asked for and is not there any more is not another one.)
$file = $fields->file === '' ? $files[0] ?? null : (in_array($fields->file, $files, true) ? $fields->file : null);
$sync = $file === null || !is_file($file) ? null : new Sync($file, allowedClasses: false);
if (!$sync && ($file !== null || $fields->file !== '')) {
    http_response_code(404);
}
$token = token();

if ($sync && $fields->do !== '') {
    $message = change($sync, $fields, $token);
}
if ($fields->isLive) {
    header('Content-Type: application/json');
    try {
        $stats = $sync?->stats();
        $parts = $sync ? ['commits' => $stats['commits'], 'live' => live($sync, $stats), 'users' => users($stats)] : ['commits' => null, 'live' => no_file(), 'users' => ''];
    } catch (Throwable $e) {
        $parts = ['commits' => null, 'live' => problem($e), 'users' => ''];
    }
    echo json_encode($parts + ['warnings' => warnings()], JSON_THROW_ON_ERROR);
    exit;
}

/**
 * The fields of the request: nothing else reads them, and each has the type that stands here, whatever was sent.
 */
final class Fields
{
    public readonly string $file;       // '': none was asked for
    public readonly bool $isLive;
    public readonly string $do;         // '', remove or clear
    public readonly string $token;
    public readonly ?Reference $name;
    public readonly ?string $prefix;    // of a link, or as somebody has typed it
    /** @var list<Reference> the first of these that is there: the page begins behind it */
    public readonly array $after;

    /** @throws UnexpectedValueException where a field is none that this page writes */
    public function __construct(array $sent)
    {
        $this->file = self::text($sent, 'file');
        $this->isLive = self::text($sent, 'live') !== '';
        $this->token = self::text($sent, 'token');
        $this->name = self::names($sent, 'name')[0] ?? null;
        $this->after = self::names($sent, 'after');
        $prefix = self::names($sent, 'prefix')[0] ?? null;
        $this->prefix = self::text($sent, 'search') === '' ? $prefix?->beginning : $sent['search'];
        if (strlen($this->prefix ?? '') > LONGEST_PREFIX) {
            throw new UnexpectedValueException('Names are searched for by ' . number_format(LONGEST_PREFIX) . ' bytes at most here; syncctl ls FILE PREFIX takes more.');
        }
        $this->do = self::text($sent, 'do');
        $of = ['' => '', 'remove' => $this->name, 'clear' => $this->prefix];
        if (($of[$this->do] ?? null) === null) {
            throw new UnexpectedValueException('Nothing was changed: there is no such button, or the form did not say which name.');
        }
    }

    private static function text(array $sent, string $field): string
    {
        $text = $sent[$field] ?? '';
        return is_string($text) ? $text : throw new UnexpectedValueException("The field '$field' of this address is not a text.");
    }

    /** @return list<Reference> */
    private static function names(array $sent, string $field): array
    {
        $text = self::text($sent, $field);
        $parts = $text === '' ? [] : explode(',', $text, count(STEPS_BACK) + 1);
        return array_map(fn ($part) => Reference::read($part) ?? throw new UnexpectedValueException("The field '$field' of this address is not a name as this page writes it."), $parts);
    }
}

/**
 * A name as links and forms carry it: any bytes, and so in base64, with a sign first, as the empty name is a name; of a long one the
 * beginning, and a digest by which find() finds it again, so that no page is long because names are (each may have 16 MB).
 */
final class Reference
{
    private function __construct(public readonly string $beginning, private readonly ?string $digest) {}

    public static function to(string $name, int $longest = LONGEST_NAME): string
    {
        $is_long = strlen($name) > $longest;
        $beginning = $is_long ? substr($name, 0, $longest) : $name;
        return '=' . rtrim(strtr(base64_encode($beginning), '+/', '-_'), '=') . ($is_long ? '.' . self::digest($name) : '');
    }

    /** Null: it is none that to() has written. */
    public static function read(string $text): ?self
    {
        [$packed, $digest] = explode('.', $text, 2) + [1 => null];
        $beginning = ($packed[0] ?? '') === '=' ? base64_decode(strtr(substr($packed, 1), '-_', '+/'), true) : false;
        return $beginning === false ? null : new self($beginning, $digest);
    }

    /** The name; null where there is none (any more) of which only a digest was known. */
    public function find(Sync $sync): ?string
    {
        if ($this->digest === null) {
            return $this->beginning;
        }
        foreach (walk($sync, $this->beginning, null, 1000) as $name) {
            // (Only of those as long as it is a digest is made.)
            if (strlen($name) === (int) $this->digest && hash_equals(self::digest($name), $this->digest)) {
                return $name;
            }
        }
        return null;
    }

    private static function digest(string $name): string
    {
        return strlen($name) . '-' . substr(hash('sha256', $name), 0, 32);
    }
}

/**
 * The one property of a name, if that can be one: PHP throws an Error for a name that begins with NUL, and a file, or an address, may
 * have it nevertheless. Nothing else asks a Sync for a single name.
 */
final class Property
{
    private function __construct(private readonly Sync $sync, public readonly string $name) {}

    /** Null: no property has such a name. */
    public static function of(Sync $sync, string $name): ?self
    {
        return str_starts_with($name, "\0") ? null : new self($sync, $name);
    }

    /** As Sync::describe(); null where it is missing. */
    public function describe(): ?array
    {
        return $this->sync->describe($this->name);
    }

    public function value(): mixed
    {
        return $this->sync->get($this->name);
    }

    /** Whether there was something to be removed. */
    public function remove(): bool
    {
        $was_there = $this->describe() !== null;
        $this->sync->remove($this->name);
        return $was_there;
    }
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

/** Whether the one who asks may; if not, the answer says why. */
function is_allowed_in(): bool
{
    if (IS_BEHIND_A_LOGIN || PASSWORD !== '' && password_verify($_SERVER['PHP_AUTH_PW'] ?? '', PASSWORD)) {
        return true;
    }
    header('Content-Type: text/plain; charset=utf-8');
    if (PASSWORD !== '') {
        http_response_code(401);
        header('WWW-Authenticate: Basic realm="Sync", charset="UTF-8"');
        echo "A password is needed.\n";
    } else {
        http_response_code(403);
        echo "This page shows all that is stored, so it has to know who may see it. Set PASSWORD at the top of its file, or, where the\n",
            "web server lets only those in who may, IS_BEHIND_A_LOGIN.\n";
    }
    return false;
}

/** A word that forms of this page know, and other sites do not. The browser keeps the secret, and gives it to this page alone. */
function token(): string
{
    $secret = $_COOKIE['sync_inspector'] ?? '';
    if (!is_string($secret) || !preg_match('~^[0-9a-f]{64}$~D', $secret)) {
        $secret = bin2hex(random_bytes(32));
        if (CAN_CHANGE) {
            setcookie('sync_inspector', $secret, ['httponly' => true, 'samesite' => 'Strict', 'secure' => !empty($_SERVER['HTTPS'])]);
        }
    }
    return hash_hmac('sha256', 'change', $secret);
}

/** Does what a form asks for; the answer in words. */
function change(Sync $sync, Fields $fields, string $token): string
{
    if (!CAN_CHANGE || ($_SERVER['REQUEST_METHOD'] ?? '') !== 'POST' || !is_from_here() || !hash_equals($token, $fields->token)) {
        http_response_code(403);
        return CAN_CHANGE ? 'Nothing was changed: the form was too old, or of another site. Try again.' : 'Nothing was changed: CAN_CHANGE is false.';
    }
    try {
        if (($lock = whole_lock($sync->stats())) !== null) {
            http_response_code(409);
            return 'Nothing was changed: the whole object is locked, by process ' . process($lock['pid']) . '.';
        }
        if ($fields->do === 'remove') {
            $name = $fields->name->find($sync);
            $shown = printable($name ?? $fields->name->beginning . '…', 100);
            return $name !== null && Property::of($sync, $name)?->remove() ? "Removed $shown." : "There is no $shown (any more): nothing was removed.";
        }
        $shown = '"' . printable($fields->prefix, 100) . '"';
        if (!walk($sync, $fields->prefix, null, 1)->valid()) {
            return "No name begins with $shown (any more): nothing was removed.";
        }
        $sync->clear($fields->prefix);
        return "Removed the names that begin with $shown.";
    } catch (SyncException $e) {
        http_response_code(500);
        return harmless($e->getMessage());
    }
}

/** The lock of the whole object, if somebody holds it: whoever looks at a name would wait for it, and a process of the server with him. */
function whole_lock(array $stats): ?array
{
    foreach ($stats['locks'] as $lock) {
        if ($lock['name'] === null) {
            return $lock;
        }
    }
    return null;
}

/** A text in HTML: nothing of it is markup, or a character that HTML does not allow. */
function html(string|int|float $text): string
{
    return htmlspecialchars((string) $text, ENT_QUOTES | ENT_SUBSTITUTE | ENT_DISALLOWED | ENT_HTML5, 'UTF-8');
}

/** A message of Sync's, which has names in it that are shown as printable() would: what is left is made harmless, and nothing twice. */
function harmless(string $message): string
{
    return str_replace('\\\\', '\\', printable($message, 2000));
}

/** Any bytes as a text in which everything can be seen, and that does nothing to what is around it. */
function printable(string $bytes, int $longest = PHP_INT_MAX): string
{
    $shown = substr($bytes, 0, $longest);
    $character = '[\x00-\x7f]|[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xed[\x80-\x9f][\x80-\xbf]'
        . '|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2}';
    if (strlen($shown) < strlen($bytes)) {
        $shown = preg_replace('~[\xc2-\xf4][\x80-\xbf]{0,2}$~D', '', $shown); // not half a character
    }
    $text = '';
    preg_match_all("~($character)|.~s", $shown, $parts, PREG_SET_ORDER);
    foreach ($parts as $part) {
        $text .= match (true) {
            !isset($part[1]) => sprintf('\x%02x', ord($part[0])),
            $part[0] === '\\' => '\\\\',
            $part[0] === "\n" => '\n',
            $part[0] === "\t" => '\t',
            // Control characters; those that are not seen, or turn the direction of others around; and those that mean nothing yet.
            preg_match('~^[\p{C}\p{Zl}\p{Zp}]$~u', $part[0]) === 1 => sprintf('\u{%x}', code_point($part[0])),
            default => $part[0],
        };
    }
    $left = strlen($bytes) - strlen($shown);
    return $left === 0 ? $text : "$text … (" . number_format(strlen($bytes)) . ' bytes)';
}

function code_point(string $character): int
{
    $bytes = array_values(unpack('C*', $character));
    return array_reduce(array_slice($bytes, 1), fn ($code, $byte) => $code << 6 | $byte & 0x3f, $bytes[0] & (count($bytes) === 1 ? 0x7f : 0xff >> count($bytes) + 1));
}

function size(int $bytes): string
{
    foreach (['bytes', 'KiB', 'MiB', 'GiB'] as $unit) {
        if ($bytes < 1024 || $unit === 'GiB') {
            return ($unit === 'bytes' || $bytes >= 100 ? number_format($bytes) : number_format($bytes, 1)) . " $unit";
        }
        $bytes /= 1024;
        $bytes = $bytes >= 100 ? (int) $bytes : round($bytes, 1);
    }
}

function process(?int $pid): string
{
    $name = $pid === null ? false : @file_get_contents("/proc/$pid/comm");
    return $pid === null ? 'of another container' : $pid . ($name ? ' ' . printable(trim($name), 20) : '');
}

function moment(?float $time): string
{
    return $time === null ? '' : date(date('Y-m-d') === date('Y-m-d', (int) $time) ? 'H:i:s' : 'Y-m-d H:i:s', (int) $time);
}

function problem(Throwable $e): string
{
    if ($e instanceof SyncException) {
        return '<p class="problem">' . html(harmless($e->getMessage())) . '</p>';
    }
    error_log((string) $e); // a fault of this page
    return '<p class="problem">This cannot be shown; the log of the server says why.</p>';
}

function no_file(): string
{
    $why = $GLOBALS['file'] === null && $GLOBALS['fields']->file === ''
        ? 'There is no file: set FILES at the top of this file, or SYNC_FILE.'
        : 'That file is not there (any more), or not one of those that are shown.';
    return '<p class="problem">' . $why . '</p>';
}

/** The warnings that Sync has given since this was asked last. */
function warnings(): string
{
    $texts = array_splice($GLOBALS['warnings'], 0);
    return implode('', array_map(fn ($text) => '<p class="problem">' . html(harmless($text)) . '</p>', $texts));
}

/** A link; where the address would be too long, a button. */
function link_to(array $query, string $text): string
{
    $query += ['file' => $GLOBALS['file']];
    $address = '?' . http_build_query($query);
    if (strlen($address) <= LONGEST_ADDRESS) {
        return '<a href="' . html($address) . '">' . html($text) . '</a>';
    }
    $fields = '';
    foreach ($query as $name => $value) {
        $fields .= '<input type="hidden" name="' . html($name) . '" value="' . html($value) . '">';
    }
    return "<form method=\"post\" action=\"?\">$fields<button class=\"link\">" . html($text) . '</button></form>';
}

/** A button that changes something; nothing, where this page cannot. */
function button(string $do, array $fields, string $text, string $label): string
{
    if (!CAN_CHANGE) {
        return '';
    }
    $hidden = '';
    foreach ($fields + ['file' => $GLOBALS['file'], 'token' => $GLOBALS['token']] as $name => $value) {
        $hidden .= '<input type="hidden" name="' . html($name) . '" value="' . html($value) . '">';
    }
    return "<form method=\"post\" action=\"?\">$hidden<button name=\"do\" value=\"" . html($do) . '" aria-label="' . html($label) . '">' . html($text) . '</button></form>';
}

/** @param list<list<string>> $rows of HTML */
function table(string $caption, array $heads, array $rows, string $none): string
{
    $html = '<h2>' . html($caption) . '</h2>';
    if (!$rows) {
        return $html . '<p class="faint">' . html($none) . '</p>';
    }
    $html .= '<div class="wide" role="region" tabindex="0" aria-label="' . html($caption) . '"><table><thead><tr>';
    foreach ($heads as $head) {
        $html .= '<th scope="col">' . html($head) . '</th>';
    }
    $html .= '</tr></thead><tbody>';
    foreach ($rows as $row) {
        $html .= '<tr><td>' . implode('</td><td>', $row) . '</td></tr>';
    }
    return $html . '</tbody></table></div>';
}

/** The part of the page above the names, which is renewed each second. */
function live(Sync $sync, array $stats): string
{
    $facts = [
        'Names' => number_format($stats['keys']), 'Values' => size($stats['live_bytes']), 'Room for more' => size($stats['dead_bytes']),
        'File' => size($stats['file_bytes']), 'Memory' => size($stats['memory_bytes']), 'Changes' => number_format($stats['commits']),
        'Tidied up' => number_format($stats['compactions']), 'Await a lock' => number_format($stats['waiters']),
    ];
    $html = '<dl>';
    foreach ($facts as $name => $value) {
        $html .= '<div><dt>' . html($name) . '</dt><dd>' . html($value) . '</dd></div>';
    }
    $html .= '</dl>';
    $html .= table('Locks', ['Lock', 'Process', 'Since', 'Token'], array_map(fn ($lock) => [
        $lock['name'] === null ? '<em>the whole object</em>' : '<code><bdi>' . html(printable($lock['name'], 200)) . '</bdi></code>',
        html(process($lock['pid'])), html(moment($lock['since'])), html($lock['token'] ?? ''),
    ], $stats['locks']), 'Nobody holds a lock.');
    $is_locked = whole_lock($stats) !== null;
    $queues = [];
    foreach ($stats['consuming'] as ['name' => $name, 'pid' => $pid]) {
        $queues[$name][] = process($pid);
    }
    $rows = [];
    foreach ($queues as $name => $processes) {
        $name = (string) $name; // a key that is a number has become an int
        $rows[] = [
            link_to(['name' => Reference::to($name)], printable($name, 200)),
            html($is_locked ? '?' : number_format(Property::of($sync, $name)?->describe()['count'] ?? 0)), html(count($processes)), html(implode(', ', array_slice($processes, 0, 10)) . (count($processes) > 10 ? ' …' : '')),
        ];
    }
    $html .= table('Queues', ['Queue', 'Waiting', 'In consumption', 'By process'], $rows, 'Nothing is being consumed.');
    return $html;
}

/** Likewise, below the names. */
function users(array $stats): string
{
    return table('Processes that have written', ['Process', 'Since'], array_map(
        fn ($process) => [html(process($process['pid'])), html(moment($process['since']))], array_slice($stats['processes'], 0, 100),
    ), 'None has it open.');
}

/**
 * The names that begin with $prefix, behind $after, some at once. Where they are so long that those have no room in memory, it goes on
 * with fewer.
 *
 * @return Generator<string>
 */
function walk(Sync $sync, string $prefix, ?string $after, int $at_once): Generator
{
    do {
        try {
            $names = $sync->keys($prefix, $after, $at_once);
        } catch (SyncException $e) {
            if ($at_once === 1 || !str_contains($e->getMessage(), 'memory_limit')) {
                throw $e;
            }
            $at_once = intdiv($at_once, 2);
            continue;
        }
        $is_last = count($names) < $at_once;
        while ($names) {
            yield $after = array_shift($names);
        }
    } while (!($is_last ?? false));
}

/** As walk(), behind the first of these names that is still there; from the first name on, where none is: null. */
function walk_on(Sync $sync, string $prefix, array $after): ?Generator
{
    foreach ($after as $reference) {
        if (($name = $reference->find($sync)) !== null) {
            try {
                $walk = walk($sync, $prefix, $name, ON_A_PAGE + 1);
                $walk->valid();
                return $walk;
            } catch (SyncException $e) {
                if (!str_starts_with($e->getMessage(), "Can't list the names after")) {
                    throw $e;
                }
            }
        }
    }
    return null;
}

/**
 * The names of a page, which begin with $prefix. However many there are, it takes the memory of one page; the time is that of one walk
 * over all names, which reads no value: about half a second for a million.
 */
function names(Sync $sync, string $prefix, array $after, int $all): string
{
    $start = hrtime(true);
    $walk = walk_on($sync, $prefix, $after);
    $note = $after && $walk === null ? '<p role="note">The names behind which this page began are all gone: this is the first page again.</p>' : '';
    $is_first = $walk === null;
    $walk ??= walk($sync, $prefix, null, ON_A_PAGE + 1);
    $walk->valid();
    $seconds = (hrtime(true) - $start) / 1e9;
    $rows = $references = [];
    for ($shown = 0; $shown < ON_A_PAGE && $walk->valid(); $shown++, $walk->next()) {
        $name = $walk->current();
        array_unshift($references, Reference::to($name));
        $property = Property::of($sync, $name);
        if ($property === null) {
            $rows[] = [html(printable($name, 120)), 'not a name of PHP’s: syncctl shows it', '', '', '', ...CAN_CHANGE ? [''] : []];
            continue;
        }
        $about = $property->describe();
        if ($about === null) {
            continue; // it has gone meanwhile
        }
        $row = [
            link_to(['name' => $references[0]], $name === '' ? '(empty)' : printable($name, 120)),
            '<bdi>' . html(printable($about['type'], 100)) . '</bdi>',
            html($about['count'] === null ? '' : number_format($about['count'])),
            html(size($about['bytes'])),
            html($about['ttl'] === null ? 'never' : number_format($about['ttl']) . ' s'),
        ];
        if (CAN_CHANGE) {
            $row[] = button('remove', ['name' => $references[0]], 'Remove', 'Remove ' . printable($name, 60));
        }
        $rows[] = $row;
    }
    $heads = ['Name', 'Type', 'Elements', 'Size', 'Expires in', ...CAN_CHANGE ? ['Change'] : []];
    $html = $note . table('Names', $heads, $rows, $prefix === '' && $is_first ? 'There is none.' : 'There is none any more.');
    $html .= '<nav aria-label="Pages">';
    if (!$is_first) {
        $html .= link_to(['prefix' => Reference::to($prefix, LONGEST_PREFIX)], 'First page') . ' ';
    }
    if ($walk->valid()) {
        $from = array_map(fn ($step) => $references[$step - 1] ?? null, STEPS_BACK);
        $html .= link_to(['prefix' => Reference::to($prefix, LONGEST_PREFIX), 'after' => implode(',', array_filter($from))], 'Next page');
    }
    $html .= '</nav>';
    if ($seconds >= SLOW) {
        $html .= '<p class="faint">It took ' . number_format($seconds, 1) . ' s to find them: each page is one walk over all ' . number_format($all)
            . ' names, as a file keeps no list of them in order.</p>';
    }
    if (CAN_CHANGE && $prefix !== '') {
        $html .= button('clear', ['prefix' => Reference::to($prefix, LONGEST_PREFIX)], 'Remove all names that begin so', 'Remove all names that begin with ' . printable($prefix, 60));
    }
    return $html;
}

/** A value, and the facts about it that describe() gave, if there is one. */
function value(?string $name, ?Property $property, ?array $about): string
{
    $html = $name === null ? '' : '<h2><code><bdi>' . html($name === '' ? '(empty)' : printable($name, 1000)) . '</bdi></code></h2>';
    if ($name !== null && $property === null) {
        return $html . '<p class="problem">No name of a property in PHP begins with a NUL byte, so there is none.</p>';
    }
    if ($about === null) {
        return $html . '<p class="problem">There is no such name (any more).</p>';
    }
    $facts = [
        'Type' => printable($about['type'], 200), 'Elements' => $about['count'] === null ? '–' : number_format($about['count']), 'Size' => size($about['bytes']),
        'Expires in' => $about['ttl'] === null ? 'never' : number_format($about['ttl'], 1) . ' s', 'Pieces' => number_format($about['pieces']),
    ];
    $html .= '<dl>';
    foreach ($facts as $fact => $text) {
        $html .= '<div><dt>' . html($fact) . '</dt><dd><bdi>' . html($text) . '</bdi></dd></div>';
    }
    $html .= '</dl>';
    if ($about['bytes'] > LONGEST_VALUE) {
        $html .= '<p>It is longer than ' . size(LONGEST_VALUE) . ', and not read here. <code>syncctl get</code> shows it.</p>';
    } else {
        try {
            $left = LONGEST_DUMP;
            $html .= '<pre tabindex="0" aria-label="Value">' . html(dump($property->value(), 0, $left)) . ($left <= 0 ? "\n…" : '') . '</pre>';
        } catch (Throwable $e) {
            $html .= problem($e);
        }
    }
    return $html . button('remove', ['name' => Reference::to($name)], 'Remove', 'Remove ' . printable($name, 60));
}

/** A value as text, of at most $left bytes (about). */
function dump(mixed $value, int $depth, int &$left): string
{
    $text = match (true) {
        is_string($value) => '"' . printable($value, LONGEST_TEXT) . '"',
        is_array($value) => dump_members($value, 'array (' . count($value) . ')', $depth, $left),
        is_object($value) => dump_object($value, $depth, $left),
        is_float($value) => is_finite($value) ? var_export($value, true) : strtoupper((string) $value),
        default => var_export($value, true),
    };
    $left -= is_array($value) || is_object($value) ? 0 : strlen($text);
    return is_null($value) ? 'null' : $text;
}

/** Every object is an incomplete one, which knows the name of its class; that of an enum's case is `Suit::Hearts`. */
function dump_object(object $object, int $depth, int &$left): string
{
    $members = (array) $object;
    $class = $members['__PHP_Incomplete_Class_Name'] ?? get_class($object);
    unset($members['__PHP_Incomplete_Class_Name']);
    $class = printable((string) $class, 200);
    return str_contains($class, '::') && !$members ? $class : dump_members($members, $class, $depth, $left, true);
}

function dump_members(array $members, string $head, int $depth, int &$left, bool $is_object = false): string
{
    $text = $head;
    if ($depth >= DEEPEST) {
        return $members ? "$text …" : $text;
    }
    foreach ($members as $key => $member) {
        if ($left <= 0) {
            break;
        }
        // "\0Class\0name" is private, "\0*\0name" protected.
        $key = $is_object && preg_match('~^\0(.+?)\0(.*)$~sD', (string) $key, $part)
            ? printable($part[2], 200) . ($part[1] === '*' ? ' (protected)' : ' (private in ' . printable($part[1], 200) . ')')
            : (is_int($key) || $is_object ? printable((string) $key, 200) : '"' . printable($key, 200) . '"');
        $line = "\n" . str_repeat('  ', $depth + 1) . $key . ($is_object ? ': ' : ' => ');
        $left -= strlen($line);
        $text .= $line . dump($member, $depth + 1, $left);
    }
    return $text;
}

$name = $property = $about = $stats = $trouble = null;
$is_value = $fields->name !== null && $fields->do !== 'remove';
try {
    // This is looked up before the page begins, as its status depends on it.
    $stats = $sync?->stats();
    if ($sync && $is_value && whole_lock($stats) === null) {
        $name = $fields->name->find($sync);
        $property = $name === null ? null : Property::of($sync, $name);
        $about = $property?->describe();
        if ($about === null) {
            http_response_code(404);
        }
    }
} catch (Throwable $e) {
    $trouble = $e;
}
?>
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Sync</title>
<link rel="icon" href="data:,">
<style nonce="<?= $nonce ?>">
:root { color-scheme: light dark; --back: #f6f7f9; --card: #fff; --text: #1c2330; --faint: #566074; --line: #d5dae3; --main: #1f5fd0; --bad: #b3261e; }
@media (prefers-color-scheme: dark) {
  :root { --back: #12161d; --card: #1b212b; --text: #e8ebf1; --faint: #a3adbf; --line: #343d4c; --main: #8ab4ff; --bad: #ff9a91; }
}
* { box-sizing: border-box; } body { margin: 0; background: var(--back); color: var(--text); font: 1rem/1.5 system-ui, sans-serif; }
nav { margin: .75rem 0; display: flex; gap: 1rem; } main { max-width: 70rem; margin: 0 auto; padding: 1rem; }
h1 { margin: 0 0 .5rem; font-size: 1.5rem; } h2 { margin: 1.2rem 0 .4rem; font-size: 1.1rem; overflow-wrap: anywhere; }
a, .link { color: var(--main); } code, pre, td:first-child { font-family: ui-monospace, monospace; font-size: .9rem; overflow-wrap: anywhere; }
pre { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: 1rem; white-space: pre-wrap; max-height: 70vh; overflow: auto; }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(7.5rem, 1fr)); gap: .5rem; margin: .75rem 0; }
dl > div { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: .4rem .7rem; min-width: 0; overflow-wrap: anywhere; }
dt, .faint { color: var(--faint); } dt { font-size: .85rem; } dd { margin: 0; font-variant-numeric: tabular-nums; } .wide { overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: .5rem; }
table { border-collapse: collapse; width: 100%; } th, td { padding: .35rem .7rem; text-align: start; border-bottom: 1px solid var(--line); vertical-align: top; max-width: 30rem; overflow: hidden; }
th { font-size: .85rem; color: var(--faint); white-space: nowrap; }
td:first-child { min-width: 10rem; } tbody tr:last-child td { border-bottom: 0; }
label { max-width: 100%; } form { display: inline-flex; flex-wrap: wrap; gap: .5rem; align-items: center; margin: 0; max-width: 100%; }
input, select, button { min-width: 0; max-width: 100%; padding: .35rem .7rem; border: 1px solid var(--faint); border-radius: .4rem; background: var(--card); color: var(--text); font: inherit; }
button { cursor: pointer; } .link { border: 0; padding: 0; text-decoration: underline; text-align: start; overflow-wrap: anywhere; }
:focus-visible { outline: 3px solid var(--main); outline-offset: 2px; }
.problem, #message { color: var(--bad); overflow-wrap: anywhere; }
figure { margin: .75rem 0; background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: .6rem .7rem; }
figcaption { display: flex; justify-content: space-between; color: var(--faint); font-size: .85rem; }
svg { display: block; width: 100%; height: 5rem; } polyline { fill: none; stroke: var(--main); stroke-width: 2; vector-effect: non-scaling-stroke; }
</style>
</head>
<body>
<main>
<h1>Sync</h1>
<?php
if ($message !== '') {
    echo '<p id="message" role="status">', html($message), '</p>';
}
?>
<div id="warnings"><?= warnings() ?></div>
<?php
if (!$files) {
    echo no_file(), '</main></body></html>';
    exit;
}
?>
<form method="get">
  <label>File <select name="file"><?php foreach ($files as $one) echo '<option value="', html($one), '"', $one === $file ? ' selected' : '', '>', html(printable($one, 100)), '</option>' ?></select></label>
  <button>Open</button>
</form>
<?php
if (!$sync) {
    echo no_file(), '</main></body></html>';
    exit;
}
$lock = $stats === null ? null : whole_lock($stats);
$locked = $lock === null ? '' : '<p class="problem">The whole object is locked, by process ' . html(process($lock['pid'])) . ': its names can be read when that is over.</p>';
try {
    if ($trouble) {
        echo problem($trouble);
    } elseif ($is_value) {
        echo '<nav>', link_to([], 'All names'), '</nav>', $locked ?: value($name, $property, $about);
    } else {
        $prefix = $fields->prefix ?? '';
        $can_be_typed = preg_match('~^[^\p{Cc}]{0,1000}$~Du', $prefix) === 1;
        ?>
<figure>
  <figcaption><span>Changes a second</span><span id="rate">–</span></figcaption>
  <svg id="graph" viewBox="0 0 120 40" preserveAspectRatio="none" role="img" aria-label="Changes a second, of the last two minutes"><polyline points=""/></svg>
</figure>
<div id="live" data-commits="<?= $stats['commits'] ?>"><?= live($sync, $stats) ?></div>
<h2>Search</h2>
<form method="get" role="search">
  <input type="hidden" name="file" value="<?= html($file) ?>">
  <label>Names that begin with <input name="search" value="<?= html($can_be_typed ? $prefix : '') ?>"></label>
  <button>Search</button>
</form>
<?php
        if (!$can_be_typed) {
            echo '<p>Names that begin with <code><bdi>', html(printable($prefix, 1000)), '</bdi></code></p>';
        }
        echo $locked ?: names($sync, $prefix, $fields->after, $stats['keys']);
        echo '<div id="users">', users($stats), '</div>';
    }
} catch (Throwable $e) {
    echo problem($e), '<nav>', link_to([], 'All names'), '</nav>';
}
echo warnings();
?>
</main>
<?php if (!$is_value && !$trouble): ?>
<script nonce="<?= $nonce ?>">
'use strict';
// Each second what is known is renewed, as long as somebody looks. (The server has escaped the names in it.)
const rates = [];
const shown = {};
let last = { commits: Number(document.getElementById('live').dataset.commits), time: performance.now() };

function show(part, html) {
  if (shown[part] !== html) {
    document.getElementById(part).innerHTML = shown[part] = html;
  }
}

async function renew() {
  if (document.visibilityState === 'visible') {
    const address = new URL(location.href);
    address.search = new URLSearchParams({ live: 1, file: document.querySelector('[name=file]').value });
    try {
      const answer = await fetch(address);
      const { commits, live, users, warnings } = await answer.json();
      document.getElementById('warnings').insertAdjacentHTML('beforeend', warnings);
      show('live', live);
      show('users', users);
      const time = performance.now();
      // (A file that was made anew counts from its beginning.)
      rates.push(commits === null ? 0 : Math.max(0, commits - last.commits) / (time - last.time) * 1000);
      last = { commits: commits ?? last.commits, time };
      rates.splice(0, rates.length - 120);
      draw();
      if (answer.status === 404) {
        document.getElementById('rate').textContent = 'the file is gone';
      }
    } catch {
      document.getElementById('rate').textContent = 'the server does not answer';
    }
  }
  setTimeout(renew, 1000);
}

function draw() {
  const highest = Math.max(1, ...rates);
  const points = rates.map((rate, n) => `${121 - rates.length + n},${(39 - 37 * rate / highest).toFixed(1)}`);
  document.querySelector('#graph polyline').setAttribute('points', points.join(' '));
  document.getElementById('rate').textContent = `${Math.round(rates.at(-1)).toLocaleString('en')}, at most ${Math.round(highest).toLocaleString('en')}`;
}
setTimeout(renew, 1000);
</script>
<?php endif ?>
</body>
</html>
