//! The places of stores, as they are written on the command line: files, and addresses of servers.

use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use sync_backend::Backend;
use sync_server::{Address, ServerStore};
use sync_store::Store;

use crate::file::{self, Opened, retry};
use crate::outcome::{Failure, Outcome, Status};
use crate::printable::Printable;

/// The place of a store. `Display` shows no password.
pub enum Location {
    File(PathBuf),
    Server(Box<Address>),
}

/// A store that the command has opened.
pub enum Any {
    File(Opened<Store>),
    Server(Opened<ServerStore>),
}

/// Runs an expression with a store of either kind.
macro_rules! with_store {
    ($any:expr, $store:pat => $body:expr) => {
        match $any {
            $crate::location::Any::File($store) => $body,
            $crate::location::Any::Server($store) => $body,
        }
    };
}
pub(crate) use with_store;

/// Whether an argument is an address: all that begins as a URL does. (A file of such a name is written with `./` before it.) Where it is
/// a wrong one, a file of that name would be told of with the password in it.
fn is_address(argument: &[u8]) -> bool {
    let word = argument.iter().take_while(|byte| byte.is_ascii_alphanumeric() || b"+.-".contains(byte)).count();
    word > 0 && argument[word..].starts_with(b"://")
}

impl Location {
    pub fn new(argument: &Path) -> Outcome<Self> {
        let bytes = argument.as_os_str().as_bytes();
        if !is_address(bytes) {
            return Ok(Self::File(argument.to_owned()));
        }
        match Address::parse(bytes) {
            Ok(address) => Ok(Self::Server(Box::new(address))),
            // (It quotes nothing of the address.)
            Err(error) => Err(Failure::new(Status::Usage, error.to_string())),
        }
    }

    /// The file, for a command that cannot do anything else.
    pub fn file<'p>(argument: &'p Path, command: &str) -> Outcome<&'p Path> {
        match Self::new(argument)? {
            Self::File(_) => Ok(argument),
            Self::Server(address) => {
                let text = format!("`syncctl {command}` takes files alone, and {address} is a store on a server.");
                Err(Failure::new(Status::Usage, text))
            }
        }
    }

    /// The store, which may have to be made.
    pub fn any(&self) -> Outcome<Any> {
        match self {
            Self::File(path) => file::any(path).map(Any::File),
            Self::Server(address) => Ok(Any::Server(at_server(address))),
        }
    }

    /// The store, which is there.
    pub fn existing(&self) -> Outcome<Any> {
        self.must_exist()?;
        self.any()
    }

    /// The store, which is there, to be looked at: nothing of it is changed, and nobody waits for that.
    pub fn looked_at(&self) -> Outcome<Any> {
        self.must_exist()?;
        self.followed()
    }

    /// As [`Location::looked_at`], of a store that may come to be meanwhile.
    pub fn followed(&self) -> Outcome<Any> {
        match self {
            Self::File(path) => file::looked_at(path).map(Any::File),
            Self::Server(_) => self.any(),
        }
    }

    pub fn must_exist(&self) -> Outcome<()> {
        match self {
            Self::File(path) => file::must_exist(path),
            Self::Server(address) => match retry(&*at_server(address), |store| store.state())? {
                0 => Err(Failure::new(Status::NotThere, format!("There is no store at '{address}'."))),
                _ => Ok(()),
            },
        }
    }

    /// The place, of which a terminal obeys nothing.
    pub fn printable(&self) -> String {
        match self {
            Self::File(path) => Printable(path.as_os_str().as_bytes()).to_string(),
            Self::Server(address) => Printable(address.to_string().as_bytes()).to_string(),
        }
    }

    /// Whether both are surely the same.
    pub fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::File(one), Self::File(other)) => {
                let identity = |path: &Path| path.metadata().map(|file| (file.dev(), file.ino()));
                matches!((identity(one), identity(other)), (Ok(one), Ok(other)) if one == other)
            }
            (Self::Server(one), Self::Server(other)) => {
                let place = |it: &Address| (it.server.place.clone(), it.server.database, it.prefix.clone());
                place(one) == place(other)
            }
            _ => false,
        }
    }
}

fn at_server(address: &Address) -> Opened<ServerStore> {
    file::at_server(ServerStore::new(address, || 0))
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Server(address) => address.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_argument_that_begins_as_an_address_is_never_a_file() {
        for (argument, is) in [
            ("redis://h", true),
            ("unix:///run/r.sock", true),
            ("rdis://user:password@h", true),
            ("redis+sentinel://h/m", true),
            ("./redis://h", false),
            ("/x://y", false),
            ("://x", false),
            ("x:y", false),
            ("x", false),
        ] {
            assert_eq!(is_address(argument.as_bytes()), is, "{argument}");
        }
        let Err(failure) = Location::new(Path::new("rdis://user:secret@h")) else { panic!("it is none") };
        assert_eq!(failure.status, Status::Usage);
        assert!(!failure.text.contains("secret"), "{}", failure.text);
    }
}
