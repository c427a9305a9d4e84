//! A loss of power on ext4, on a loop device: the state of the device at some moment is copied, mounted
//! elsewhere, and checked as after another boot. Needs root's right to mount.
//!
//! Again and again a new file is made and written to durably, while parts of it are written back at random, and
//! the file system's journal is committed by a sync of another file, which commits punched holes and new lengths, too.

use super::durable::{self, Journals, PROCESSES};
use super::herd::{self, Herd, Torment};
use super::{Ground, Outcome, Random};
use std::fs::File;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use sync_store::testing::shared_memory;

const SIZE: u64 = 96 << 20;

pub fn run(mut ground: Ground) -> Outcome {
    let device = ground.folder.join("device");
    let disk = match Disk::new(&device, &ground.folder.join("disk")) {
        Ok(disk) => disk,
        Err(why) => {
            return Outcome { done: format!("left out, as there is no ext4 to be had: {why}"), ..Outcome::default() };
        }
    };
    let mut outcome = Outcome::default();
    let mut losses = 0;
    let mut number = 0;
    while Instant::now() < ground.until && outcome.failures.is_empty() {
        number += 1;
        let path = disk.folder.join(format!("store-{number}.sync"));
        // SAFETY: made of atomics.
        let journals: &'static Journals = unsafe { shared_memory() };
        let body = |n: usize, random: Random| durable::work(n, &path, journals, random);
        let random = &mut ground.random;
        // The journal is committed, pages are written, or both.
        let mode = random.below(3);
        let mut herd = Herd::new(PROCESSES, &journals.bell, random, &body);
        for loss in 0..4 {
            // The first loss comes soon: the file is new, and its folder has to have been synced, too.
            let most = if loss == 0 { 20_000 } else { 300_000 };
            let until = Instant::now() + Duration::from_micros(random.below(most));
            while Instant::now() < until && journals.bell.failures.are_none() {
                herd.torment(Torment { pause: 10, kills: loss > 1 }, Instant::now() + Duration::from_millis(5), random);
                write_back(&path, &disk.folder.join("other"), mode, random);
            }
            herd.freeze();
            losses += 1;
            disk.lose_power(&ground.folder.join("copy"), &path, journals);
            herd.resume();
        }
        let blows = herd.finish();
        outcome.blows.kills += blows.kills;
        outcome.blows.stops += blows.stops;
        outcome.failures = journals.bell.failures.all();
        let _ = std::fs::remove_file(&path);
    }
    outcome.done = format!("{number} files, {losses} losses of power");
    outcome
}

/// Writes parts of the file back, which the kernel may do at any moment by itself.
fn write_back(path: &Path, other: &Path, mode: u64, random: &mut Random) {
    if mode != 0
        && let Ok(file) = File::open(path)
        && let Ok(metadata) = file.metadata()
    {
        let (from, length) = (random.below(metadata.len() + 1) & !4095, random.below(1 << 20));
        let flags = libc::SYNC_FILE_RANGE_WRITE | libc::SYNC_FILE_RANGE_WAIT_AFTER;
        // SAFETY: an open descriptor. Pages only: neither length nor holes.
        unsafe { libc::sync_file_range(file.as_raw_fd(), from as i64, length as i64, flags) };
    }
    if mode != 1 {
        let _ = std::fs::write(other, random.number().to_le_bytes());
        let _ = File::open(other).and_then(|file| file.sync_all());
    }
}

/// A file system of its own.
struct Disk {
    device: PathBuf,
    folder: PathBuf,
}

fn command(program: &str, arguments: &[&str]) -> Result<(), String> {
    let output = Command::new(program).args(arguments).output().map_err(|error| format!("{program}: {error}"))?;
    output
        .status
        .success()
        .then_some(())
        .ok_or_else(|| format!("{program} {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr).trim()))
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path of ours")
}

impl Disk {
    fn new(device: &Path, folder: &Path) -> Result<Self, String> {
        if !herd::is_root() {
            return Err("root alone may mount one".into());
        }
        std::fs::create_dir(folder).map_err(|error| error.to_string())?;
        File::create(device).and_then(|file| file.set_len(SIZE)).map_err(|error| error.to_string())?;
        command("mkfs.ext4", &["-q", "-F", text(device)])?;
        command("mount", &["-o", "loop", text(device), text(folder)])?;
        Ok(Self { device: device.to_owned(), folder: folder.to_owned() })
    }

    /// Checks the state that has reached the device by now.
    fn lose_power(&self, copy: &Path, path: &Path, journals: &'static Journals) {
        let failures = &journals.bell.failures;
        // The loop device writes to its file at once: the copy is what a disk would hold.
        if let Err(why) = command("cp", &["--sparse=always", text(&self.device), text(copy)]) {
            return failures.add(&why);
        }
        herd::apart(failures, || {
            // Mounts visible to this process alone, which end with it.
            // SAFETY: concerns this process alone.
            assert_eq!(unsafe { libc::unshare(libc::CLONE_NEWNS) }, 0, "{}", std::io::Error::last_os_error());
            let folder = copy.with_extension("folder");
            let _ = std::fs::create_dir(&folder);
            let boot = copy.with_extension("boot");
            std::fs::write(&boot, "00112233-4455-6677-8899-aabbccddeeff\n").unwrap();
            let mounted = command("mount", &["--make-rprivate", "/"])
                .and_then(|()| command("mount", &["-o", "loop", text(copy), text(&folder)]))
                .and_then(|()| command("mount", &["--bind", text(&boot), "/proc/sys/kernel/random/boot_id"]));
            mounted.unwrap_or_else(|why| panic!("{why}"));
            let path = folder.join(path.file_name().expect("a file"));
            journals.compare(&path);
        });
        if failures.are_none() {
            let _ = std::fs::remove_file(copy);
        }
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        if let Err(why) = command("umount", &[text(&self.folder)]) {
            eprintln!("{why}");
        }
    }
}
