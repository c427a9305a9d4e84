//! Settings. Every one is read when an object is made (`max_handles`: when a request ends), so that
//! `ini_set` has an effect on what comes after it.

use std::cell::RefCell;
use std::ffi::CStr;
use std::os::raw::{c_int, c_void};
use std::sync::atomic::{AtomicU64, Ordering};

use ext_php_rs::ffi::{self, zend_ini_entry, zend_string};
use ext_php_rs::flags::IniEntryPermission;
use ext_php_rs::zend::{IniEntryDef, IniEntryDefs};

use super::handle::{Durability, FileSystems, Place};
use super::servers::Servers;
use super::value::{AllowedClasses, Policy};
use super::zend;

const DURABILITY: &CStr = c"sync.durability";
const FILE_MODE: &CStr = c"sync.file_mode";
const ALLOWED_CLASSES: &CStr = c"sync.allowed_classes";
const FILE_SYSTEMS: &CStr = c"sync.file_systems";
const MAX_HANDLES: &CStr = c"sync.max_handles";
const CACHE_SIZE: &CStr = c"sync.cache_size";
const SERVERS: &CStr = c"sync.servers";

/// [`FileSystems::KNOWN`], as a C string.
const USUAL_FILE_SYSTEMS: &CStr = {
    const BYTES: [u8; FileSystems::KNOWN.len() + 1] = {
        let mut bytes = [0; FileSystems::KNOWN.len() + 1];
        let mut at = 0;
        while at < FileSystems::KNOWN.len() {
            bytes[at] = FileSystems::KNOWN.as_bytes()[at];
            at += 1;
        }
        bytes
    };
    match CStr::from_bytes_with_nul(&BYTES) {
        Ok(text) => text,
        Err(_) => panic!("it has no NUL byte"),
    }
};

static SETTINGS: IniEntryDefs<8> = IniEntryDefs::new([
    checked(DURABILITY, c"none", |value| parse_durability(value).is_some()),
    checked(FILE_MODE, c"0666", |value| parse_mode(value).is_some()),
    checked(ALLOWED_CLASSES, c"*", |_| true),
    checked(FILE_SYSTEMS, USUAL_FILE_SYSTEMS, |_| true),
    checked(MAX_HANDLES, c"16", |value| parse_count(value).is_some()),
    // (Out of reach of `memory_limit`: so it is for the one who runs the server to say.)
    IniEntryDef {
        modifiable: IniEntryPermission::System.bits() as _,
        ..checked(CACHE_SIZE, c"8M", |value| parse_size(value).is_some())
    },
    // (A boundary for what strangers write into values: a program that reads them must not move it.)
    IniEntryDef {
        modifiable: IniEntryPermission::System.bits() as _,
        ..checked(SERVERS, c"", |value| Servers::listed(value).is_some())
    },
    IniEntryDef::end(),
]);

/// Declares the settings. Called once, at module startup.
pub fn register(module: c_int) {
    IniEntryDef::register(SETTINGS.as_slice(), module);
}

/// Takes the settings back. Called once, at module shutdown: a server that restarts its modules
/// declares them again.
pub fn unregister(module: c_int) {
    unsafe extern "C" {
        fn zend_unregister_ini_entries(module: c_int);
    }
    // SAFETY: the number is that of this module.
    unsafe { zend_unregister_ini_entries(module) };
}

type Check = fn(&[u8]) -> bool;

/// A setting that refuses what it does not understand, as `ini_set` tells by returning false.
const fn checked(name: &'static CStr, default: &'static CStr, check: Check) -> IniEntryDef {
    let mut setting = IniEntryDef::new(name, default, IniEntryPermission::All);
    setting.on_modify = Some(on_modify);
    setting.mh_arg1 = check as *mut c_void;
    setting
}

/// The engine's handler of a change; its parameters are the engine's.
///
/// # Safety
/// Only the engine calls it, with a string or null.
unsafe extern "C" fn on_modify(
    _entry: *mut zend_ini_entry,
    value: *mut zend_string,
    check: *mut c_void,
    _: *mut c_void,
    _: *mut c_void,
    _stage: c_int,
) -> c_int {
    // Each thread reads the values anew. (The new one is in place when this has returned.)
    CHANGES.fetch_add(1, Ordering::Relaxed);
    // SAFETY: `checked` put a `Check` there; the engine passes the new value, or null for none.
    let accepted = unsafe {
        let check: Check = std::mem::transmute(check);
        value.is_null() || check(zend::bytes(value))
    };
    if accepted { ffi::ZEND_RESULT_CODE_SUCCESS } else { ffi::ZEND_RESULT_CODE_FAILURE }
}

