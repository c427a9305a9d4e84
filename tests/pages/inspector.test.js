// examples/inspector.php in Chromium. What is stored is an enemy's: nothing of it may become a part of the page.
'use strict';

const { test, before, beforeEach, after } = require('node:test');
const assert = require('node:assert/strict');
const fs = require('node:fs');
const { url, close, withPage, assertAccessible, assertFits, php, phpBeside, ask, origins, hosts } = require('./browser');

const source = fs.readFileSync(`${process.env.SYNC_WORK}/examples/inspector.php`, 'utf8');

// A copy with other constants, as somebody would have it who has put it behind a login.
function copy(name, constants) {
  let text = source;
  for (const [constant, value] of Object.entries(constants)) {
    const changed = text.replace(new RegExp(`^const ${constant} = .*?;`, 'm'), () => `const ${constant} = ${value};`);
    assert.notEqual(changed, text);
    text = changed;
  }
  fs.writeFileSync(`${process.env.SYNC_WORK}/examples/${name}`, text);
  return `${url}/${name}`;
}

let open, changing, guarded;
before(() => {
  open = copy('inspector-open.php', { IS_BEHIND_A_LOGIN: 'true' });
  changing = copy('inspector-changing.php', { IS_BEHIND_A_LOGIN: 'true', CAN_CHANGE: 'true' });
  guarded = copy('inspector-guarded.php', { PASSWORD: `'${php('echo password_hash("open sesame", PASSWORD_BCRYPT, ["cost" => 4]);')}'` });
});
beforeEach(() => php('$sync->clear();'));
after(close);

const basic = (password) => ({ Authorization: `Basic ${Buffer.from(`x:${password}`).toString('base64')}` });
const names = (page) => page.locator('h2:text-is("Names") + .wide tbody tr');
const packed = (bytes) => `=${Buffer.from(bytes).toString('base64url')}`;

test('without a login it shows nothing, whatever name is sent', async () => {
  php('$sync->secret = "hidden";');
  for (const headers of [{}, basic('')]) {
    const answer = await fetch(`${url}/inspector.php`, { headers });
    const text = await answer.text();
    assert.equal(answer.status, 403);
    assert.match(text, /Set PASSWORD at the top/);
    assert.doesNotMatch(text, /secret|hidden|shared\.sync/);
  }
  for (const [headers, status] of [[{}, 401], [basic('open'), 401], [basic(''), 401], [basic('open sesame'), 200]]) {
    const answer = await fetch(guarded, { headers });
    assert.equal(answer.status, status);
    assert.equal((await answer.text()).includes('secret'), status === 200);
    assert.equal((await fetch(`${guarded}?live=1`, { headers })).status, status);
  }
});

