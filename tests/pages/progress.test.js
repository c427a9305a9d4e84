// examples/progress in Chromium: every test starts from an empty list, and waits for what it expects.
'use strict';

const { test, beforeEach, after } = require('node:test');
const assert = require('node:assert/strict');
const { url, close, withPage, assertAccessible, assertFits, php, phpBeside, ask, origins, hosts } = require('./browser');

const page_ = `${url}/progress/`;

// The server notices within a second that a browser has gone; then the places for streams are free again.
const untilNobodyLooks = 'do { usleep(5000); } while (array_filter($sync->stats()["locks"], fn ($lock) => str_starts_with($lock["name"], "stream ")));';

beforeEach(() => {
  // Ends what an earlier test has left at work.
  php(`if (is_array($sync->jobs)) { foreach ($sync->jobs as $job) { if (($job["state"] ?? "") === "running") posix_kill($job["pid"], SIGKILL); } } $sync->clear(); ${untilNobodyLooks}`);
});
after(close);

async function start(page, name, length = 'short') {
  await page.getByLabel('Name').fill(name);
  await page.getByLabel('Length').selectOption(length);
  await page.getByRole('button', { name: 'Start' }).click();
  return page.locator('.job', { hasText: name });
}

const value = (job) => job.getByRole('progressbar').evaluate((bar) => bar.value);

// Until the bar stands at `least`, as the page shows it.
async function until(job, least) {
  const bar = await job.getByRole('progressbar').elementHandle();
  await job.page().waitForFunction(([bar, least]) => bar.value >= least, [bar, least]);
}

const says = (job, text) => job.locator('.status', { hasText: text }).waitFor();
const live = (page) => page.locator('#connection[data-state=on]').waitFor();
const pid = (name) => Number(php('foreach ($sync->jobs as $job) { if ($job["name"] === $argv[1]) echo $job["pid"]; }', name));

test('a click, the bar moves, done; nothing is asked again and again', () => withPage(async (page) => {
  const requests = [];
  page.on('request', (request) => requests.push(`${request.method()} ${new URL(request.url()).pathname}${new URL(request.url()).search}`));
  await page.goto(page_);
  await live(page);
  // All steps that the bar shows from its beginning on.
  await page.evaluate(() => {
    window.shown = [];
    new MutationObserver(() => {
      const bar = document.querySelector('#jobs progress');
      if (bar) window.shown.push(bar.value);
    }).observe(document.getElementById('jobs'), { subtree: true, childList: true, attributes: true });
  });
  const job = await start(page, 'Report');
  await says(job, 'of 60 steps, process');
  await says(job, 'done, 60 steps');
  const shown = [...new Set(await page.evaluate(() => window.shown))];
  assert.deepEqual(shown, [...shown].sort((a, b) => a - b), 'it never goes back');
  assert.equal(shown.at(-1), 60);
  assert.ok(shown.length > 10, `it moved in ${shown.length} steps`);
  assert.equal(await job.getByRole('button').count(), 0, 'there is nothing to cancel');
  assert.match(await page.getByRole('status').textContent(), /^Report: done/);
  const asked = requests.filter((request) => !/\.(css|js)$/.test(request));
  assert.deepEqual(asked, ['GET /progress/', 'GET /progress/?events', 'POST /progress/', 'GET /progress/'].slice(0, asked.length));
  assert.ok(asked.length <= 4);
  await page.getByRole('button', { name: 'Forget' }).click();
  await page.getByText('No job yet').waitFor();
}));

test('several jobs and several viewers: all see all of them', () => withPage(async (page, context) => {
  const other = await context.newPage();
  await Promise.all([page.goto(page_), other.goto(page_)]);
  await Promise.all([live(page), live(other)]);
  const [first, second] = [await start(page, 'First', 'long'), await start(other, 'Second', 'long')];
  for (const viewer of [page, other]) {
    for (const name of ['First', 'Second']) {
      await until(viewer.locator('.job', { hasText: name }), 5);
    }
  }
  assert.deepEqual(await page.locator('.job h3').allTextContents(), ['Second', 'First']);
  assert.ok(await value(first) < 1200 && await value(second) < 1200);
}));

