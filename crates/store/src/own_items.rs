//! The items that one store has taken for consumption, and is not done with.

use super::file::File;
use super::lock::WriteGuard;
use super::lock_table::{LockTable, item_name};
use super::log::consume::{Consuming, Looking};
use super::opening::EndedLock;
use super::own_locks::{count_owned, end_in};
use std::cell::RefCell;
use std::rc::Rc;
use sync_backend::LockSpace;
use sync_fork::fork_generation;

/// An item that a store has.
struct OwnItem {
    token: u64,
    list: Box<[u8]>,
    /// In which process: a forked child has none of its parent's.
    generation: u64,
}

/// Where an item of this process is.
fn position(items: &[OwnItem], token: u64) -> Option<usize> {
    items.iter().position(|item| item.token == token && item.generation == fork_generation())
}

/// The items of a store.
#[derive(Default)]
pub struct OwnItems(RefCell<Vec<OwnItem>>);

impl OwnItems {
    /// Notes that an item was taken.
    pub fn took(&self, token: u64, list: &[u8]) {
        let mut items = self.0.borrow_mut();
        items.retain(|item| item.generation == fork_generation());
        items.push(OwnItem { token, list: list.into(), generation: fork_generation() });
        count_owned(LockSpace::Consumed, 1);
    }

    /// Whether an item was taken in this process, and is not done with.
    pub fn has(&self, token: u64) -> bool {
        position(&self.0.borrow(), token).is_some()
    }

    /// An item is done with.
    pub fn forget(&self, token: u64) {
        let mut items = self.0.borrow_mut();
        if let Some(at) = position(&items, token) {
            items.swap_remove(at);
            count_owned(LockSpace::Consumed, -1);
        }
    }

    /// Gives an item up, which goes back.
    pub fn give_back(
        &self,
        token: u64,
        object: u64,
        may: impl FnOnce() -> bool,
        file: impl FnOnce() -> Option<Rc<File>>,
    ) {
        let mut items = self.0.borrow_mut();
        let Some(item) = position(&items, token).map(|at| items.swap_remove(at)) else { return };
        drop(items);
        give_back(vec![item], object, may, file);
    }

    /// Gives all of them up. `may`: whether nothing keeps this store from changing the file. `file`: where they are.
    pub fn end(&self, object: u64, may: impl FnOnce() -> bool, file: impl FnOnce() -> Option<Rc<File>>) {
        let items = std::mem::take(&mut *self.0.borrow_mut());
        let ours: Vec<_> = items.into_iter().filter(|item| item.generation == fork_generation()).collect();
        if !ours.is_empty() {
            give_back(ours, object, may, file);
        }
    }
}

/// Lets items go back, or notes for the thread's next write that they are nobody's. (Where they cannot go back now, the next look at
/// the store's items does that.)
#[cold]
fn give_back(items: Vec<OwnItem>, object: u64, may: impl FnOnce() -> bool, file: impl FnOnce() -> Option<Rc<File>>) {
    count_owned(LockSpace::Consumed, -(items.len() as isize));
    let Some(file) = file() else { return };
    let ended = |item: OwnItem| {
        let name = item_name(item.token, &item.list).into();
        EndedLock { space: LockSpace::Consumed, name, object, token: item.token }
    };
    let tokens: Vec<u64> = items.iter().map(|item| item.token).collect();
    let ended: Vec<_> = items.into_iter().map(ended).collect();
    let Some(owner) = end_in(&file, ended) else { return };
    let how_many = match owner.is_in_a_hold(object) {
        false => Looking::All,
        true if owner.is_my_hold(object) && may() => Looking::These(&tokens),
        true => return,
    };
    let_go_back(owner, how_many);
}

/// Lets items go back, as far as they can now; gives the lock again. `None`: the file was cut short meanwhile, and the lock is left to
/// whoever comes next.
pub fn let_go_back<'f>(owner: WriteGuard<'f>, which: Looking) -> Option<WriteGuard<'f>> {
    if Consuming::of(&owner).give_back_abandoned(which).is_err() && owner.file.map.is_poisoned() {
        owner.abandon();
        return None;
    }
    Some(owner)
}

impl File {
    /// Lets items go back whose consumers are dead, for the object that is about to look at the file: unless somebody holds the store,
    /// be it this one, or it would have to wait.
    #[cold]
    pub fn look_after_items(&self, object: u64) {
        if !self.writable || !self.has_abandoned_items() {
            return;
        }
        let Ok(owner) = self.lock_within(std::time::Duration::ZERO) else { return };
        if !owner.is_in_a_hold(object) {
            let_go_back(owner, Looking::All);
        }
    }

    /// Whether an item seems to be nobody's, without the lock.
    fn has_abandoned_items(&self) -> bool {
        let header = self.map.header();
        // (Where the table has just moved, only somebody with the lock can tell.)
        let is_any = || {
            let of =
                |table: Option<_>| table.into_iter().flat_map(LockTable::items).any(|slot| self.is_abandoned(slot));
            LockTable::look(self, of).unwrap_or(true)
        };
        header.consuming.get() != 0 && (header.orphans.get() != 0 || is_any())
    }
}
