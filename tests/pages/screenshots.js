// screenshots.js FOLDER: pictures of the pages, as README shows them. What they show is the same each time.
'use strict';

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const { url, close, withPage, php, phpBeside } = require('./browser');

const folder = process.argv[2];
const LARGEST = 150_000; // bytes
const COLORS = '64'; // the pages have few: a quarter of the bytes

async function shoot(page, name) {
  const path = `${folder}/${name}.png`;
  await page.screenshot({ path, animations: 'disabled', caret: 'hide' });
  execFileSync('pngquant', ['--force', '--strip', '--ext', '.png', COLORS, path]);
  const { size } = fs.statSync(path);
  if (size > LARGEST) {
    throw new Error(`${path} has ${size} bytes: more than ${LARGEST}`);
  }
  console.log(`${path}: ${size} bytes`);
}

async function progress() {
  php('$sync->clear();');
  // Two jobs are at work, as their locks say.
  const beside = await phpBeside(`
    $job = fn ($name, $steps, $done, $state, $pid) => ['name' => $name, 'steps' => $steps, 'done' => $done, 'state' => $state, 'cancel' => false, 'pid' => $pid, 'since' => 0];
    $sync->tryLock('job j4'); $sync->tryLock('job j5');
    $sync->jobs = [
      'j1' => $job('Thumbnails', 60, 60, 'done', 4211), 'j2' => $job('Import of customers', 1200, 318, 'died', 4230),
      'j3' => $job('Newsletter', 1200, 44, 'canceled', 4237), 'j4' => $job('Report for March', 1200, 862, 'running', 4240),
      'j5' => $job('Search index', 1200, 271, 'running', 4246),
    ];
    echo "ready\\n"; fgets(STDIN);`);
  for (const colorScheme of ['light', 'dark']) {
    for (const [shape, width, height] of [['wide', 760, 860], ['narrow', 320, 860]]) {
      await withPage(async (page) => {
        await page.goto(`${url}/progress/`);
        await page.locator('#connection[data-state=on]').waitFor();
        await shoot(page, `progress-${shape}-${colorScheme}`);
      }, { viewport: { width, height }, colorScheme });
    }
  }
  beside.stdin.end();
}

async function inspector() {
  const source = fs.readFileSync(`${process.env.SYNC_WORK}/examples/inspector.php`, 'utf8');
  fs.writeFileSync(`${process.env.SYNC_WORK}/examples/inspector-open.php`, source.replace('IS_BEHIND_A_LOGIN = false', 'IS_BEHIND_A_LOGIN = true'));
  php(`enum Suit { case Hearts; } class Invoice { public $number = 'R-2041'; public $total = 119.0; }
    $sync->clear(); $sync->push('mails', ...range(1, 214));
    $sync->settings = ['theme' => 'dark', 'limits' => [10, 100]]; $sync->visits = 90_211; $sync->invoice = new Invoice; $sync->suit = Suit::Hearts;
    $sync->put('session 7f3a', ['user' => 7], 1790.5); $sync->page = str_repeat('<p>', 9000);`);
  const beside = await phpBeside(`
    $sync->tryLock('nightly report');
    $sync->consume('mails', function () use ($sync) {
      echo "ready\\n"; stream_set_blocking(STDIN, false);
      for ($n = 0; !feof(STDIN); $n++) { $sync->visits++; usleep((int) (1500 + 1000 * sin($n / 700))); fgets(STDIN); }
    });`);
  for (const colorScheme of ['light', 'dark']) {
    await withPage(async (page) => {
      await page.goto(`${url}/inspector-open.php`);
      await page.waitForFunction(() => document.querySelector('#graph polyline').getAttribute('points').split(' ').length >= 25, undefined, { timeout: 60_000 });
      // (The tests' folder has another name each time.)
      await page.evaluate(() => { document.querySelector('option').textContent = '/dev/shm/app.sync'; });
      await shoot(page, `inspector-${colorScheme}`);
    }, { viewport: { width: 900, height: 1160 }, colorScheme });
  }
  beside.stdin.end();
}

(async () => {
  fs.mkdirSync(folder, { recursive: true });
  await inspector();
  await progress();
  await close();
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
