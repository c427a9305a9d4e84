<?php

declare(strict_types=1);

namespace Sync\Internal;

/**
 * The process that runs, of which one that it forks has a copy.
 *
 * @internal
 */
final class Process
{
    /**
     * 0 where disable_functions has getmypid: such a PHP is not one that forks.
     */
    public static function id(): int
    {
        return \function_exists('getmypid') ? (int) \getmypid() : 0;
    }
}
