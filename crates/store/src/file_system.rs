//! On which file systems a store may lie: a mapping has to show what every process writes, at once, and to
//! everybody the same. File systems that machines share do not do that, and one mounted through FUSE need not.
//! So those that are known to do it are listed, and all others are refused.

use super::error::{Failure, Refused};
use rustix::fs::{StatFs, fstatfs, statfs};
use rustix::io::retry_on_intr;
use std::fs::File;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where a store may lie: names of file systems, with commas between them.
///
/// An entry is a name (`tmpfs`), the kernel's number for one (`0x1021994`), or what `/proc/self/mountinfo` calls one
/// (`fuse.sshfs`, which tells what all have in common that come through FUSE). `*` is any. ext2, ext3 and ext4 have
/// one number, so that naming one of them is enough. An overlay's upper layer has to be on one that is listed, too.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FileSystems(Option<Arc<str>>);

impl FileSystems {
    /// Those that are known to share what is mapped.
    pub const KNOWN: &str = "tmpfs, ramfs, ext2, ext3, ext4, xfs, btrfs, f2fs, bcachefs, zfs, overlayfs";

    /// Those in a list.
    pub fn listed(list: &str) -> Self {
        Self((list != Self::KNOWN).then(|| list.into()))
    }

    fn entries(&self) -> impl Iterator<Item = &str> {
        self.0.as_deref().unwrap_or(Self::KNOWN).split(',').map(str::trim)
    }

    fn lists(&self, name: &str) -> bool {
        self.entries().any(|entry| entry == "*" || entry.eq_ignore_ascii_case(name))
    }

    fn lists_number(&self, number: u32) -> bool {
        let is_it = |entry: &str| {
            let parsed = match entry.strip_prefix("0x").or(entry.strip_prefix("0X")) {
                Some(digits) => u32::from_str_radix(digits, 16),
                None => entry.parse(),
            };
            parsed == Ok(number)
        };
        self.entries()
            .any(|entry| entry == "*" || is_it(entry) || names(number).any(|name| entry.eq_ignore_ascii_case(name)))
    }
}

/// The kernel's numbers for file systems (`statfs`), and what these are called.
const NUMBERS: &[(u32, &str)] = &[
    (0x0102_1994, "tmpfs"),
    (0x8584_58f6, "ramfs"),
    (0xef53, "ext4"),
    (0xef53, "ext3"),
    (0xef53, "ext2"),
    (0x5846_5342, "xfs"),
    (0x9123_683e, "btrfs"),
    (0xf2f5_2010, "f2fs"),
    (0xca45_1a4e, "bcachefs"),
    (0x2fc1_2fc1, "zfs"),
    (OVERLAYFS, "overlayfs"),
    (OVERLAYFS, "overlay"),
    // File systems that several machines may share.
    (0x6969, "nfs"),
    (0xff53_4d42, "cifs"),
    (0xfe53_4d42, "smb2"),
    (0x517b, "smb"),
    (0x0102_1997, "9p"),
    (0x5346_414f, "afs"),
    (0x6b41_4653, "afs"),
    (0x7375_7245, "coda"),
    (0x00c3_6400, "ceph"),
    (0x564c, "ncpfs"),
    (0x6573_5546, "fuse"),
    (0x0bd0_0bd0, "lustre"),
    (0x4750_4653, "gpfs"),
    (0x1983_0326, "beegfs"),
    (0x2003_0528, "orangefs"),
    (0xaad7_aaea, "panfs"),
    (0x0116_1970, "gfs2"),
    (0x7461_636f, "ocfs2"),
    (0x6163_6673, "acfs"),
    (0xbeef_dead, "snfs"),
    // File systems that a virtual machine shares with its host.
    (0x786f_4256, "vboxsf"),
    (0xbacb_acbc, "vmhgfs"),
    (0x7c7c_6673, "prl_fs"),
    // On one machine, and not known to be good.
    (0x9584_58f6, "hugetlbfs"),
    (0x6175_6673, "aufs"),
    (0xf15f, "ecryptfs"),
    (0x3153_464a, "jfs"),
    (0x5265_4973, "reiserfs"),
    (0x3434, "nilfs2"),
    (0x4d44, "vfat"),
    (0x2011_bab0, "exfat"),
    (0x7366_746e, "ntfs3"),
    (0x5346_544e, "ntfs"),
    (0x2405_1905, "ubifs"),
    (0x72b6, "jffs2"),
    (0x1501_3346, "udf"),
];

const OVERLAYFS: u32 = 0x794c_7630;

fn names(number: u32) -> impl Iterator<Item = &'static str> {
    NUMBERS.iter().filter(move |known| known.0 == number).map(|known| known.1)
}

/// Refuses a file (or directory) on a file system that is not among those that are allowed.
pub fn check(file: &File, allowed: &FileSystems) -> Result<(), Failure> {
    // Where the kernel does not tell, a sandbox forbids it: the file systems that matter all do.
    let Some(number) = number_of(|| fstatfs(file)) else { return Ok(()) };
    let is_listed = allowed.lists_number(number);
    if is_listed && number != OVERLAYFS {
        return Ok(());
    }
    let mount = Mount::of(file);
    if is_listed {
        return check_upper(mount.and_then(|mount| mount.upper).as_deref(), allowed);
    }
    match mount {
        Some(mount) if allowed.lists(&mount.kind) => Ok(()),
        // More exact than what all have in common that come through FUSE.
        Some(mount)
            if names(number).next().is_none_or(|_| mount.kind.starts_with("fuse") || mount.kind == "virtiofs") =>
        {
            refuse(mount.kind, false)
        }
        _ => refuse(name_of(number), false),
    }
}

