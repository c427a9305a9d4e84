//! A handle, and the things that it has of its own.

use super::error::{ErrorKind, ServerError};
use super::mark::Owner;
use super::notes::Notes;
use super::own::{Hold, OwnItem, OwnLock};
use super::place::Asker;
use super::space::Space;
use crate::address::Address;
use crate::failure::Cause;
use crate::refusal::Refusal;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Instant;
use sync_backend::Content;
use sync_fork::OfProcess;

/// The outcome of an operation.
pub type Result<T> = std::result::Result<T, ServerError>;

/// A handle on a store of a server. Nothing is asked before its first operation. All that it has of the store's is its process's: a forked child
/// has nothing.
#[derive(Debug)]
pub struct ServerStore {
    pub(super) space: Rc<Space>,
    /// Tells which fiber of the thread runs.
    pub(super) fiber: fn() -> usize,
    /// Its number among the handles of this process on this store.
    pub(super) object: u64,
    pub(super) aside: Cell<bool>,
    /// As the server has it while it waits for a hold to end.
    pub(super) waits: OfProcess<Option<String>>,
    /// The answer of a server that would not end the hold of a dead owner for which this handle waits, and since when: all that is written it refuses.
    pub(super) refused: RefCell<Option<(Instant, Refusal)>>,
    pub(super) hold: OfProcess<Option<Hold>>,
    pub(super) locks: OfProcess<Vec<OwnLock>>,
    /// The tokens of locks that have ended without this handle's doing, the last ones.
    pub(super) lost: OfProcess<Vec<u64>>,
    pub(super) items: OfProcess<Vec<OwnItem>>,
    /// Whether the item that could not be finished last had gone back.
    pub(super) has_gone_back: Cell<bool>,
    pub(super) notes: RefCell<Notes>,
    /// Of the last snapshot, if that was one of everything.
    pub(super) content: Cell<Option<Content>>,
}

impl ServerStore {
    /// A handle on the store at an address. `fiber` tells which fiber of the thread runs.
    pub fn new(address: &Address, fiber: fn() -> usize) -> Self {
        Self::on(Space::of(address), fiber)
    }

    pub(super) fn on(space: Rc<Space>, fiber: fn() -> usize) -> Self {
        Self {
            object: space.object(),
            space,
            fiber,
            aside: Cell::new(false),
            waits: OfProcess::default(),
            refused: RefCell::default(),
            hold: OfProcess::default(),
            locks: OfProcess::default(),
            lost: OfProcess::default(),
            items: OfProcess::default(),
            has_gone_back: Cell::new(false),
            notes: RefCell::default(),
            content: Cell::new(None),
        }
    }

    /// The address.
    pub fn server_address(&self) -> &Address {
        &self.space.address
    }

    /// The failure of an operation of this handle. A writer that a dead owner's hold keeps out would wait until the server takes writes again: once that has
    /// not passed for as long as without the hold, it hears of it instead.
    pub(super) fn error(&self, kind: ErrorKind) -> ServerError {
        let timeout = self.space.address.server.timeout;
        let is_kept_out = matches!(&kind, ErrorKind::Held(held) if !held.reading);
        let refused = self.refused.borrow_mut().take_if(|(since, _)| is_kept_out && since.elapsed() >= timeout);
        self.space.error(refused.map_or(kind, |(_, refusal)| ErrorKind::Refused(refusal)))
    }

    /// The one who asks.
    pub(super) fn asker(&self) -> Asker {
        Asker { object: self.object }
    }

    /// The one who runs now, as the server's owners of locks are told apart.
    pub(super) fn owner(&self) -> Result<Owner> {
        let (client, run) = self.space.identity().map_err(|kind| self.error(kind))?;
        Ok(Owner { client, run, object: self.object, fiber: (self.fiber)() as u64 })
    }

    /// The same, of something that is about to be taken: over a connection that stands, as far as can be seen. It may end before that is asked for,
    /// or with the answer ([`is_own`](Self::is_own)).
    pub(super) fn owner_to_be(&self) -> Result<Owner> {
        self.space.heed().map_err(|kind| self.error(kind))?;
        self.owner()
    }

    /// Whether an owner is one of this connection's. What another one's has taken is nobody's.
    pub(super) fn is_own(&self, owner: &Owner) -> bool {
        self.owner().is_ok_and(|own| (own.client, &own.run) == (owner.client, &owner.run))
    }

    /// The failure of one that has taken a lock over a connection that ended meanwhile, and with it the lock.
    pub(super) fn interrupted(&self) -> ServerError {
        self.error(ErrorKind::Interrupted(Cause::Closed))
    }
}
