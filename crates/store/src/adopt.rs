//! Whether a file may be used as it is, and putting it right where not.
//!
//! Index, table and counters are right as long as only processes have died: in the boot and for the file that the
//! header names. A file that was last used before this boot, or is a copy, is *adopted* first: every CRC is
//! checked, and all but the records is made anew. The kernel is asked before that whether a process is using the file. Someone
//! is: then it has been adopted, whatever the header says or this process can see.

use super::byte_lock::is_in_use;
use super::clock::now;
use super::error::Failure;
use super::file::{File, Original};
use super::inode::{Mark, Status};
use super::lock::WriteGuard;
use super::machine::{Boot, random};
use super::map::Map;
use super::opening::Due;
use super::rebuild::put_right;
use super::size_limit;
use super::space::Space;
use super::torture::{crash_point, meanwhile};
use rustix::fs::{MemfdFlags, SeekFrom, memfd_create, seek};
use rustix::io::Errno;
use std::fs::File as Descriptor;
use std::os::fd::AsFd;
use std::os::unix::fs::FileExt as _;
use std::sync::atomic::Ordering;
use std::{io, path::Path};

/// A file that was opened and mapped, and that may be one of another boot, a copy, or half adopted: nothing that it
/// says is to be believed yet.
pub struct Unadopted {
    file: File,
    mark: Mark,
    status: Status,
    /// Why it cannot be used, unless it is put right. (What another boot left may tell of more than its length, which
    /// had not reached the disk.)
    why: Option<String>,
}

/// Things to be done with a file before it is used.
enum Verdict {
    /// Nothing.
    Right,
    /// Nothing: others are using it. But it names another boot, or another file.
    InUse,
    /// It has to be put right.
    Wrong,
}

impl Unadopted {
    /// `status` is what the kernel says of it, as it was opened.
    /// `why` tells why it cannot be used unless it is put right.
    pub fn new(file: File, mark: Mark, status: Status, why: Option<String>) -> Result<Self, Failure> {
        let opened = Self { file, mark, status, why };
        // Also where it says that it was destroyed: only a store can be, and only that makes way for a new one.
        if opened.file.is_right(Boot::current()?, mark) {
            opened.refuse_damaged()?;
        }
        Ok(opened)
    }

    fn refuse_damaged(&self) -> Result<(), Failure> {
        self.why.clone().map_or(Ok(()), |why| Err(Failure::Damaged(why)))
    }

    pub fn is_destroyed(&self) -> bool {
        self.file.is_destroyed()
    }

    /// As [`File::finish_destroying`].
    pub fn finish_destroying(&mut self, path: &Path) -> Result<(), Failure> {
        self.file.finish_destroying(self.mark, path)
    }

    /// The file, to be used: put right where that is due, or (for a user who may not write to it) a private copy
    /// that is.
    pub fn adopt(mut self) -> Result<File, Failure> {
        let boot = Boot::current()?;
        if !self.file.writable {
            return self.adopt_to_read(boot);
        }
        if !self.is_right(boot) || self.file.is_claimed()? {
            let (mark, status) = (self.mark, self.status);
            let refused = self.refuse_damaged();
            self.file.under_claim(|file| {
                let overwritten = file.is_overwritten(&status);
                match file.judge(boot, mark, overwritten)? {
                    Verdict::Right => {
                        refused?;
                    }
                    Verdict::InUse => {
                        refused?;
                        file.name(boot, mark);
                        if overwritten {
                            file.set_due(Due::Examination);
                        }
                    }
                    Verdict::Wrong => {
                        let header = file.map.header();
                        meanwhile("deciding");
                        if file.is_durable() {
                            // A copy has another name than the one that was synced.
                            file.sync_directory()?;
                        }
                        // All who have it open go back to opening it, and wait for this claim. Should this process die,
                        // nobody believes the file.
                        header.incarnation.store(0, Ordering::Release);
                        file.set_incarnation(0);
                        file.while_it_grows(|file| file.adopt_as(boot, mark))?;
                        file.set_incarnation(file.map.header().incarnation.get());
                    }
                }
                if !boot.is_known() {
                    // Nothing else tells others who cannot see it either that the file has been adopted.
                    file.claim_undecided()?;
                }
                Ok(())
            })?;
        }
        let file = self.file;
        let incarnation = file.map.header().incarnation.get();
        if incarnation == 0 {
            // Somebody has just begun to put it right.
            return Err(Failure::Stale);
        }
        file.set_incarnation(incarnation);
        if file.is_due(Due::Examination) {
            file.lock()?;
        }
        file.check_ours()?;
        file.release_imported();
        Ok(file)
    }

