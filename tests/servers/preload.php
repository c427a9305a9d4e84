<?php
/* Preloaded by opcache: a class that extends Sync; and the store is used meanwhile, by the user that preloading is done as. */

/** @property int $steps  @property int $preloader */
final class Preloaded extends Sync
{
    public string $own = 'own';

    public function step(): void
    {
        $this->steps++;
    }
}

(new Sync(getenv('SYNC_STORE')))->set('preloader', posix_geteuid());
