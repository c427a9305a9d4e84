// Keeps the list of jobs as the server says that it is. The page works without it, and is then as old as its last loading.
'use strict';

const list = document.getElementById('jobs');
const news = document.getElementById('news');
const connection = document.getElementById('connection');

const isAtWork = (job) => job.state === 'starting' || job.state === 'running';

// (page.php says the same.)
const status = (job) => ({
  starting: 'starting …',
  running: `${job.cancel ? 'stopping, ' : ''}${job.done} of ${job.steps} steps, process ${job.pid}`,
  done: `done, ${job.steps} steps`,
  canceled: `canceled after ${job.done} of ${job.steps} steps`,
  foreign: 'not a job: another program has stored it',
  died: job.pid === null ? 'did not start' : `process ${job.pid} died after ${job.done} of ${job.steps} steps`,
})[job.state] ?? '';

const itemOf = (id) => [...list.children].find((item) => item.dataset.id === id);

// The names and all else that others have written are only ever text.
function show(id, job) {
  let item = itemOf(id);
  if (!item) {
    item = document.getElementById('job').content.firstElementChild.cloneNode(true);
    item.dataset.id = id;
    item.querySelector('h3').id = `name-${id}`;
    item.querySelector('bdi').textContent = job.name;
    item.querySelector('progress').setAttribute('aria-labelledby', `name-${id}`);
    item.querySelector('input').value = id;
    item.querySelector('button').setAttribute('aria-label', `Cancel ${job.name}`);
    list.prepend(item);
  }
  const bar = item.querySelector('progress');
  bar.max = job.steps;
  bar.value = job.done;
  item.querySelector('.status').textContent = status(job);
  const form = item.querySelector('form');
  if (!isAtWork(job) && form.contains(document.activeElement)) {
    item.tabIndex = -1; // the keyboard's place in the page is not lost with the button
    item.focus();
  }
  form.hidden = !isAtWork(job);
  if (item.dataset.state !== job.state) {
    // A screen reader is told of the beginning and the end, not of each step.
    item.dataset.state = job.state;
    news.textContent = `${job.name}: ${status(job)}`;
  }
}

function remove(id) {
  itemOf(id)?.remove();
}

function say(state, text) {
  connection.dataset.state = state;
  connection.textContent = text;
}

const REST = Number(document.body.dataset.rest); // seconds
let events;
let timer;

function update({ all, changed, gone }) {
  if (all) {
    [...list.children].map((item) => item.dataset.id).filter((id) => !Object.hasOwn(changed, id)).forEach(remove);
  }
  gone.forEach(remove);
  Object.entries(changed).forEach(([id, job]) => show(id, job));
  document.getElementById('none').hidden = list.children.length > 0;
}

// A page that nobody sees gives the server its process back, and the browser one of its six connections.
function disconnect() {
  clearTimeout(timer);
  events?.close();
  events = undefined;
}

function connect() {
  disconnect();
  if (document.visibilityState !== 'visible') {
    return;
  }
  const stream = new EventSource('?events');
  let isAtRest = false;
  events = stream;
  stream.onopen = () => say('on', 'live');
  stream.onmessage = ({ data }) => update(JSON.parse(data));
  // Nothing is at work: the stream ends, and the browser looks in from time to time.
  stream.addEventListener('rest', () => { isAtRest = true; });
  stream.onerror = () => {
    if (stream.readyState === EventSource.CLOSED) {
      look(stream);
    } else if (!isAtRest) {
      say('wait', 'connecting …');
    }
    isAtRest = false;
  };
}

// The server has no place for one more stream: so have a look at how it is, and ask again later.
async function look(stream) {
  let said = ['off', 'the server does not answer'];
  try {
    const answer = await fetch('?json');
    if (answer.ok) {
      const changed = await answer.json();
      if (events === stream) {
        update({ all: true, changed, gone: [] });
      }
      said = ['on', `live, every ${REST} seconds`];
    }
  } catch {
    // It is said below.
  }
  if (events === stream) {
    say(...said);
    timer = setTimeout(connect, REST * 1000);
  }
}
document.addEventListener('visibilitychange', connect);
addEventListener('pagehide', disconnect);
addEventListener('pageshow', connect);

// The buttons do what they do without this script, except that the page stays.
addEventListener('submit', async (event) => {
  event.preventDefault();
  const { target: form, submitter } = event;
  const body = new URLSearchParams(new FormData(form));
  body.set(submitter.name, submitter.value);
  try {
    const answer = await fetch('?', { method: 'POST', body, redirect: 'manual' });
    if (answer.type !== 'opaqueredirect') {
      news.textContent = await answer.text();
    } else {
      if (form.id === 'start') {
        form.reset();
      }
      if (events?.readyState === EventSource.CONNECTING) {
        connect(); // the news is not to wait until the stream's rest is over
      }
    }
  } catch {
    news.textContent = 'The server does not answer.';
  }
});
