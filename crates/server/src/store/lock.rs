//! Those who keep others out, as far as a thread knows.

use super::error::ErrorKind;
use super::inner::{Inner, Lock, Outcome};
use super::mark::{Mark, visible};
use super::place::Asker;
use super::thread;
use crate::message::Value;

impl Inner {
    /// Whether it is known who keeps others out, and whether the store is there.
    pub fn is_sure(&self) -> bool {
        self.lock != Lock::Unknown && self.life.is_some()
    }

    /// Whether an object may read, as far as is known.
    pub fn may_read(&self, asker: Asker) -> bool {
        match &self.lock {
            Lock::Unknown => false,
            Lock::Free => true,
            Lock::Held(mark) => self.is_of(mark, asker) || self.passes(mark),
        }
    }

    /// Whether readers pass a lock: its owner is gone, and the server refuses to end it, as it refuses all that is written.
    fn passes(&self, mark: &Mark) -> bool {
        self.passed.as_ref() == Some(mark)
    }

    pub fn is_of(&self, mark: &Mark, asker: Asker) -> bool {
        mark.owner.object == asker.object && self.is_ours(mark)
    }

    /// Whether the owner is one of this connection's.
    pub fn is_ours(&self, mark: &Mark) -> bool {
        self.link.as_ref().is_some_and(|link| link.is_of(&mark.owner))
    }

    pub fn check_lock(&self, asker: Asker, reading: bool) -> Outcome<()> {
        match &self.lock {
            Lock::Held(mark) if reading && self.passes(mark) => Ok(()),
            Lock::Held(mark) if !self.is_of(mark, asker) => Err(ErrorKind::Held(self.held_by(mark, reading))),
            _ => Ok(()),
        }
    }

    pub fn held_by(&self, mark: &Mark, reading: bool) -> sync_backend::Held {
        let same_thread = self.is_ours(mark) || thread::has(&mark.owner, &mark.machine, mark.process);
        sync_backend::Held {
            patience: mark.patience,
            same_thread,
            change: !mark.all,
            holder: if same_thread { Some(mark.process) } else { visible(&mark.machine, mark.process) },
            reading,
            ticket: mark.ticket ^ (mark.owner.client as u64) << 32,
        }
    }

    /// The failure where somebody else has a hold.
    pub fn held(&self, mark: Option<&Value>, reading: bool) -> Outcome<ErrorKind> {
        let mark = mark.and_then(Value::text).and_then(Mark::read).ok_or(ErrorKind::Senseless)?;
        Ok(ErrorKind::Held(self.held_by(&mark, reading)))
    }
}
