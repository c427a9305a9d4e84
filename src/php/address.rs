//! Addresses of servers: those that a program may name, those that a value may, and the passwords of those that were shown without.
//!
//! A password leaves an address only for the server. Wherever an address is shown or serialized, `***` stands in its place; in an
//! address that is read, `***` stands for the password by which this request has named the same server before.

use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;

use ext_php_rs::ffi;

use super::errors;
use super::globals::GLOBALS;
use super::handle::{Address, Place};
use super::ini;
use super::zend::Thrown;

/// The one who names a file or a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The program.
    Code,
    /// A value that somebody has stored, or serialized.
    Value,
}

/// The address that a text is, with its password. Throws where it is none, or may not be used.
#[cold]
pub fn address(given: &[u8], origin: Origin) -> Result<Address, Thrown> {
    // (An error quotes nothing of it, as a password may have gone astray.)
    let mut address = Address::parse(given).map_err(|error| errors::throw_sync(&error.to_string()))?;
    if origin == Origin::Value && !ini::may_name(&address.server.place) {
        return Err(errors::throw_sync(&format!(
            "A value names the store '{address}', and sync.servers does not allow that: whoever writes values would choose the servers that are \
             connected to. Name it in the program, by new Sync(), or add its host to that setting in php.ini."
        )));
    }
    let socket = if let Place::Socket(path) = &address.server.place { Some(path.as_path()) } else { None };
    for path in socket.into_iter().chain(address.server.tls.paths()) {
        let path = CString::new(path.as_os_str().as_bytes()).expect("an address was parsed, and has no zero in a path");
        // SAFETY: the function reads a C string.
        if unsafe { ffi::php_check_open_basedir_ex(path.as_ptr(), 0) } != 0 {
            return Err(errors::throw_sync(&format!("Can't use '{address}': open_basedir restriction in effect.")));
        }
    }
    let logins = &GLOBALS.get().logins;
    let names_files = address.server.tls.paths().next().is_some();
    if origin == Origin::Value && names_files && !logins.has(&address.server) {
        return Err(errors::throw_sync(&format!(
            "A value names the store '{address}', and the program has not named that server with these files in this request: whoever \
             writes values would choose who may vouch for a server. Name it in the program, by new Sync()."
        )));
    }
    if address.server.password.as_ref().is_some_and(|password| password.is_hidden()) {
        address.server = logins.find(&address.server).ok_or_else(|| {
            errors::throw_sync(&format!(
                "The password of '{address}' is not known: *** stands for one that was hidden, and the program has named none for this \
                 server in this request. Write the password itself."
            ))
        })?;
    } else if origin == Origin::Code && (address.server.password.is_some() || names_files) {
        logins.note(&address.server);
    }
    Ok(address)
}
