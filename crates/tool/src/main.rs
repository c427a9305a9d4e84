//! `syncctl`: a look at a store of the PHP extension Sync from the command line, and hands for it. There is no PHP in here.

mod args;
mod commands;
mod facts;
mod file;
mod followed;
mod json;
mod location;
mod members;
mod memory;
mod outcome;
mod output;
mod printable;
mod progress;
mod readable;
mod spool;
mod standard;
mod stop;
mod top;
mod value;
mod words;

use std::ffi::OsString;
use std::io::Write;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use args::{Args, Command};
use clap::Parser;
use commands::Watched;
use location::Location;
use outcome::{Failure, Outcome, Status, in_the_end, say, without_passwords};
use output::{Output, is_measured};
use printable::{Printable, unescaped};
use signal_hook::consts::SIGXFSZ;

/// Values are read by recursion, as deep as [`value::DEPTH`]. (A build that is not optimized takes several KB for each level.)
const STACK: usize = if cfg!(debug_assertions) { 64 << 20 } else { 16 << 20 };

fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => return told(&error).into(),
    };
    // Where a file may become no longer (`ulimit -f`), writing fails, as it does where there is no room: no signal ends the command.
    let _ = signal_hook::flag::register(SIGXFSZ, Arc::default());
    let run = move || match run(args.command) {
        Ok(status) => status,
        Err(Failure { status, text }) => {
            if !text.is_empty() {
                say(&text);
            }
            status
        }
    };
    let thread = match std::thread::Builder::new().stack_size(STACK).spawn(run) {
        Ok(thread) => thread,
        Err(_) => {
            let mib = STACK >> 20;
            say(&format!(
                "Can't start: there are no {mib} MiB of address space for it, or no thread. Raise the limit (ulimit -v, ulimit -u)."
            ));
            return Status::CannotOpen.into();
        }
    };
    // (A panic has been told of.)
    let status = thread.join().unwrap_or(Status::CannotOpen);
    in_the_end(status).into()
}

/// Tells of arguments that are wrong; or prints the help or the version, for which they have asked.
fn told(error: &clap::Error) -> Status {
    if error.use_stderr() {
        // (It may quote an argument that is an address.)
        let text = error.render();
        let text = if is_measured(std::io::stderr()) { text.ansi().to_string() } else { text.to_string() };
        let _ = write!(std::io::stderr(), "{}", without_passwords(&text));
        return Status::Usage;
    }
    let (mut out, text) = (Output::new(), error.render());
    let written = match out.is_terminal() {
        true => write!(out, "{}", text.ansi()),
        false => write!(out, "{text}"),
    };
    match written.and_then(|()| out.flush()).map_err(Failure::from) {
        Ok(()) => Status::Fine,
        Err(Failure { status, text }) => {
            if !text.is_empty() {
                say(&text);
            }
            status
        }
    }
}

fn run(command: Command) -> Outcome {
    match command {
        Command::Ls { file, prefix, long, null } => commands::ls(&Location::new(&file)?, &prefix, long, null),
        Command::Get { file, name, escaped, raw, pretty } => {
            commands::get(&Location::new(&file)?, &named(name, escaped)?, raw, pretty)
        }
        Command::Set { file, name, value, escaped, string, ttl } => {
            commands::set(&Location::new(&file)?, &named(name, escaped)?, &value, string, ttl)
        }
        Command::Rm { file, names, escaped, force } => {
            commands::rm(&Location::new(&file)?, &all_named(names, escaped)?, force)
        }
        Command::Watch { file, names, escaped, json, timeout, count } => {
            let timeout = timeout.map(|seconds| duration("--timeout", seconds)).transpose()?;
            commands::watch(&Location::new(&file)?, &all_named(names, escaped)?, &Watched { json, timeout, count })
        }
        Command::Stat { file, names, escaped, json } => {
            commands::stat(&Location::new(&file)?, &all_named(names, escaped)?, json)
        }
        Command::Check { file } => commands::check(Location::file(&file, "check")?),
        Command::Export { file, prefix, msgpack, lock } => {
            commands::export(&Location::new(&file)?, &prefix, msgpack, lock)
        }
        Command::Import { file, msgpack, replace } => commands::import(&Location::new(&file)?, msgpack, replace),
        Command::Copy { from, to, replace } => commands::copy(&Location::new(&from)?, &Location::new(&to)?, replace),
        Command::Compact { file } => commands::compact(Location::file(&file, "compact")?),
        Command::Top { file, prefix, interval, once } => top::top(
            &Location::new(&file)?,
            &prefix,
            duration("--interval", interval)?.max(Duration::from_millis(50)),
            once,
        ),
        Command::Completion { shell } => commands::completion(shell),
        Command::Manual { folder } => commands::manual(&folder),
    }
}

/// The name that an argument means.
fn named(argument: OsString, escaped: bool) -> Outcome<OsString> {
    if !escaped {
        return Ok(argument);
    }
    let name = unescaped(argument.as_bytes()).map(OsString::from_vec);
    name.ok_or_else(|| {
        let text = format!("--escaped: `ls` shows no name as '{}'.", Printable(argument.as_bytes()));
        Failure::new(Status::Usage, text)
    })
}

fn all_named(arguments: Vec<OsString>, escaped: bool) -> Outcome<Vec<OsString>> {
    arguments.into_iter().map(|argument| named(argument, escaped)).collect()
}

fn duration(option: &str, seconds: f64) -> Outcome<Duration> {
    let most = Duration::from_secs(u64::from(u32::MAX));
    match Duration::try_from_secs_f64(seconds) {
        Ok(duration) => Ok(duration.min(most)),
        Err(_) => Err(Failure::new(Status::Usage, format!("{option} takes a number of seconds."))),
    }
}
