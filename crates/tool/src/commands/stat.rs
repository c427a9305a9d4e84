//! `stat`.

use std::ffi::OsString;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;

use serde_json::json;
use sync_backend::Stats;

use crate::facts::Facts;
use crate::file::Shared;
use crate::location::{Location, with_store};
use crate::outcome::{Failure, Outcome, Status, say};
use crate::output::Output;
use crate::printable::Printable;
use crate::words::{bytes, lock_name, name as shown_name, process, seconds, seconds_left, since};

/// Prints the state of a file, or of names in it.
pub fn stat(location: &Location, names: &[OsString], json: bool) -> Outcome {
    with_store!(location.looked_at()?, store => print(&*store, location, names, json))
}

fn print<B: Shared>(store: &B, location: &Location, names: &[OsString], json: bool) -> Outcome {
    let mut out = Output::new();
    if names.is_empty() {
        let stats = store.stats().map_err(Into::into)?;
        match json {
            true => out.json(&as_json(&stats), true)?,
            false => write_stats(&stats, &mut out)?,
        }
        if json {
            writeln!(out)?;
        }
        out.flush()?;
        return Ok(Status::Fine);
    }
    let mut status = Status::Fine;
    for name in names {
        let name = name.as_bytes();
        let Some(facts) = Facts::of(store, name)? else {
            let text = format!("There is no '{}' in '{location}'.", Printable(name));
            say(&text);
            status = Status::NotThere;
            continue;
        };
        if json {
            out.json(&facts_as_json(name, &facts), false)?;
            writeln!(out)?;
        } else {
            write_facts(name, &facts, &mut out)?;
        }
    }
    out.flush().map_err(Failure::from)?;
    Ok(status)
}

fn facts_as_json(name: &[u8], facts: &Facts) -> serde_json::Value {
    json!({
        "name": String::from_utf8_lossy(name),
        "type": facts.kind,
        "bytes": facts.bytes,
        "pieces": facts.pieces,
        "elements": facts.elements,
        "expires": facts.expiry.map(|expiry| expiry.milliseconds() as f64 / 1e3),
    })
}

fn write_facts(name: &[u8], facts: &Facts, out: &mut impl Write) -> std::io::Result<()> {
    writeln!(out, "name         {}", shown_name(name))?;
    writeln!(out, "type         {}", facts.kind)?;
    if let Some(elements) = facts.elements {
        writeln!(out, "elements     {elements}")?;
    }
    writeln!(out, "size         {}, in {} piece(s)", bytes(facts.bytes), facts.pieces)?;
    writeln!(
        out,
        "expires      {}",
        seconds_left(facts.expiry).map_or("never".into(), |left| format!("in {}", seconds(left)))
    )
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
            "name": lock.name.as_ref().map(|name| String::from_utf8_lossy(name)),
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
    for connected in &stats.processes {
        writeln!(out, "process      {}, {}", process(connected.pid), since(connected.since))?;
    }
    for lock in &stats.locks {
        writeln!(out, "lock         {}, {}, {}", lock_name(lock), process(lock.pid), since(lock.since))?;
    }
    for consumer in &stats.consuming {
        writeln!(out, "consuming    an item of \"{}\", {}", Printable(&consumer.name), process(consumer.pid))?;
    }
    Ok(())
}
