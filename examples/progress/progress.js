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

let events;

function connect() {
  events = new EventSource('?events');
  events.onopen = () => say('on', 'live');
  events.onerror = () => (events.readyState === EventSource.CLOSED
    ? say('off', 'not live: reload to see the news')
    : say('wait', 'connecting …'));
  events.onmessage = ({ data }) => {
    const { all, changed, gone } = JSON.parse(data);
    if (all) {
      [...list.children].map((item) => item.dataset.id).filter((id) => !(id in changed)).forEach(remove);
    }
    gone.forEach(remove);
    Object.entries(changed).forEach(([id, job]) => show(id, job));
    document.getElementById('none').hidden = list.children.length > 0;
  };
}

// A page that nobody sees gives the server its process back, and the browser one of its six connections.
function connectIfSeen() {
  events?.close();
  if (document.visibilityState === 'visible') {
    connect();
  }
}
document.addEventListener('visibilitychange', connectIfSeen);
addEventListener('pagehide', () => events?.close());
addEventListener('pageshow', connectIfSeen);

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
    } else if (form.id === 'start') {
      form.reset();
    }
  } catch {
    news.textContent = 'The server does not answer.';
  }
});
