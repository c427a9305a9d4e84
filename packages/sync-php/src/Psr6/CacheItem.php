<?php

declare(strict_types=1);

namespace Sync\Psr6;

use Psr\Cache\CacheItemInterface;

/**
 * An item of a CachePool.
 */
final class CacheItem implements CacheItemInterface
{
    private ?float $expiry = null;

    /**
     * @internal the pool makes items
     */
    public function __construct(private readonly string $key, private mixed $value, private readonly bool $hit)
    {
    }

    public function getKey(): string
    {
        return $this->key;
    }

    public function get(): mixed
    {
        return $this->value;
    }

    public function isHit(): bool
    {
        return $this->hit;
    }

    public function set($value): static
    {
        $this->value = $value;

        return $this;
    }

    /**
     * @param \DateTimeInterface|null $expiration
     *
     * @throws InvalidArgumentException
     */
    public function expiresAt($expiration): static
    {
        $this->expiry = match (true) {
            null === $expiration => null,
            $expiration instanceof \DateTimeInterface => self::seconds($expiration),
            default => throw new InvalidArgumentException('A date of expiry is a DateTimeInterface or null, not '.get_debug_type($expiration).'.'),
        };

        return $this;
    }

    /**
     * @param int|\DateInterval|null $time
     *
     * @throws InvalidArgumentException
     */
    public function expiresAfter($time): static
    {
        $this->expiry = match (true) {
            null === $time => null,
            $time instanceof \DateInterval => self::seconds((new \DateTimeImmutable())->add($time)),
            \is_int($time) => microtime(true) + $time,
            default => throw new InvalidArgumentException('A time until expiry is an int, a DateInterval or null, not '.get_debug_type($time).'.'),
        };

        return $this;
    }

    /**
     * The seconds that are left; null: it never expires.
     *
     * @internal
     */
    public function ttl(): ?float
    {
        return null === $this->expiry ? null : $this->expiry - microtime(true);
    }

    private static function seconds(\DateTimeInterface $time): float
    {
        return (float) $time->format('U.u');
    }
}
