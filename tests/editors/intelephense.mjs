// intelephense.mjs STUB: what an editor shows of the classes. Intelephense, the language server for PHP, is given the stub and a program;
// it has to find nothing wrong in what is right, to find what is wrong, and to know types. Prints each fault; exits with 1 if there is any.

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

// Behind `// WORD:` stands what the editor is to say of the line: a part of the hover over the last variable, or of an error.
const program = `<?php
$sync = new Sync('/dev/shm/app.sync');
$sync->progress = 42;
$sync['progress'] ??= 1;
unset($sync->progress);
foreach ($sync as $name => $value) { echo $name, $value; }
$length = $sync->push('jobs', 'a', 'b'); // HOVER: int
$names = $sync->keys('user.'); // HOVER: array<int, string>
$same = $sync->lock(5)->unlock(); // HOVER: Sync
$data = $sync->getData(); // HOVER: stdClass
$count = count($sync); // HOVER: int
$is = $sync->add('x', 1, ttl: 60); // HOVER: bool
$left = $sync->ttl('x'); // HOVER: float
$version = $sync->version(); // HOVER: int
try { $sync->progress; } catch (SyncLockTimeoutException $error) { echo $error->getMessage(); }
$sync->transaction(function (Sync $s) { $s->x = 1; });
$sync->nonsense(); // ERROR: nonsense
$sync->touch(); // ERROR: Expected
`;

const folder = mkdtempSync(join(tmpdir(), 'sync-editor-'));
writeFileSync(join(folder, 'sync.stub.php'), readFileSync(process.argv[2]));
writeFileSync(join(folder, 'program.php'), program);
const uri = (name) => pathToFileURL(join(folder, name)).href;

const server = spawn(process.execPath, [join(process.env.SYNC_NODE_PATH, 'intelephense/lib/intelephense.js'), '--stdio'], {
    stdio: ['pipe', 'pipe', 'inherit'],
});
const waiting = new Map();
let diagnosed = () => {};
const diagnostics = new Promise((resolve) => { diagnosed = resolve; });
let indexed = () => {};
const ready = new Promise((resolve) => { indexed = resolve; });

let received = Buffer.alloc(0);
server.stdout.on('data', (bytes) => {
    received = Buffer.concat([received, bytes]);
    for (;;) {
        const end = received.indexOf('\r\n\r\n');
        const length = end < 0 ? NaN : Number(/Content-Length: (\d+)/i.exec(received.subarray(0, end))[1]);
        if (!(received.length >= end + 4 + length)) return;
        const message = JSON.parse(received.subarray(end + 4, end + 4 + length));
        received = received.subarray(end + 4 + length);
        if (message.method === 'textDocument/publishDiagnostics' && message.params.uri === uri('program.php')) {
            diagnosed(message.params.diagnostics);
        } else if (message.method === 'indexingEnded') {
            indexed();
        } else if (message.id !== undefined && message.method) {
            // The server asks for its settings, and to be told of files.
            const result = message.method === 'workspace/configuration' ? message.params.items.map(() => null) : null;
            send({ id: message.id, result });
        } else if (waiting.has(message.id)) {
            waiting.get(message.id)(message.result);
        }
    }
});

function send(message) {
    const body = Buffer.from(JSON.stringify({ jsonrpc: '2.0', ...message }));
    server.stdin.write(`Content-Length: ${body.length}\r\n\r\n`);
    server.stdin.write(body);
}

let id = 0;
function ask(method, params) {
    return new Promise((resolve) => {
        waiting.set(++id, resolve);
        send({ id, method, params });
    });
}

const faults = [];
try {
    await ask('initialize', {
        processId: process.pid,
        rootUri: pathToFileURL(folder).href,
        workspaceFolders: [{ uri: pathToFileURL(folder).href, name: 'app' }],
        capabilities: { textDocument: { hover: { contentFormat: ['plaintext'] }, publishDiagnostics: {} } },
        initializationOptions: { storagePath: folder, clearCache: true },
    });
    send({ method: 'initialized', params: {} });
    await ready;
    send({ method: 'textDocument/didOpen', params: { textDocument: { uri: uri('program.php'), languageId: 'php', version: 1, text: program } } });
    const found = await diagnostics;
    const lines = program.split('\n');
    for (const [number, line] of lines.entries()) {
        const [, kind, text] = /\/\/ (\w+): (.*)$/.exec(line) ?? [];
        const errors = found.filter((one) => one.range.start.line === number && one.severity === 1).map((one) => one.message);
        if (kind === 'ERROR') {
            if (!errors.some((error) => error.includes(text))) {
                faults.push(`${line}\n    is to be an error about ${text}: ${JSON.stringify(errors)}`);
            }
            continue;
        }
        faults.push(...errors.map((error) => `${line}\n    is right: ${error}`));
        if (kind === 'HOVER') {
            const hover = await ask('textDocument/hover', { textDocument: { uri: uri('program.php') }, position: { line: number, character: 1 } });
            const shown = JSON.stringify(hover?.contents ?? null);
            if (!shown.includes(text)) {
                faults.push(`${line}\n    is to be of ${text}: ${shown}`);
            }
        }
    }
} finally {
    server.kill();
    rmSync(folder, { recursive: true, force: true });
}
console.log(faults.length ? faults.join('\n') : 'Editors know the classes.');
process.exit(faults.length ? 1 : 0);
