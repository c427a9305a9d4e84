// The things that the tests of the pages share: a browser, pages that must not complain, and PHP beside the server.
'use strict';

const { execFileSync, spawn } = require('node:child_process');
const { once } = require('node:events');
const assert = require('node:assert/strict');
const { chromium } = require('playwright-core');

const url = process.env.WEB_URL;
let browser;

async function open() {
  browser ??= await chromium.launch({
    executablePath: process.env.CHROMIUM,
    // Root may not have a sandbox; /dev/shm may be small in a container.
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
  });
  return browser;
}

async function close() {
  await browser?.close();
  browser = undefined;
}

// Runs `look(page)` in a browser of its own. Nothing may be printed to its console, thrown, refused by the Content-Security-Policy,
// or be asked in a dialog.
async function withPage(look, options = {}) {
  const context = await (await open()).newContext(options);
  context.setDefaultTimeout(30_000);
  const complaints = [];
  context.on('page', (page) => {
    page.on('console', (message) => complaints.push(`console: ${message.text()}`));
    page.on('pageerror', (error) => complaints.push(`error: ${error}`));
    page.on('dialog', (dialog) => { complaints.push(`dialog: ${dialog.message()}`); dialog.dismiss(); });
  });
  try {
    await look(await context.newPage(), context, complaints);
  } finally {
    await context.close();
  }
  assert.deepEqual(complaints, []);
}

// Axe finds nothing in a page.
async function assertAccessible(page) {
  // (Through the debugger's door, as the pages allow no script but their own.)
  await page.evaluate(require('node:fs').readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8'));
  const { violations } = await page.evaluate(() => axe.run());
  assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' ')}`), []);
}

// No part of the page is cut off, or has to be scrolled to from side to side.
async function assertFits(page) {
  const [needs, has] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
  const wide = await page.evaluate(() => [...document.querySelectorAll('body *')].filter((element) => element.getBoundingClientRect().right > innerWidth && !element.closest('.wide')).map((element) => element.outerHTML.slice(0, 200)));
  assert.ok(needs <= has, `the page is ${needs} pixels wide on a screen of ${has}: ${wide.join(' ')}`);
}

// Runs PHP, with the extension, on the file that the pages share. `$sync` is that file; what it prints is the result.
function php(code, ...rest) {
  return execFileSync(process.env.SYNC_PHP, ['-r', `$sync = new Sync(getenv('SYNC_FILE')); ${code}`, '--', ...rest], { encoding: 'utf8' });
}

// A PHP that goes on: resolves when it has printed its first line.
async function phpBeside(code) {
  const process_ = spawn(process.env.SYNC_PHP, ['-r', `$sync = new Sync(getenv('SYNC_FILE')); ${code}`], { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(process_.stdout, 'data');
  return process_;
}

module.exports = { url, open, close, withPage, assertAccessible, assertFits, php, phpBeside };
