// The things that the tests of the pages share: a browser, pages that must not complain, and PHP beside the server.
'use strict';

const { execFileSync, spawn } = require('node:child_process');
const { once } = require('node:events');
const http = require('node:http');
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

// A request with any headers, Host and Origin included, which a browser or fetch() sets itself. Resolves to { status, headers, text }.
function ask(address, { method = 'GET', headers = {}, body } = {}) {
  return new Promise((resolve, reject) => {
    const form = body === undefined ? {} : { 'Content-Type': 'application/x-www-form-urlencoded', 'Content-Length': Buffer.byteLength(body) };
    const request = http.request(address, { method, headers: { ...form, ...headers } }, (answer) => {
      const parts = [];
      answer.on('data', (part) => parts.push(part));
      answer.on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, text: Buffer.concat(parts).toString() }));
      answer.on('error', reject);
    });
    request.on('error', reject);
    request.end(body);
  });
}

// [headers, whether a page that acts on a POST may do so], for the page at `url`.
const { host, port } = new URL(url ?? 'http://127.0.0.1:80');
const origins = [
  [{}, false],
  [{ Origin: `http://${host}` }, true],
  [{ Origin: `http://${host}`, 'Sec-Fetch-Site': 'same-origin' }, true],
  [{ 'Sec-Fetch-Site': 'same-origin' }, true],
  [{ 'Sec-Fetch-Site': 'cross-site' }, false],
  [{ 'Sec-Fetch-Site': 'same-site' }, false],
  [{ 'Sec-Fetch-Site': 'none' }, false],
  [{ 'Sec-Fetch-Site': 'cross-site', Origin: `http://${host}` }, false],
  [{ Origin: 'https://example.org' }, false],
  [{ Origin: 'null' }, false],
  [{ Origin: 'null', 'Sec-Fetch-Site': 'same-origin' }, false],
  [{ Origin: 'http://127.0.0.1:1' }, false],
  // Another site's name that leads to this server: to the browser it is all one origin.
  [{ Host: `rebound.example:${port}`, Origin: `http://rebound.example:${port}` }, false],
  [{ Host: `rebound.example:${port}`, Origin: `http://rebound.example:${port}`, 'Sec-Fetch-Site': 'same-origin' }, false],
  [{ Origin: `http://rebound.example:${port}`, 'Sec-Fetch-Site': 'same-origin' }, false], // a proxy has put its own name into Host
];

// [Host, whether a page answers to it]; the tests' SYNC_HOSTS is `own.example`.
const hosts = [
  [host, true], ['127.0.0.1', true], ['localhost', true], [`LOCALHOST:${port}`, true], ['[::1]', true], [`[::1]:${port}`, true], ['own.example', true], [`Own.Example:${port}`, true],
  [`rebound.example:${port}`, false], ['rebound.example', false], ['localhost.rebound.example', false], ['127.0.0.1.rebound.example', false], ['rebound.example:127', false],
  ['sub.own.example', false], ['xlocalhost', false],
];

module.exports = { url, open, close, withPage, assertAccessible, assertFits, php, phpBeside, ask, origins, hosts };
