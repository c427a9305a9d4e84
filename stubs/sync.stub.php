<?php

/*
 * The classes of the extension, for editors and static analysers: their interface, not how they work. The
 * extension declares its classes from it: `make signatures` generates src/php/signatures.rs.
 *
 * Most methods declare no return type, because the original declared none, and an override in a
 * subclass that has none either should stay legal without a notice: the doc comments give the return types.
 * For the same reason names are declared as mixed, and a return type is tentative, as those of the core's interfaces are.
 * Methods that the original did not have declare all their types.
 *
 * The first sentence of each doc comment also appears in README.md's API table.
 */

/**
 * One object, shared by all programs that name the same file.
 *
 * Its properties have any names, and values of every type that serialize() can carry:
 *
 *     $sync = new Sync('/dev/shm/app.sync');
 *     $sync->progress = 42;               // in one program …
 *     echo $sync->progress;               // … and in another
 *     echo $sync['progress'];             // the same, as an array
 *     isset($sync->progress);             // true: there, and not null
 *     $sync->results['a'][] = 'done';     // any depth; no other program's result gets lost
 *     $sync->progress++;                  // no other program's step goes uncounted
 *     unset($sync->progress);
 *
 * A read gives the newest value, whichever program stored it. The result of a read is a copy: an object that
 * was changed has to be stored again.
 *
 * @template TValue = mixed
 * @implements \ArrayAccess<array-key, TValue>
 * @implements \IteratorAggregate<array-key, TValue>
 * @mixin \stdClass
 * @psalm-no-seal-properties
 */
