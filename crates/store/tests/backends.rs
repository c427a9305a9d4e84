//! The tests that every store has to pass, for the one in a file and the one in memory: nothing of a file shows above the seam.

use sync_backend::testing::{Fixture, MemoryPlace, fiber};
use sync_store::testing::TemporaryPath;
use sync_store::{Options, Store};

/// A file of its own.
struct FilePlace(TemporaryPath);

impl Fixture for FilePlace {
    type Store = Store;

    fn new() -> Self {
        Self(TemporaryPath::new())
    }

    fn handle(&self) -> Store {
        self.0.store_with(Options { file_mode: 0o644, fiber, ..Options::default() })
    }
}

mod in_a_file {
    sync_backend::backend_tests!(super::FilePlace);
}

mod in_memory {
    sync_backend::backend_tests!(super::MemoryPlace);
}
