<?php

declare(strict_types=1);

namespace Sync\Internal;

use Sync\ExtensionMissing;

/**
 * Finds the extension, or says which one to install.
 *
 * There is no class in PHP that could take its place: only the extension reads and writes the file that it shares.
 *
 * @internal
 */
final class Extension
{
    private const INSTALL = 'To install it: pie install sync-php/sync, or make install in its folder. Then php -m lists sync, and php --ri sync says 2.0 or newer.';

    private static bool $found = false;

    /**
     * @throws ExtensionMissing
     */
    public static function open(\Sync|string $sync): \Sync
    {
        self::$found = self::$found || self::check();

        return $sync instanceof \Sync ? $sync : new \Sync($sync);
    }

    private static function check(): bool
    {
        if (class_exists(\Sync::class) && method_exists(\Sync::class, 'removeMultiple')) {
            return true;
        }
        if (class_exists(\Sync::class, false)) {
            $problem = (new \ReflectionClass(\Sync::class))->isInternal()
                ? 'the Sync that is loaded is version '.phpversion('sync').', which is too old'
                : 'the Sync that is loaded is the PHP class of php-shared-memory, which shares no file with the extension';
        } elseif (extension_loaded('sync')) {
            $problem = "the extension that is loaded as 'sync' is PECL's (SyncMutex, SyncSemaphore …), and one PHP loads one of that name; remove PECL's";
        } else {
            $problem = 'the extension is not loaded';
        }
        throw new ExtensionMissing("sync-php/adapters needs the PHP extension Sync, version 2.0 or newer, but $problem. ".self::INSTALL);
    }
}
