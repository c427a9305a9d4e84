//! Bars on stderr for all that takes long. Where that is no terminal, or one of which nobody knows how wide it is, nothing is shown: a bar
//! could not be taken away again.

use std::cell::Cell;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::outcome::say;
use crate::output::{Output, is_measured};

/// A bar counts in steps of so many: it has a lock and a clock of its own.
const STEP: u64 = 256;

/// The time between two of its turns.
const TURN: Duration = Duration::from_millis(100);

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
        self.bar.suspend(|| say(text));
    }

    /// Takes the bar away.
    pub fn end(&self) {
        self.bar.finish_and_clear();
    }
}

/// A bar of so many steps, unless `out` goes to a terminal: what comes there tells enough, and is not to be mixed with it.
pub fn bar(total: u64, unit: &str, out: &Output) -> Progress {
    let progress = steps(total, unit);
    if out.is_terminal() {
        progress.bar.set_draw_target(ProgressDrawTarget::hidden());
    }
    progress
}

/// A bar of so many steps.
pub fn steps(total: u64, unit: &str) -> Progress {
    shown(ProgressBar::new(total), &format!("{{bar:40}} {{human_pos}} of {{human_len}} {unit}, {{eta}} left"))
}

/// A sign that something goes on of which it is not known how long it takes.
pub fn spinner(text: &str) -> Progress {
    let spinner = ProgressBar::new_spinner().with_message(text.to_owned());
    let spinner = shown(spinner, "{spinner} {msg} {human_pos}");
    if !spinner.bar.is_hidden() {
        turn(&spinner.bar);
    }
    spinner
}

/// Lets it turn, in a thread. Where there is none for that, it stands: indicatif's own would end the command.
fn turn(bar: &ProgressBar) {
    let bar = bar.downgrade();
    let turning = move || {
        while let Some(bar) = bar.upgrade().filter(|bar| !bar.is_finished()) {
            bar.tick();
            drop(bar);
            std::thread::sleep(TURN);
        }
    };
    let _ = std::thread::Builder::new().spawn(turning);
}

fn shown(bar: ProgressBar, template: &str) -> Progress {
    if !is_measured(std::io::stderr()) {
        bar.set_draw_target(ProgressDrawTarget::hidden());
    }
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    Progress { bar, counted: Cell::new(0) }
}
