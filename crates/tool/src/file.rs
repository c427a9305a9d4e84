//! Stores on the command line, and reading them.

use std::io::ErrorKind;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sync_backend::{Backend, Expiry, Found, Selection, Snapshot, Stored};
use sync_store::{Options, Store};

use crate::outcome::{Failure, Outcome, Status, say, say_unsound};

/// Names of one look at the index: each look goes through all of it.
const PAGE: u64 = 1 << 18;
/// Values from this length on are read one by one: a page is to be some ten megabytes at most.
const LARGE: u64 = 256;
/// The time for which a look at many names waits for a pause of those who write, before it asks for one.
const WITHOUT_A_TURN: Duration = Duration::from_secs(1);

/// A store of any kind, whose failures end the command.
pub trait Shared: Backend<Error: Into<Failure>> {}

impl<B: Backend<Error: Into<Failure>>> Shared for B {}

/// Runs an operation until it has had its way.
pub fn retry<B: Shared, T>(store: &B, operation: impl FnMut(&B) -> Result<T, B::Error>) -> Outcome<T> {
    store.retry(operation).map_err(Into::into)
}

/// A store that the command has opened. When the command is through with it, it tells what was noticed about the file meanwhile: no command
/// passes over that in silence.
pub struct Opened {
    store: Store,
    /// The file is left as it is.
    only_looks: bool,
}

impl Deref for Opened {
    type Target = Store;

    fn deref(&self) -> &Store {
        &self.store
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        match self.store.take_warning() {
            None => {}
            // The file itself is as it was.
            Some(warning) if self.only_looks => {
                say_unsound(&format!("{warning} This is what is left; `syncctl check` says more."));
            }
            // It has been put right.
            Some(warning) => say(&warning),
        }
    }
}

/// The store in a file that may have to be made.
pub fn any(path: &Path) -> Opened {
    Opened { store: Store::new(path.to_owned(), Options::default()), only_looks: false }
}

/// The store in a file, to be looked at: nothing of it is changed, and nobody waits for that.
pub fn looked_at(path: &Path) -> Opened {
    let options = Options { read_only: true, ..Options::default() };
    Opened { store: Store::new(path.to_owned(), options), only_looks: true }
}

/// Refuses a file that is not there. (Of one that cannot be found, the store says why.)
pub fn must_exist(path: &Path) -> Outcome<()> {
    match std::fs::metadata(path) {
        Err(error) if [ErrorKind::NotFound, ErrorKind::NotADirectory].contains(&error.kind()) => {
            Err(Failure::new(Status::NotThere, format!("There is no file '{}'.", path.display())))
        }
        _ => Ok(()),
    }
}

/// The bytes of a value, and when it expires; `None`: there is none.
pub fn read<B: Shared>(store: &B, name: &[u8], version: &mut B::Version) -> Outcome<Option<(Vec<u8>, Option<Expiry>)>> {
    let mut bytes = Vec::new();
    let found = retry(store, |store| {
        bytes.clear();
        *version = B::Version::default();
        store.get(name, version, &mut bytes)
    })?;
    Ok((!matches!(found, Found::Missing)).then(|| (bytes, B::expiry_of(version))))
}

/// A look at many names.
pub struct Look {
    path: PathBuf,
    store: Opened,
    /// The store may have its turn among those who write.
    has_turns: bool,
}

impl Look {
    /// At a file that is there.
    pub fn at(path: &Path) -> Outcome<Self> {
        must_exist(path)?;
        Ok(Self { path: path.to_owned(), store: looked_at(path), has_turns: false })
    }

    /// As [`Look::at`], at one moment: others wait until this is dropped.
    pub fn alone(path: &Path) -> Outcome<Self> {
        must_exist(path)?;
        let store = any(path);
        retry(&*store, |store| store.lock(Default::default()))?;
        Ok(Self { path: path.to_owned(), store, has_turns: true })
    }

    /// The number of names.
    pub fn len(&self) -> Outcome<u64> {
        retry(&*self.store, |store| store.len())
    }

    /// Fills a snapshot. Writers that never pause for long enough wait for that, once.
    fn select(&mut self, selection: &Selection, snapshot: &mut Snapshot, limit: u64) -> Outcome<()> {
        if !self.has_turns {
            let start = Instant::now();
            let is_filled = retry(&*self.store, |store| match start.elapsed() > WITHOUT_A_TURN {
                true => Ok(false),
                false => store.select(selection, snapshot, limit).map(|()| true),
            })?;
            if is_filled {
                return Ok(());
            }
            (self.store, self.has_turns) = (any(&self.path), true);
        }
        retry(&*self.store, |store| store.select(selection, snapshot, limit))
    }

    /// Hands all names that begin with a prefix on, in their order, page by page, with short values up to a length. Each page is of one
    /// moment.
    fn pages(
        &mut self,
        prefix: &[u8],
        limit: u64,
        mut each: impl FnMut(&Store, &Snapshot) -> Outcome<()>,
    ) -> Outcome<()> {
        let mut snapshot = Snapshot::default();
        let mut after = None;
        loop {
            self.select(&Selection::Page { prefix, after, limit: PAGE }, &mut snapshot, limit)?;
            each(&self.store, &snapshot)?;
            after = snapshot.last_place();
            if (snapshot.len() as u64) < PAGE {
                return Ok(());
            }
        }
    }

    /// Hands all names that begin with a prefix on, in their order.
    pub fn names(&mut self, prefix: &[u8], mut each: impl FnMut(&Store, &[u8]) -> Outcome<()>) -> Outcome<()> {
        self.pages(prefix, 1, |store, page| page.keys().try_for_each(|name| each(store, name)))
    }

    /// As [`Look::names`], with the values. A long one is read when its turn comes, and may be newer than the others of its page;
    /// one that has been removed by then is left out.
    pub fn values(&mut self, prefix: &[u8], mut each: impl FnMut(&[u8], &[u8]) -> Outcome<()>) -> Outcome<()> {
        let mut bytes = Vec::new();
        self.pages(prefix, LARGE, |store, page| {
            for (name, value) in (0..page.len()).filter_map(|index| page.get(index)) {
                match value {
                    Stored::Bytes(bytes) => each(name, bytes)?,
                    Stored::Left(_) => {
                        let mut version = Default::default();
                        let found = retry(store, |store| {
                            version = Default::default();
                            store.get(name, &mut version, &mut bytes)
                        })?;
                        if !matches!(found, Found::Missing) {
                            each(name, &bytes)?;
                        }
                    }
                }
            }
            Ok(())
        })
    }
}
