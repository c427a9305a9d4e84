//! Stores that the command has opened, and reading them.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::io::ErrorKind;
use std::ops::Deref;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileTypeExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use sync_backend::{Backend, Expiry, Found, Selection, Snapshot, Stored};
use sync_server::ServerStore;
use sync_store::{Consumption, Options, Store, WithItems};

use crate::outcome::{Failure, Outcome, Status, say, say_unsound};
use crate::words::{process, since};

/// Names of one look at the index: each look goes through all of it.
const PAGE: u64 = 1 << 18;
/// Values from this length on are read one by one: a page is to be some ten megabytes at most.
const LARGE: u64 = 256;
/// The time for which a look at many names waits for a pause of those who write, before it asks for one.
pub const WITHOUT_A_TURN: Duration = Duration::from_secs(1);
/// The time for which a command waits for a lock before it says who holds it.
const WITHOUT_A_WORD: Duration = Duration::from_secs(1);

/// A store of any kind, whose failures end the command.
pub trait Shared: Backend<Error: Into<Failure>> {
    /// Whether a warning of the store says that something in it is lost.
    const WARNS_OF_LOSS: bool;
}

impl Shared for Store {
    const WARNS_OF_LOSS: bool = true;
}

impl Shared for ServerStore {
    // It is about settings of the server.
    const WARNS_OF_LOSS: bool = false;
}

/// Runs an operation until it has had its way. Where a lock of somebody else's keeps it from that, it is told who, once.
pub fn retry<B: Shared, T>(store: &B, mut operation: impl FnMut(&B) -> Result<T, B::Error>) -> Outcome<T> {
    let start = Instant::now();
    let looked = |store: &B| {
        if start.elapsed() > WITHOUT_A_WORD {
            tell_holder(store);
        }
        operation(store)
    };
    store.retry(looked).map_err(Into::into)
}

/// Says who holds the lock of the whole object, unless that was said.
fn tell_holder<B: Shared>(store: &B) {
    static TOLD: AtomicBool = AtomicBool::new(false);
    if TOLD.load(Ordering::Relaxed) {
        return;
    }
    let Ok(stats) = store.stats() else { return };
    if let Some(lock) = stats.locks.iter().find(|lock| lock.name.is_none()) {
        TOLD.store(true, Ordering::Relaxed);
        say(&format!("{} has held lock() {}: waiting until it is over.", process(lock.pid), since(lock.since)));
    }
}

/// A store of which all can be read, with the items in consumption.
pub trait Readable: Shared {
    /// Why items in consumption can be left out.
    const LEFT_OUT: &str;

    /// Another handle, which may have its turn among those who write.
    fn in_turn(&self) -> Outcome<Opened<Self>>;

    /// The number of values that expire, of names that begin with a prefix.
    fn expiring(&self, prefix: &[u8]) -> Result<u64, Self::Error>;

    /// The lists of which items are in consumption, about now.
    fn consumption(&self) -> Result<Consumption, Self::Error>;

    /// The whole value of a name, with the items of it that are in consumption at its head.
    fn get_with_items(&self, name: &[u8], out: &mut Vec<u8>) -> Result<WithItems, Self::Error>;
}

impl Readable for Store {
    const LEFT_OUT: &str = "it is no list now";

    fn in_turn(&self) -> Outcome<Opened<Self>> {
        any(Path::new(OsStr::from_bytes(self.address())))
    }

    fn expiring(&self, prefix: &[u8]) -> Result<u64, Self::Error> {
        let (expiring, _) = self.survey(|expiring: &mut u64, sight| {
            *expiring += u64::from(sight.expiry.is_some() && sight.name.starts_with(prefix));
        })?;
        Ok(expiring)
    }

    fn consumption(&self) -> Result<Consumption, Self::Error> {
        self.consumption()
    }

    fn get_with_items(&self, name: &[u8], out: &mut Vec<u8>) -> Result<WithItems, Self::Error> {
        self.get_with_items(name, &mut Default::default(), out)
    }
}

impl Readable for ServerStore {
    const LEFT_OUT: &str = "the server keeps them for their consumers";

    fn in_turn(&self) -> Outcome<Opened<Self>> {
        Ok(at_server(self.another()))
    }

    fn expiring(&self, prefix: &[u8]) -> Result<u64, Self::Error> {
        let mut snapshot = Snapshot::default();
        self.select(&Selection::Page { prefix, after: None, limit: u64::MAX }, &mut snapshot, 1)?;
        snapshot.keys().try_fold(0, |count, name| Ok(count + u64::from(expiry(self, name)?.is_some())))
    }

    fn consumption(&self) -> Result<Consumption, Self::Error> {
        let lists = self.stats()?.consuming.into_iter().map(|consumer| consumer.name).collect();
        Ok(Consumption { lists, taken: 0 })
    }

