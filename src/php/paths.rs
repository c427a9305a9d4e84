//! Paths that were found out within this tick of the clock, so that a second object on the same file asks nobody where it is.
//!
//! Two things about a path take system calls: where a relative one begins, and whether `open_basedir` allows it (PHP follows each
//! of its links). Both hold until PHP's functions announce a change or hear of one, the clock ticks, the setting is another one, or another
//! request begins: a server changes the directory between them without a word.

use std::cell::RefCell;
use std::path::{Path, PathBuf};

use super::handle::Moment;

/// How many are kept.
const KEPT: usize = 8;

/// The circumstances under which a path was found out.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Circumstances<'a> {
    /// When.
    pub moment: Moment,
    /// `open_basedir`, empty where there is none.
    pub open_basedir: &'a [u8],
    /// Whether the request is shutting down: a server may have left the script's directory by then.
    pub in_shutdown: bool,
}

struct Known {
    given: Vec<u8>,
    moment: Moment,
    open_basedir: Vec<u8>,
    in_shutdown: bool,
    path: PathBuf,
}

impl Known {
    fn circumstances(&self) -> Circumstances<'_> {
        Circumstances { moment: self.moment, open_basedir: &self.open_basedir, in_shutdown: self.in_shutdown }
    }
}

/// The paths of one thread.
#[derive(Default)]
pub struct Paths {
    known: RefCell<Vec<Known>>,
}

impl Paths {
    /// The absolute path that a program's path was found to be, and to be allowed, under the same circumstances.
    pub fn find(&self, given: &[u8], now: Circumstances) -> Option<PathBuf> {
        let known = self.known.borrow();
        known.iter().find(|known| known.given == given && known.circumstances() == now).map(|known| known.path.clone())
    }

    /// Notes it; the one that is known for longest makes room.
    pub fn note(&self, given: &[u8], then: Circumstances, path: &Path) {
        let mut known = self.known.borrow_mut();
        known.retain(|known| known.given != given);
        if known.len() >= KEPT {
            known.remove(0);
        }
        known.push(Known {
            given: given.to_vec(),
            moment: then.moment,
            open_basedir: then.open_basedir.to_vec(),
            in_shutdown: then.in_shutdown,
            path: path.to_owned(),
        });
    }

    /// Forgets everything.
    pub fn reset(&self) {
        self.known.borrow_mut().clear();
    }
}
