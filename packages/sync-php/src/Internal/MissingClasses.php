<?php

declare(strict_types=1);

namespace Sync\Internal;

/**
 * Reads values whose classes may be gone.
 *
 * @internal
 */
final class MissingClasses
{
    /**
     * Reads while PHP calls a function for each class that neither exists nor can be loaded. Where disable_functions has ini_set, the
     * object is a __PHP_Incomplete_Class.
     *
     * @template T
     *
     * @param \Closure(): T $read
     *
     * @return T
     */
    public static function during(string $callback, \Closure $read): mixed
    {
        if (!\function_exists('ini_set')) {
            return $read();
        }
        $before = \ini_set('unserialize_callback_func', $callback);
        try {
            return $read();
        } finally {
            \ini_set('unserialize_callback_func', (string) $before);
        }
    }
}