/// An overlay's files are those of its upper layer as soon as they have been written to. Where that is cannot
/// always be seen: mounted from inside of a container or before it began, its path means nothing here. Then the
/// overlay is believed to be on what its maker has at hand, which is a disk.
fn check_upper(upper: Option<&Path>, allowed: &FileSystems) -> Result<(), Failure> {
    let number = upper.and_then(|path| number_of(|| statfs(path)));
    match number {
        Some(number) if !allowed.lists_number(number) => refuse(name_of(number), true),
        _ => Ok(()),
    }
}

fn refuse(name: String, is_upper: bool) -> Result<(), Failure> {
    Err(Failure::FileSystem(Refused { name, is_upper }))
}

fn name_of(number: u32) -> String {
    names(number).next().map_or_else(|| format!("{number:#x}"), str::to_owned)
}

fn number_of(ask: impl FnMut() -> rustix::io::Result<StatFs>) -> Option<u32> {
    // (Only 32 bits of it are the number, whatever its type is.)
    retry_on_intr(ask).ok().map(|about| about.f_type as u32)
}

/// The mount that a file is on, as `/proc` describes it.
#[derive(Debug, PartialEq, Eq)]
struct Mount {
    /// `fuse.sshfs`, `virtiofs`.
    kind: String,
    /// An overlay's upper layer.
    upper: Option<PathBuf>,
}

impl Mount {
    fn of(file: &File) -> Option<Self> {
        let about = std::fs::read_to_string(format!("/proc/self/fdinfo/{}", file.as_raw_fd())).ok()?;
        let id = about.lines().find_map(|line| line.strip_prefix("mnt_id:"))?.trim().to_owned();
        let mounts = std::fs::read("/proc/self/mountinfo").ok()?;
        mounts.split(|&b| b == b'\n').find_map(|line| Self::parse(line, &id))
    }

    /// One line of mountinfo, if it is the mount with this number.
    fn parse(line: &[u8], id: &str) -> Option<Self> {
        let mut fields = line.split(|&b| b == b' ');
        fields.next().filter(|first| *first == id.as_bytes())?;
        // Before the dash comes any number of optional fields; behind it type, source, options.
        let mut fields = fields.skip_while(|field| *field != b"-").skip(1);
        let kind = String::from_utf8_lossy(fields.next()?).into_owned();
        let options = fields.nth(1).unwrap_or_default();
        let upper = options.split(|&b| b == b',').find_map(|option| option.strip_prefix(b"upperdir="));
        Some(Self { kind, upper: upper.map(|path| PathBuf::from(std::ffi::OsStr::from_bytes(&unescaped(path)))) })
    }
}

/// Blanks, commas and backslashes stand as `\040`, in octal.
fn unescaped(text: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&first, others)) = rest.split_first() {
        let code = others.get(..3).filter(|digits| first == b'\\' && digits.iter().all(|d| matches!(d, b'0'..=b'7')));
        if let Some(digits) = code {
            plain.push(digits.iter().fold(0u8, |code, digit| code.wrapping_mul(8).wrapping_add(digit - b'0')));
            rest = &others[3..];
        } else {
            plain.push(first);
            rest = others;
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_systems_of_one_machine_are_allowed_and_others_are_not() {
        let usual = FileSystems::default();
        for local in [0x0102_1994, 0x8584_58f6, 0xef53, 0x5846_5342, 0x9123_683e, 0xf2f5_2010, 0xca45_1a4e, 0x2fc1_2fc1]
        {
            assert!(usual.lists_number(local), "{local:x}");
        }
        for other in [0x6969, 0xff53_4d42, 0x0102_1997, 0x6573_5546, 0x0bd0_0bd0, 0x4750_4653, 0x786f_4256, 0x1234, 0] {
            assert!(!usual.lists_number(other), "{other:x}");
        }
    }

    #[test]
    fn an_entry_is_a_name_or_a_number_or_a_star() {
        for list in ["ext3", " tmpfs , EXT4,xfs", "0xef53", "0XEF53", "61267", "*", "nothing,*"] {
            assert!(FileSystems::listed(list).lists_number(0xef53), "{list}");
        }
        for list in ["", ",", "ext", "ext44", "0x", "ef53", "xfs", "fuse.sshfs"] {
            assert!(!FileSystems::listed(list).lists_number(0xef53), "{list}");
        }
        assert!(FileSystems::listed("fuse.sshfs").lists("fuse.sshfs"));
        assert_eq!(FileSystems::listed(FileSystems::KNOWN), FileSystems::default());
    }

    #[test]
    fn a_mount_is_found_by_its_number_and_tells_its_kind_and_its_upper_layer() {
        let line = b"36 35 0:31 / /mnt\\040x rw,noatime shared:1 master:2 - fuse.sshfs host:/x rw,user_id=0";
        assert_eq!(Mount::parse(line, "36"), Some(Mount { kind: "fuse.sshfs".into(), upper: None }));
        assert_eq!(Mount::parse(line, "3"), None);
        let line = br"7 1 0:31 / / rw - overlay overlay rw,lowerdir=/l:/m,upperdir=/a\040b\054c,workdir=/w";
        assert_eq!(Mount::parse(line, "7"), Some(Mount { kind: "overlay".into(), upper: Some("/a b,c".into()) }));
        assert_eq!(Mount::parse(b"", "7"), None);
        assert_eq!(Mount::parse(b"7 1 0:31", "7"), None);
    }

    #[test]
    fn the_mount_of_a_file_is_known() {
        let mount = Mount::of(&File::open("/proc/self/stat").unwrap()).expect("a mount");
        assert_eq!(mount.kind, "proc");
        let proc = check(&File::open("/proc/self/stat").unwrap(), &FileSystems::default());
        assert!(matches!(proc, Err(Failure::FileSystem(Refused { name, is_upper: false })) if name == "proc"));
    }
}
