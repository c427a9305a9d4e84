//! `check`, `compact`, `completion` and `manual`.

use std::io::Write;
use std::path::Path;

use clap::CommandFactory;
use clap_complete::Shell;
use sync_store::ErrorKind;
use sync_store::check::Report;

use crate::args::Args;
use crate::file;
use crate::outcome::{Failure, Outcome, Status};
use crate::output::Output;
use crate::printable::Harmless;
use crate::progress::spinner;
use crate::words::{bytes, count};

/// Reads all of a file, and says what is wrong with it.
pub fn check(path: &Path) -> Outcome {
    file::must_exist(path)?;
    let progress = spinner("checking");
    let checked = checked(path);
    progress.end();
    let report = checked?;
    let mut out = Output::new();
    for problem in &report.problems {
        writeln!(out, "{}", Harmless(problem))?;
    }
    if report.problems.is_empty() {
        let names = count(report.keys, "name", "names");
        writeln!(out, "sound: {names}, {} live, {} in use", bytes(report.live), bytes(report.used))?;
    }
    out.flush()?;
    Ok(if report.problems.is_empty() { Status::Fine } else { Status::NotThere })
}

fn checked(path: &Path) -> Outcome<Report> {
    // A file that would have to be put right before it is used (a copy, or one that has come through a boot) is put right in memory, and
    // that tells what is wrong with it.
    let store = file::looked_at(path)?;
    let report = file::retry(&*store, |store| match store.check() {
        // One that is in use: its writers wait.
        Err(error) if matches!(error.kind, ErrorKind::NotWritable(_)) => Ok(None),
        checked => checked.map(Some),
    })?;
    let warning = store.take_warning();
    drop(store);
    let mut report = match report {
        Some(report) => report,
        None => file::retry(&*file::any(path)?, |store| store.check())?,
    };
    report.problems.extend(warning);
    Ok(report)
}

/// Gives back the room of what is no longer there.
pub fn compact(path: &Path) -> Outcome {
    file::must_exist(path)?;
    let store = file::any(path)?;
    let before = store.stats()?.memory_bytes;
    let progress = spinner("compacting");
    let compacted = file::retry(&*store, |store| store.compact());
    progress.end();
    compacted?;
    let after = store.stats()?.memory_bytes;
    let mut out = Output::new();
    writeln!(out, "{} of memory before, {} now", bytes(before), bytes(after))?;
    out.flush()?;
    Ok(Status::Fine)
}

/// Prints what completes this command in a shell.
pub fn completion(shell: Shell) -> Outcome {
    let mut out = Output::new();
    clap_complete::generate(shell, &mut Args::command(), "syncctl", &mut out);
    out.flush()?;
    Ok(Status::Fine)
}

/// Writes the pages of the manual into a folder, which may be missing: one of the command, one of each of its commands.
pub fn manual(folder: &Path) -> Outcome {
    std::fs::create_dir_all(folder)
        .and_then(|()| clap_mangen::generate_to(Args::command(), folder))
        .map_err(|error| Failure::of_manual(folder, &error))?;
    Ok(Status::Fine)
}
