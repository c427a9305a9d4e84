//! The store of an object, as its constructor was told of it: a file or a server, and options.

use std::cell::Cell;
use std::ffi::{CStr, CString, OsStr};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::ptr;

use ext_php_rs::ffi;

use super::address::{self, Origin};
use super::errors;
use super::globals::GLOBALS;
use super::handle::{Address, Backend, Handle, Moment, Options, Surroundings};
use super::paths::Circumstances;
use super::zend::{self, Thrown};

/// The arguments of an object's constructor, and the store that they made.
pub struct Instance {
    /// The store, by its absolute path or its address.
    pub store: Handle,
    /// The path as the program gave it, where that is not the store's address. (Of a server: never, as it may have a password.)
    given: Option<Box<[u8]>>,
    /// How the store is opened.
    pub options: Options,
    /// Whether an operation was asked for that may have to wait, or to warn.
    pub is_used: Cell<bool>,
}

impl Instance {
    /// The store in the file, or on the server, that a program or a value names.
    #[inline]
    pub fn named(file: &[u8], options: Options, origin: Origin) -> Result<Self, Thrown> {
        let surroundings = Surroundings { fiber: options.fiber, has_memory: zend::has_memory };
        // (Most are paths, which is seen at once.)
        if !file.starts_with(b"/") && Address::is_meant_by(file) {
            let store = Handle::on_server(&address::address(file, origin)?, surroundings);
            return Ok(Self { store, given: None, options, is_used: Cell::new(false) });
        }
        let path = resolve(file)?;
        let given = (path.as_os_str().as_bytes() != file).then(|| file.into());
        let store = Handle::on_file(path, options.clone(), surroundings);
        Ok(Self { store, given, options, is_used: Cell::new(false) })
    }

    /// A handle on the same store with the same settings.
    pub fn another(&self) -> Self {
        let (given, options) = (self.given.clone(), self.options.clone());
        Self { store: self.store.another(), given, options, is_used: Cell::new(false) }
    }

    /// The path as the program gave it; the address of a server without its password.
    pub fn file(&self) -> &[u8] {
        self.given.as_deref().unwrap_or_else(|| self.store.address())
    }
}

/// The path of a store as it is from anywhere: what is relative starts at the working directory
/// (each thread has its own); the rest is the kernel's business. Throws where open_basedir forbids
/// it, and for what is no file to PHP's functions either.
fn resolve(file: &[u8]) -> Result<PathBuf, Thrown> {
    let file = without_scheme(file)?;
    let open_basedir = open_basedir();
    if file.starts_with(b"/") && open_basedir.is_empty() {
        return Ok(PathBuf::from(OsStr::from_bytes(file)));
    }
    let now = Circumstances { moment: Moment::now(), open_basedir, in_shutdown: zend::is_in_shutdown() };
    let known = &GLOBALS.get().paths;
    if let Some(path) = known.find(file, now) {
        return Ok(path);
    }
    let mut path = PathBuf::from(OsStr::from_bytes(file));
    if path.is_relative() {
        path = working_directory()?.join(path);
    }
    let given = CString::new(path.as_os_str().as_bytes()).expect("an argument that was parsed as a path");
    // SAFETY: the function reads a C string.
    if unsafe { ffi::php_check_open_basedir_ex(given.as_ptr(), 0) } != 0 {
        return Err(errors::throw_sync(&format!(
            "Can't open '{}' file: open_basedir restriction in effect.",
            path.display()
        )));
    }
    known.note(file, now, &path);
    Ok(path)
}

/// `open_basedir` as it is now; empty where there is none.
fn open_basedir<'a>() -> &'a [u8] {
    // SAFETY: the globals of this thread, which runs PHP; a C string that lives until the setting is changed, or null.
    unsafe {
        let text = (*ffi::ext_php_rs_process_globals()).open_basedir;
        if text.is_null() { b"" } else { CStr::from_ptr(text).to_bytes() }
    }
}

/// The path in a `file://` address, as PHP's functions for files see it: nothing is decoded, and the only host
/// is this one. Other addresses are refused, whether PHP knows their scheme or not.
fn without_scheme(file: &[u8]) -> Result<&[u8], Thrown> {
    let refuse = |why: String| {
        let file = String::from_utf8_lossy(file);
        Err(errors::throw_sync(&format!("Can't open '{file}' file: {why}")))
    };
    let length = file.iter().take_while(|&b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.')).count();
    let (scheme, rest) = file.split_at(length);
    // (A single letter is none: that is a drive's, elsewhere.)
    let is_sync = length > 1 && (rest.starts_with(b"://") || rest.starts_with(b":") && scheme == b"data");
    match rest.strip_prefix(b"://") {
        _ if !is_sync => Ok(file),
        Some(rest) if scheme.eq_ignore_ascii_case(b"file") => {
            let (host, path) = rest.split_at(rest.iter().position(|&b| b == b'/').unwrap_or(rest.len()));
            match host {
                b"" => Ok(path),
                host if host.eq_ignore_ascii_case(b"localhost") && !path.is_empty() => Ok(path),
                _ => refuse("it is on another host, or lacks a slash; a path on this one is file:///path.".into()),
            }
        }
        _ => refuse(format!(
            "{}: is not the scheme of a file that can be shared; give a path, or file:///path.",
            String::from_utf8_lossy(scheme)
        )),
    }
}

/// The working directory that PHP has in this thread.
fn working_directory() -> Result<PathBuf, Thrown> {
    // `CWD_EXPAND`: without following symbolic links.
    const EXPAND: i32 = 0;
    // SAFETY: the function reads a C string, and returns memory of the request or null.
    unsafe {
        let absolute = ffi::expand_filepath_with_mode(c".".as_ptr(), ptr::null_mut(), ptr::null(), 0, EXPAND);
        if absolute.is_null() {
            return Err(errors::throw_sync("Can't find out the working directory, which a relative path starts at."));
        }
        let path = PathBuf::from(OsStr::from_bytes(CStr::from_ptr(absolute).to_bytes()));
        ext_php_rs::alloc::efree(absolute.cast());
        Ok(path)
    }
}
