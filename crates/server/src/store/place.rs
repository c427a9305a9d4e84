//! The place of a store: its address, its keys, and its opening.

use super::layout::Keys;
use super::record::Records;
use crate::address;
use crate::address::Address;
use crate::refusal::{Reason, Refusal};
use std::cell::Cell;
use std::rc::Rc;
use sync_fork::OfProcess;

/// The bit of the numbers of these openings.
pub const OPENING: u64 = sync_backend::opening::SERVER;

/// The place of a store.
#[derive(Debug)]
pub struct Place {
    pub address: Address,
    /// The address as it is shown.
    pub text: Rc<[u8]>,
    pub keys: Keys,
    pub records: Records,
    /// The opening of the store, where it is there and the connection stands; else 0.
    opening: OfProcess<u64>,
    /// Whether the server may not be able to tell of all that changes.
    is_untold: Cell<bool>,
    /// Whether this thread has changed the store by another address since the server has answered something here.
    is_behind: Cell<bool>,
    /// The handles of this thread that keep others from writing.
    holds: OfProcess<u32>,
    /// The named locks and the items that handles of this thread have.
    kept: OfProcess<usize>,
    /// Whether all that is asked for is asked for once.
    is_once: Cell<bool>,
}

impl Place {
    /// The place of the store at an address.
    pub fn new(address: Address) -> Self {
        let text = address.to_string().into_bytes().into();
        let records = Records::new(address.server.timeout);
        Self {
            keys: Keys::new(&address.prefix),
            records,
            address,
            text,
            opening: OfProcess::default(),
            is_untold: Cell::new(false),
            is_behind: Cell::new(false),
            holds: OfProcess::default(),
            kept: OfProcess::default(),
            is_once: Cell::new(false),
        }
    }

    /// Whether values that were read are kept until the server says that they have changed.
    #[inline]
    pub fn caches(&self) -> bool {
        self.address.caches && !self.is_untold.get()
    }

    /// Whether that is asked for, and the server may not be able to do so.
    pub fn is_untold(&self) -> bool {
        self.is_untold.get()
    }

    /// Whether the server is able to tell of all that changes, as far as is known.
    pub fn set_untold(&self, is_untold: bool) {
        self.is_untold.set(is_untold);
    }

    /// A handle of this thread begins, or ends, to keep others from writing.
    pub fn count_hold(&self, begins: bool) {
        let mut holds = self.holds.borrow_mut();
        *holds = if begins { *holds + 1 } else { holds.saturating_sub(1) };
    }

    /// Whether a handle of this thread keeps others from writing.
    pub fn keeps_others_out(&self) -> bool {
        *self.holds.borrow() > 0
    }

    /// A handle of this thread has so many named locks or items more, or less.
    pub fn count_kept(&self, more: isize) {
        let mut kept = self.kept.borrow_mut();
        *kept = kept.saturating_add_signed(more);
    }

    /// Whether a handle of this thread has anything at the server that ends with the connection.
    pub fn would_lose(&self) -> bool {
        self.keeps_others_out() || *self.kept.borrow() > 0
    }

    /// Does something that may be left for later: nothing in it waits for a server that does not take it now.
    pub fn at_once<T>(&self, action: impl FnOnce() -> T) -> T {
        let before = self.is_once.replace(true);
        let done = action();
        self.is_once.set(before);
        done
    }

    /// Whether it is something of that kind which is being done.
    pub fn is_at_once(&self) -> bool {
        self.is_once.get()
    }

    /// Whether sentinels name the server: another one may be the master, without a word of this one.
    #[inline]
    pub fn is_watched(&self) -> bool {
        matches!(self.address.server.place, address::Place::Sentinel { .. })
    }

    /// Whether a refusal to tell something means that another server is to be asked. (One that only reads is as good where there is no other.)
    pub fn is_elsewhere(&self, refusal: &Refusal) -> bool {
        let has_others =
            matches!(self.address.server.place, address::Place::Sentinel { .. } | address::Place::Cluster { .. });
        refusal.is_elsewhere() && (has_others || refusal.reason != Reason::ReadOnly)
    }

    /// This thread has changed the store by another address.
    pub fn fall_behind(&self) {
        self.is_behind.set(true);
    }

    /// Whether it has, since this was asked last.
    pub fn was_behind(&self) -> bool {
        self.is_behind.replace(false)
    }

    /// The opening of the store; 0: it is not there, or the connection does not stand, as far as is known.
    #[inline]
    pub fn opening(&self) -> u64 {
        *self.opening.borrow()
    }

    /// The store is there, and was not before; 0: it is not known to be there.
    pub fn set_opening(&self, opening: u64) {
        self.opening.replace(opening);
    }
}

/// The one who asks: an object, in whichever fiber.
#[derive(Debug, Clone, Copy)]
pub struct Asker {
    pub object: u64,
}