test('names, types, sizes, expiry; a value on demand', () => withPage(async (page) => {
  php(`
    enum Suit { case Hearts; case Spades; }
    class Job { public $name = 'a'; protected $left = 1.5; private $suit = Suit::Spades; public $next = null; public function __wakeup() { throw new Exception; } }
    $job = new Job; $job->next = $job;
    $sync->put('expires', true, 1000);
    [$sync->number, $sync->list, $sync->suit, $sync->job, $sync->{''}, $sync->date] = [7, [1, 'two', ['k' => null]], Suit::Hearts, $job, 'empty', new DateTimeImmutable('2001-02-03', new DateTimeZone('UTC'))];
    $sync->list[] = INF; $sync->self = [1]; $array = [1]; $array['self'] = &$array; $sync->cycle = $array;`);
  await page.goto(open);
  const cells = await names(page).evaluateAll((rows) => rows.map((row) => [...row.cells].slice(0, 4).map((cell) => cell.textContent)));
  assert.deepEqual(cells.map(([name, type, count]) => [name, type, count]), [
    ['expires', 'bool', ''], ['number', 'int', ''], ['list', 'array', '4'], ['suit', 'Suit::Hearts', ''], ['job', 'Job', '4'],
    ['(empty)', 'string', ''], ['date', 'DateTimeImmutable', '3'], ['self', 'array', '1'], ['cycle', 'array', '2'],
  ]);
  assert.match(await names(page).first().locator('td').nth(4).textContent(), /^(1,000|999) s$/);
  const value = async (name) => {
    await page.goto(open);
    await page.getByRole('link', { name, exact: true }).click();
    return page.locator('pre').textContent();
  };
  assert.equal(await value('number'), '7');
  assert.equal(await value('list'), 'array (4)\n  0 => 1\n  1 => "two"\n  2 => array (1)\n    "k" => null\n  3 => INF');
  assert.equal(await value('suit'), 'Suit::Hearts');
  assert.match(await value('job'), /^Job\n {2}name: "a"\n {2}left \(protected\): 1.5\n {2}suit \(private in Job\): Suit::Spades\n {2}next: Job\n {4}name: "a"/);
  assert.equal(await value('(empty)'), '"empty"');
  assert.match(await value('date'), /^DateTimeImmutable\n {2}date: "2001-02-03/);
  assert.match(await value('cycle'), /^array \(2\)\n {2}0 => 1\n {2}"self" => array \(2\)/);
  await page.getByRole('link', { name: 'All names' }).click();
  await page.getByLabel('Names that begin with').fill('s');
  await page.keyboard.press('Enter');
  await page.locator('h2:text-is("Names")').waitFor();
  assert.deepEqual(await names(page).locator('td:first-child').allTextContents(), ['suit', 'self']);
}));

// Bytes, and what is to be seen of them.
const hostile = [
  ['<script>alert(1)</script>', '<script>alert(1)</script>'],
  ['"><img src=x onerror=alert(2)>', '"><img src=x onerror=alert(2)>'],
  ["' onmouseover='alert(3)", "' onmouseover='alert(3)"],
  ['javascript:alert(4)', 'javascript:alert(4)'],
  ['</pre></table></svg><iframe srcdoc="<script>alert(5)</script>">', '</pre></table></svg><iframe srcdoc="<script>alert(5)</script>">'],
  ['{{7*7}} ${7*7} <?php echo 1 ?> &lt;b&gt; &#x3c;', '{{7*7}} ${7*7} <?php echo 1 ?> &lt;b&gt; &#x3c;'],
  ['safe\u202egpj.exe\u202c \u2066x\u2069 \u200b\ufeff', 'safe\\u{202e}gpj.exe\\u{202c} \\u{2066}x\\u{2069} \\u{200b}\\u{feff}'],
  ['\u05e9\u05dc\u05d5\u05dd', '\u05e9\u05dc\u05d5\u05dd'],
  ['line\nfeed\ttab\0nul\x1b[31m\x7f \\u{41}', 'line\\nfeed\\ttab\\u{0}nul\\u{1b}[31m\\u{7f} \\\\u{41}'],
  [Buffer.from([0xff, 0xfe, 0x41, 0xc0, 0x80, 0xed, 0xa0, 0x80, 0xe4, 0xb8]), '\\xff\\xfeA\\xc0\\x80\\xed\\xa0\\x80\\xe4\\xb8'],
  ['a=b&c=d#e%00?f+g', 'a=b&c=d#e%00?f+g'],
  ['__proto__', '__proto__'],
  ['\u91cd\u5e86 \u{1f600}', '\u91cd\u5e86 \u{1f600}'],
];

test('what others have stored is only ever text', () => withPage(async (page) => {
  for (const [bytes] of hostile) {
    php(`$name = base64_decode($argv[1]);
      $value = [$name => $name, 'object' => unserialize('O:3:"Foo":1:{s:' . strlen($name) . ':"' . $name . '";i:1;}', ['allowed_classes' => false])];
      $sync->$name = $value;`, Buffer.from(bytes).toString('base64'));
  }
  await page.goto(open);
  assert.deepEqual(await names(page).locator('td:first-child').allTextContents(), hostile.map(([, shown]) => shown));
  for (const [bytes, shown] of hostile) {
    await page.goto(open);
    await names(page).getByRole('link', { name: shown, exact: true }).click();
    assert.equal(await page.locator('h2').textContent(), shown);
    assert.equal(await page.locator('pre').textContent(), `array (2)\n  "${shown}" => "${shown}"\n  "object" => Foo\n    ${shown}: 1`);
    assert.equal(await page.locator('pre *, img, iframe, [onmouseover]').count(), 0);
    // Also as a text that was searched for.
    if (typeof bytes === 'string' && !bytes.includes('\0')) {
      await page.goto(`${open}?search=${encodeURIComponent(bytes)}`);
      assert.equal(await page.locator('script').count(), 1);
      if (!/[\n]/.test(bytes)) {
        assert.equal(await page.getByLabel('Names that begin with').inputValue(), bytes);
      }
      assert.deepEqual(await names(page).locator('td:first-child').allTextContents(), [shown]);
    }
  }
}));

// Requests that no link or form of the page makes: [address or body, status, and a part of the answer].
const strange = [
  ['name[]=a', 400, "The field 'name' of this address is not a text."],
  ['file[]=x&name[]=y', 400, "The field 'file' of this address is not a text."],
  ['search[a][b]=c', 400, "The field 'search' of this address is not a text."],
  ['live[]=1', 400, "The field 'live'"],
  ['after[]=1', 400, "The field 'after'"],
  ['prefix[]=1', 400, "The field 'prefix'"],
  ['do[]=remove', 400, "The field 'do'"],
  ['token[]=1', 400, "The field 'token'"],
  ['name=a', 400, "The field 'name' of this address is not a name as this page writes it."],
  ['name==!!!', 400, "The field 'name'"],
  ['name=%00', 400, "The field 'name'"],
  ['after=x', 400, "The field 'after'"],
  ['prefix=%FF', 400, "The field 'prefix'"],
  ['do=fly', 400, 'there is no such button'],
  ['do=remove', 400, 'Nothing was changed'],
  ['do=clear', 400, 'Nothing was changed'],
  ['do=remove&name==YQ', 403, 'Nothing was changed: CAN_CHANGE is false.'],
  ['file=/etc/passwd', 404, 'That file is not there (any more), or not one of those that are shown.'],
  ['file=%00', 404, 'That file is not there (any more)'],
  ['name==', 404, 'There is no such name'],
  ['name=%3DAHg', 404, 'No name of a property in PHP begins with a NUL byte'],
  [`name=${packed('\0\0')}`, 404, 'No name of a property in PHP begins with a NUL byte'],
  [`name=${packed('x\0')}`, 404, 'There is no such name'],
  [`name=${packed('<b>gone</b>')}`, 404, 'There is no such name'],
  [`name=${packed([0xff, 0xfe])}`, 404, '\\xff\\xfe'],
  [`name=${packed('n'.repeat(3000))}`, 404, '(3,000 bytes)'],
  [`after=${packed('gone')}`, 200, 'are all gone: this is the first page again'],
  [`after=${packed('\0')}`, 200, 'are all gone: this is the first page again'],
  [`after=${packed('gone')},${packed('gone too')}.9-0`, 200, 'are all gone: this is the first page again'],
  ['after==YQ,x', 400, "The field 'after'"],
  [`name=${packed('a')}.100-00000000000000000000000000000000`, 404, 'There is no such name'],
  [`name=${packed('a')}.`, 404, 'There is no such name'],
  [`prefix=${packed('p'.repeat(1001))}`, 400, 'Names are searched for by 1,000 bytes at most here'],
  [`search=${'p'.repeat(1001)}`, 400, 'Names are searched for by 1,000 bytes at most here'],
  [`prefix=${packed('\0x')}`, 200, '<bdi>\\u{0}x</bdi>'],
  ['search=%00x', 200, '<bdi>\\u{0}x</bdi>'],
  ['search=a%1b%5b31m', 200, '<bdi>a\\u{1b}[31m</bdi>'],
  ['search=%ff%fe', 200, '<bdi>\\xff\\xfe</bdi>'],
  ['search=%ef%bf%bf', 200, 'There is none any more.'],
  ['sort=1&limit=-1&page[]=2&_=%ff', 200, '<td><a href="?name=%3DYQ'],
];

test('fields that are no fields, and names that are not there or cannot be: a whole page that says so', async () => {
  php('$sync->a = 1;');
  for (const address of [open, changing]) {
    for (const [fields, status, part] of strange) {
      for (const options of [{}, { method: 'POST', body: fields }]) {
        const expected = address === changing && status === 403 ? 'Nothing was changed: the form was too old, or of another site.' : part;
        const { status: answered, text } = await ask(options.body ? address : `${address}?${fields}`, options);
        assert.equal(answered, status, fields);
        assert.ok(text.replaceAll('&apos;', "'").includes(expected), `${fields}: ${text.slice(text.indexOf('<main>'))}`);
        assert.match(text, /<\/main>[^]*<\/html>\s*$/, fields);
        assert.doesNotMatch(text, /root:|Warning|Notice|Deprecated|Fatal|Stack trace|<b>gone|[\0-\x08\x0b-\x1f\x7f\ufffe\uffff]/, fields);
      }
    }
  }
  const long = await ask(open, { method: 'POST', body: `name=${packed('n'.repeat(700_000))}` });
  assert.equal(long.status, 404);
  assert.match(long.text, /\(700,000 bytes\)/);
  const odd = await ask(open, { headers: { Cookie: 'sync_inspector[]=1; sync_inspector=%00', Authorization: 'Basic AAAA' } });
  assert.equal(odd.status, 200);
  assert.equal(php('echo $sync->a;'), '1');
});

test('it answers to names that are its own, and to no other that leads to this server', async () => {
  php('$sync->secret = 1;');
  for (const [Host, isOwn] of hosts) {
    for (const query of ['', '?live=1', `?name=${packed('secret')}`]) {
      const { status, text } = await ask(`${open}${query}`, { headers: { Host } });
      assert.equal(status, isOwn ? 200 : 403, Host);
      assert.equal(/secret|commits/.test(text), isOwn, Host);
      assert.equal(text.includes('add it to HOSTS'), !isOwn, Host);
    }
  }
  const named = copy('inspector-named.php', { IS_BEHIND_A_LOGIN: 'true', HOSTS: "['Tools.example']" });
  assert.equal((await ask(named, { headers: { Host: 'tools.example' } })).status, 200);
  assert.equal((await ask(named, { headers: { Host: 'own.example' } })).status, 403, 'HOSTS comes before the environment');
});

test('huge names and values; a value that is a bomb', () => withPage(async (page) => {
  php(`$sync->{str_repeat('n', 100_000)} = 1;
    $sync->long = str_repeat('x', 3 << 20); $sync->longer = str_repeat('y', 5 << 20); $sync->list = range(1, 100_000);
    $deep = []; for ($i = 0; $i < 3000; $i++) $deep = [$deep]; $sync->deep = $deep;
    $sync->bomb = array_fill(0, 1_500_000, [0]); $sync->after = 1;`);
  await page.goto(open);
  await page.getByRole('link', { name: /^nnnn.*100,000 bytes/ }).click();
  assert.match(await page.locator('h2').textContent(), /^n{1000} … \(100,000 bytes\)$/);
  assert.equal(await page.locator('pre').textContent(), '1');
  const value = async (name) => {
    await page.goto(`${open}?name=${packed(name)}`);
    return page.locator('main').textContent();
  };
  assert.match(await value('long'), /"x{2000} … \(3,145,728 bytes\)"/);
  assert.match(await value('longer'), /It is longer than 4\.0 MiB, and not read here/);
  const list = await value('list');
  assert.match(list, /array \(100000\)\s+0 => 1\s+1 => 2/);
  assert.match(list, /…/);
  assert.ok(list.length < 130_000);
  assert.match(await value('deep'), /array \(1\) …/);
  assert.match(await value('bomb'), /memory/);
  assert.doesNotMatch(await value('bomb'), /Fatal|inspector-open/);
}));

test('names of megabytes are shown, paged past, opened and removed, and no page is long for them', () => withPage(async (page) => {
  php(`ini_set('memory_limit', -1);
    for ($i = 0; $i < 60; $i++) $sync->{"\\n" . str_repeat(chr(97 + $i % 26), 900_000 + $i)} = $i;
    for ($i = 0; $i < 8; $i++) $sync->{str_repeat('z', 15_000_000 + $i)} = $i;
    $sync->last = 1;`);
  await page.goto(changing);
  const shown = [];
  for (;;) {
    shown.push(...await names(page).locator('td:first-child').allTextContents());
    assert.ok((await page.content()).length < 150_000);
    const next = page.getByRole('link', { name: 'Next page' });
    if (await next.count() === 0) {
      break;
    }
    await next.click();
  }
  assert.equal(shown.length, 69);
  assert.match(shown[59], /^\\nh{119} … \(900,060 bytes\)$/);
  assert.match(shown[67], /^z{120} … \(15,000,007 bytes\)$/);
  // Two of one length and beginning are two.
  php(`$sync->{str_repeat('z', 15_000_006) . 'y'} = 'the other';`);
  for (const [name, value] of [['last', '1'], [/15,000,005 bytes/, '5'], [/15,000,007 bytes.*/, '7'], [/900,060 bytes/, '59']]) {
    await page.getByRole('link', { name }).first().click();
    assert.equal(await page.locator('pre').textContent(), value);
    await page.goBack();
  }
  await page.getByRole('link', { name: /15,000,007 bytes/ }).last().click();
  assert.equal(await page.locator('pre').textContent(), '"the other"');
  await page.getByRole('button', { name: /^Remove/ }).click();
  await page.getByRole('status').getByText(/^Removed z{100} … \(15,000,007 bytes\)\.$/).waitFor();
  assert.equal(php(`ini_set('memory_limit', -1); echo count($sync->keys()), ' ', $sync->get(str_repeat('z', 15_000_007)), ' ', json_encode($sync->has(str_repeat('z', 15_000_006) . 'y'));`), '69 7 false');
}));

test('a page goes on where names that were on it are gone, and says so where it cannot', () => withPage(async (page) => {
  php('for ($i = 100; $i < 300; $i++) $sync->{"n$i"} = 1;');
  const next = async (gone) => {
    await page.goto(open);
    php('$sync->removeMultiple(explode(",", $argv[1]));', gone.join());
    await page.getByRole('link', { name: 'Next page' }).click();
    return names(page).locator('td:first-child').first().textContent();
  };
  assert.equal(await next(['n149']), 'n150');
  assert.equal(await next(['n150', 'n148', 'n147']), 'n151');
  assert.equal(await page.getByRole('note').count(), 0);
  const all = Array.from({ length: 60 }, (_, n) => `n${n + 100}`);
  assert.equal(await next(all), 'n160');
  assert.equal(await page.getByRole('note').textContent(), 'The names behind which this page began are all gone: this is the first page again.');
  assert.doesNotMatch(await page.content(), /\$after|Begin again/);
}));

test('a file that is put right when it is looked at: the page says what is lost', () => withPage(async (page) => {
  const damaged = `${process.env.SYNC_WORK}/damaged<b>.sync`;
  const damage = (name) => php(`$file = $argv[1]; @unlink($file); $s = new Sync("$file.whole"); for ($i = 0; $i < 50; $i++) $s->{"n$i"} = str_repeat("v$i", 2000);
    file_put_contents($file, substr(file_get_contents("$file.whole"), 0, 160_000)); unlink("$file.whole");`, name);
  const page_ = copy('inspector-damaged.php', { IS_BEHIND_A_LOGIN: 'true', FILES: `['${damaged}']` });
  const lost = /^Sync file '.*damaged<b>\.sync': .* It is damaged \(power loss, or a bad copy\?\): \d+ of the 50 names that it tells of are not there\./;
  damage(damaged);
  await page.goto(page_);
  assert.match(await page.locator('#warnings .problem').textContent(), lost);
  await page.reload();
  assert.equal(await page.locator('#warnings .problem').count(), 0, 'it has been put right, and is as any other');
  // As well where it is seen first by the renewal; and it stays.
  damage(damaged);
  await page.locator('#warnings .problem').waitFor();
  assert.match(await page.locator('#warnings .problem').textContent(), lost);
  damage(damaged);
  const { status, text } = await ask(`${page_}?live=1`);
  assert.equal(status, 200);
  assert.match(JSON.parse(text).warnings, /^<p class="problem">Sync file &apos;.*damaged&lt;b&gt;\.sync/);
}));

test('a file that is gone is a 404, for the script too, which says so', () => withPage(async (page, _, complaints) => {
  const file = `${process.env.SYNC_WORK}/goes.sync`;
  const going = copy('inspector-going.php', { IS_BEHIND_A_LOGIN: 'true', FILES: `['${file}', '${process.env.SYNC_WORK}/shared.sync']` });
  php('$other = new Sync($argv[1]); $other->a = 1;', file);
  await page.goto(going);
  fs.unlinkSync(file);
  await page.getByText('the file is gone').waitFor();
  await page.getByText('That file is not there (any more)').waitFor();
  for (const query of ['', `?file=${encodeURIComponent(file)}`, '?live=1', '?file=/etc/passwd&live=1']) {
    const { status, headers, text } = await ask(`${going}${query}`);
    assert.equal(status, 404, query);
    assert.match(text, /not there \(any more\)/, query);
    assert.match(headers['content-type'], query.includes('live') ? /json/ : /html/);
  }
  await page.reload();
  await page.getByLabel('File').selectOption(`${process.env.SYNC_WORK}/shared.sync`);
  await page.getByRole('button', { name: 'Open' }).click();
  await page.getByText('There is none.').waitFor();
  assert.ok(complaints.splice(0).every((complaint) => complaint.includes('404')));
}));

test('who holds which lock, what is in consumption, how many changes a second', () => withPage(async (page) => {
  php('$sync->jobs = [1, 2, 3];');
  await page.goto(open);
  const beside = await phpBeside(`$sync->tryLock("<b>report</b>"); $sync->consume('jobs', function () use ($sync) { echo "ready\\n"; while (!feof(STDIN)) { $sync->n++; usleep(2000); stream_set_blocking(STDIN, false); fgets(STDIN); } });`);
  // It comes by itself.
  const lock = page.locator('h2:text-is("Locks") + .wide tbody tr');
  await lock.waitFor();
  const [name, by, since, token] = await lock.locator('td').allTextContents();
  assert.equal(name, '<b>report</b>');
  assert.equal(by, `${beside.pid} php`);
  assert.match(since, /^\d\d:\d\d:\d\d$/);
  assert.match(token, /^\d+$/);
  assert.deepEqual(await page.locator('h2:text-is("Queues") + .wide tbody td').allTextContents(), ['jobs', '2', '1', `${beside.pid} php`]);
  await page.getByText(`${beside.pid} php`).nth(2).waitFor();
  await page.waitForFunction(() => /^[1-9]/.test(document.getElementById('rate').textContent));
  assert.match(await page.locator('#graph polyline').getAttribute('points'), /^\d+,/);
  beside.stdin.end();
  await page.getByText('Nobody holds a lock.').waitFor();
}));

test('an object that is locked: the page comes at once, and says so', () => withPage(async (page) => {
  php('$sync->a = 1;');
  const beside = await phpBeside('$sync->lock(); echo "ready\\n"; fgets(STDIN);');
  for (const query of ['', `?name=${packed('a')}`, `?search=a`]) {
    await page.goto(`${open}${query}`);
    await page.getByText(`The whole object is locked, by process ${beside.pid} php`).waitFor();
  }
  await page.getByText('the whole object', { exact: true }).waitFor();
  beside.stdin.end();
}));

test('it reads only, unless it is switched on; other sites cannot press its buttons', () => withPage(async (page, context) => {
  php('$sync->setMultiple(["keep" => 1, "<i>go</i>" => 2, "tmp.1" => 3, "tmp.2" => 4]);');
  await page.goto(open);
  assert.equal(await page.getByRole('button', { name: /Remove/ }).count(), 0);
  const post = (address, body, headers = {}) => fetch(address, {
    method: 'POST', body: new URLSearchParams(body), headers: { 'Content-Type': 'application/x-www-form-urlencoded', ...headers },
  });
  assert.equal((await post(open, { do: 'remove', name: packed('keep') })).status, 403);

  await page.goto(changing);
  const token = await page.locator('input[name=token]').first().inputValue();
  const [cookie] = await context.cookies();
  assert.deepEqual([cookie.httpOnly, cookie.sameSite], [true, 'Strict']);
  const Cookie = `${cookie.name}=${cookie.value}`;
  const remove = { do: 'remove', name: packed('keep') };
  for (const [body, headers] of [
    [remove, {}], [{ ...remove, token }, {}], [{ ...remove, token }, { Cookie }], [remove, { Cookie }], [{ ...remove, token: `${token}0` }, { Cookie }], [{ ...remove, token: '' }, { Cookie }],
    [{ ...remove, token }, { Cookie, 'Sec-Fetch-Site': 'cross-site' }],
  ]) {
    assert.equal((await post(changing, body, headers)).status, 403);
  }
  for (const [headers, isFromHere] of origins) {
    php('$sync->touchy = 1;');
    const answer = await ask(changing, { method: 'POST', body: `${new URLSearchParams({ do: 'remove', name: packed('touchy'), token })}`, headers: { Cookie, ...headers } });
    assert.equal(answer.status, isFromHere ? 200 : 403, JSON.stringify(headers));
    assert.equal(php('echo json_encode(isset($sync->touchy));'), String(!isFromHere), JSON.stringify(headers));
  }
  php('unset($sync->touchy);');
  assert.equal((await fetch(`${changing}?${new URLSearchParams({ ...remove, token })}`, { headers: { Cookie } })).status, 403);
  assert.equal(php('echo $sync->keep;'), '1');

  await page.getByRole('button', { name: 'Remove <i>go</i>' }).click();
  await page.getByRole('status').getByText('Removed <i>go</i>.').waitFor();
  assert.equal(php('echo json_encode($sync->keys());'), '["keep","tmp.1","tmp.2"]');
  // Messages are escaped once; and nothing was removed where nothing is.
  php(`$sync->{'C:\\\\x'} = 1;`);
  await page.goto(changing);
  await page.getByRole('button', { name: 'Remove C:' }).click();
  assert.equal(await page.getByRole('status').textContent(), 'Removed C:\\\\x.');
  for (const [fields, answer] of [[{ do: 'remove', name: packed('C:\\x') }, 'There is no C:\\\\x (any more): nothing was removed.'], [{ do: 'clear', prefix: packed('none') }, 'No name begins with "none" (any more)']]) {
    const { text } = await ask(changing, { method: 'POST', body: `${new URLSearchParams({ ...fields, token })}`, headers: { Cookie, Origin: `http://${new URL(url).host}` } });
    assert.ok(text.replaceAll('&quot;', '"').includes(answer), text.slice(text.indexOf('<main>'), text.indexOf('<main>') + 300));
  }
  await page.getByLabel('Names that begin with').fill('tmp.');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Remove all names that begin with tmp.' }).click();
  await page.getByRole('status').getByText('Removed the names that begin with "tmp.".').waitFor();
  assert.equal(php('echo json_encode($sync->keys());'), '["keep"]');
}));

test('a million names, page by page: each takes the memory that one of a hundred names takes', () => withPage(async (page) => {
  // The memory that PHP takes for a page; the same number of rows in each.
  const measuring = copy('inspector-measuring.php', { IS_BEHIND_A_LOGIN: "true;\nregister_shutdown_function(fn () => header('X-Measured: ' . memory_get_peak_usage()))" });
  const memory = async (query) => {
    const answer = await fetch(`${measuring}?${query}`);
    assert.equal((await answer.text()).match(/<td><a href/g)?.length, 50);
    return Number(answer.headers.get('x-measured'));
  };
  php('for ($i = 0; $i < 100; $i++) $all[sprintf("name %07d", $i)] = $i; $sync->setMultiple($all);');
  await memory('');
  const few = await memory('');
  php('for ($to = 0; $to < 1_000_000;) { $all = []; for ($from = $to, $to += 100_000; $from < $to; $from++) $all[sprintf("name %07d", $from)] = $from; $sync->setMultiple($all); }');
  for (const query of ['', `after=${packed('name 0500000')}`, `after=${packed('name 0999900')}`, `search=${encodeURIComponent('name 09999')}`]) {
    const many = await memory(query);
    assert.ok(many < few + 200_000, `${many} bytes for ${query}, ${few} where there are a hundred names`);
  }
  const slow = copy('inspector-slow.php', { IS_BEHIND_A_LOGIN: 'true', SLOW: '0.001' });
  await page.goto(`${slow}?after=${packed('name 0499999')}`);
  await page.getByText(/^It took \d\.\d s to find them: each page is one walk over all 1,000,000 names/).waitFor();
  assert.equal(await names(page).first().locator('td').first().textContent(), 'name 0500000');
  await page.getByRole('link', { name: 'Next page' }).click();
  await page.getByText('name 0500050').waitFor();
  assert.equal(await names(page).count(), 50);
  await page.getByRole('link', { name: 'First page' }).click();
  await page.getByText('name 0000000').waitFor();
}));

test('it allows no script but its own', async () => {
  const policies = new Set();
  for (const address of [open, open]) {
    const answer = await fetch(address);
    const policy = answer.headers.get('content-security-policy');
    const [, nonce] = /script-src 'nonce-([^']+)'/.exec(policy);
    const text = await answer.text();
    assert.deepEqual([...text.matchAll(/<(script|style)\b[^>]*>/g)].map(([tag]) => tag), [`<style nonce="${nonce}">`, `<script nonce="${nonce}">`]);
    assert.match(policy, /^default-src 'none';.*base-uri 'none'; frame-ancestors 'none'$/);
    assert.doesNotMatch(policy, /unsafe|\*|https?:/);
    policies.add(policy);
  }
  assert.equal(policies.size, 2, 'each answer has a nonce of its own');
});

for (const scheme of ['light', 'dark']) {
  for (const width of [320, 1280]) {
    test(`${width} pixels wide, ${scheme}: it fits, and is for everybody`, () => withPage(async (page) => {
      php('$sync->{str_repeat("a_long_name", 20)} = ["a" => str_repeat("x", 500)]; $sync->tryLock("x");');
      await page.goto(changing);
      await assertFits(page);
      await assertAccessible(page);
      await page.getByRole('link', { name: /^a_long_name/ }).click();
      await page.locator('pre').waitFor();
      await assertFits(page);
      await assertAccessible(page);
    }, { viewport: { width, height: 800 }, colorScheme: scheme }));
  }
}
