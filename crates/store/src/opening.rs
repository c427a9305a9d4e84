//! The notes of a thread on a file that it has open: descriptor, lease, place in line, and how far it has seen the log.

use super::clock::announce_forks;
use super::error::Failure;
use super::file_system::FileSystems;
use super::watching::Watching;
use std::cell::{Cell, RefCell};
use std::fs::File as Descriptor;
use std::os::fd::{AsRawFd, RawFd};
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;
use sync_backend::LockSpace;
use sync_fork::Tracked;

/// The state that all mappings of an open file share in this thread: a file that has outgrown its
/// mapping stays in it, too, for as long as some store of the thread has not noticed.
pub struct Opening {
    descriptor: RefCell<Tracked<Descriptor>>,
    /// This thread's lease, and in which generation of forks it was claimed: a child has none.
    pub lease: Cell<Option<(u32, u64)>>,
    /// This thread's place in line for the hold, if it has taken one.
    pub place: Cell<Option<PlaceInLine>>,
    /// A hold that is over and could not be ended.
    pub over: Cell<u64>,
    /// A number that nothing else that this process opens has.
    pub life: u64,
    /// How long the longest of its mappings is.
    pub reach: Cell<u64>,
    /// The file's incarnation: it is another file when that moves.
    pub incarnation: Cell<u64>,
    /// The farthest end of the log that was seen: it never goes back.
    pub seen: Cell<u64>,
    /// Things to be done before the next write, as bits ([`Due`]).
    pub due: Cell<u8>,
    /// When it was written to, as the kernel said at the last look at its path.
    pub modified: Cell<u64>,
    /// Since when the file is seen to have gone back.
    pub gone_back: Cell<Option<Instant>>,
    /// The named locks that have ended, and the file does not know.
    pub ended_locks: RefCell<Vec<EndedLock>>,
    /// Its knowledge of those who wait for a change.
    pub watching: Watching,
    /// It was opened to be read by a store that wants no more, whether or not it might be written to.
    pub read_only: Cell<bool>,
    /// The last list of file systems that its own was found to be in.
    pub allowed_by: RefCell<Option<FileSystems>>,
}

/// A named lock that its owner has ended, without the write lock.
#[derive(Debug)]
pub struct EndedLock {
    pub space: LockSpace,
    pub name: Box<[u8]>,
    /// The object that had it, and its token.
    pub object: u64,
    pub token: u64,
}

/// A place in line for the hold, as the thread that took it notes it.
#[derive(Debug, Clone, Copy)]
pub struct PlaceInLine {
    /// The number of its slot.
    pub number: u32,
    /// The high half of the place's word.
    pub mark: u32,
    /// In which generation of forks it was taken: the parent's is not the child's.
    pub generation: u64,
}

/// Something to be done with the lock, before anything is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Due {
    /// Letting the log continue at another position: no process has seen the positions at which this thread writes, even
    /// if the file has been another one in between.
    Jump = 1,
    /// Looking whether what somebody else has written to the file left it whole.
    Examination = 2,
    /// As [`Due::Jump`], less far: the file's times have changed, so that it may have been replaced by what it was a
    /// moment ago.
    Nudge = 4,
    /// Making slots for more leases than the header page has.
    Slots = 8,
    /// Telling the file which named locks have ended.
    EndedLocks = 16,
}

impl Opening {
    pub fn new(file: Descriptor) -> Rc<Self> {
        static LIVES: AtomicU64 = AtomicU64::new(1);
        announce_forks();
        Rc::new(Self {
            descriptor: RefCell::new(Tracked::new(file)),
            lease: Cell::new(None),
            place: Cell::new(None),
            over: Cell::new(0),
            life: LIVES.fetch_add(1, Ordering::Relaxed),
            reach: Cell::new(0),
            incarnation: Cell::new(0),
            seen: Cell::new(0),
            due: Cell::new(0),
            modified: Cell::new(0),
            gone_back: Cell::new(None),
            ended_locks: RefCell::default(),
            watching: Watching::default(),
            read_only: Cell::new(false),
            allowed_by: RefCell::new(None),
        })
    }

    /// The descriptor. In a child it is gone, as the parent's locks belong to it: opening the file anew
    /// gives this one another.
    pub fn fd(&self) -> Result<RawFd, Failure> {
        self.with(|file| Ok(file.as_raw_fd()))
    }

    /// Does something with the descriptor.
    pub fn with<T>(&self, action: impl FnOnce(&Descriptor) -> Result<T, Failure>) -> Result<T, Failure> {
        self.descriptor.borrow().get().ok_or(Failure::Stale).and_then(action)
    }

    /// A second descriptor of the same description, for what is done while nothing may be borrowed.
    pub fn duplicate(&self) -> Result<Descriptor, Failure> {
        self.with(|file| Ok(file.try_clone()?))
    }

    pub fn length(&self) -> Result<u64, Failure> {
        self.with(|file| Ok(file.metadata()?.len()))
    }

    /// Closes the descriptor.
    pub fn close(&self) {
        self.descriptor.borrow_mut().close();
    }

    /// In a child: this is its descriptor.
    pub fn renew(&self, file: Descriptor) {
        let is_gone = self.descriptor.borrow().get().is_none();
        if is_gone {
            self.descriptor.replace(Tracked::new(file));
        }
    }
}
