//! Signals that ask the command to end, which it does when it has tidied up.

use std::io;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use rustix::event::{PollFd, PollFlags, poll};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};

/// The signal that has asked for an end, if one has.
pub struct Stop(Arc<AtomicUsize>);

impl Stop {
    /// From here on these signals end nothing by themselves. (Those that were ignored before, as `nohup` does, still are.)
    pub fn new() -> std::io::Result<Self> {
        Self::with(None)
    }

    /// As [`Stop::new`], for a command that has nothing to tidy up: the second one ends it at once, wherever it is stuck.
    pub fn or_at_once() -> std::io::Result<Self> {
        Self::with(Some(Arc::new(AtomicBool::new(false))))
    }

    fn with(second: Option<Arc<AtomicBool>>) -> std::io::Result<Self> {
        let (due, ignored) = (Arc::new(AtomicUsize::new(0)), ignored());
        for signal in [SIGHUP, SIGINT, SIGQUIT, SIGTERM] {
            if ignored & 1 << (signal - 1) == 0 {
                if let Some(second) = &second {
                    // In this order: the first one finds it not set yet.
                    signal_hook::flag::register_conditional_default(signal, second.clone())?;
                    signal_hook::flag::register(signal, second.clone())?;
                }
                signal_hook::flag::register_usize(signal, due.clone(), signal as usize)?;
            }
        }
        Ok(Self(due))
    }

    pub fn is_due(&self) -> bool {
        self.0.load(Ordering::Relaxed) != 0
    }

    /// The user has asked for an end by a key, in a mode of the terminal in which that is no signal.
    pub fn interrupt(&self) {
        self.0.store(SIGINT as usize, Ordering::Relaxed);
    }

    /// Ends the process by the signal that has asked for it, if one has: only so a shell, and what has started the command, sees that it
    /// was broken off.
    pub fn obey(&self) {
        if let signal @ 1.. = self.0.load(Ordering::Relaxed) {
            let _ = signal_hook::low_level::emulate_default_handler(signal as i32);
        }
    }
}

/// The stack of a thread that only waits.
const SMALL: usize = 128 << 10;

/// Ends the process as SIGHUP does, or with `status` where that is ignored, as soon as a terminal is gone, wherever the command is: crossterm
/// reads from one that is gone for ever, and does nothing else.
pub fn end_with(terminal: impl AsFd + Send + 'static, status: i32) -> io::Result<()> {
    let wait = move || {
        let mut polled = [PollFd::new(&terminal, PollFlags::empty())];
        while !polled[0].revents().intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL) {
            let _ = poll(&mut polled, None);
        }
        if ignored() & 1 << (SIGHUP - 1) == 0 {
            let _ = signal_hook::low_level::emulate_default_handler(SIGHUP);
        }
        signal_hook::low_level::exit(status);
    };
    std::thread::Builder::new().stack_size(SMALL).spawn(wait).map(drop)
}

/// The signals that are ignored, one bit each.
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}
