<?php

declare(strict_types=1);

namespace Sync\Tests;

use PHPUnit\Framework\TestCase;
use Sync\Session\SessionHandler;

/**
 * The handler under PHP's own sessions, and called as PHP calls it.
 */
final class SessionHandlerTest extends TestCase
{
    private string $file;

    protected function setUp(): void
    {
        $this->file = store_file('session');
        (new \Sync($this->file))->clear();
    }

    /** The output of a program that has the handler. */
    private function session(string $options, string $code): string
    {
        return trim((string) shell_exec($this->command($options, $code).' 2>&1'));
    }

    private function command(string $options, string $code): string
    {
        return sprintf(
            'SYNC_FILE=%s exec %s -d session.use_cookies=0 -d session.cache_limiter= %s %s',
            escapeshellarg($this->file),
            escapeshellarg(\PHP_BINARY),
            $options,
            escapeshellarg('require '.var_export(__DIR__.'/bootstrap.php', true).';
                session_set_save_handler(new Sync\Session\SessionHandler(getenv("SYNC_FILE"), lifetime: 60), true); '.$code),
        );
    }

    public function testTenWorkersOfOneSessionWaitForTheirTurn(): void
    {
        in_processes(10, function () {
            for ($i = 0; $i < 20; ++$i) {
                $handler = new SessionHandler($this->file);
                $handler->open('', 'sid');
                $data = $handler->read('abc');
                usleep(200);
                $handler->write('abc', (string) ((int) $data + 1));
                $handler->close();
            }
        });
        $this->assertSame('200', (new \Sync($this->file))->{'session.abc'});
    }

    public function testSessionsLockIsGoneWithItsWorker(): void
    {
        // The process is killed without close().
        in_processes(1, function () {
            $GLOBALS['kept'] = $handler = new SessionHandler($this->file);
            $handler->read('abc');
        });
        $this->assertSame('', (new SessionHandler($this->file, patience: 0.0))->read('abc'));
    }

    public function testSessionWithoutLockDoesNotWait(): void
    {
        $holder = new SessionHandler($this->file);
        $holder->read('abc');
        [$locked, $free] = in_processes(1, fn () => [
            (new SessionHandler($this->file, patience: 0.05))->read('abc'),
            (new SessionHandler($this->file, lock: false))->read('abc'),
        ])[0];
        $this->assertFalse($locked);
        $this->assertSame('', $free);
    }

    public function testLazyWriteChangesTheExpiryAlone(): void
    {
        $sync = new \Sync($this->file);
        $handler = new SessionHandler($this->file, lifetime: 100);
        $sync->put('session.abc', 'data', 5);
        $this->assertSame('data', $handler->read('abc'));
        $this->assertTrue($handler->updateTimestamp('abc', 'not stored'));
        $this->assertSame('data', $sync->{'session.abc'});
        $this->assertEqualsWithDelta(100, $sync->ttl('session.abc'), 1);
    }

    public function testSessionThatAnotherDestroyedStaysSo(): void
    {
        $sync = new \Sync($this->file);
        $sync->{'session.abc'} = 'data';
        $handler = new SessionHandler($this->file);
        $handler->read('abc');
        $sync->remove('session.abc');
        $this->assertTrue($handler->updateTimestamp('abc', 'data'));
        $this->assertFalse($handler->validateId('abc'));
    }

    public function testSessionsOfPhp(): void
    {
        $session = fn (string $code) => $this->session("-d session.use_strict_mode=1 -r", $code);
        $id = $session('session_start(); $_SESSION["n"] = 1; echo session_id();');
        $this->assertMatchesRegularExpression('/^[a-z0-9,-]{22,}$/i', $id);
        $this->assertSame('1', $session("session_id('$id'); session_start(); echo \$_SESSION['n']++;"));
        $this->assertSame('2', $session("session_id('$id'); session_start(['read_and_close' => true]); echo \$_SESSION['n']; \$_SESSION['n'] = 9;"));
        // The lock is free while the program that read goes on.
        $this->assertSame('free', $session("session_id('$id'); session_start(['read_and_close' => true]);
            \$other = new Sync\Session\SessionHandler(getenv('SYNC_FILE'), patience: 0.0); echo false === \$other->read('$id') ? 'locked' : 'free';"));
        $new = $session("session_id('$id'); session_start(); session_regenerate_id(true); echo session_id();");
        $this->assertNotSame($id, $new);
        $this->assertSame('2', $session("session_id('$new'); session_start(); echo \$_SESSION['n'];"));
        $this->assertNotSame($id, $session("session_id('$id'); session_start(); echo session_id();"), 'strict mode takes no id of a destroyed session');
        $this->assertSame('', $session("session_id('$new'); session_start(); session_destroy();"));
        $this->assertFalse((new \Sync($this->file))->has("session.$new"));
    }

    public function testSessionThatWasDestroyedMeanwhileStaysSo(): void
    {
        // Two requests of one session: one ends it, the other waits, reads an empty one, and stores nothing of its own.
        $sync = new \Sync($this->file);
        foreach ([true, false] as $strict) {
            $sync->{'session.abc'} = 'data';
            $first = new SessionHandler($this->file);
            $first->read('abc');
            $child = start_process(function () use ($strict) {
                $second = new SessionHandler($this->file);
                $valid = !$strict || $second->validateId('abc');
                (new \Sync($this->file))->set('waits', true);
                $data = $second->read('abc');
                $second->updateTimestamp('abc', $data);
                $second->close();

                return [$valid, $data];
            });
            $sync->waitFor('waits', fn ($waits) => true === $waits, 10.0);
            usleep(50_000);
            $first->destroy('abc');
            $first->close();
            $this->assertSame([true, ''], result_of($child));
            $this->assertFalse($first->validateId('abc'), $strict ? 'in strict mode' : 'without strict mode');
            $sync->clear();
        }
    }

    public function testDestroyedSessionIsNotMadeAgainByARequestThatHadIt(): void
    {
        // Of the three, PHP calls write() for an empty session, without session.lazy_write, and for one that has changed.
        $sync = new \Sync($this->file);
        foreach ([SessionHandler::class, \Sync\Symfony\SessionHandler::class] as $class) {
            foreach ([true, false] as $lock) {
                foreach (['data', 'changed'] as $data) {
                    $sync->put('session.abc', 'data', 100);
                    $handler = new $class($this->file, lock: $lock);
                    $handler->open('', 'sid');
                    $this->assertSame('data', $handler->read('abc'));
                    $sync->remove('session.abc');
                    $this->assertTrue($handler->write('abc', $data));
                    $handler->close();
                    $this->assertFalse($sync->has('session.abc'), "$class, $data");
                    // The next request may begin one of this id.
                    $handler->open('', 'sid');
                    $handler->read('abc');
                    $handler->write('abc', $data);
                    $handler->close();
                    $this->assertSame($data, $sync->{'session.abc'});
                }
            }
        }
    }

    public function testLogoutOfAnotherRequestStandsThoughOneWaitedForIt(): void
    {
        $sync = new \Sync($this->file);
        foreach (['', '$_SESSION["n"] = 2;'] as $change) {
            $id = $this->session('-r', 'session_start(); $_SESSION["n"] = 1; echo session_id();');
            $first = new SessionHandler($this->file);
            $first->read($id);
            $out = $this->file.'.out';
            $second = proc_open(
                $this->command('-d session.use_strict_mode=1 -r', "session_id('$id'); session_start(); echo session_id(), json_encode(\$_SESSION); $change"),
                [['file', '/dev/null', 'r'], ['file', $out, 'w'], ['file', $out, 'a']],
                $pipes,
            );
            for ($end = microtime(true) + 20; 0 === $sync->stats()['waiters'] && microtime(true) < $end; usleep(20_000));
            $first->destroy($id);
            $first->close();
            proc_close($second);
            $this->assertSame("{$id}[]", file_get_contents($out));
            $this->assertSame([], $sync->keys('session.'));
        }
    }

    public function testSessionThatWasDestroyedStaysSoWhenItWouldHaveExpired(): void
    {
        $sync = new \Sync($this->file);
        foreach (['write', 'updateTimestamp'] as $method) {
            $sync->put('session.abc', 'data', 0.05);
            $handler = new SessionHandler($this->file);
            $this->assertSame('data', $handler->read('abc'));
            // Destroyed by another request, or expired: afterwards nobody can tell.
            unset($sync->{'session.abc'});
            usleep(100_000);
            $this->assertTrue($handler->$method('abc', 'data'));
            $this->assertFalse(isset($sync->{'session.abc'}), $method);
        }
    }

    public function testLockOfASessionThatCannotBeSerializedEnds(): void
    {
        // PHP calls neither write() nor close().
        foreach ([SessionHandler::class, \Sync\Symfony\SessionHandler::class] as $class) {
            $this->assertSame('held; by release(): free; held; by the next session: free; the same again: mine', $this->session('-r', '
                session_set_save_handler($handler = new '.$class.'(getenv("SYNC_FILE")), true);
                $state = fn () => false === (clone new Sync(getenv("SYNC_FILE")))->tryLock("session.abc") ? "held" : "free";
                $fail = function () {
                    session_id("abc"); session_start(); $_SESSION["x"] = fn () => 1;
                    try { session_write_close(); } catch (Exception) { }
                };
                $fail(); $said = $state();
                $handler->release(); $said .= "; by release(): ".$state();
                $fail(); $said .= "; ".$state();
                session_id("other"); session_start(); $said .= "; by the next session: ".$state(); session_write_close();
                $fail(); session_id("abc"); session_start(); $said .= "; the same again: ".("held" === $state() ? "mine" : "not held"); session_abort();
                echo $said, "free" === $state() ? "" : " for ever";'));
        }
    }

    public function testSessionResetKeepsItsTurn(): void
    {
        $handler = new SessionHandler($this->file);
        $handler->open('', 'sid');
        $handler->read('abc');
        $handler->open('', 'sid');
        $this->assertFalse((new \Sync($this->file))->tryLock('session.abc'));
        $handler->read('abc');
        $this->assertFalse((new \Sync($this->file))->tryLock('session.abc'));
        $handler->close();
        $this->assertNotFalse((new \Sync($this->file))->tryLock('session.abc'));
    }

    public function testNewSessionIsStoredThoughItIsEmpty(): void
    {
        $handler = new SessionHandler($this->file);
        $handler->read('new');
        $handler->updateTimestamp('new', '');
        $handler->close();
        $this->assertTrue($handler->validateId('new'));
    }

    public function testOpenSessionKeepsItsLockWhileAnotherIdIsAsked(): void
    {
        // As session_create_id() and Symfony's strict mode ask.
        foreach ([new SessionHandler($this->file), new \Sync\Symfony\SessionHandler($this->file)] as $handler) {
            $handler->open('', 'sid');
            $handler->read('abc');
            $handler->validateId('other');
            [$taken] = in_processes(1, fn () => false !== (new SessionHandler($this->file, patience: 0.0))->read('abc'));
            $this->assertFalse($taken);
            $handler->close();
            [$taken] = in_processes(1, fn () => false !== (new SessionHandler($this->file, patience: 0.0))->read('abc'));
            $this->assertTrue($taken);
        }
    }

    public function testLockEndsWithAWriteThatFails(): void
    {
        $sync = new \Sync($this->file);
        $handler = new SessionHandler($this->file);
        foreach (['write', 'updateTimestamp', 'destroy'] as $method) {
            $handler->read('abc');
            $sync->lock();
            try {
                'destroy' === $method ? $handler->destroy('abc') : $handler->$method('abc', 'data');
                $this->fail("$method does not fail");
            } catch (\SyncException) {
            } finally {
                $sync->unlock();
            }
            [$data] = in_processes(1, fn () => (new SessionHandler($this->file, patience: 0.0))->read('abc'));
            $this->assertSame('', $data, $method);
        }
    }

    public function testForkedProcessWaitsForItsParentsSession(): void
    {
        $handler = new SessionHandler($this->file, patience: 0.05);
        $handler->read('abc');
        [$data] = in_processes(1, fn () => $handler->read('abc'));
        $this->assertFalse($data);
        [$data] = in_processes(1, function () use ($handler) {
            $handler->close();

            return (new SessionHandler($this->file, patience: 0.05))->read('abc');
        });
        $this->assertFalse($data, "the child's close() ended the parent's lock");
    }

    public function testRequestThatRunsOutOfTimeGivesItsTurn(): void
    {
        $this->session('-r', 'session_id("abc"); session_start(); $_SESSION["n"] = 1;');
        $out = $this->file.'.out';
        $slow = proc_open($this->command('-r', 'session_id("abc"); session_start(); (new Sync(getenv("SYNC_FILE")))->set("started", true);
            $_SESSION["n"]++; set_time_limit(1); while (true);'), [['file', '/dev/null', 'r'], ['file', $out, 'w'], ['file', $out, 'a']], $pipes);
        (new \Sync($this->file))->waitFor('started', fn ($started) => true === $started, 10.0);
        $start = microtime(true);
        $this->assertSame('2', $this->session('-r', 'session_id("abc"); session_start(); echo $_SESSION["n"];'));
        $this->assertLessThan(20, microtime(true) - $start);
        proc_close($slow);
        $this->assertStringContainsString('Maximum execution time', (string) file_get_contents($out));
    }

    public function testRequestThatWaitsRunsOutOfTime(): void
    {
        $holder = new SessionHandler($this->file);
        $holder->read('abc');
        $start = microtime(true);
        $said = $this->session('-r', 'set_time_limit(1); session_id("abc"); session_start(); echo "taken";');
        $this->assertStringContainsString('Maximum execution time', $said);
        $this->assertStringNotContainsString('taken', $said);
        $this->assertLessThan(20, microtime(true) - $start);
        // The one that has it goes on.
        $this->assertTrue($holder->write('abc', 'data'));
    }

    public function testPatienceThatIsOverFailsToStart(): void
    {
        $holder = new SessionHandler($this->file);
        $holder->read('abc');
        $said = $this->session('-r', 'session_set_save_handler(new Sync\Session\SessionHandler(getenv("SYNC_FILE"), patience: 0.05), true);
            session_id("abc"); var_dump(session_start(), session_status() === PHP_SESSION_ACTIVE);');
        $this->assertStringContainsString('Failed to read session data', $said);
        $this->assertSame(2, substr_count($said, 'bool(false)'));
    }

    public function testRegeneratedIdKeepsTheData(): void
    {
        [$old, $new] = explode(' ', $this->session('-r', 'session_start(); $_SESSION["n"] = 1; $old = session_id();
            session_regenerate_id(); $_SESSION["n"]++; echo $old, " ", session_id();'));
        $this->assertNotSame($old, $new);
        $read = fn (string $id) => $this->session('-r', "session_id('$id'); session_start(); echo \$_SESSION['n'];");
        $this->assertSame(['1', '2'], [$read($old), $read($new)]);
    }

    public function testResetAndAbort(): void
    {
        $this->session('-r', 'session_id("abc"); session_start(); $_SESSION["n"] = 1;');
        $this->assertSame('1', $this->session('-r', 'session_id("abc"); session_start(); $_SESSION["n"] = 5; session_reset(); echo $_SESSION["n"];'));
        $this->assertSame('', $this->session('-r', 'session_id("abc"); session_start(); $_SESSION["n"] = 5; session_abort();'));
        $this->assertSame('1', $this->session('-r', 'session_id("abc"); session_start(); echo $_SESSION["n"];'));
    }

    public function testSessionsExpireWithoutAnybodysDoing(): void
    {
        $handler = new SessionHandler($this->file, lifetime: 1);
        $handler->read('abc');
        $handler->write('abc', 'data');
        $this->assertSame(0, $handler->gc(1));
        $this->assertTrue($handler->validateId('abc'));
        usleep(1_100_000);
        $this->assertFalse($handler->validateId('abc'));
        $this->assertCount(0, new \Sync($this->file));
    }

    public function testLifetimeThatIsNoneIsRefused(): void
    {
        foreach ([SessionHandler::class, \Sync\Symfony\SessionHandler::class] as $class) {
            foreach ([0, -1] as $lifetime) {
                try {
                    new $class($this->file, lifetime: $lifetime);
                    $this->fail("$class takes a lifetime of $lifetime");
                } catch (\ValueError $error) {
                    $this->assertStringContainsString("at least one second, not $lifetime", $error->getMessage());
                }
            }
        }
    }

    public function testSessionIsStoredWhereGcMaxlifetimeIsNone(): void
    {
        foreach ([0, -5] as $before => $lifetime) {
            $said = $this->session("-d session.gc_maxlifetime=$lifetime -d display_errors=1 -d html_errors=0 -r", '
                session_set_save_handler(new Sync\Session\SessionHandler(getenv("SYNC_FILE")), true);
                session_id("none"); session_start(); $_SESSION["n"] = ($_SESSION["n"] ?? 0) + 1; session_write_close();
                session_start(); echo "requests: {$_SESSION["n"]}.";');
            $this->assertStringContainsString("session.gc_maxlifetime is $lifetime: the session is kept for 1440 seconds.", $said);
            $this->assertStringContainsString(sprintf('requests: %d.', $before + 1), $said);
            $this->assertEqualsWithDelta(1440, (new \Sync($this->file))->ttl('session.none'), 60);
        }
    }
}
