//! A file on the command line.

use std::path::Path;

use sync_backend::{Selection, Snapshot, Stored};
use sync_store::{Found, Options, Store, Version};

use crate::outcome::{Failure, Outcome, Status};

/// Names of one look at the index: each look goes through all of it.
const PAGE: u64 = 1 << 16;
/// Values from this length on are read one by one.
const LARGE: u64 = 4 << 10;

/// The store in a file that is there.
pub fn existing(path: &Path) -> Outcome<Store> {
    match std::fs::metadata(path) {
        Ok(_) => Ok(any(path)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Err(Failure::new(Status::NotThere, format!("There is no file '{}'.", path.display())))
        }
        Err(error) => Err(Failure::new(Status::CannotOpen, format!("Can't open '{}': {error}.", path.display()))),
    }
}

/// The store in a file that may have to be made.
pub fn any(path: &Path) -> Store {
    Store::new(path.to_owned(), Options::default())
}

/// The bytes of a value; `None`: there is none.
pub fn read(store: &Store, name: &[u8]) -> Outcome<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    let found = store.retry(|store| {
        bytes.clear();
        store.get(name, &mut Version::default(), &mut bytes)
    })?;
    Ok((!matches!(found, Found::Missing)).then_some(bytes))
}

/// Hands all names that begin with a prefix on, in their order, page by page. Each page is of one moment.
pub fn pages(store: &Store, prefix: &[u8], mut each: impl FnMut(&Snapshot) -> Outcome<()>) -> Outcome<()> {
    let mut snapshot = Snapshot::default();
    let mut after = None;
    loop {
        let page = Selection::Page { prefix, after, limit: PAGE };
        store.retry(|store| store.select(&page, &mut snapshot, LARGE))?;
        each(&snapshot)?;
        after = snapshot.last_place();
        if (snapshot.len() as u64) < PAGE {
            return Ok(());
        }
    }
}

/// As [`pages`], name by name, with the values. A long one is read when its turn comes, and may be newer than the others of its
/// page; one that has been removed by then is left out.
pub fn each(store: &Store, prefix: &[u8], mut each: impl FnMut(&[u8], &[u8]) -> Outcome<()>) -> Outcome<()> {
    pages(store, prefix, |page| {
        for (name, value) in (0..page.len()).filter_map(|index| page.get(index)) {
            match value {
                Stored::Bytes(bytes) => each(name, bytes)?,
                Stored::Left(_) => {
                    if let Some(bytes) = read(store, name)? {
                        each(name, &bytes)?;
                    }
                }
            }
        }
        Ok(())
    })
}
