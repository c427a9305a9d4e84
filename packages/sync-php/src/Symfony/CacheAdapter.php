<?php

declare(strict_types=1);

namespace Sync\Symfony;

use Psr\Log\LoggerInterface;
use Symfony\Component\Cache\Adapter\AbstractAdapter;
use Symfony\Contracts\Cache\CacheInterface;
use Symfony\Contracts\Cache\ItemInterface;
use Sync\Internal\Extension;
use Sync\Internal\MissingClasses;
use Sync\Internal\Values;

/**
 * A Symfony Cache pool that all programs on the machine share.
 *
 *     $cache = new Sync\Symfony\CacheAdapter('/dev/shm/cache.sync', 'blog');
 *     $page = $cache->get('front', function (ItemInterface $item) { … });
 *
 * get() computes a value once for all programs that ask for it meanwhile, in command-line programs, too; if the one that computes is
 * killed, the next one does. There is nothing to prune: a value that has expired is gone for all.
 */
final class CacheAdapter extends AbstractAdapter
{
    /** The seconds after which a program that waits for another's value computes it itself, as Sync::remember(). */
    private const PATIENCE = 30.0;
    /** The same, where it computes another value at the time: two programs may be waiting for each other. */
    private const PATIENCE_WITHIN = 1.0;

    private readonly \Sync $sync;
    /** Begins the names of the locks under which values are computed. */
    private readonly string $lockPrefix;
    /** @var array<string, true> the values that this process computes, by the names of their locks */
    private static array $computing = [];

    /**
     * @param string $namespace       begins the names, with a colon; without one clear() removes all that is in the file
     * @param int    $defaultLifetime seconds, for items that set none; 0: they do not expire
     *
     * @throws \Sync\ExtensionMissing
     */
    public function __construct(\Sync|string $sync, string $namespace = '', int $defaultLifetime = 0)
    {
        $this->sync = Extension::open($sync);
        parent::__construct($namespace, $defaultLifetime);
        $this->lockPrefix = "compute $namespace:";
        $this->setCallbackWrapper($this->computeOnce(...));
    }

    protected function doFetch(array $ids): iterable
    {
        $none = new \stdClass();
        $read = fn (\Closure $read) => MissingClasses::during(parent::class.'::handleUnserializeCallback', $read);
        try {
            $values = $read(fn () => $this->sync->getMultiple($ids, $none));
        } catch (\Throwable $error) {
            if (\count($ids) < 2) {
                throw $error;
            }
            // One of them cannot be made: the others can.
            $values = [];
            foreach ($ids as $id) {
                try {
                    $values[$id] = $read(fn () => $this->sync->get($id, $none));
                } catch (\Throwable $error) {
                    $this->logger?->warning('Failed to fetch "{id}": '.$error->getMessage(), ['id' => $id, 'exception' => $error]);
                }
            }
        }

        // An incomplete object is of a class that the Sync does not allow.
        return array_filter($values, static fn (mixed $value) => $value !== $none && !$value instanceof \__PHP_Incomplete_Class);
    }

    protected function doHave(string $id): bool
    {
        $type = $this->sync->describe($id)['type'] ?? null;
        if (null === $type || \in_array($type, Values::PLAIN, true)) {
            return null !== $type;
        }
        try {
            return [] !== $this->doFetch([$id]);
        } catch (\Throwable) {
            // Of a class that is gone: get() misses it.
            return false;
        }
    }

    protected function doClear(string $namespace): bool
    {
        $this->sync->clear($namespace);

        return true;
    }

    protected function doDelete(array $ids): bool
    {
        $this->sync->removeMultiple($ids);

        return true;
    }

    protected function doSave(array $values, int $lifetime): array|bool
    {
        $this->sync->setMultiple($values, $lifetime > 0 ? $lifetime : null);

        return true;
    }

    private function computeOnce(
        callable $callback,
        ItemInterface $item,
        bool &$save,
        CacheInterface $pool,
        \Closure $setMetadata,
        ?LoggerInterface $logger,
    ): mixed {
        $name = $this->lockPrefix.$item->getKey();
        $place = $this->sync->getFile()."\0".$name;
        if (isset(self::$computing[$place])) {
            // Another pool of this process has the lock, and waits for this very value.
            return $callback($item, $save);
        }
        // A handle of its own: within a fiber, or another pool of this process, it is another owner.
        $handle = clone $this->sync;
        try {
            $mine = false !== $handle->tryLock($name);
            if (!$mine) {
                $handle->tryLock($name, [] === self::$computing ? self::PATIENCE : self::PATIENCE_WITHIN);
            }
        } catch (\SyncException $error) {
            // A cache does not fail with its file: the value is computed without the others.
            $logger?->warning('Failed to lock "{key}": '.$error->getMessage(), ['key' => $item->getKey(), 'exception' => $error]);
            $mine = true;
        }
        // $pool is this one, or one that Symfony has made of it for a part of its namespace.
        if (!$mine) {
            $made = $pool->getItem($item->getKey());
            if ($made->isHit()) {
                $save = false;

                return $made->get();
            }
        }
        self::$computing[$place] = true;
        try {
            $value = $callback($item, $save);
            if ($save) {
                // Stored before the lock ends, so that the next one finds it.
                $setMetadata($item);
                $pool->save($item->set($value));
                $save = false;
            }

            return $value;
        } finally {
            unset(self::$computing[$place]);
        }
    }
}
