<?php

declare(strict_types=1);

namespace Sync\Psr6;

/**
 * A key or an expiry is none that PSR-6 allows.
 */
final class InvalidArgumentException extends \InvalidArgumentException implements \Psr\Cache\InvalidArgumentException
{
}
