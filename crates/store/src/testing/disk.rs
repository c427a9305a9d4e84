//! A disk that is soon full.

use std::ffi::CString;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// A tmpfs of its own, which goes with this.
pub struct SmallDisk(pub PathBuf);

impl SmallDisk {
    /// One of so many bytes, in a folder that is made for it. Only root may mount.
    pub fn new(folder: &Path, bytes: u64) -> io::Result<Self> {
        std::fs::create_dir(folder)?;
        let target = CString::new(folder.as_os_str().as_bytes())?;
        let options = CString::new(format!("size={bytes}"))?;
        // SAFETY: all strings end with a NUL and live until the call returns.
        let outcome =
            unsafe { libc::mount(c"sync".as_ptr(), target.as_ptr(), c"tmpfs".as_ptr(), 0, options.as_ptr().cast()) };
        if outcome == 0 {
            return Ok(Self(folder.to_owned()));
        }
        let error = io::Error::last_os_error();
        let _ = std::fs::remove_dir(folder);
        Err(error)
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        if let Ok(target) = CString::new(self.0.as_os_str().as_bytes()) {
            // SAFETY: ends with a NUL. Lazily, whoever still has a file open.
            unsafe { libc::umount2(target.as_ptr(), libc::MNT_DETACH) };
        }
        let _ = std::fs::remove_dir(&self.0);
    }
}
