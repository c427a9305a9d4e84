<?php

declare(strict_types=1);

namespace Sync;

/**
 * The extension that this package is written for is not loaded, or another one of its name is.
 */
final class ExtensionMissing extends \LogicException
{
}
