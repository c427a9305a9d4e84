<?php

declare(strict_types=1);

/*
 * The package's classes, and those of Debian's packages. Settings, by the environment:
 *
 * - SYNC_ADAPTERS: a folder for files of Sync
 * - SYMFONY_SOURCE: Symfony's source, which has its tests
 */

// psr/simple-cache is first, as the suite for it does not load it.
foreach (['Psr/SimpleCache', 'Psr/Cache', 'Cache/IntegrationTests', 'Symfony/Component/Lock', 'Symfony/Component/Cache',
    'Symfony/Component/HttpFoundation', 'Illuminate/Cache', 'Illuminate/Support'] as $library) {
    require_once "/usr/share/php/$library/autoload.php";
}

spl_autoload_register(static function (string $class): void {
    foreach ([
        'Sync\\Tests\\' => __DIR__.'/',
        'Sync\\' => dirname(__DIR__).'/src/',
        'Symfony\\Component\\' => getenv('SYMFONY_SOURCE').'/src/Symfony/Component/',
    ] as $namespace => $folder) {
        if (str_starts_with($class, $namespace)) {
            $file = $folder.strtr(substr($class, strlen($namespace)), '\\', '/').'.php';
            if (is_file($file)) {
                require $file;
            }

            return;
        }
    }
});

/** A file of Sync that no other test uses. */
function store_file(string $name): string
{
    return getenv('SYNC_ADAPTERS')."/$name.sync";
}

require __DIR__.'/processes.php';
