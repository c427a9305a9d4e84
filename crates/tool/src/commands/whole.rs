//! `check`, `compact` and `completion`.

use std::io::Write;
use std::path::Path;

use clap::CommandFactory;
use clap_complete::Shell;

use super::look::{bytes, output};
use crate::args::Args;
use crate::file;
use crate::outcome::{Outcome, Status};
use crate::progress::spinner;

/// Reads all of a file, and says what is wrong with it.
pub fn check(path: &Path) -> Outcome {
    let store = file::existing(path)?;
    let spinner = spinner("checking");
    let report = store.retry(|store| store.check())?;
    spinner.finish_and_clear();
    let mut out = output();
    for problem in &report.problems {
        writeln!(out, "{problem}")?;
    }
    if report.problems.is_empty() {
        let names = if report.keys == 1 { "name" } else { "names" };
        writeln!(out, "sound: {} {names}, {} live, {} in use", report.keys, bytes(report.live), bytes(report.used))?;
    }
    out.flush()?;
    Ok(if report.problems.is_empty() { Status::Fine } else { Status::NotThere })
}

/// Gives back the room of what is no longer there.
pub fn compact(path: &Path) -> Outcome {
    let store = file::existing(path)?;
    let before = store.stats()?.memory_bytes;
    let spinner = spinner("compacting");
    store.retry(|store| store.compact())?;
    spinner.finish_and_clear();
    let after = store.stats()?.memory_bytes;
    let mut out = output();
    writeln!(out, "{} of memory before, {} now", bytes(before), bytes(after))?;
    out.flush()?;
    Ok(Status::Fine)
}

/// Prints what completes this command in a shell.
pub fn completion(shell: Shell) -> Outcome {
    let mut out = output();
    clap_complete::generate(shell, &mut Args::command(), "syncctl", &mut out);
    out.flush()?;
    Ok(Status::Fine)
}