class Sync implements \ArrayAccess, \Countable, \IteratorAggregate, \JsonSerializable
{
    /**
     * Names the file; nothing is created, opened or read before the first use.
     *
     *     $sync = new Sync('/dev/shm/app.sync');
     *     $shared = new Sync('redis://localhost:6379/0?prefix=app');
     *     $plain = new Sync('/dev/shm/uploads.sync', allowedClasses: false);
     *     $ledger = new Sync('/dev/shm/ledger.sync', durability: 'commit');
     *
     * @param string                 $file           The file with the properties; best in /dev/shm. A relative path is
     *                                               resolved now, and does not follow a later chdir(). `file:///path`
     *                                               is a path, too. Or the address of a store on a server
     *                                               (`redis://`, `rediss://`, `unix://`, `redis+sentinel://`,
     *                                               `redis+cluster://`): see docs/server.md.
     * @param list<string>|bool|null $allowedClasses The classes whose objects a value may contain when it is read, as
     *                                               unserialize()'s allowed_classes; objects of other classes, and
     *                                               cases of other enums, are __PHP_Incomplete_Class. Null: as
     *                                               sync.allowed_classes says.
     * @param 'none'|'commit'|null   $durability     The events that a write survives once it has returned: any
     *                                               crash of processes (none), or power loss, too (commit). Null:
     *                                               as sync.durability says. That of a server is the server's.
     *
     * @throws SyncException where $file is of another scheme (php://, http:// …) or a wrong address, open_basedir
     *                       forbids it, or $durability is commit for a server
     * @throws \ValueError where $file contains a NUL byte, or $durability is unknown
     * @throws \TypeError where an argument is of another type
     */
    public function __construct(#[\SensitiveParameter] string $file, array|bool|null $allowedClasses = null, ?string $durability = null) {}

    /**
     * Gives the value of a property, or null where it is missing, or the file is.
     *
     *     echo $sync->progress;
     *
     * @param string $name
     *
     * @return TValue|null
     *
     * @throws SyncException where the file cannot be read, or is not a store
     * @throws SyncLockTimeoutException
     */
    public function __get(mixed $name) {}

    /**
     * Stores the value of a property; makes the file if it is missing.
     *
     *     $sync->progress = 42;
     *
     * @param string $name
     * @param TValue $value
     *
     * @return void
     *
     * @throws SyncException where the file cannot be written, or the value not be stored
     * @throws SyncLockTimeoutException
     */
    public function __set(mixed $name, mixed $value) {}

    /**
     * Tells whether a property is there and not null.
     *
     *     if (isset($sync->progress)) {}
     *
     * @param string $name
     *
     * @return bool
     *
     * @throws SyncException where the file cannot be read, or is not a store
     * @throws SyncLockTimeoutException
     */
    public function __isset(mixed $name) {}

    /**
     * Removes a property; no error if it is missing.
     *
     *     unset($sync->progress);
     *
     * @param string $name
     *
     * @return void
     *
     * @throws SyncException where the file cannot be written
     * @throws SyncLockTimeoutException
     */
    public function __unset(mixed $name) {}

    /**
     * Gives the value of a property, or `$default` where it is missing, or the file is.
     *
     *     echo $sync->get('progress', 0);
     *
     * @template TDefault
     *
     * @param string   $name    Any string: 'progress', '0', '', '重庆'.
     * @param TDefault $default
     *
     * @return ($default is null ? TValue|null : TValue|TDefault)
     *
     * @throws SyncException where the file cannot be read, or is not a store
     * @throws SyncLockTimeoutException
     */
    public function get(mixed $name, mixed $default = null) {}

    /**
     * Stores the value of a property, and returns the value; makes the file if it is missing.
     *
     *     $started = $sync->set('started', time());
     *
     * @template T of TValue
     *
     * @param string $name
     * @param T      $value
     *
     * @return T
     *
     * @throws SyncException where the file cannot be written, or the value not be stored
     * @throws SyncLockTimeoutException
     */
    public function set(mixed $name, mixed $value) {}

    /**
     * Tells whether a property is there and not null.
     *
     *     if ($sync->has('progress')) {}
     *
     * @param string $name
     *
     * @return bool
     *
     * @throws SyncException where the file cannot be read, or is not a store
     * @throws SyncLockTimeoutException
     */
    public function has(mixed $name) {}

    /**
     * Removes a property; no error if it is missing.
     *
     *     $sync->remove('progress')->remove('started');
     *
     * @param string $name
     *
     * @return $this
     *
     * @throws SyncException where the file cannot be written
     * @throws SyncLockTimeoutException
     */
    public function remove(mixed $name) {}

    /**
     * Makes every other Sync on this file, in this or any process, wait at any access until `unlock()`.
     *
     * A Sync that has waited for this lock for $timeout seconds gets a SyncLockTimeoutException; time spent
     * waiting for earlier locks of others does not count. The one that has waited longest goes next,
     * readers included, even when the holder calls lock() again at once. The lock also ends with
     * this object, its request or its process, however they end. If the file is deleted, replaced or
     * cut short meanwhile, the next access is a SyncException that says so, once.
     *
     *     $sync->lock();
     *     try {
     *         $sync->jobs = array_slice($sync->jobs, 1);
     *     } finally {
     *         $sync->unlock();
     *     }
     *
     * @param numeric $timeout  The most seconds that others wait for it; fractions count, to the microsecond. 0 (and
     *                          INF): for ever.
     * @param numeric $interval Microseconds that a waiter may sleep between two checks, at least 5000.
     *
     * @return $this
     *
     * @throws SyncException where an argument is out of range, or another Sync of this thread
     *                       holds the lock, so that the thread would wait for itself
     * @throws SyncLockTimeoutException
     */
    public function lock(mixed $timeout = 0, mixed $interval = 50000) {}

    /**
     * Ends `lock()`; no error if there is none.
     *
     * Only this object's own lock ends: a clone does not end its original's, nor a forked process its parent's.
     *
     *     $sync->unlock();
     *
     * @return $this
     */
    public function unlock() {}

    /**
     * Gives the path of the file, or the address of the server without its password.
     *
     *     echo $sync->getFile();
     *
     * @return string
     */
    public function getFile() {}

    /**
     * Switches to another file, or to a store on a server; a lock that is held is released first.
     *
     *     $sync->setFile('/dev/shm/other.sync')->progress = 0;
     *
     * @param string $file
     *
     * @return $this
     *
     * @throws SyncException where $file is of another scheme (php://, http:// …) or a wrong address, or open_basedir
     *                       forbids it
     * @throws \ValueError where $file contains a NUL byte
     */
    public function setFile(#[\SensitiveParameter] mixed $file) {}

    /**
     * Gives all properties, as of one moment, in the order in which they were first stored.
     *
     *     foreach ($sync->getData() as $name => $value) {}
     *
     * @return \stdClass Empty where the file is missing.
     *
     * @throws SyncException where the file cannot be read, or is not a store
     * @throws SyncLockTimeoutException
     */
    public function getData() {}

    /**
     * Replaces all properties at once.
     *
     *     $sync->setData((object) ['done' => 0, 'steps' => 100]);
     *
     * @param \stdClass $data Of an object of a subclass, the public properties count, as foreach shows them outside.
     *
     * @return $this
     *
     * @throws SyncException where the file cannot be written, or a value not be stored
     * @throws SyncLockTimeoutException
     */
    public function setData(\stdClass $data) {}

    /**
     * Removes the file, and releases the lock; the next write makes the file anew.
     *
     *     $sync->destroy();
     *
     * @return void
     *
     * @throws SyncException where the file cannot be removed
     * @throws SyncLockTimeoutException
     */
    public function destroy() {}

    /**
     * Appends values to the array under a name, in one step, and returns its new length.
     *
     * A name that is missing, or null, becomes a list. A list of any length is neither read nor copied for it, and no other
     * program's push() or `$sync->jobs[] = 1` comes in between. Of a map that this process has not read, the length has to be counted.
     * In a class that overrides get() or set() the array is read, changed and stored while other programs wait.
     *
     *     $sync->push('jobs', 'a.png', 'b.png');      // 2
     *     $sync->push('jobs');                        // 2: no values, the length
     *     echo $sync->jobs[0];                        // a.png
     *
     * @param string $name
     * @param TValue ...$values Under the numbers that `[] =` would give them.
     *
     * @return int<0, max>
     *
     * @throws SyncException where the value there is no array, the file cannot be written, or a value not be stored
     * @throws SyncLockTimeoutException
     * @throws \Error where an argument is named, or PHP_INT_MAX is in use as a key
     */
    public function push(mixed $name, mixed ...$values): int {}

    /**
     * Takes the first element off the array under a name, and returns it; waits for one if there is none.
     *
     * Each element goes to exactly one caller, at most once: a program that dies after it has taken one has lost that one.
     * (`consume()` loses none.) It costs the same however long the list is, and the others move up, as with array_shift(). Elements
     * of an array with string keys are taken off, too, in order, and so is one that other elements refer to; then the array is read
     * and stored again. So it is within a transaction, and in a class that overrides get() or set().
     *
     * An element that cannot be made, as its class throws or its enum is not there, stays at the head of the array; the exception
     * says which. A program that has the enum, or whose class reads it, can take it; an object can also be taken, as a
     * __PHP_Incomplete_Class, by `new Sync($file, allowedClasses: false)`.
     *
     *     while (($job = $sync->shift('jobs', timeout: 5)) !== null) {}
     *
     * @template TDefault
     *
     * @param string     $name
     * @param float|null $timeout The most seconds to wait for an element. 0: do not wait. Null: wait for ever.
     * @param TDefault   $default The result where none came. A name that is missing, or null, has no elements.
     *
     * @return ($default is null ? TValue|null : TValue|TDefault)
     *
     * @throws SyncException where the value there is no array, the file cannot be written; or it would have to wait while this
     *                       process keeps others from writing
     * @throws SyncLockTimeoutException
     * @throws \ValueError where $timeout is less than 0, or NAN
     */
    public function shift(mixed $name, ?float $timeout = 0.0, mixed $default = null): mixed {}

    /**
     * Takes the first element off the array under a name for a function, which has it for good when the function returns.
     *
     * Each element is done at least once, and none is lost: where the function throws, or its process dies, whatever the reason, the
     * element is at the head of the array again, under its key if that is a string and not taken by then, for the next that looks, and may write;
     * keys that are integers are counted anew, as by array_unshift(). (Where
     * something else than an array is there by then, a tenth of a second after that is an array again.) There is no time limit
     * after which others do it as well: the kernel tells whether the process lives. Until then the element is not in the array for
     * anybody, is not counted and not iterated; stats() shows who consumes something. The work of the function may be done twice if its
     * process dies at its very end.
     *
     * A transaction in the function is a commit of its own, before the element is gone. An element that comes back while another program
     * has a transaction, update() or the lock, or waits for the disk with a write (durability `commit`), does so after that; a push() or compareAndSet() may come before it. An array that was removed meanwhile is made again for it; one that
     * expires, as it was to when the element was taken, takes it along, unless there is another one under the name by then, and so do setData(), clear() of all names and
     * destroy(). A child that is forked in the function does not have the element.
     * An array whose elements may share objects or references comes back as it was, with its keys, unless it has changed meanwhile.
     * In a class that overrides get(), set(), __get() or __set() the element stays in the array while the function
     * runs, and other programs wait with writing: for short functions only, which do not call consume() themselves, and write nothing to the array but
     * behind its end: what is its first element when the function returns goes, if it is the same value, and no other. The function cannot
     * call setFile() on this object.
     *
     *     while ($sync->consume('jobs', fn ($job) => serialize($job), timeout: 5)) {}
     *
     * @param string                   $name
     * @param callable(TValue): mixed $fn      Its result does not matter. It may consume others.
     * @param float|null               $timeout The most seconds to wait for an element. 0: do not wait. Null: wait for ever.
     *
     * @return bool False: none came in time.
     *
     * @throws SyncException where the value there is no array, the file cannot be written; within a transaction; or it would have to wait
     *                       while this process keeps others from writing
     * @throws SyncLockTimeoutException where others keep it from writing for longer than they said they would; also when $fn has returned:
     *                                  the element is at the head again then, and done once more
     * @throws \ValueError where $timeout is less than 0, or NAN
     * @throws \Throwable whatever $fn throws
     */
    public function consume(string $name, callable $fn, ?float $timeout = 0.0): bool {}

    /**
     * Tells how many properties there are.
     *
     *     echo count($sync);
     *
     * @return int<0, max>
     *
     * @throws SyncException where the file cannot be read, or is not a store
     * @throws SyncLockTimeoutException
     *
     * @tentative-return-type
     */
    public function count(): int {}

    /**
     * Iterates over all properties, as of one moment, in the order in which they were first stored.
     *
     *     foreach ($sync as $name => $value) {}
     *
     * @return \Iterator<array-key, TValue>
     *
     * @throws SyncException where the file cannot be read, or is not a store
     * @throws SyncLockTimeoutException
     *
     * @tentative-return-type
     */
    public function getIterator(): \Iterator {}

    /**
     * Gives all properties to `json_encode()`, as of one moment.
     *
     *     echo json_encode($sync);
     *
     * @return \stdClass
     *
     * @throws SyncException where the file cannot be read, or is not a store
     * @throws SyncLockTimeoutException
     *
     * @tentative-return-type
     */
    public function jsonSerialize(): mixed {}

    /**
     * Serializes the handle, which is the path of the file, and none of the properties.
     *
     * The result includes allowedClasses and durability of this object.
     *
     *     $text = serialize($sync);
     *
     * @return array<string, mixed>
     *
     * @tentative-return-type
     */
    public function __serialize(): array {}

    /**
     * Makes a handle on the same file.
     *
     * A handle that is read from a value allows no class that the reading object does not allow.
     *
     *     $same = unserialize(serialize($sync));
     *
     * @param array<string, mixed> $data
     *
     * @tentative-return-type
     */
    public function __unserialize(array $data): void {}

    /**
     * Does the same as `get()`, for `$sync['name']`.
     *
     *     echo $sync['progress'];
     *
     * The name is the offset converted by `(string)`, as for `$sync->{$offset}`; a resource is its number, with a warning,
     * as in an array.
     *
     * @param array-key $offset
     *
     * @return TValue|null
     *
     * @throws \TypeError for an array, or an object without `__toString()`
     * @throws SyncException
     *
     * @tentative-return-type
     */
    public function offsetGet(mixed $offset): mixed {}

    /**
     * Does the same as `set()`, for `$sync['name'] = $value`; null, as in `$sync[] = $value`, means the number after the highest.
     *
     *     $sync['progress'] = 42;
     *     $sync[] = 'appended';
     *
     * @param array-key|null $offset
     * @param TValue         $value
     *
     * @throws \TypeError for an array, or an object without `__toString()`
     * @throws SyncException
     *
     * @tentative-return-type
     */
    public function offsetSet(mixed $offset, mixed $value): void {}

    /**
     * Does the same as `has()`, for `isset($sync['name'])`.
     *
     *     if (isset($sync['progress'])) {}
     *
     * @param array-key $offset
     *
     * @throws \TypeError for an array, or an object without `__toString()`
     * @throws SyncException
     *
     * @tentative-return-type
     */
    public function offsetExists(mixed $offset): bool {}

    /**
     * Does the same as `remove()`, for `unset($sync['name'])`.
     *
     *     unset($sync['progress']);
     *
     * @param array-key $offset
     *
     * @throws \TypeError for an array, or an object without `__toString()`
     * @throws SyncException
     *
     * @tentative-return-type
     */
    public function offsetUnset(mixed $offset): void {}

    /**
     * Stores a value that expires after `$ttl`, and returns the value.
     *
     * From then on it is missing for every method, operator and loop, in all programs, without anybody removing it. A value that is
     * stored as a whole (`=`, set(), put(), setData() …) has the expiry that it is given with, or none; a change of what is there (`++`,
     * `[] =`, increment(), update(), push() …) keeps it. The wall clock counts, to some milliseconds; a program for which a value
     * has expired does not see it again when the clock is set back. In a class that overrides set() what set() stores under
     * the name gets the expiry, and so does the first value that it stores by its parent's set() under another name before that.
     *
     *     $token = $sync->put('token', bin2hex(random_bytes(16)), 3600);
     *     $sync->put('offer', ['price' => 9.99], new DateInterval('P1M'));
     *
     * @template T of TValue
     *
     * @param string                       $name
     * @param T                            $value
     * @param int|float|\DateInterval|null $ttl Seconds; fractions count, to the millisecond. null (and INF): it never expires. 0, or less:
     *     it is gone at once. Months of an interval are those from now on. They count from the moment when it is stored (within a
     *     transaction: from this call), however long that had to wait.
     *
     * @return T
     *
     * @throws \TypeError where $ttl is of another type
     * @throws \ValueError where $ttl is NAN
     * @throws SyncException where the file cannot be written, or the value not be stored
     * @throws SyncLockTimeoutException
     */
    public function put(string $name, mixed $value, mixed $ttl = null): mixed {}

    /**
     * Stores a value if there is none under the name, or one that has expired; tells whether it did.
     *
     * Of any number of programs that add at once exactly one gets true. A null that was stored is a value that is there.
     *
     *     if ($sync->add('mail 4711', getmypid(), 600)) {
     *         echo "No other program sends this mail within ten minutes.\n";
     *     }
     *
     * @param string                       $name
     * @param TValue                       $value
     * @param int|float|\DateInterval|null $ttl Seconds after which it expires, as for put().
     *
     * @throws \TypeError where $ttl is of another type
     * @throws \ValueError where $ttl is NAN
     * @throws SyncException where the file cannot be written, or the value not be stored
     * @throws SyncLockTimeoutException
     */
    public function add(string $name, mixed $value, mixed $ttl = null): bool {}

    /**
     * Adds to a number, as `+=` does, and returns the new value; a missing one counts as 0.
     *
     * No other program's step goes uncounted.
     *
     *     $visits = $sync->increment('visits');
     *     $sync->increment('bytes', 4096);
     *     $sync->increment('stock', -1);
     *
     * With a `$ttl`, the value that is made where none was expires after it; one that is there keeps its own: so a limit counts in
     * windows of a fixed length.
     *
     *     if ($sync->increment('requests 192.0.2.1', 1, 60) > 100) {
     *         http_response_code(429);            // more than a hundred in a minute
     *     }
     *
     * @param string                       $name
     * @param int|float                    $by
     * @param int|float|\DateInterval|null $ttl Seconds, as for put().
     *
     * @throws \TypeError where the value is an array, an object, or another that no number can be added to; where $ttl is of another type
     * @throws SyncException where the file cannot be written
     * @throws SyncLockTimeoutException
     */
    public function increment(string $name, int|float $by = 1, mixed $ttl = null): int|float {}

    /**
     * Stores a value if the one that is there is the expected one, in one step; tells whether it was.
     *
     * The content that is stored is compared: 1 and 1.0 differ, arrays are compared with the order of their keys, objects by class and
     * properties, a NAN equals itself. An expected null stands for a missing value, too; a new null is stored.
     * The new value expires when the one before it did.
     *
     *     do {
     *         $old = $sync->balance;
     *     } while (!$sync->compareAndSet('balance', $old, $old - 5));
     *
     * @param string      $name
     * @param TValue|null $expected
     * @param TValue|null $new
     *
     * @throws SyncException where the file cannot be written, or a value not be stored
     * @throws SyncLockTimeoutException
     */
    public function compareAndSet(string $name, mixed $expected, mixed $new): bool {}

    /**
     * Gives the value of a property and removes it, in one step, or gives `$default` where it is missing.
     *
     * Of several programs that call it, one gets the value.
     *
     *     $message = $sync->pull('message', 'nothing new');
     *
     * @template TDefault
     *
     * @param string   $name
     * @param TDefault $default
     *
     * @return ($default is null ? TValue|null : TValue|TDefault)
     *
     * @throws SyncException where the file cannot be written
     * @throws SyncLockTimeoutException
     */
    public function pull(string $name, mixed $default = null): mixed {}

    /**
     * Replaces a value by what `$fn` makes of it, and returns that; no other program writes in between.
     *
     * Others read on meanwhile, and see the old value. Where $fn throws, the value is what it was. It may be run
     * again, so it should do nothing else that counts. A missing value is `$default` to it. Keep it short: others wait to write.
     *
     *     $best = $sync->update('best', fn ($old) => max($old, 42), 0);
     *
     * @template T of TValue
     *
     * @param string                   $name
     * @param callable(TValue|null): T $fn
     * @param TValue|null              $default
     *
     * @return T
     *
     * @throws SyncException where the file cannot be written, or the value not be stored
     * @throws SyncLockTimeoutException
     */
    public function update(string $name, callable $fn, mixed $default = null): mixed {}

    /**
     * Gives the value of a property; where it is missing, calls a function once for all that ask, and stores its result.
     *
     * While one caller computes, the others that want the same value wait for it; nobody else waits for anything. If that caller is killed,
     * or its $fn throws, the next one computes. A caller that has waited for half a minute computes for itself, or after a
     * second if it is called by such a function itself: two of them may be waiting for each other. A fiber does so at once where another
     * fiber of its thread computes.
     *
     *     $primes = $sync->remember('primes', fn () => array_filter(range(2, 97), fn ($n) => !preg_match('/^(..+)\1+$/', str_repeat('.', $n))));
     *     $load = $sync->remember('load', sys_getloadavg(...), 5);     // anew every five seconds, for all programs
     *
     * @template T
     *
     * @param string                       $name
     * @param callable(): T                $fn
     * @param int|float|\DateInterval|null $ttl Seconds after which what $fn returned expires, as for put(): from the moment when it is
     *                                          stored.
     *
     * @return T|TValue The value that was there, null too, or what $fn returned.
     *
     * @throws SyncException where the file cannot be written, or the value not be stored; or where another program computes
     *                       it, while this object keeps all others out
     * @throws SyncLockTimeoutException
     */
    public function remember(string $name, callable $fn, mixed $ttl = null): mixed {}

    /**
     * Gives a value another expiry, counted from now; false where there is no value.
     *
     * The value stays as it is. It is copied for that, unless it is an array that was changed in part.
     *
     *     $sync->touch('session', 1800);
     *     $sync->touch('session', null);          // from here on it stays
     *
     * @param string                       $name
     * @param int|float|\DateInterval|null $ttl Seconds, as for put(). null: it never expires. 0, or less: it is gone at once.
     *
     * @throws \TypeError where $ttl is of another type
     * @throws \ValueError where $ttl is NAN
     * @throws SyncException where the file cannot be written
     * @throws SyncLockTimeoutException
     */
    public function touch(string $name, mixed $ttl): bool {}

    /**
     * Gives the seconds until a value expires; null where it never does, or is missing.
     *
     *     $seconds = $sync->ttl('token');
     *
     * @param string $name
     *
     * @throws SyncException where the file cannot be read, or is not a store
     * @throws SyncLockTimeoutException
     */
    public function ttl(string $name): ?float {}

    /**
     * Runs `$fn` so that everything that it writes to this object happens at one moment, or not at all; returns what it returned.
     *
     * Until then other programs read the state before, and wait to write: keep it short. All that $fn reads of this object, in any way, is
     * with what it has written; another object on the file, and another fiber, see the state before. If $fn throws or exits, or the
     * process ends within it, nothing has happened. A child that is forked within it is no part of it, as another object is none: it waits with its writes
     * until the parent's transaction is over, and makes each by itself. A transaction within it is a part of it: it has happened when the outer one has, and what it
     * had written when it threw is a part as well, should the outer one catch that and go on. $fn may be run again, so it should do nothing
     * else that counts.
     *
     *     $sync->accounts = ['anna' => 20, 'ben' => 10];
     *     $sync->log = [];
     *     $sync->transaction(function (Sync $sync) {
     *         $sync->accounts['anna'] -= 5;
     *         $sync->accounts['ben'] += 5;
     *         $sync->log[] = 'anna, 5, ben';
     *     });
     *
     * @template T
     *
     * @param callable(static): T $fn
     *
     * @return T
     *
     * @throws SyncException where the file cannot be written, or was removed or replaced meanwhile; and within it, by lock(), setFile(),
     *     destroy(), and by methods that would have to wait for another program
     * @throws SyncLockTimeoutException
     */
    public function transaction(callable $fn): mixed {}

    /**
     * Gives the values of several properties, as of one moment, with `$default` for those that are missing.
     *
     *     ['done' => $done, 'steps' => $steps] = $sync->getMultiple(['done', 'steps'], 0);
     *
     * @template TDefault
     *
     * @param array<array-key> $names
     * @param TDefault         $default
     *
     * @return ($default is null ? array<array-key, TValue|null> : array<array-key, TValue|TDefault>) By name, in the order of $names.
     *
     * @throws \TypeError for a name that is an array, or an object without `__toString()`
     * @throws SyncException where the file cannot be read, or is not a store
     * @throws SyncLockTimeoutException
     */
    public function getMultiple(array $names, mixed $default = null): array {}

    /**
     * Stores several values, by name, in one step: other programs see all of them or none.
     *
     *     $sync->setMultiple(['done' => 3, 'steps' => 7]);
     *     $sync->setMultiple(['a' => [1], 'b' => null], 60);     // for a minute
     *
     * @param iterable<array-key, TValue>   $values
     * @param int|float|\DateInterval|null $ttl    Seconds until they expire; null: never; 0 or less: the names are removed.
     *
     * @return $this
     *
     * @throws \TypeError for a $ttl of another type
     * @throws SyncException where the file cannot be written, or a value not be stored
     * @throws SyncLockTimeoutException
     */
    public function setMultiple(iterable $values, mixed $ttl = null): static {}

    /**
     * Removes several properties in one step; those that are missing do not matter.
     *
     *     $sync->removeMultiple(['done', 'steps']);
     *
     * @param iterable<array-key> $names
     *
     * @return $this
     *
     * @throws \TypeError for a name that is an array, or an object without `__toString()`
     * @throws SyncException where the file cannot be written
     * @throws SyncLockTimeoutException
     */
    public function removeMultiple(iterable $names): static {}

    /**
     * Lists the names that begin with `$prefix`, in the order in which they were first stored, without reading a value.
     *
     * A list of a million is best read page by page: $after is the last name of the page before, of which this object remembers
     * where it was, should it be gone meanwhile (of its last 16 pages). Each page is as of one moment.
     *
     *     for ($after = null; $names = $sync->keys('user.', $after, 100); $after = end($names)) {
     *         foreach ($names as $name) {}
     *     }
     *
     * @param string           $prefix The beginning of the names; '': all of them.
     * @param string|null      $after  The last name of the page before; null: the first page.
     * @param int<0, max>|null $limit  At most so many; null: all.
     *
     * @return list<string>
     *
     * @throws \ValueError where $limit is less than 0
     * @throws SyncException where $after is no name that is there, or the file cannot be read, or is not a store
     * @throws SyncLockTimeoutException
     */
    public function keys(string $prefix = '', ?string $after = null, ?int $limit = null): array {}

    /**
     * Describes a value without making it: no class is loaded, no code of an object runs; null where it is missing.
     *
     *     $sync->list = ['a', 'b'];
     *     ['type' => $type, 'count' => $count] = $sync->describe('list');     // array, 2
     *
     * @param string $name
     *
     * @return array{type: string, bytes: int, count: ?int, ttl: ?float, pieces: int}|null `type` as get_debug_type() names it,
     *     of an enum with the case (`Suit::Hearts`); `bytes` that it takes, encoded; `count` of the elements of an array
     *     or the properties of an object; `ttl`, the seconds until it expires (null: never); `pieces` in which it is stored.
     *
     * @throws SyncException where the file cannot be read, or is not a store
     * @throws SyncLockTimeoutException
     */
    public function describe(string $name): ?array {}

    /**
     * Removes all properties, or those whose names begin with `$prefix`, in one step; the file stays.
     *
     *     $sync->clear('cache.');
     *
     * @param string $prefix The beginning of the names; '': all of them.
     *
     * @return $this
     *
     * @throws SyncException where the file cannot be written
     * @throws SyncLockTimeoutException
     */
    public function clear(string $prefix = ''): static {}

    /**
     * Waits until one of the values has changed since this object saw it, without polling; tells whether one has.
     *
     * A value was seen when this object read or wrote it, or was told here that it had changed. One that it has neither read nor written
     * counts as seen at the call. Without names any change of the file counts, since this object was last told of one, has looked at
     * everything (`getData()`, `foreach`), or has used the file for the first time. Its own changes do not count, but for an element that
     * it gives back in `consume()` or `shift()`, and for those of a signal handler that runs meanwhile. Storing the same value again is a
     * change; so is removing one, and its expiry (without names as soon as some program has written and given its space back). `touch()` is
     * none, but within a transaction, and on a server, it may be told as one. A value that was
     * not there, was stored, and is gone again is told to those that sleep meanwhile; afterwards only with `$since`. A change may be told
     * that is none where some thousand names are waited for, or removed; and of a name that is not there, where this object has looked at
     * everything, and others were removed since: look at the value.
     *
     * It works on a file that does not exist yet, and follows one that is replaced. The whole process sleeps, its fibers, too; it wakes up
     * within a millisecond (with read-only access, or as long as there is no file, within ten; where the file is removed, replaced or cut
     * short, or a consumer of an array is killed, after as long again as it has waited, and within two seconds). Signal handlers run meanwhile.
     *
     *     do {
     *         echo "\r", $sync->progress, ' %';
     *     } while ($sync->progress < 100 && $sync->wait('progress', 0.5));
     *
     * Two users of one object do not take each other's changes away with `$since`:
     *
     *     $version = $sync->version();
     *     $jobs = $sync->jobs;
     *     $changed = $sync->wait('jobs', 0.5, $version);
     *
     * @param non-empty-array<array-key>|string|null $names   One name, or several; null: anything in the file.
     * @param float|null                             $timeout Seconds to wait, with fractions; 0: it only looks; null: for ever.
     * @param int|null                               $since   A `version()`: changes since then count, whatever was seen.
     *
     * @return bool False: nothing has changed in time.
     *
     * @throws \TypeError for a name that is an array, or an object without `__toString()`
     * @throws \ValueError where $names is empty, or $timeout is less than 0
     * @throws SyncException where this process keeps others from writing (`lock()`, `transaction()`, `update()`), so that
     *                       it would wait for ever; or the file is not a store
     * @throws SyncLockTimeoutException
     */
    public function wait(array|string|null $names = null, ?float $timeout = null, ?int $since = null): bool {}

    /**
     * Waits until `$condition`, given the value, is true, and returns the value.
     *
     * It is called at once, and again after each change (in a class that overrides get(), set(), __get() or __set(), ten times a second besides). A missing value is null to it. It may use the object, and write to it.
     *
     *     $sync->result = 42;                            // mostly in another program
     *     $result = $sync->waitFor('result', fn ($value) => $value !== null, 30.0);
     *
     * @param string                       $name
     * @param callable(TValue|null): mixed $condition
     * @param float|null                   $timeout   Seconds to wait, with fractions; 0: it only looks; null: for ever.
     *
     * @return TValue|null
     *
     * @throws SyncTimeoutException where the condition was not true in time
     * @throws \ValueError where $timeout is less than 0
     * @throws SyncException where this process keeps others from writing, or the file is not a store
     */
    public function waitFor(string $name, callable $condition, ?float $timeout = null): mixed {}

    /**
     * Gives a number that grows with each change of a value in the file, for `wait()`; 0 where there is no file.
     *
     * Take it before reading what depends on it. Compare for equality only: a file that was removed, replaced or restored goes on
     * somewhere else.
     *
     *     $version = $sync->version();
     *     $page = $sync->page;
     *     echo $sync->version() === $version ? 'unchanged' : 'changed';
     *
     * @throws SyncException where the file is not a store
     * @throws SyncLockTimeoutException
     */
    public function version(): int {}

    /**
     * Takes a lock, if nobody has it: the one of this name, or that of the whole object.
     *
     * A lock of a name keeps nobody from anything but the same lock: tryLock('jobs') does not protect `$sync->jobs`. Without a name it
     * is lock(): all others wait at any access, and unlock() ends it, too.
     *
     * It belongs to this object and the fiber that took it, and ends with release(), with the object, its request or its
     * process, however they end; with the file as well. Taking it again counts, and gives the same token. Waiters are served in
     * the order of waiting.
     *
     *     if (!$sync->tryLock('report')) {
     *         exit("the report is being made already\n");
     *     }
     *     $sync->release('report');
     *
     * @param string|null $name    Any string; null: the whole object.
     * @param float|null  $timeout The most seconds to wait for it; null: for ever.
     *
     * @return positive-int|false A token: greater than that of any lock that was taken before, so that a third party can refuse
     *                            what comes from an owner of old. False: the lock did not come in time.
     *
     * @throws SyncException where the file cannot be written; where this process would wait for itself, for ever; or
     *                       where it would wait while this object keeps all others out
     * @throws \ValueError where $timeout is less than 0
     */
    public function tryLock(?string $name = null, ?float $timeout = 0): int|false {}

    /**
     * Ends `tryLock()`; no error, and no effect, where this object does not have that lock.
     *
     * A lock that was taken several times ends when it was released as often. Nobody else's lock ends: not that of a clone, of
     * another fiber, or of the process that has forked this one.
     *
     *     $sync->release('report');
     *
     * @param string|null $name The same as for tryLock().
     *
     * @return $this
     */
    public function release(?string $name = null): static {}

    /**
     * Calls a function while it has a lock, as `tryLock()` takes it, and returns what that returned.
     *
     * The lock is released whatever happens: $fn returns, throws or exits, or the process dies. An inner call for the same
     * lock does not end the outer one's.
     *
     *     $started = $sync->synchronized(fn () => $sync->started ??= date('c'), 'start');
     *     $sync->synchronized(function () use ($sync) {     // of the whole object: nobody sees one without the other
     *         $sync->from = ($sync->from ?? 0) - 10;
     *         $sync->to = ($sync->to ?? 0) + 10;
     *     });
     *
     * @template T
     *
     * @param callable(): T $fn
     * @param string|null   $name    As for tryLock().
     * @param float|null    $timeout The most seconds to wait for the lock; null: for ever.
     *
     * @return T
     *
     * @throws SyncTimeoutException where the lock did not come in time; $fn was not called
     * @throws SyncException as tryLock(); on a server also after $fn has returned, where the connection ended meanwhile, and with it the
     *                       lock
     * @throws \ValueError where $timeout is less than 0
     */
    public function synchronized(callable $fn, ?string $name = null, ?float $timeout = null): mixed {}

    /**
     * Tells how much is stored, by whom it is used, and who holds which lock: a look from outside, for people.
     *
     * It never waits, not for lock() either, and changes nothing. So its figures may be of slightly different moments. Programs that
     * decide by them are wrong a moment later.
     *
     *     foreach ($sync->stats()['locks'] as ['name' => $name, 'pid' => $pid]) {
     *         echo $name ?? 'the whole object', " is locked by process $pid\n";
     *     }
     *
     * - `keys`: properties · `live_bytes`: what they take, with their records · `dead_bytes`: room in the file for more, and
     *   what was overwritten there · `file_bytes`, `memory_bytes`: the file's length, and the memory or disk behind it
     * - `commits`: changes since the file was made · `compactions`: times that a part of it was tidied up
     * - `processes`: those that have written and have it open, once for each thread; `since` when (as microtime(true))
     * - `locks`: a name, or null for the whole object; its token is null where lock() took it. Of a name of more than 168 bytes there is
     *   the beginning
     * - `waiters`: threads that stand in line for a lock, or sleep until something changes · `consuming`: the items that consume() is at
     *   work on
     * - `cache`: of this thread, for all files: reads that needed no decoding and those that did, and bytes that are kept
     *
     * A pid is null where it means nothing to this process: it is of another pid namespace.
     *
     * @return array{
     *     keys: int, live_bytes: int, dead_bytes: int, file_bytes: int, memory_bytes: int, commits: int, compactions: int,
     *     processes: list<array{pid: int|null, since: float|null}>,
     *     locks: list<array{name: string|null, pid: int|null, since: float, token: int|null}>,
     *     waiters: int, consuming: list<array{name: string, pid: int|null}>, cache: array{hits: int, misses: int, bytes: int}
     * }
     *
     * @throws SyncException where the file cannot be read, or is not a store
     */
    public function stats(): array {}
}

/**
 * An operation of a Sync has failed; nothing has changed.
 *
 *     try {
 *         $sync->progress = 42;
 *     } catch (SyncException $e) {
 *         error_log($e->getMessage());
 *     }
 */
class SyncException extends \RuntimeException {}

/**
 * A wait was over before what it was for had happened.
 *
 *     try {
 *         echo $sync->progress;
 *     } catch (SyncTimeoutException) {
 *         echo 'busy';
 *     }
 */
class SyncTimeoutException extends SyncException {}

/**
 * Another Sync has held `lock()` for longer than it allowed others to wait.
 *
 *     try {
 *         echo $sync->progress;
 *     } catch (SyncLockTimeoutException) {
 *         echo 'busy';
 *     }
 */
class SyncLockTimeoutException extends SyncTimeoutException {}
