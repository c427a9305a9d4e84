//! Signals that ask the command to end, which it does when it has tidied up.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

/// Whether a signal has asked for an end.
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// From here on these signals end nothing by themselves.
    pub fn new() -> io::Result<Self> {
        let due = Arc::new(AtomicBool::new(false));
        for signal in [SIGHUP, SIGINT, SIGTERM] {
            signal_hook::flag::register(signal, due.clone())?;
        }
        Ok(Self(due))
    }

    pub fn is_due(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