test('cancel stops the process', () => withPage(async (page) => {
  await page.goto(page_);
  const job = await start(page, 'Too long', 'long');
  await until(job, 3);
  const process_ = pid('Too long');
  await page.getByRole('button', { name: 'Cancel Too long' }).click();
  await says(job, /^canceled after \d+ of 1200 steps$/);
  php('while (posix_kill((int) $argv[1], 0)) usleep(1000);', String(process_));
}));

test('a worker that is killed: the page says so', () => withPage(async (page) => {
  await page.goto(page_);
  const job = await start(page, 'Unlucky', 'long');
  await until(job, 3);
  const process_ = pid('Unlucky');
  php('posix_kill((int) $argv[1], SIGKILL);', String(process_));
  await says(job, new RegExp(`^process ${process_} died after \\d+ of 1200 steps$`));
  assert.equal(await job.getByRole('button').count(), 0);
}));

test('a worker that was killed while nobody looked: the page says so when it is opened', () => withPage(async (page) => {
  await page.goto(page_);
  await until(await start(page, 'Unseen', 'long'), 1);
  await page.goto('about:blank');
  php('posix_kill((int) $argv[1], SIGKILL);', String(pid('Unseen')));
  await page.goto(page_);
  assert.match(await page.locator('.job .status').textContent(), /^process \d+ died after/);
}));

test('a reload in the middle shows where it is, and goes on', () => withPage(async (page) => {
  await page.goto(page_);
  await until(await start(page, 'Patient', 'long'), 10);
  await page.reload();
  const job = page.locator('.job', { hasText: 'Patient' });
  const there = await value(job);
  assert.ok(there >= 10, `${there} steps`);
  await until(job, there + 10);
}));

test('a stream that has ended goes on by itself, from where it was', () => withPage(async (page, _, complaints) => {
  await page.goto(page_);
  const job = await start(page, 'Long', 'long');
  await until(job, 3);
  // As a restart of the server does: the workers that hold the streams are gone.
  const [stream] = await Promise.all([
    page.waitForRequest((request) => request.url().endsWith('?events')),
    php('foreach ($sync->stats()["locks"] as $lock) { if (str_starts_with($lock["name"], "stream ")) posix_kill($lock["pid"], SIGTERM); }'),
  ]);
  assert.match((await stream.allHeaders())['last-event-id'], /^\d+$/);
  await until(job, await value(job) + 5);
  // (A server that is killed does not end its answer.)
  assert.deepEqual(complaints.splice(0), ['console: Failed to load resource: net::ERR_INCOMPLETE_CHUNKED_ENCODING']);
}));

test('a job from the terminal is on the page, too', () => withPage(async (page) => {
  await page.goto(page_);
  await live(page);
  const { execFile } = require('node:child_process');
  execFile(process.env.SYNC_PHP, [`${process.env.SYNC_WORK}/examples/progress/task.php`, '5', 'By cron']);
  await says(page.locator('.job', { hasText: 'By cron' }), 'done, 5 steps');
}));

test('a name is only ever text', () => withPage(async (page) => {
  await page.goto(page_);
  await live(page);
  const name = '<img src=x onerror=alert(1)></script>"\'&amp; \u202eabc';
  await start(page, name);
  await page.locator('.job bdi').waitFor();
  assert.equal(await page.locator('.job bdi').textContent(), name.slice(0, 60));
  await page.reload();
  assert.equal(await page.locator('.job bdi').textContent(), name.slice(0, 60));
  assert.equal(await page.locator('#jobs img').count(), 0);
}));

test('by keyboard alone; the focus can be seen, and is not lost', () => withPage(async (page) => {
  await page.goto(page_);
  await page.keyboard.press('Tab');
  await page.keyboard.type('By hand');
  await page.keyboard.press('Tab');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle), 'solid');
  await page.keyboard.press('Enter');
  const job = page.locator('.job', { hasText: 'By hand' });
  await until(job, 1);
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute('aria-label')), 'Cancel By hand');
  await page.keyboard.press('Space');
  await says(job, 'canceled after');
  assert.ok(await job.evaluate((item) => item === document.activeElement));
}));

