//! `stats()`: a look at the store from outside, for people.

use ext_php_rs::ffi::zval;
use ext_php_rs::zend::ExecuteData;

use super::call::{arguments, run};
use super::globals::GLOBALS;
use super::handle::{Backend, Connected, Consumer, HeldLock, Stats};
use super::legacy;
use super::object::SyncObject;
use super::retry::{Stop, retry};
use super::zend::{Array, Held, Local, Str, Thrown};

pub extern "C" fn stats(data: &mut ExecuteData, result: &mut zval) {
    run(data, result, |call| {
        arguments!(call, c"");
        let stats = look(call.this())?;
        call.result().set_array(stats);
        Ok(())
    });
}

fn look(this: &SyncObject) -> Result<Held<Array>, Thrown> {
    let stats = match retry(this, |store| store.stats()) {
        Ok(stats) => stats,
        Err(Stop::Legacy) => of_legacy(this)?,
        Err(Stop::Thrown) => return Err(Thrown),
    };
    // (The engine may have no memory for it, and leave by `longjmp`: then the end of the request frees the figures.)
    Ok(show(&GLOBALS.get().buffers.park(stats)))
}

/// The figures of a file of the pure-PHP class, which is no store yet.
fn of_legacy(this: &SyncObject) -> Result<Stats, Thrown> {
    loop {
        let mut keys = 0;
        let is_one = legacy::each(this, &mut |_, _| {
            keys += 1;
            Ok(())
        })?;
        if is_one {
            return Ok(Stats { keys, ..Stats::default() });
        }
        match retry(this, |store| store.stats()) {
            Ok(stats) => return Ok(stats),
            Err(Stop::Legacy) => {}
            Err(Stop::Thrown) => return Err(Thrown),
        }
    }
}

fn show(stats: &Stats) -> Held<Array> {
    let mut shown = Held::<Array>::new();
    for (name, number) in [
        ("keys", stats.keys),
        ("live_bytes", stats.live_bytes),
        ("dead_bytes", stats.dead_bytes),
        ("file_bytes", stats.file_bytes),
        ("memory_bytes", stats.memory_bytes),
        ("commits", stats.commits),
        ("compactions", stats.compactions),
    ] {
        put(&mut shown, name, long(number));
    }
    put(&mut shown, "processes", list(stats.processes.iter().map(process)));
    put(&mut shown, "locks", list(stats.locks.iter().map(lock)));
    put(&mut shown, "waiters", long(stats.waiters));
    put(&mut shown, "consuming", list(stats.consuming.iter().map(consumer)));
    put(&mut shown, "cache", cache());
    shown
}

fn process(process: &Connected) -> Local {
    let mut shown = Held::<Array>::new();
    put(&mut shown, "pid", pid(process.pid));
    put(&mut shown, "since", if process.since == 0 { Local::null() } else { seconds(process.since) });
    Local::of_array(shown)
}

fn lock(lock: &HeldLock) -> Local {
    let mut shown = Held::<Array>::new();
    let name = lock.name.as_deref().map_or_else(Local::null, |name| Local::of_string(Str::new(name)));
    put(&mut shown, "name", name);
    put(&mut shown, "pid", pid(lock.pid));
    put(&mut shown, "since", seconds(lock.since));
    put(&mut shown, "token", lock.token.map_or_else(Local::null, long));
    Local::of_array(shown)
}

fn consumer(consumer: &Consumer) -> Local {
    let mut shown = Held::<Array>::new();
    put(&mut shown, "name", Local::of_string(Str::new(&consumer.name)));
    put(&mut shown, "pid", pid(consumer.pid));
    Local::of_array(shown)
}

/// The figures of this thread's cache, of values of all files.
fn cache() -> Local {
    let figures = GLOBALS.get().caches.figures();
    let mut shown = Held::<Array>::new();
    put(&mut shown, "hits", long(figures.hits));
    put(&mut shown, "misses", long(figures.misses));
    put(&mut shown, "bytes", long((figures.bytes + figures.passing) as u64));
    Local::of_array(shown)
}

fn put(into: &mut Held<Array>, name: &str, value: Local) {
    into.update(&Str::new(name.as_bytes()), value);
}

fn long(number: u64) -> Local {
    Local::of_long(i64::try_from(number).unwrap_or(i64::MAX))
}

fn pid(pid: Option<u32>) -> Local {
    pid.map_or_else(Local::null, |pid| Local::of_long(pid.into()))
}

/// Nanoseconds since 1970 as the seconds of `microtime(true)`.
fn seconds(nanoseconds: u64) -> Local {
    Local::of_double(nanoseconds as f64 / 1e9)
}

fn list(items: impl Iterator<Item = Local>) -> Local {
    let mut list = Held::<Array>::new();
    items.for_each(|item| list.push(item));
    Local::of_array(list)
}
