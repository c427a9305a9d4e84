//! Files of the pure-PHP class: read as they are, turned into a store with the first write.
//!
//! The old bytes stay where they are until the last step: everything new is built behind them,
//! with a header page in memory, and that page, written over the file's first one, is what turns
//! the file into a store. A crash before leaves the old file (somewhat longer), after it the new.

use super::clock::now;
use super::error::Failure;
use super::file::File;
use super::file_system;
use super::format::*;
use super::legacy::is_legacy;
use super::lock::WriteGuard;
use super::log::replace::{Item, Replace};
use super::options::Options;
use super::rebuild::furnish_behind;
use super::torture::crash_point;
use std::fs::{File as Descriptor, OpenOptions};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;
use std::time::{Duration, Instant};
use sync_backend::Room;

/// How long one call waits for somebody else's `flock` before it lets its caller look for signals.
const BUSY_AFTER: Duration = Duration::from_millis(50);
const LOOK_AGAIN: Duration = Duration::from_millis(1);

/// Copies the whole file of the pure-PHP class; false if it is no longer one.
pub fn read(path: &Path, out: &mut impl Room<u8>) -> Result<bool, Failure> {
    out.clear();
    let file = match OpenOptions::new().read(true).custom_flags(libc::O_CLOEXEC).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(Failure::unreadable(error)),
    };
    lock(|| fs2::FileExt::try_lock_shared(&file))?;
    let length = file.metadata()?.len();
    if !out.has_room(length) {
        return Err(Failure::NoRoom(length));
    }
    let mut chunk = [0; CHUNK];
    while (out.items().len() as u64) < length {
        let at = out.items().len() as u64;
        let wanted = CHUNK.min((length - at) as usize);
        match file.read_at(&mut chunk[..wanted], at)? {
            0 => break,
            got => out.extend(&chunk[..got]).then_some(()).ok_or(Failure::NoRoom(length))?,
        }
    }
    Ok(is_legacy(out.items()))
}

/// Turns a file of the pure-PHP class, which had the content `old`, into a store that holds `entries`; false if
/// the file has changed since.
pub fn import(path: &Path, options: &Options, old: &[u8], entries: &[(&[u8], &[u8])]) -> Result<bool, Failure> {
    let file = OpenOptions::new().read(true).write(true).custom_flags(libc::O_CLOEXEC).open(path);
    let file = file.map_err(|error| match error.kind() {
        std::io::ErrorKind::PermissionDenied => Failure::NotWritable,
        _ => Failure::Io(error),
    })?;
    file_system::check(&file, &options.file_systems)?;
    lock(|| fs2::FileExt::try_lock_exclusive(&file))?;
    let imported = import_locked(path, &file, old, entries);
    let _ = fs2::FileExt::unlock(&file);
    if imported? {
        // It is a store now. What the old bytes took is freed with the first opening.
        File::open(path, options, true)?;
        return Ok(true);
    }
    Ok(false)
}

fn import_locked(path: &Path, file: &Descriptor, old: &[u8], entries: &[(&[u8], &[u8])]) -> Result<bool, Failure> {
    let length = file.metadata()?.len();
    if length != old.len() as u64 || !is_content(file, old)? {
        return Ok(false);
    }
    let mut size = length;
    loop {
        let result = build_behind(path, file, length, size, entries);
        if result.is_err() {
            // The file as it was, for the old class too.
            let _ = file.set_len(length);
        }
        match result {
            // Again in a mapping that has room for that, and more.
            Err(Failure::Outgrown(needed)) => size = needed,
            other => return other.map(|()| true),
        }
    }
}

/// Takes the lock that the pure-PHP class takes for each access, `flock`: the one thing that is done under it, and by
/// which a user who may only read keeps others from something. [`Failure::Busy`] where somebody has it for long.
/// (Called in full: since Rust 1.89 `File` has methods of the same names.)
fn lock(take: impl Fn() -> std::io::Result<()>) -> Result<(), Failure> {
    let start = Instant::now();
    loop {
        match take() {
            Ok(()) => return Ok(()),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error.into()),
        }
        if start.elapsed() >= BUSY_AFTER {
            return Err(Failure::Busy);
        }
        std::thread::sleep(LOOK_AGAIN);
    }
}

/// Bytes that are read at once.
const CHUNK: usize = 16 * 1024;

/// Whether the file starts with these bytes.
fn is_content(file: &Descriptor, bytes: &[u8]) -> std::io::Result<bool> {
    let mut chunk = [0; CHUNK];
    for (n, bytes) in bytes.chunks(CHUNK).enumerate() {
        let now = &mut chunk[..bytes.len()];
        match file.read_exact_at(now, (n * CHUNK) as u64) {
            Ok(()) if now == bytes => {}
            Err(error) if error.kind() != std::io::ErrorKind::UnexpectedEof => return Err(error),
            _ => return Ok(false),
        }
    }
    Ok(true)
}

fn build_behind(
    path: &Path,
    file: &Descriptor,
    length: u64,
    size: u64,
    entries: &[(&[u8], &[u8])],
) -> Result<(), Failure> {
    let filler = length.div_ceil(PAGE).max(1);
    if filler >= MAX_RUN / PAGE {
        return Err(Failure::TooLarge);
    }
    let draft = File::draft(path, file, size)?;
    {
        let owner = WriteGuard::of_unshared(&draft);
        furnish_behind(&owner, filler)?;
        Replace::of(&owner).replace(&Item::of_all(entries)?)?;
    }
    // Whatever the durability: a power loss must not leave the new first page without what it tells of.
    draft.sync()?;
    draft.check_sound()?;
    draft.map.header().touched.set(now());
    crash_point();
    file.write_all_at(&draft.map.header_page()[..], 0)?;
    drop(draft);
    crash_point();
    Ok(())
}
