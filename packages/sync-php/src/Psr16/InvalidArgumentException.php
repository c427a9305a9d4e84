<?php

declare(strict_types=1);

namespace Sync\Psr16;

/**
 * A key, a TTL or a list of keys is none that PSR-16 allows.
 */
final class InvalidArgumentException extends \InvalidArgumentException implements \Psr\SimpleCache\InvalidArgumentException
{
}