    fn get_with_items(&self, name: &[u8], out: &mut Vec<u8>) -> Result<WithItems, Self::Error> {
        let mut version = Default::default();
        let is_there = !matches!(self.get(name, &mut version, out)?, Found::Missing);
        let items = self.stats()?.consuming.iter().filter(|consumer| consumer.name == name).count();
        Ok(WithItems { is_there, expiry: Self::expiry_of(&version), items: 0, left_out: items })
    }
}

/// When the value of a name expires.
fn expiry<B: Backend>(store: &B, name: &[u8]) -> Result<Option<Expiry>, B::Error> {
    let mut version = B::Version::default();
    store.peek(name, &mut version, &mut Vec::new())?;
    Ok(B::expiry_of(&version))
}

/// A store that the command has opened. When the command is through with it, it tells what was noticed about it meanwhile: no command
/// passes over that in silence.
pub struct Opened<B: Shared> {
    store: B,
    /// The file is left as it is.
    only_looks: bool,
}

impl<B: Shared> Deref for Opened<B> {
    type Target = B;

    fn deref(&self) -> &B {
        &self.store
    }
}

impl<B: Shared> Opened<B> {
    /// Tells now what else is told in the end, of a store whose state it is not about: a command that lasts is not to keep it to itself.
    pub fn tell_early(&self) {
        if !B::WARNS_OF_LOSS {
            self.tell();
        }
    }

    fn tell(&self) {
        match self.store.take_warning() {
            None => {}
            Some(warning) if !B::WARNS_OF_LOSS => say(&warning),
            // The file itself is as it was.
            Some(warning) if self.only_looks => {
                let warning = warning.trim_end();
                say_unsound(&format!("{warning} This is what is left; `syncctl check` says more."));
            }
            Some(warning) => {
                let warning = warning.trim_end();
                say_unsound(&format!("{warning} It was put right for this command, with what is left."));
            }
        }
    }
}

impl<B: Shared> Drop for Opened<B> {
    fn drop(&mut self) {
        self.tell();
    }
}

/// The store in a file that may have to be made.
pub fn any(path: &Path) -> Outcome<Opened<Store>> {
    check_kind(path)?;
    Ok(Opened { store: Store::new(path.to_owned(), Options::default()), only_looks: false })
}

/// The store in a file, to be looked at: nothing of it is changed, and nobody waits for that.
pub fn looked_at(path: &Path) -> Outcome<Opened<Store>> {
    check_kind(path)?;
    let options = Options { read_only: true, ..Options::default() };
    Ok(Opened { store: Store::new(path.to_owned(), options), only_looks: true })
}

/// A store on a server.
pub fn at_server(store: ServerStore) -> Opened<ServerStore> {
    Opened { store, only_looks: false }
}

