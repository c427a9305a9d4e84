//! `ls`, `get` and `stat`.

use std::ffi::OsStr;
use std::io::{BufWriter, StdoutLock, Write, stdout};
use std::mem::MaybeUninit;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::json;
use sync_backend::{HeldLock, Stats, Stored, Unread};
use sync_store::{Now, Store};

use crate::file;
use crate::json;
use crate::outcome::{Failure, Outcome, Status};
use crate::value::{Printable, Value, kind};

pub fn output() -> BufWriter<StdoutLock<'static>> {
    BufWriter::with_capacity(1 << 16, stdout().lock())
}

/// Lists names.
pub fn ls(path: &Path, prefix: &OsStr, long: bool, null: bool) -> Outcome {
    let store = file::existing(path)?;
    let mut out = output();
    file::pages(&store, prefix.as_bytes(), |page| {
        for (name, value) in (0..page.len()).filter_map(|index| page.get(index)) {
            if null {
                out.write_all(name)?;
                out.write_all(b"\0")?;
            } else if long {
                write_long(&store, name, value, &mut out)?;
            } else {
                writeln!(out, "{}", Printable(name))?;
            }
        }
        Ok(())
    })?;
    out.flush()?;
    Ok(Status::Fine)
}

/// A line on a name: type, bytes, seconds until it expires, name.
fn write_long(store: &Store, name: &[u8], value: Stored, out: &mut impl Write) -> Outcome<()> {
    let Some(facts) = store.retry(|store| store.facts(name))? else { return Ok(()) };
    let kind = match value {
        Stored::Bytes(bytes) => kind(bytes),
        Stored::Left(unread) => kind(&start(store, &unread)?),
    };
    let left = facts.expiry.map_or("-".into(), |expiry| format!("{:.1}", expiry.left(Now::read()).as_secs_f64()));
    writeln!(out, "{kind:<12} {:>12} {left:>10}  {}", facts.bytes, Printable(name))?;
    Ok(())
}

/// The first bytes of a value that was left in the store; none, if it is gone.
fn start(store: &Store, unread: &Unread) -> Outcome<Vec<u8>> {
    let mut bytes = [MaybeUninit::uninit(); 512];
    let length = usize::try_from(unread.length).map_or(bytes.len(), |length| length.min(bytes.len()));
    let target = &mut bytes[..length];
    if !store.retry(|store| store.read_unread(unread, 0, target))? {
        return Ok(Vec::new());
    }
    // SAFETY: `read_unread` has filled all of them, as it says.
    Ok(target.iter().map(|byte| unsafe { byte.assume_init() }).collect())
}

/// Prints a value.
pub fn get(path: &Path, name: &OsStr, raw: bool, pretty: bool) -> Outcome {
    let store = file::existing(path)?;
    let Some(bytes) = file::read(&store, name.as_bytes())? else {
        let text = format!("There is no '{}' in '{}'.", Printable(name.as_bytes()), path.display());
        return Err(Failure::new(Status::NotThere, text));
    };
    let mut out = output();
    let value = Value::decode(&bytes).map_err(|error| {
        Failure::new(Status::NotThere, format!("The value of '{}' is damaged: {error}.", Printable(name.as_bytes())))
    })?;
    match &value {
        Value::String(text) if raw => out.write_all(text)?,
        _ => {
            if let Some(why) = json::obstacle(&value) {
                let name = Printable(name.as_bytes());
                return Err(Failure::new(Status::NotCarried, format!("There is no JSON for '{name}': it has {why}.")));
            }
            json::write(&value, pretty, &mut out)?;
            writeln!(out)?;
        }
    }
    out.flush()?;
    Ok(Status::Fine)
}

/// Prints the state of a file.
pub fn stat(path: &Path, json: bool) -> Outcome {
    let stats = file::existing(path)?.stats()?;
    let mut out = output();
    if json {
        serde_json::to_writer_pretty(&mut out, &as_json(&stats)).map_err(std::io::Error::from)?;
        writeln!(out)?;
    } else {
        write_stats(&stats, &mut out)?;
    }
    out.flush()?;
    Ok(Status::Fine)
}

fn as_json(stats: &Stats) -> serde_json::Value {
    let seconds = |nanoseconds: u64| nanoseconds as f64 / 1e9;
    json!({
        "keys": stats.keys,
        "live_bytes": stats.live_bytes,
        "dead_bytes": stats.dead_bytes,
        "file_bytes": stats.file_bytes,
        "memory_bytes": stats.memory_bytes,
        "commits": stats.commits,
        "compactions": stats.compactions,
        "waiters": stats.waiters,
        "processes": stats.processes.iter().map(|it| json!({"pid": it.pid, "since": seconds(it.since)})).collect::<Vec<_>>(),
        "locks": stats.locks.iter().map(|lock| json!({
            "name": lock.name.as_ref().map(|name| String::from_utf8_lossy(name).into_owned()),
            "pid": lock.pid,
            "since": seconds(lock.since),
            "token": lock.token,
        })).collect::<Vec<_>>(),
        "consuming": stats.consuming.iter().map(|it| json!({
            "name": String::from_utf8_lossy(&it.name),
            "pid": it.pid,
        })).collect::<Vec<_>>(),
    })
}

fn write_stats(stats: &Stats, out: &mut impl Write) -> std::io::Result<()> {
    writeln!(out, "names        {}", stats.keys)?;
    writeln!(out, "live         {}", bytes(stats.live_bytes))?;
    writeln!(out, "dead         {}", bytes(stats.dead_bytes))?;
    writeln!(out, "file         {}", bytes(stats.file_bytes))?;
    writeln!(out, "memory       {}", bytes(stats.memory_bytes))?;
    writeln!(out, "commits      {}", stats.commits)?;
    writeln!(out, "compactions  {}", stats.compactions)?;
    writeln!(out, "waiters      {}", stats.waiters)?;
    for process in &stats.processes {
        writeln!(out, "process      {}, {}", pid(process.pid), since(process.since))?;
    }
    for lock in &stats.locks {
        writeln!(out, "lock         {}, {}, {}", lock_name(lock), pid(lock.pid), since(lock.since))?;
    }
    for consumer in &stats.consuming {
        writeln!(out, "consuming    an item of \"{}\", {}", Printable(&consumer.name), pid(consumer.pid))?;
    }
    Ok(())
}

/// The name of a lock, for people.
pub fn lock_name(lock: &HeldLock) -> String {
    lock.name.as_ref().map_or("the whole object".into(), |name| format!("\"{}\"", Printable(name)))
}

/// A process, for people.
pub fn pid(pid: Option<u32>) -> String {
    pid.map_or("a process of another container".into(), |pid| format!("process {pid}"))
}

/// How long ago something began, for people.
pub fn since(nanoseconds: u64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_nanos() as u64);
    match nanoseconds {
        0 => "since an unknown time".into(),
        _ => format!("for {:.1} s", now.saturating_sub(nanoseconds) as f64 / 1e9),
    }
}

/// A number of bytes, for people.
pub fn bytes(bytes: u64) -> String {
    indicatif::HumanBytes(bytes).to_string()
}
