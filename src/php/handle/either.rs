//! The handle itself, and the branch by which its operations find their store.
//!
//! The macros write that branch once. A file's way through them is the store's own and one comparison, which is always predicted.

use std::path::PathBuf;

use sync_backend::{Backend, Committed, Surroundings, Transactional};
use sync_server::{Address, ServerStore};
use sync_store::{ErrorKind, Options, Store};

use super::sums::{Error, Result, Version};

/// An operation of the store that a handle is on.
macro_rules! either {
    ($handle:expr, $store:ident => $operation:expr) => {
        match &$handle.server {
            None => {
                let $store = &$handle.file;
                $operation
            }
            Some($store) => $operation,
        }
    };
}

/// As `either!`, of an operation that brings a version up to date.
macro_rules! seen {
    ($handle:expr, $store:ident, $version:ident => $operation:expr) => {
        match &$handle.server {
            None => {
                let $store = &$handle.file;
                $operation
            }
            Some($store) => {
                let kept = $version;
                let mut its = $crate::php::handle::sums::server_version(kept).unwrap_or_default();
                let $version = &mut its;
                let done = $operation;
                *kept = $crate::php::handle::sums::of_server(&its);
                done
            }
        }
    };
}

pub(super) use either;
pub(super) use seen;

/// A handle on a store, which is in a file or on a server.
///
/// Neither crate knows PHP, nor the other one. Each operation is a branch ([`super::dispatch`]), but for the short ways of a file, which ask
/// the file alone: so the read of an unchanged value of a file, and a short write, cost what they would without servers.
pub struct Handle {
    /// The store in a file. A handle on a server has one that is never opened: no version is current in it.
    pub(super) file: Transactional<Store>,
    /// The store on a server, of a handle on one. (In a place of its own, so that objects on files are no larger for it.)
    pub(super) server: Option<Box<Transactional<ServerStore>>>,
}

impl Handle {
    /// A handle on the store in a file; touches nothing.
    pub fn on_file(path: PathBuf, options: Options, surroundings: Surroundings) -> Self {
        Self { file: Transactional::new(Store::new(path, options), surroundings), server: None }
    }

    /// A handle on the store on a server; touches nothing.
    pub fn on_server(address: &Address, surroundings: Surroundings) -> Self {
        let server = Box::new(Transactional::new(ServerStore::new(address, surroundings.fiber), surroundings));
        Self { server: Some(server), ..Self::on_file(PathBuf::new(), Options::default(), surroundings) }
    }

    /// Whether the store is on a server.
    pub fn is_on_server(&self) -> bool {
        self.server.is_some()
    }

    /// As [`Backend::opening`], for the short ways of access, which do not look at a transaction: 0 while there is one, and always for a
    /// server. (A short way that fails is followed by the long one, and what a server has been told once it must not be told again.)
    #[inline(always)]
    pub fn short_opening(&self) -> u64 {
        self.file.store().opening()
    }

    /// As [`Backend::put`], where [`Handle::short_opening`] is not 0; whether it has succeeded.
    #[inline(always)]
    pub fn put_short(&self, key: &[u8], value: &[u8], version: &mut Version) -> bool {
        self.file.store().put(key, value, version).is_ok()
    }

    /// As [`Backend::put`], in a transaction that the running code is a part of. `None`: it is a part of none, and nothing has happened.
    #[inline]
    pub fn put_within(&self, key: &[u8], value: &[u8], version: &mut Version) -> Option<Result<()>> {
        seen!(self, store, version => store.put_within(key, value, version).map(|done| done.map_err(Error::from)))
    }

    /// Whether there is a transaction, of whichever fiber.
    #[inline]
    pub fn has_transaction(&self) -> bool {
        either!(self, store => store.has_transaction())
    }

    /// Whether a transaction is under way of which the running code is a part.
    #[inline]
    pub fn in_transaction(&self) -> bool {
        either!(self, store => store.in_transaction())
    }

    /// Begins a transaction; there is none.
    pub fn begin(&self) -> Result<()> {
        either!(self, store => store.begin().map_err(Error::from))
    }

    /// Makes the changes of the transaction; [`Handle::end`] follows in any case.
    pub fn commit_transaction(&self) -> Result<Committed> {
        either!(self, store => store.commit_transaction().map_err(Error::from))
    }

    /// Begins a part of the transaction that can be taken back by itself; [`Handle::end_part`] follows.
    pub fn begin_part(&self) -> Result<()> {
        either!(self, store => store.begin_part().map_err(Error::from))
    }

    /// Ends the part that began last: its changes are those of the transaction, or else are forgotten.
    pub fn end_part(&self, keeps: bool) {
        either!(self, store => store.end_part(keeps));
    }

    /// Ends the transaction. Changes that were not committed are forgotten.
    pub fn end(&self) {
        either!(self, store => store.end());
    }

    /// The next access looks whether its path still means the same file, and a new handle whether this process may open it: for
    /// callers that have just deleted or renamed files, or have another user, root or permissions than before.
    pub fn paths_have_changed() {
        Store::paths_have_changed();
    }

    /// The next access looks whether a file that is cut short still kills nobody: for callers that have just changed what is
    /// done with SIGBUS, or are about to run code with signals blocked.
    pub fn signals_have_changed() {
        Store::signals_have_changed();
    }

    /// New handles ask whether their path means what is open, and whether this process may open it: another process has told this
    /// one something.
    pub fn ask_anew() {
        Store::ask_anew();
    }

    /// New handles ask whether this process may open what is open: a request begins, perhaps for somebody else.
    pub fn ask_for_rights() {
        Store::ask_for_rights();
    }

    /// The address, for a sentence.
    pub fn display_address(&self) -> String {
        String::from_utf8_lossy(self.address()).into_owned()
    }
}

/// The file system that kept a store from being opened, because it is none of [`Options::file_systems`].
pub fn refused_file_system(error: &Error) -> Option<&str> {
    match error {
        Error::File(sync_store::Error { kind: ErrorKind::FileSystem(refused), .. }) => Some(&refused.name),
        _ => None,
    }
}