for (const scheme of ['light', 'dark']) {
  for (const width of [320, 1280]) {
    test(`${width} pixels wide, ${scheme}: it fits, and is for everybody`, () => withPage(async (page) => {
      await page.goto(page_);
      await until(await start(page, 'A job with a longname'.repeat(2), 'long'), 2);
      php('$sync->jobs["j1"] = ["name" => "Dead", "done" => 3, "state" => "died", "pid" => 1] + current($sync->jobs);');
      await page.locator('.job .status', { hasText: 'process 1 died after' }).waitFor();
      await assertFits(page);
      const widths = await page.getByRole('progressbar').evaluateAll((bars) => bars.map((bar) => bar.clientWidth));
      assert.ok(widths.length === 2 && Math.min(...widths) > 120, `bars of ${widths} pixels`);
      await assertAccessible(page);
      const tree = await page.locator('#jobs').ariaSnapshot();
      assert.match(tree, /progressbar "A job with a longname/);
    }, { viewport: { width, height: 800 }, colorScheme: scheme }));
  }
}

test('without a script it works as well', () => withPage(async (page) => {
  await page.goto(page_);
  const job = await start(page, 'Plain');
  assert.match(await job.locator('.status').textContent(), /starting|of 60 steps/);
  await page.getByRole('button', { name: 'Cancel Plain' }).click();
  while (!(await job.locator('.status').textContent()).startsWith('canceled')) {
    await page.reload();
  }
}, { javaScriptEnabled: false }));

test('under php -S with workers it is the same', () => withPage(async (page) => {
  const { spawn, execFileSync } = require('node:child_process');
  const port = execFileSync(process.env.SYNC_PHP, ['-r', '$s = stream_socket_server("tcp://127.0.0.1:0"); echo explode(":", stream_socket_get_name($s, false))[1];'], { encoding: 'utf8' });
  const server = spawn(process.env.SYNC_PHP, ['-S', `127.0.0.1:${port}`, '-t', `${process.env.SYNC_WORK}/examples/progress`], {
    env: { ...process.env, PHP_CLI_SERVER_WORKERS: '8' }, stdio: 'ignore', detached: true,
  });
  try {
    while (!(await fetch(`http://127.0.0.1:${port}/progress.css`).catch(() => ({}))).ok);
    await page.goto(`http://127.0.0.1:${port}/`);
    await live(page);
    const job = await start(page, 'Built in');
    await says(job, 'of 60 steps, process');
    await says(job, 'done, 60 steps');
  } finally {
    process.kill(-server.pid); // with its workers
  }
}));

test('what goes wrong is said', () => withPage(async (page, _, complaints) => {
  await page.goto(page_);
  await live(page);
  // As where a task of another user has made the file.
  php('chmod(getenv("SYNC_FILE"), 0444);');
  try {
    await page.getByRole('button', { name: 'Start' }).click();
    await page.getByRole('status').getByText('is not writable').waitFor();
  } finally {
    php('chmod(getenv("SYNC_FILE"), 0666);');
  }
  assert.match(complaints.splice(0).join(), /^console: Failed to load resource: the server responded with a status of 500/);
}));

test('other sites cannot press the buttons', async () => {
  const post = (headers, body = 'do=fly') => ask(page_, { method: 'POST', body, headers });
  for (const [headers, isFromHere] of origins) {
    // (The button of nobody: it is refused later than another site.)
    assert.equal((await post(headers)).status, isFromHere ? 400 : 403, JSON.stringify(headers));
  }
  assert.equal(php('echo count($sync);'), '0');
  const here = { Origin: new URL(url).origin };
  assert.equal((await post(here, 'do[]=start&name[]=a')).status, 400);
  const started = await post(here, 'do=start&name=mine&length=short');
  assert.deepEqual([started.status, started.headers.location], [303, '?']);
  const { headers } = await ask(page_);
  assert.match(headers['content-security-policy'], /default-src 'none'; script-src 'self'; style-src 'self'/);
  assert.doesNotMatch(headers['content-security-policy'], /unsafe/);
});

test('it answers to names that are its own, and to no other that leads to this server', async () => {
  php('$sync->jobs = ["j1" => ["name" => "secret", "steps" => 1, "done" => 1, "state" => "done", "cancel" => false, "pid" => 1, "since" => 0]];');
  for (const [Host, isOwn] of hosts) {
    for (const query of ['', '?json']) {
      const { status, text } = await ask(`${page_}${query}`, { headers: { Host } });
      assert.equal(status, isOwn ? 200 : 403, Host);
      assert.equal(text.includes('secret'), isOwn, Host);
      assert.equal(text.includes('add it to HOSTS'), !isOwn, Host);
    }
    if (!isOwn) {
      assert.equal((await ask(`${page_}?events`, { headers: { Host } })).status, 403, Host);
    }
  }
});

test('this page and the inspector ask in the same words where a request comes from', () => {
  const [page, inspector] = ['progress/index.php', 'inspector.php'].map((file) => {
    const text = require('node:fs').readFileSync(`${process.env.SYNC_WORK}/examples/${file}`, 'utf8');
    return ['is_own_host', 'is_from_here'].map((name) => text.match(new RegExp(`^function ${name}\\([^]*?^}`, 'm'))[0]);
  });
  assert.deepEqual(page, inspector);
});

test('so many jobs at once, and no more', async () => {
  const post = () => fetch(page_, {
    method: 'POST', redirect: 'manual', body: new URLSearchParams({ do: 'start', length: 'long' }), headers: { 'Sec-Fetch-Site': 'same-origin' },
  });
  const answers = [];
  for (let n = 0; n < 9; n++) {
    answers.push((await post()).status);
  }
  assert.deepEqual(answers, [...Array(8).fill(303), 429]);
});

test('more streams than places: 503, and when to come again', async () => {
  const streams = await Promise.all(Array.from({ length: 6 }, async () => {
    const abort = new AbortController();
    const answer = await fetch(`${page_}?events`, { signal: abort.signal });
    return { abort, answer, status: answer.status };
  }));
  assert.deepEqual(streams.map(({ status }) => status).sort(), [200, 200, 200, 200, 503, 503]);
  for (const { answer } of streams.filter(({ status }) => status === 503)) {
    assert.equal(answer.headers.get('retry-after'), '5');
    assert.match(await answer.text(), /As many are looking/);
  }
  assert.equal((await fetch(page_)).status, 200);
  assert.equal((await ask(`${page_}?events`, { headers: { 'Sec-Fetch-Site': 'cross-site' } })).status, 403);
  streams.forEach(({ abort }) => abort.abort());
  php(untilNobodyLooks);
});

test('a page for which there is no place looks in from time to time, and gets a place when there is one', () => withPage(async (page, _, complaints) => {
  const beside = await phpBeside('for ($n = 1; $n <= 4; $n++) $sync->tryLock("stream $n"); echo "ready\\n"; fgets(STDIN);');
  await page.goto(page_);
  await page.getByText('live, every 5 seconds').waitFor();
  const job = await start(page, 'Unstreamed');
  await says(job, 'done, 60 steps');
  beside.stdin.end();
  await page.getByText('live', { exact: true }).waitFor();
  complaints.splice(0).forEach((complaint) => assert.match(complaint, /status of 503/));
}));

test('a page without work holds no process of the server, and still hears of a new job', () => withPage(async (page) => {
  await page.goto(page_);
  await live(page);
  php(untilNobodyLooks);
  assert.equal(await page.locator('#connection').textContent(), 'live');
  php('$sync->jobs = ["j1" => ["name" => "Late", "steps" => 2, "done" => 2, "state" => "done", "cancel" => false, "pid" => 1, "since" => 0]];');
  await says(page.locator('.job', { hasText: 'Late' }), 'done, 2 steps');
  php(untilNobodyLooks);
  // The own button does not wait for the next look.
  await says(await start(page, 'Own'), 'of 60 steps, process');
}));

// Things that other programs may have stored under the name of the jobs.
const job = (changes) => `(${changes} + ["name" => "J", "steps" => 3, "done" => 1, "state" => "done", "cancel" => false, "pid" => 1, "since" => 0.5])`;
const noLists = ['"text"', '7', '1.5', 'false', 'new ArrayObject([1])', 'new stdClass', 'array_fill(0, 100_000, [0])', 'str_repeat("x", 5 << 20)'];
const noJobs = [
  '"text"', '7', 'null', '[]', 'new stdClass', '[[1]]', job('["name" => 1]'), job('["name" => []]'), job('["steps" => 0]'), job('["steps" => "3"]'), job('["done" => 4]'),
  job('["done" => -1]'), job('["done" => NAN]'), job('["state" => "flying"]'), job('["state" => 0]'), job('["state" => []]'), job('["cancel" => 1]'), job('["pid" => "1"]'),
  job('["state" => "running", "pid" => null]'), job('["since" => INF]'), job('["since" => null]'),
];

test('what others have stored under the name of the jobs is shown as no job, and stays; the page goes on', () => withPage(async (page) => {
  const press = (body) => ask(page_, { method: 'POST', body, headers: { 'Sec-Fetch-Site': 'same-origin' } });
  const assertClean = async (query) => {
    const { status, text } = await ask(`${page_}${query}`);
    assert.equal(status, 200);
    assert.doesNotMatch(text, /Warning|Fatal|TypeError|Stack trace|Notice|Deprecated|[\0\x1b]/);
    return text;
  };
  const fingerprint = () => php('echo md5(serialize($sync->get("jobs")));');
  for (const value of noLists) {
    php(`$sync->jobs = ${value};`);
    const before = fingerprint();
    assert.match(await assertClean(''), /data-state="foreign"[^]*not a job: another program has stored it/, value);
    assert.match(await assertClean('?json'), /^\{"foreign":\{"name":"The list of jobs: /, value);
    for (const [body, status] of [['do=start', 409], ['do=cancel&id=foreign', 303], ['do=cancel&id=j1', 303], ['do=clear', 409]]) {
      const answer = await press(body);
      assert.equal(answer.status, status, `${value}: ${body}`);
      assert.match(answer.text, status === 409 ? /^Another program has stored something else/ : /^$/);
    }
    const { execFileSync } = require('node:child_process');
    assert.match(execFileSync(process.env.SYNC_PHP, [`${process.env.SYNC_WORK}/examples/progress/task.php`, '1'], { encoding: 'utf8' }), /^Another program has stored/);
    assert.match(execFileSync(process.env.SYNC_PHP, [`${process.env.SYNC_WORK}/examples/progress/task.php`, '--job=j1'], { encoding: 'utf8' }), /^There is no such job/);
    assert.equal(fingerprint(), before, value);
  }
  php(`$sync->jobs = [${noJobs.map((value, n) => `"j${n}" => ${value}`).join(', ')}, "good" => ${job('[]')}, 5 => ${job('[]')}, "\\0<b>\\x1b\\xff" => 1, "__proto__" => 1, "jok" => ${job('["name" => "Good"]')}];`);
  const others = noJobs.length + 4;
  const before = php('$jobs = $sync->get("jobs"); unset($jobs["jok"]); echo md5(serialize($jobs));');
  await assertClean('');
  await page.goto(page_);
  await live(page);
  assert.equal(await page.locator('.job[data-state=foreign]').count(), others);
  assert.equal(await page.locator('.job b').count(), 0);
  await says(page.locator('.job', { hasText: 'Good' }), 'done, 3 steps');
  const started = await start(page, 'Beside them');
  await says(started, 'done, 60 steps');
  await page.getByRole('button', { name: 'Forget' }).click();
  await started.waitFor({ state: 'detached' });
  assert.equal(await page.locator('.job').count(), others);
  assert.equal(php('echo md5(serialize($sync->get("jobs")));'), before, 'they have stayed as they were');
  // In the middle of work.
  await until(await start(page, 'Interrupted', 'long'), 2);
  php('$sync->jobs = "text";');
  await page.getByText('The list of jobs: string', { exact: true }).waitFor();
  assert.equal(await page.locator('.job').count(), 1);
  assert.equal(php('echo $sync->jobs;'), 'text');
}));
