<?php
/*
 * A web page that shows how far task.php is. It asks this same file, with ?json, a few times a second.
 */

$sync = new Sync(getenv('SYNC_FILE') ?: '/dev/shm/progress.sync');

if (isset($_GET['json'])) {
    header('Content-Type: application/json');
    header('Cache-Control: no-store');
    echo json_encode($sync->getData()); // all properties, of one moment
    return;
}
?>
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Progress</title>
<h1>Progress</h1>
<p><progress id="bar" value="0"></progress></p>
<p id="text">Waiting …</p>
<script>
    const bar = document.getElementById('bar');
    const text = document.getElementById('text');

    async function look() {
        const task = await (await fetch('?json')).json();
        if (task.steps === undefined) {
            text.textContent = 'No task yet. Start one: php examples/progress/task.php';
        } else {
            bar.max = task.steps;
            bar.value = task.done;
            text.textContent = `Process ${task.pid}: ${task.done} of ${task.steps} steps`;
        }
        setTimeout(look, 200);
    }
    look();
</script>