/// The value of a setting, as it is now.
fn value<'a>(name: &CStr) -> &'a [u8] {
    // SAFETY: the name is a C string; the engine returns a C string that lives until the setting is
    // changed, or null.
    unsafe {
        let value = ffi::zend_ini_string_ex(name.as_ptr(), name.count_bytes(), 0, std::ptr::null_mut());
        if value.is_null() { b"" } else { CStr::from_ptr(value).to_bytes() }
    }
}

/// How often any of the settings was changed, in any thread.
static CHANGES: AtomicU64 = AtomicU64::new(1);

/// The settings that every new object asks for, ready for use: looking them up by name, and reading them, would take longer than
/// all else that it does.
struct Usual {
    /// [`CHANGES`], when they were read.
    read_at: u64,
    durability: Durability,
    file_mode: u32,
    policy: Policy,
    file_systems: FileSystems,
    servers: Servers,
}

impl Usual {
    fn read() -> Self {
        Self {
            read_at: CHANGES.load(Ordering::Relaxed),
            durability: parse_durability(value(DURABILITY)).unwrap_or_default(),
            file_mode: parse_mode(value(FILE_MODE)).unwrap_or(0o666),
            policy: parse_policy(value(ALLOWED_CLASSES)),
            file_systems: FileSystems::listed(&String::from_utf8_lossy(value(FILE_SYSTEMS))),
            servers: Servers::listed(value(SERVERS)).unwrap_or_default(),
        }
    }

    /// Does something with the settings as they are now.
    fn with<T>(action: impl FnOnce(&Self) -> T) -> T {
        thread_local! {
            static USUAL: RefCell<Option<Usual>> = const { RefCell::new(None) };
        }
        USUAL.with_borrow_mut(|usual| {
            if usual.as_ref().is_none_or(|usual| usual.read_at != CHANGES.load(Ordering::Relaxed)) {
                *usual = Some(Self::read());
            }
            action(usual.as_ref().expect("read above"))
        })
    }
}

/// `sync.durability`: what "it returned" promises: `none` (it survives any crash of processes) or
/// `commit` (it survives power loss).
pub fn durability() -> Durability {
    Usual::with(|usual| usual.durability)
}

/// The name of a durability.
pub fn durability_name(durability: Durability) -> &'static str {
    match durability {
        Durability::None => "none",
        Durability::Commit => "commit",
    }
}

/// `none` or `commit`.
pub fn parse_durability(value: &[u8]) -> Option<Durability> {
    match value {
        b"none" | b"" => Some(Durability::None),
        b"commit" => Some(Durability::Commit),
        _ => None,
    }
}

/// `sync.file_mode`: permission bits of new files, in octal; the umask applies.
pub fn file_mode() -> u32 {
    Usual::with(|usual| usual.file_mode)
}

fn parse_mode(value: &[u8]) -> Option<u32> {
    let mode = u32::from_str_radix(std::str::from_utf8(value).ok()?, 8).ok()?;
    (mode <= 0o777).then_some(mode)
}

/// `sync.allowed_classes`: whose objects values may contain: `*` for any class, else names with
/// commas between them; empty: none.
pub fn policy() -> Policy {
    Usual::with(|usual| usual.policy.clone())
}

fn parse_policy(value: &[u8]) -> Policy {
    let allowed_classes = match value.trim_ascii() {
        b"*" => AllowedClasses::All,
        names => {
            AllowedClasses::only(names.split(|&b| b == b',').map(<[u8]>::trim_ascii).filter(|name| !name.is_empty()))
        }
    };
    Policy { allowed_classes }
}

/// `sync.file_systems`: where a file may lie, with commas between; `*` for anywhere. (No boundary: nobody can
/// reach by it what the file system's own permissions keep away, so that a program may change it.)
pub fn file_systems() -> FileSystems {
    Usual::with(|usual| usual.file_systems.clone())
}

/// `sync.servers`: whether a value may name a server at this place; the program itself may name any.
pub fn may_name(place: &Place) -> bool {
    Usual::with(|usual| usual.servers.cover(place))
}

/// `sync.max_handles`: how many files stay open and mapped between requests while nobody uses them.
pub fn max_handles() -> u64 {
    parse_count(value(MAX_HANDLES)).unwrap_or(16)
}

/// `sync.cache_size`: bytes of memory in which a thread that serves requests keeps names and values from one to the next; 0:
/// nothing.
pub fn cache_size() -> usize {
    parse_size(value(CACHE_SIZE)).unwrap_or(8 << 20)
}

/// A number of bytes, as PHP's own settings have it: `8M`.
fn parse_size(value: &[u8]) -> Option<usize> {
    usize::try_from(zend::parse_quantity(value)?).ok()
}

fn parse_count(value: &[u8]) -> Option<u64> {
    std::str::from_utf8(value).ok()?.trim().parse().ok()
}
