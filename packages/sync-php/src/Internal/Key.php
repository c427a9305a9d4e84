<?php

declare(strict_types=1);

namespace Sync\Internal;

/**
 * The keys that PSR-6 and PSR-16 allow; Sync itself takes any string.
 *
 * @internal
 */
final class Key
{
    private const RESERVED = '{}()/\@:';

    /**
     * The fault of a key, or null where it has none.
     */
    public static function fault(mixed $key): ?string
    {
        if (!\is_string($key)) {
            return 'A cache key is a string, not '.get_debug_type($key).'.';
        }
        if ('' === $key) {
            return 'A cache key has at least one character.';
        }
        if (false !== strpbrk($key, self::RESERVED)) {
            return "The cache key '$key' has one of the characters ".self::RESERVED.', which the standard reserves.';
        }

        return null;
    }
}
