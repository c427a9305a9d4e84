<?php

declare(strict_types=1);

/*
 * guide.php FOLDER: writes the tests that docs/guide.md shows into the folder, each as the file that its first line names. They are in
 * blocks of tildes, as the page's programs, which run by themselves, are in blocks of backticks.
 */

$guide = (string) file_get_contents(dirname(__DIR__, 3).'/docs/guide.md');
preg_match_all('~^\~\~\~php\n// (\w+Test\.php)\n(.*?)^\~\~\~$~ms', $guide, $blocks, PREG_SET_ORDER);
if ([] === $blocks || count($blocks) !== preg_match_all('~^\~\~\~php$~m', $guide)) {
    fwrite(STDERR, "docs/guide.md: a test could not be found, or does not begin with the name of its file\n");
    exit(1);
}
foreach ($blocks as [, $name, $code]) {
    file_put_contents("$argv[1]/$name", "<?php\n$code");
}
