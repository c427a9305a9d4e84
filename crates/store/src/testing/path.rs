//! Files of a test's own.

use crate::options::Options;
use crate::store::Store;
use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// A path of its own, with nothing there; what comes to be there is removed afterwards.
pub struct TemporaryPath(pub PathBuf);

impl Default for TemporaryPath {
    fn default() -> Self {
        Self::new()
    }
}

impl TemporaryPath {
    /// On tmpfs.
    pub fn new() -> Self {
        Self::in_folder(Path::new("/dev/shm"))
    }

    pub fn in_folder(folder: &Path) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let n = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = folder.join(format!("sync-test-{}-{n}.sync", std::process::id()));
        let _ = std::fs::remove_file(&path);
        Self(path)
    }

    /// A store at this path, which other users may read.
    pub fn store(&self) -> Store {
        self.store_with(Options { file_mode: 0o644, ..Options::default() })
    }

    pub fn store_with(&self, options: Options) -> Store {
        Store::new(self.0.clone(), options)
    }

    /// Cuts the file short.
    pub fn cut(&self, length: u64) {
        OpenOptions::new().write(true).open(&self.0).unwrap().set_len(length).unwrap();
    }

    /// A copy of the file, which no process has open.
    pub fn copy(&self) -> Self {
        let copy = Self::new();
        std::fs::copy(&self.0, &copy.0).unwrap();
        copy
    }
}

impl Drop for TemporaryPath {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}