    fn adopt_to_read(self, boot: Boot) -> Result<File, Failure> {
        let file = self.file;
        let header = file.map.header();
        let incarnation = header.incarnation.load(Ordering::Acquire);
        file.set_incarnation(incarnation);
        if incarnation == 0 && !file.wait_for_claim()? {
            return Err(Failure::Busy);
        }
        match file.judge(boot, self.mark, file.is_foreign(self.status.modified))? {
            Verdict::Right | Verdict::InUse => {
                if let Some(why) = self.why {
                    return Err(Failure::Damaged(why));
                }
            }
            // Nothing in it can be wrong, and nobody has to copy it.
            Verdict::Wrong if header.directory.get() == 0 && incarnation != 0 && self.why.is_none() => {}
            Verdict::Wrong => return file.private_copy(boot, self.status.modified),
        }
        Ok(file)
    }

    fn is_right(&self, boot: Boot) -> bool {
        self.file.is_right(boot, self.mark) && !self.file.is_overwritten(&self.status)
    }
}

impl File {
    /// Frees what the bytes of the pure-PHP class took in a file that was one of its: done by the
    /// first who opens it to write, as the process that imported it may have died.
    fn release_imported(&self) {
        if self.writable
            && self.first_page() > 1
            && let Ok(owner) = self.lock()
        {
            // Somebody may have been quicker.
            Space::of(&owner).release_filler(self.first_page());
        }
    }
}

impl File {
    /// Whether the header names this boot and this file.
    fn is_right(&self, boot: Boot, mark: Mark) -> bool {
        let header = self.map.header();
        header.incarnation.get() != 0 && header.boot().is(boot) && header.mark().is(mark)
    }

    /// Says how much is to be done before the file is used. The caller has the claim, or may only read.
    fn judge(&self, boot: Boot, mark: Mark, overwritten: bool) -> Result<Verdict, Failure> {
        let header = self.map.header();
        if header.incarnation.get() == 0 {
            // Its adoption was begun, and not finished.
            return Ok(Verdict::Wrong);
        }
        let right = self.is_right(boot, mark);
        if right && !overwritten {
            return Ok(Verdict::Right);
        }
        if self.any_fd().is_none_or(is_in_use) {
            return Ok(Verdict::InUse);
        }
        // Processes that the kernel does not know of may be using it, unless they are another boot's, or another
        // file's, and came along in a copy.
        if !header.boot().is_not(boot)
            && !header.mark().is_not(mark)
            && let Some(process) = self.lockless_user()
        {
            if right {
                return Ok(Verdict::InUse);
            }
            return Err(Failure::MayBeInUse(process));
        }
        Ok(Verdict::Wrong)
    }

    /// Corrects what a file that is in use names.
    fn name(&self, boot: Boot, mark: Mark) {
        let header = self.map.header();
        if boot.is_known() {
            header.set_boot(boot);
        }
        if !header.mark().is(mark) {
            header.set_mark(mark);
        }
    }

    /// A copy in memory, for a reader who may not put the file itself right. `modified`: when that was written to.
    fn private_copy(&self, boot: Boot, modified: u64) -> Result<Self, Failure> {
        let source = self.duplicate()?;
        // Before the copying: should somebody put it right meanwhile, that is noticed.
        let original = Original { words: self.map.header().state(), modified, file: source.try_clone()? };
        let copy = Descriptor::from(memfd_create(c"sync", MemfdFlags::CLOEXEC).map_err(io::Error::from)?);
        let size = source.metadata()?.len();
        let mut buffer = vec![0; 1 << 20];
        let mut at = 0;
        while at < size {
            // (A file may be far longer than what is in it.)
            at = match seek(&source, SeekFrom::Data(at)) {
                Err(Errno::NXIO) => break,
                found => found.unwrap_or(at),
            };
            let got = source.read_at(&mut buffer, at)?;
            if got == 0 {
                break;
            }
            if buffer[..got].iter().any(|&byte| byte != 0) {
                size_limit::without_signal(|| copy.write_all_at(&buffer[..got], at))?;
            }
            at += got as u64;
        }
        size_limit::without_signal(|| copy.set_len(size))?;
        let map = Map::new(copy.as_fd(), size, true)?;
        let mut copy = self.copied(map, copy, original);
        copy.while_it_grows(|copy| copy.adopt_as(boot, Mark::NONE))?;
        copy.set_incarnation(copy.map.header().incarnation.get());
        Ok(copy)
    }

    /// Puts a file right: the caller has the claim, and nobody else uses it, or believes it. `boot` and `mark` are
    /// written down as those for which all is right.
    fn adopt_as(&self, boot: Boot, mark: Mark) -> Result<(), Failure> {
        let owner = WriteGuard::of_unshared(self);
        let header = self.map.header();
        put_right(&owner)?;
        owner.jump();
        self.forget_changes();
        let status = self.status()?;
        header.touched.set(now().max(status.modified).max(status.changed));
        header.set_mark(mark);
        header.set_boot(boot);
        crash_point();
        header.incarnation.store(random() | 1, Ordering::Release);
        Ok(())
    }
}
