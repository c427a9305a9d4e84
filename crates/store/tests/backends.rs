//! The tests that every store has to pass, for the one in a file and the one in memory: nothing of a file shows above the seam.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use sync_backend::testing::{Fixture, MemoryPlace};
use sync_store::{Options, Store};

/// A path in shared memory, of which nothing is left in the end.
struct FilePlace(PathBuf);

impl Fixture for FilePlace {
    type Store = Store;

    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        Self(PathBuf::from(format!("/dev/shm/sync-backends-{}-{number}", std::process::id())))
    }

    fn handle(&self) -> Store {
        Store::new(self.0.clone(), Options::default())
    }
}

impl Drop for FilePlace {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

mod in_a_file {
    sync_backend::backend_tests!(super::FilePlace);
}

mod in_memory {
    sync_backend::backend_tests!(super::MemoryPlace);
}