/// Refuses what is no file, for all commands in one way, and without opening it: to open a device may do something, and to open a FIFO
/// may last. (Of one that cannot be found, the store says why.)
fn check_kind(path: &Path) -> Outcome<()> {
    let Ok(metadata) = std::fs::metadata(path) else { return Ok(()) };
    let kind = metadata.file_type();
    let what = match kind {
        _ if kind.is_file() => return Ok(()),
        _ if kind.is_dir() => "a directory",
        _ if kind.is_fifo() => "a FIFO",
        _ if kind.is_socket() => "a socket",
        _ => "a device",
    };
    Err(Failure::new(Status::CannotOpen, format!("Can't open '{}': it is {what}, no file.", path.display())))
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
pub struct Look<B: Shared> {
    store: Opened<B>,
    /// The store may have its turn among those who write.
    has_turns: bool,
}

impl<B: Readable> Look<B> {
    pub fn at(store: Opened<B>) -> Self {
        Self { store, has_turns: false }
    }

    /// As [`Look::at`], at one moment: others wait until this is dropped. A file that is not sound is refused: to lock it would put it
    /// right, and so accept what was lost.
    pub fn alone(before: Opened<B>) -> Outcome<Self> {
        retry(&*before, |store| store.len())?;
        if B::WARNS_OF_LOSS
            && let Some(warning) = before.take_warning()
        {
            let text = format!("{} It is left as it is: without --lock, what is left is read.", warning.trim_end());
            return Err(Failure::new(Status::NotThere, text));
        }
        let store = before.in_turn()?;
        drop(before);
        retry(&*store, |store| store.lock(Default::default()))?;
        Ok(Self { store, has_turns: true })
    }

    /// The number of names.
    pub fn len(&self) -> Outcome<u64> {
        retry(&*self.store, |store| store.len())
    }

    /// The number of values that expire, of names that begin with a prefix.
    pub fn expiring(&self, prefix: &[u8]) -> Outcome<u64> {
        retry(&*self.store, |store| store.expiring(prefix))
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
            (self.store, self.has_turns) = (self.store.in_turn()?, true);
        }
        retry(&*self.store, |store| store.select(selection, snapshot, limit))
    }

    /// Hands all names that begin with a prefix on, in their order, page by page, with short values up to a length. Each page is of one
    /// moment.
    fn pages(
        &mut self,
        prefix: &[u8],
        limit: u64,
        mut each: impl FnMut(&B, &Snapshot, &Consumed) -> Outcome<()>,
    ) -> Outcome<()> {
        let mut snapshot = Snapshot::default();
        let mut after = None;
        loop {
            let consumption = |look: &Self| retry(&*look.store, |store| store.consumption());
            let before = consumption(self)?;
            self.select(&Selection::Page { prefix, after, limit: PAGE }, &mut snapshot, limit)?;
            each(&self.store, &snapshot, &Consumed { before, after: consumption(self)? })?;
            after = snapshot.last_place();
            if (snapshot.len() as u64) < PAGE {
                return Ok(());
            }
        }
    }

    /// Hands all names that begin with a prefix on, in their order.
    pub fn names(&mut self, prefix: &[u8], mut each: impl FnMut(&B, &[u8]) -> Outcome<()>) -> Outcome<()> {
        self.pages(prefix, 1, |store, page, _| page.keys().try_for_each(|name| each(store, name)))
    }

    /// As [`Look::names`], with the values, and at the head of lists the items that are in consumption: they are not lost yet, and not done
    /// with either. Last come lists of which there is nothing else. A value that is long, or has such items, is read when its turn
    /// comes, and may be newer than the others of its page; one that has been removed by then is left out.
    pub fn values(&mut self, prefix: &[u8], mut each: impl FnMut(&[u8], Whole) -> Outcome<()>) -> Outcome<()> {
        let mut lists = HashSet::new();
        self.pages(prefix, LARGE, |store, page, consumed| {
            for (name, value) in (0..page.len()).filter_map(|index| page.get(index)) {
                match value {
                    Stored::Bytes(bytes) if !consumed.may_be_of(name) => {
                        each(name, Whole { bytes, left_out: 0 })?;
                    }
                    _ => {
                        let (bytes, value) = whole(store, name)?;
                        if value.items > 0 {
                            lists.insert(name.to_vec());
                        }
                        if value.is_there {
                            each(name, Whole { bytes: &bytes, left_out: value.left_out })?;
                        }
                    }
                }
            }
            Ok(())
        })?;
        self.lists_without_names(prefix, &lists, |name, bytes, _| each(name, Whole { bytes: &bytes, left_out: 0 }))
    }

    /// As [`Look::values`], each value as of its own moment, with all that is known of it.
    pub fn wholes(
        &mut self,
        prefix: &[u8],
        mut each: impl FnMut(&[u8], Vec<u8>, WithItems) -> Outcome<()>,
    ) -> Outcome<()> {
        let mut lists = HashSet::new();
        self.names(prefix, |store, name| {
            let (bytes, value) = whole(store, name)?;
            if value.items > 0 {
                lists.insert(name.to_vec());
            }
            if value.is_there { each(name, bytes, value) } else { Ok(()) }
        })?;
        self.lists_without_names(prefix, &lists, each)
    }

    /// Hands lists on of which there is nothing but items in consumption, unless they are known.
    fn lists_without_names(
        &self,
        prefix: &[u8],
        known: &HashSet<Vec<u8>>,
        mut each: impl FnMut(&[u8], Vec<u8>, WithItems) -> Outcome<()>,
    ) -> Outcome<()> {
        for name in retry(&*self.store, |store| store.consumption())?.lists {
            if name.starts_with(prefix)
                && !known.contains(&name)
                && retry(&*self.store, |store| store.facts(&name))?.is_none()
            {
                let (bytes, value) = whole(&*self.store, &name)?;
                if value.is_there {
                    each(&name, bytes, value)?;
                }
            }
        }
        Ok(())
    }
}

/// A value on its way out.
pub struct Whole<'b> {
    pub bytes: &'b [u8],
    /// The number of items in consumption that are not in it, as it is no list any more.
    pub left_out: usize,
}

/// A value with the items of it that are in consumption.
pub fn whole<B: Readable>(store: &B, name: &[u8]) -> Outcome<(Vec<u8>, WithItems)> {
    let mut bytes = Vec::new();
    let value = retry(store, |store| store.get_with_items(name, &mut bytes))?;
    Ok((bytes, value))
}

/// The lists of which items were in consumption while a page was looked at.
struct Consumed {
    before: Consumption,
    after: Consumption,
}

impl Consumed {
    /// Whether a value of the page may lack items. (Where one was taken meanwhile, it may be of any list, and have gone back.)
    fn may_be_of(&self, name: &[u8]) -> bool {
        let Self { before, after } = self;
        before.taken != after.taken || before.lists.contains(name) || after.lists.contains(name)
    }
}
