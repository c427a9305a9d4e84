//! The types that come with a store, for handles on either: failures, versions, holds, and the notes of those who wait.

use std::fmt;
use std::time::Duration;

use smallvec::SmallVec;
use sync_backend::{Backend, BackendError, Change, Held, Remedy, Waiting, Wanted, opening};
use sync_server::{ServerError, ServerStore, ServerVersion, ServerWaiter, ServerWatch, ServerWriterHold};
use sync_store::Store;

/// The outcome of every operation.
pub type Result<T> = std::result::Result<T, Error>;

/// The time and place at which a value was last seen.
///
/// It is a file's version, as is: so all ways of a file are what they would be if there was nothing else. That of a store on a server
/// lies in the words of one, under an opening that no file has ([`server_version`], [`of_server`]).
pub type Version = sync_store::Version;

/// The version of a server's store that lies in a version; `None`: it is a file's, or there is none.
#[inline]
pub fn server_version(version: &Version) -> Option<ServerVersion> {
    let opening = Store::opening_of(version);
    (opening & opening::SERVER != 0).then(|| ServerVersion::of_words(opening, version.words_of_other()))
}

/// The other way round. Of a version without an opening, which is current nowhere, nothing is kept.
#[inline]
pub fn of_server(version: &ServerVersion) -> Version {
    match ServerStore::opening_of(version) {
        0 => Version::default(),
        opening => Version::of_other(opening, version.words()),
    }
}

/// A change to a server's store.
pub fn for_server<'a>(change: &Change<'a, Version>) -> Change<'a, ServerVersion> {
    match *change {
        Change::Clear => Change::Clear,
        Change::Put { key, head, body, note, expiry, anew } => Change::Put { key, head, body, note, expiry, anew },
        Change::Remove { key } => Change::Remove { key },
        Change::Append { key, bytes, note, version } => {
            Change::Append { key, bytes, note, version: server_version(&version).unwrap_or_default() }
        }
    }
}

/// A failure.
#[derive(Debug)]
pub enum Error {
    /// Of a file.
    File(sync_store::Error),
    /// Of a store on a server.
    Server(ServerError),
}

impl From<sync_store::Error> for Error {
    #[inline]
    fn from(error: sync_store::Error) -> Self {
        Self::File(error)
    }
}

impl From<ServerError> for Error {
    fn from(error: ServerError) -> Self {
        Self::Server(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(error) => error.fmt(f),
            Self::Server(error) => error.fmt(f),
        }
    }
}

impl BackendError for Error {
    fn address(&self) -> &[u8] {
        match self {
            Self::File(error) => error.address(),
            Self::Server(error) => error.address(),
        }
    }

    fn remedy(&self) -> Remedy {
        match self {
            Self::File(error) => error.remedy(),
            Self::Server(error) => error.remedy(),
        }
    }

    fn may_be_done(&self) -> bool {
        match self {
            Self::File(error) => error.may_be_done(),
            Self::Server(error) => error.may_be_done(),
        }
    }

    fn is_final(&self) -> bool {
        match self {
            Self::File(error) => error.is_final(),
            Self::Server(error) => error.is_final(),
        }
    }
}

/// A hold on other writers. One of the other kind of store is no hold to a handle.
#[must_use]
pub enum WriterHold {
    /// On a file.
    File(sync_store::WriterHold),
    /// On a store on a server.
    Server(ServerWriterHold),
}

impl WriterHold {
    /// That on a file, if it is one.
    pub(super) fn of_file(&self) -> Option<&sync_store::WriterHold> {
        if let Self::File(hold) = self { Some(hold) } else { None }
    }

    /// That on a store on a server, if it is one.
    pub(super) fn of_server(&self) -> Option<&ServerWriterHold> {
        if let Self::Server(hold) = self { Some(hold) } else { None }
    }
}

impl From<sync_store::WriterHold> for WriterHold {
    #[inline]
    fn from(hold: sync_store::WriterHold) -> Self {
        Self::File(hold)
    }
}

impl From<ServerWriterHold> for WriterHold {
    fn from(hold: ServerWriterHold) -> Self {
        Self::Server(hold)
    }
}

/// The notes of a waiter: of either kind of store, as it is not known yet of which when the waiting begins.
#[derive(Default)]
pub struct Waiter {
    file: sync_store::Waiter,
    server: Option<ServerWaiter>,
}

impl Waiter {
    /// Those for a file.
    pub(super) fn for_file(&mut self) -> &mut sync_store::Waiter {
        &mut self.file
    }

    /// Those for a store on a server.
    pub(super) fn for_server(&mut self) -> &mut ServerWaiter {
        self.server.get_or_insert_default()
    }
}

impl Waiting for Waiter {
    /// (Both count alike, from the first time that they are asked.)
    fn left(&mut self, held: &Held) -> Option<Duration> {
        self.file.left(held)
    }
}

/// The notes on something that is waited for.
#[derive(Debug, Clone, Copy, Default)]
pub enum Watch {
    /// None yet.
    #[default]
    Unused,
    /// In a file.
    File(sync_store::Watch),
    /// In a store on a server.
    Server(ServerWatch),
}

/// A store's own notes, in [`Watch`].
pub trait Noted: Copy + Default {
    /// Those in there; the default where it has none, or another store's.
    fn of(watch: Watch) -> Self;
    /// The other way round.
    fn noted(self) -> Watch;
}

impl Noted for sync_store::Watch {
    fn of(watch: Watch) -> Self {
        if let Watch::File(notes) = watch { notes } else { Self::default() }
    }

    fn noted(self) -> Watch {
        Watch::File(self)
    }
}

impl Noted for ServerWatch {
    fn of(watch: Watch) -> Self {
        if let Watch::Server(notes) = watch { notes } else { Self::default() }
    }

    fn noted(self) -> Watch {
        Watch::Server(self)
    }
}

/// Does something with the notes of one kind of store, which are taken out of `wanted` for that time.
pub fn noting<W: Noted, T>(wanted: &mut [Wanted<Watch>], action: impl FnOnce(&mut [Wanted<W>]) -> T) -> T {
    let mut its: SmallVec<[Wanted<W>; 2]> =
        wanted.iter().map(|wanted| Wanted { key: wanted.key, watch: W::of(wanted.watch) }).collect();
    let done = action(&mut its);
    for (wanted, its) in wanted.iter_mut().zip(&its) {
        wanted.watch = its.watch.noted();
    }
    done
}
