//! Bars on stderr for all that takes long. Where that is no terminal, nothing is shown.

use std::cell::Cell;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::printable::Harmless;

/// A bar counts in steps of so many: it has a lock and a clock of its own.
const STEP: u64 = 256;

/// The progress of a command.
pub struct Progress {
    bar: ProgressBar,
    counted: Cell<u64>,
}

impl Progress {
    /// Counts one more.
    pub fn count(&self) {
        self.counted.set(self.counted.get() + 1);
        if self.counted.get().is_multiple_of(STEP) {
            self.bar.inc(STEP);
        }
    }

    /// Says something on stderr.
    pub fn say(&self, text: &str) {
        self.bar.suspend(|| eprintln!("syncctl: {}", Harmless(text)));
    }

    /// Takes the bar away.
    pub fn end(&self) {
        self.bar.finish_and_clear();
    }
}

/// A bar of so many steps.
pub fn bar(total: u64, unit: &str) -> Progress {
    let template = format!("{{bar:40}} {{human_pos}} of {{human_len}} {unit}, {{eta}} left");
    shown(ProgressBar::new(total), &template)
}

/// A sign that something goes on of which it is not known how long it takes.
pub fn spinner(text: &str) -> Progress {
    let spinner = ProgressBar::new_spinner().with_message(text.to_owned());
    spinner.enable_steady_tick(Duration::from_millis(100));
    shown(spinner, "{spinner} {msg} {human_pos}")
}

fn shown(bar: ProgressBar, template: &str) -> Progress {
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    Progress { bar, counted: Cell::new(0) }
}
