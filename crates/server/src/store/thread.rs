//! The connections of a thread: whoever holds a lock by one of them does nothing while another object of that thread waits, be that of a store with another
//! address that leads to the same place.

use super::mark::{Owner, visible};
use std::cell::Cell;
use sync_fork::OfProcess;

/// A connection among others, its number at the server, and the run of that.
type Entered = (u64, i64, Vec<u8>);

thread_local! {
    static CONNECTIONS: OfProcess<Vec<Entered>> = OfProcess::default();
    static LAST: Cell<u64> = const { Cell::new(0) };
}

/// A connection's entry among those of its thread, as long as it stands. (A forked child has none of its parent's.)
#[derive(Debug)]
pub struct Entry(u64);

impl Entry {
    /// Enters a connection.
    pub fn new(client: i64, run: &[u8]) -> Self {
        let number = LAST.get() + 1;
        LAST.set(number);
        CONNECTIONS.with(|connections| connections.borrow_mut().push((number, client, run.to_vec())));
        Self(number)
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        // (The thread may be at its end.)
        let _ = CONNECTIONS.try_with(|connections| connections.borrow_mut().retain(|(number, ..)| *number != self.0));
    }
}

/// Whether an owner is of this thread: one of this process on that machine, by a connection that is entered here.
pub fn has(owner: &Owner, machine: &str, process: u32) -> bool {
    let is_its = |(_, client, run): &Entered| (*client, run) == (owner.client, &owner.run);
    visible(machine, process) == Some(std::process::id())
        && CONNECTIONS.with(|connections| connections.borrow().iter().any(is_its))
}
