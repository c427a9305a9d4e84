//! `syncctl`: a look at a file of the PHP extension Sync from the command line, and hands for it. There is no PHP in here.

mod args;
mod commands;
mod facts;
mod file;
mod json;
mod members;
mod outcome;
mod output;
mod printable;
mod progress;
mod stop;
mod top;
mod value;
mod words;

use std::process::ExitCode;
use std::time::Duration;

use args::{Args, Command};
use clap::Parser;
use commands::Watched;
use outcome::{Failure, Outcome, Status};
use printable::Harmless;

/// Values are read by recursion, as deep as [`value::DEPTH`].
const STACK: usize = 256 << 20;

fn main() -> ExitCode {
    let args = Args::parse();
    let run = move || match run(args.command) {
        Ok(status) => status,
        Err(Failure { status, text }) => {
            if !text.is_empty() {
                eprintln!("syncctl: {}", Harmless(&text));
            }
            status
        }
    };
    let thread = std::thread::Builder::new().stack_size(STACK).spawn(run);
    match thread.map(std::thread::JoinHandle::join) {
        Ok(Ok(status)) => status.into(),
        _ => Status::CannotOpen.into(),
    }
}

fn run(command: Command) -> Outcome {
    match command {
        Command::Ls { file, prefix, long, null } => commands::ls(&file, &prefix, long, null),
        Command::Get { file, name, raw, pretty } => commands::get(&file, &name, raw, pretty),
        Command::Set { file, name, value, string, ttl } => commands::set(&file, &name, &value, string, ttl),
        Command::Rm { file, names, force } => commands::rm(&file, &names, force),
        Command::Watch { file, names, json, timeout, count } => {
            let timeout = timeout.map(|seconds| duration("--timeout", seconds)).transpose()?;
            commands::watch(&file, &names, &Watched { json, timeout, count })
        }
        Command::Stat { file, names, json } => commands::stat(&file, &names, json),
        Command::Check { file } => commands::check(&file),
        Command::Export { file, prefix, msgpack, lock } => commands::export(&file, &prefix, msgpack, lock),
        Command::Import { file, msgpack, replace } => commands::import(&file, msgpack, replace),
        Command::Compact { file } => commands::compact(&file),
        Command::Top { file, prefix, interval, once } => {
            top::top(&file, &prefix, duration("--interval", interval)?.max(Duration::from_millis(50)), once)
        }
        Command::Completion { shell } => commands::completion(shell),
    }
}

fn duration(option: &str, seconds: f64) -> Outcome<Duration> {
    let most = Duration::from_secs(u64::from(u32::MAX));
    match Duration::try_from_secs_f64(seconds) {
        Ok(duration) => Ok(duration.min(most)),
        Err(_) => Err(Failure::new(Status::Usage, format!("{option} takes a number of seconds."))),
    }
}
