//! `syncctl`: a look at a file of the PHP extension Sync from the command line, and hands for it. There is no PHP in here.

mod args;
mod commands;
mod file;
mod json;
mod outcome;
mod progress;
mod value;

use std::process::ExitCode;

use args::{Args, Command};
use clap::Parser;
use outcome::{Failure, Outcome, Status};

/// Values are read by recursion, as deep as [`value::DEPTH`].
const STACK: usize = 256 << 20;

fn main() -> ExitCode {
    let args = Args::parse();
    let run = move || match run(args.command) {
        Ok(status) => status,
        Err(Failure { status, text }) => {
            if !text.is_empty() {
                eprintln!("syncctl: {text}");
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
        Command::Stat { file, json } => commands::stat(&file, json),
        Command::Check { file } => commands::check(&file),
        Command::Export { file, prefix, msgpack, lock } => commands::export(&file, &prefix, msgpack, lock),
        Command::Import { file, msgpack, replace } => commands::import(&file, msgpack, replace),
        Command::Compact { file } => commands::compact(&file),
        Command::Completion { shell } => commands::completion(shell),
    }
}
