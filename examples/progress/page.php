<?php
/*
 * The page that index.php shows: it works without its script, too, and is then as of the moment when it was loaded.
 *
 * @var Jobs $jobs
 */

if (!isset($jobs)) {
    exit;
}

/** A text in HTML: nothing of it is markup. */
function html(string|int $text): string
{
    return htmlspecialchars((string) $text, ENT_QUOTES | ENT_SUBSTITUTE, 'UTF-8');
}

/** The part of a job that is text: progress.js says the same. */
function status(array $job): string
{
    return match ($job['state']) {
        'starting' => 'starting …',
        'running' => ($job['cancel'] ? 'stopping, ' : '') . "$job[done] of $job[steps] steps, process $job[pid]",
        'done' => "done, $job[steps] steps",
        'canceled' => "canceled after $job[done] of $job[steps] steps",
        'foreign' => 'not a job: another program has stored it',
        'died' => $job['pid'] === null ? 'did not start' : "process $job[pid] died after $job[done] of $job[steps] steps",
    };
}

function show(string $id, array $job): void
{
    ?>
    <li class="job" data-id="<?= html($id) ?>" data-state="<?= html($job['state']) ?>">
      <h3 id="name-<?= html($id) ?>"><bdi><?= html($job['name']) ?></bdi></h3>
      <progress max="<?= html($job['steps']) ?>" value="<?= html($job['done']) ?>" aria-labelledby="name-<?= html($id) ?>"></progress>
      <p class="status"><?= html(status($job)) ?></p>
      <form method="post"<?= Jobs::isAtWork($job) ? '' : ' hidden' ?>>
        <input type="hidden" name="id" value="<?= html($id) ?>">
        <button name="do" value="cancel" aria-label="Cancel <?= html($job['name']) ?>">Cancel</button>
      </form>
    </li>
    <?php
}

$all = array_reverse($jobs->all(), true);
$nothing = ['name' => '', 'steps' => 1, 'done' => 0, 'state' => 'starting', 'cancel' => false, 'pid' => null];
header('Content-Type: text/html; charset=utf-8');
?>
<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="color-scheme" content="light dark">
  <title>Jobs</title>
  <link rel="icon" href="data:,">
  <link rel="stylesheet" href="progress.css">
  <script src="progress.js" defer></script>
</head>
<body data-rest="<?= REST_SECONDS ?>">
<main>
  <header>
    <h1>Jobs</h1>
    <p id="connection" data-state="off">not live: reload to see the news</p>
  </header>

  <section aria-labelledby="new">
    <h2 id="new">New job</h2>
    <form method="post" id="start">
      <label>Name <input name="name" maxlength="60" autocomplete="off" placeholder="Report"></label>
      <label>Length <select name="length"><option value="short">60 steps</option><option value="long">1200 steps</option></select></label>
      <button name="do" value="start" class="main">Start</button>
    </form>
  </section>

  <section aria-labelledby="list">
    <h2 id="list">At work, and ended</h2>
    <ul id="jobs">
<?php foreach ($all as $id => $job) show($id, $job) ?>
    </ul>
    <p id="none"<?= $all ? ' hidden' : '' ?>>No job yet. Start one, here or in a terminal: <code>php examples/progress/task.php</code></p>
    <form method="post" id="clear"><button name="do" value="clear">Forget those that have ended</button></form>
  </section>

  <p id="news" role="status" aria-live="polite"></p>
</main>
<template id="job"><?php show('', $nothing) ?></template>
</body>
</html>
