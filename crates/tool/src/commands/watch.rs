//! `watch`.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ffi::OsString;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde::Serialize;
use sync_backend::{Expiry, Found, Now, Since, Wanted};

use crate::file::{self, Opened};
use crate::followed::{Followed, Known, News};
use crate::json;
use crate::location::{Location, with_store};
use crate::outcome::{Failure, Outcome, Status, say};
use crate::output::Output;
use crate::printable::Printable;
use crate::stop::Stop;
use crate::value::Value;
use crate::words::{name as shown_name, seconds, seconds_left};

/// The longest sleep between two looks whether it is time to end.
const SLICE: Duration = Duration::from_millis(250);
/// A look at all names takes at most this part of the time.
const REST: u32 = 4;
/// The pause after a look that was not whole.
const PAUSE: Duration = Duration::from_millis(10);

/// The pause between two looks at a store that does not tell of changes.
const UNTOLD: Duration = Duration::from_millis(50);

/// A watch that sees nothing for so long says so.
const SILENCE: Duration = Duration::from_secs(10);

/// The limits of a watch.
pub struct Watched {
    pub json: bool,
    pub timeout: Option<Duration>,
    /// It ends after so many changes.
    pub count: Option<u64>,
}

/// Prints changes as they come, of some names or of all.
pub fn watch(location: &Location, names: &[OsString], watched: &Watched) -> Outcome {
    // Only to be read: no program is to wait for one that looks on.
    with_store!(location.followed()?, store => follow(store, names, watched))
}

fn follow<B: Followed>(store: Opened<B>, names: &[OsString], watched: &Watched) -> Outcome {
    let mut watch = Watch {
        store,
        out: Output::new(),
        json: watched.json,
        left: watched.count,
        printed: 0,
        until: watched.timeout.map(|timeout| Instant::now() + timeout),
        stop: Stop::or_at_once().map_err(|error| Failure::of_terminal(&error))?,
    };
    // Failures to open it are told at once, and those of standard output.
    watch.out.check_reader()?;
    watch.state()?;
    watch.store.tell_early();
    if names.is_empty() {
        watch.everything()?
    } else {
        watch.names(names)?
    }
    watch.out.flush()?;
    watch.stop.obey();
    watch.out.check_reader()?;
    let is_enough = watched.timeout.is_none() || watch.printed >= watched.count.unwrap_or(1);
    Ok(if is_enough { Status::Fine } else { Status::NotThere })
}

/// A name that is watched.
struct Name<'n, B: Followed> {
    name: &'n [u8],
    version: B::Version,
    is_there: bool,
    /// The value that was seen last: which it was, and in which opening of the store.
    identity: u64,
    bytes: Vec<u8>,
    expiry: Option<Expiry>,
    opening: u64,
}

impl<'n, B: Followed> Name<'n, B> {
    fn new(name: &'n [u8]) -> Self {
        Self {
            name,
            version: B::Version::default(),
            is_there: false,
            identity: 0,
            bytes: Vec::new(),
            expiry: None,
            opening: 0,
        }
    }
}

struct Watch<B: Followed> {
    store: Opened<B>,
    out: Output,
    json: bool,
    left: Option<u64>,
    printed: u64,
    until: Option<Instant>,
    stop: Stop,
}

impl<B: Followed> Watch<B> {
    /// Whether it is time to end.
    fn is_over(&self) -> bool {
        self.left == Some(0)
            || self.stop.is_due()
            || self.until.is_some_and(|until| Instant::now() >= until)
            || self.out.check_reader().is_err()
    }

    /// Does nothing for so long, unless it is time to end.
    fn rest(&self, time: Duration) {
        let end = Instant::now() + time;
        while !self.is_over() {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            std::thread::sleep(left.min(self.slice()));
        }
    }

    /// The next sleep.
    fn slice(&self) -> Duration {
        self.until.map_or(SLICE, |until| until.saturating_duration_since(Instant::now()).min(SLICE))
    }

    /// Runs an operation until it has had its way, or it is time to end: `None`.
    fn retry<T>(&self, mut operation: impl FnMut(&B) -> Result<T, B::Error>) -> Outcome<Option<T>> {
        file::retry(&*self.store, |store| if self.is_over() { Ok(None) } else { operation(store).map(Some) })
    }

    fn state(&self) -> Outcome<u64> {
        Ok(self.retry(B::state)?.unwrap_or(0))
    }

    fn lineage(&self) -> Outcome<u64> {
        Ok(self.retry(B::lineage)?.unwrap_or(0))
    }

    /// Sleeps until one of these has changed, or the first value of all that are known has expired. False: it is time to end.
    fn sleep(&self, wanted: &mut [Wanted<B::Watch>], since: Since, known: Option<&Known>) -> Outcome<bool> {
        self.retry(|store| store.watch(wanted, since))?;
        while !self.is_over() {
            let until = match known {
                Some(known) => self.retry(|store| store.soonest(known))?.flatten(),
                None => None,
            };
            let left = until.map_or(SLICE, |expiry| expiry.left(Now::read()) + Duration::from_millis(1));
            let has_changed = self.retry(|store| store.has_changed(wanted, self.slice().min(left)))?;
            if has_changed == Some(true) || until.is_some_and(|expiry| expiry.has_come(Now::read())) {
                return Ok(true);
            }
            if !self.store.is_told() {
                self.rest(UNTOLD);
            }
        }
        Ok(false)
    }

    fn names(&mut self, names: &[OsString]) -> Outcome<()> {
        let mut all: Vec<_> = names.iter().map(|name| Name::<B>::new(name.as_bytes())).collect();
        let mut is_first = true;
        loop {
            for name in &mut all {
                let mut bytes = Vec::new();
                let Some((found, identity)) = self.get(name, &mut bytes, B::identity_of)? else { break };
                match found {
                    Found::Unchanged => {}
                    Found::Missing if !std::mem::take(&mut name.is_there) => {}
                    found => {
                        let was_there = std::mem::replace(&mut name.is_there, found != Found::Missing);
                        let old_identity = std::mem::replace(&mut name.identity, identity);
                        let opening = std::mem::replace(&mut name.opening, self.store.enter());
                        let old = std::mem::replace(&mut name.bytes, bytes);
                        let old_expiry = std::mem::replace(&mut name.expiry, B::expiry_of(&name.version));
                        let is_same = match opening == name.opening {
                            // It was only moved.
                            true => was_there && name.is_there && old_identity == identity,
                            // A file that was put right, or is another one, may have the value that was seen, and so may a server that
                            // was started anew.
                            false => {
                                (was_there, &old) == (name.is_there, &name.bytes) && is_about(old_expiry, name.expiry)
                            }
                        };
                        let shown = name.is_there.then(|| Shown::of(&name.bytes, name.expiry));
                        if !is_first && !is_same {
                            self.print(name.name, shown)?;
                        }
                    }
                }
            }
            self.out.flush()?;
            is_first = false;
            let mut wanted: Vec<_> = all.iter().map(|name| Wanted::key(name.name)).collect();
            if !self.sleep(&mut wanted, Since::Seen, None)? {
                return Ok(());
            }
        }
    }

    /// The value of a name, all of it, if it is not the one that was seen; and a number by which it is known again.
    fn get(
        &self,
        name: &mut Name<B>,
        bytes: &mut Vec<u8>,
        number: impl Fn(&B, &[u8], &B::Version) -> Result<Option<u64>, B::Error>,
    ) -> Outcome<Option<(Found, u64)>> {
        loop {
            let found = self.retry(|store| {
                bytes.clear();
                store.get(name.name, &mut name.version, bytes)
            })?;
            match found {
                None => return Ok(None),
                Some(Found::Appended) => {}
                Some(found @ (Found::Unchanged | Found::Missing)) => return Ok(Some((found, 0))),
                Some(found) => {
                    if let Some(number) = self.retry(|store| number(store, name.name, &name.version))?.flatten() {
                        return Ok(Some((found, number)));
                    }
                }
            }
            // All of it is to be shown; or there is a newer one by now.
            name.version = B::Version::default();
        }
    }

    fn everything(&mut self) -> Outcome<()> {
        let mut state = self.state()?;
        let (mut opening, mut lineage) = (self.store.enter(), self.lineage()?);
        let mut known = Known::default();
        // (Nothing of what is there is news.)
        let Some(_) = self.news(&mut known, Some(u64::MAX))? else { return Ok(()) };
        // When the values were stored that have been printed, which are as new as the next look begins.
        let mut printed = HashMap::new();
        while self.sleep(&mut [Wanted::anything()], Since::State(state), Some(&known))? {
            let start = Instant::now();
            let now = self.state()?;
            let (current, its) = (self.store.enter(), self.lineage()?);
            let since = (current == opening).then_some(state);
            let Some(news) = self.news(&mut known, since)? else { return Ok(()) };
            for name in &news.gone {
                self.print(name, None)?;
            }
            let before = std::mem::take(&mut printed);
            for changed in &news.changed {
                // A file that was put right, or is a copy, has values that were there before, and so has a server that was started anew.
                let goes_on = current != opening && its == lineage;
                let told = printed.get(&changed.name).or_else(|| before.get(&changed.name));
                if (current == opening || goes_on) && told == Some(&changed.change)
                    || goes_on && changed.before == Some(changed.change)
                {
                    continue;
                }
                let (mut bytes, mut one) = (Vec::new(), Name::<B>::new(&changed.name));
                if let Some((Found::Value, change)) = self.get(&mut one, &mut bytes, B::change_of)? {
                    let version = one.version;
                    self.print(&changed.name, Some(Shown::of(&bytes, B::expiry_of(&version))))?;
                    printed.insert(changed.name.clone(), change);
                }
            }
            self.out.flush()?;
            (state, opening, lineage) = (now, current, its);
            let rest = REST * start.elapsed();
            if rest > PAUSE {
                self.rest(rest.min(Duration::from_secs(10)));
            }
        }
        Ok(())
    }

    /// Looks at all names for those that have changed. `None`: it is time to end.
    fn news(&self, known: &mut Known, since: Option<u64>) -> Outcome<Option<News>> {
        let mut due = Some(Instant::now() + SILENCE);
        while !self.is_over() {
            if due.take_if(|due| Instant::now() > *due).is_some() {
                say(
                    "no look at all names comes to its end: they change too fast, or the file is not sound (`syncctl check` tells).",
                );
            }
            match self.retry(|store| store.look_for_news(known, since))? {
                None => return Ok(None),
                Some(Some(news)) => return Ok(Some(news)),
                Some(None) => std::thread::sleep(PAUSE),
            }
        }
        Ok(None)
    }

    /// Prints a change: a value, or that a name has none any more.
    fn print(&mut self, name: &[u8], shown: Option<Shown>) -> Outcome<()> {
        if self.left == Some(0) {
            return Ok(());
        }
        self.left = self.left.map(|left| left - 1);
        self.printed += 1;
        if self.json {
            let line = Line::of(name, shown.as_ref());
            self.out.json(&line, false)?;
        } else {
            self.print_text(name, shown)?;
        }
        writeln!(self.out).map_err(Failure::from)
    }

    fn print_text(&mut self, name: &[u8], shown: Option<Shown>) -> std::io::Result<()> {
        write!(self.out, "{}", shown_name(name))?;
        let Some(Shown { value, expiry }) = shown else { return write!(self.out, " removed") };
        write!(self.out, " = ")?;
        match value {
            Ok(value) => self.out.json(&value, false)?,
            Err(why) => write!(self.out, "({why})")?,
        }
        seconds_left(expiry).map_or(Ok(()), |left| write!(self.out, " (expires in {})", seconds(left)))
    }
}

/// Whether two moments are the same. (A server's clock is known to some milliseconds, each time that it is asked for.)
fn is_about(one: Option<Expiry>, other: Option<Expiry>) -> bool {
    let [one, other] = [one, other].map(|expiry| expiry.map_or(0, Expiry::milliseconds));
    one.abs_diff(other) < 1_000
}

/// A value to be shown; or the reason why there is no JSON for it.
struct Shown<'v> {
    value: Result<Value<'v>, String>,
    expiry: Option<Expiry>,
}

impl<'v> Shown<'v> {
    fn of(bytes: &'v [u8], expiry: Option<Expiry>) -> Self {
        let value = Value::decode(bytes).map_err(|why| why.to_string());
        let value = value.and_then(|value| match json::obstacle(&value) {
            None => Ok(value),
            Some(why) => Err(why),
        });
        Self { value, expiry }
    }
}

/// A change as a line of JSON.
#[derive(Serialize)]
struct Line<'l> {
    /// Seconds since 1970.
    time: f64,
    name: Cow<'l, str>,
    /// The name in ASCII, where it is not UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    escaped: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    removed: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<f64>,
    /// The reason why there is no value here.
    #[serde(skip_serializing_if = "Option::is_none")]
    no_json: Option<&'l str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<&'l Value<'l>>,
}

impl<'l> Line<'l> {
    fn of(name: &'l [u8], shown: Option<&'l Shown<'l>>) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |now| now.as_millis() as f64 / 1e3);
        let expiry = shown.and_then(|shown| shown.expiry);
        let value = shown.map(|shown| shown.value.as_ref());
        Self {
            time: now,
            name: String::from_utf8_lossy(name),
            escaped: std::str::from_utf8(name).is_err().then(|| Printable(name).to_string()),
            removed: shown.is_none().then_some(true),
            expires: expiry.map(|expiry| expiry.milliseconds() as f64 / 1e3),
            no_json: value.and_then(|value| value.err().map(String::as_str)),
            value: value.and_then(Result::ok),
        }
    }
}
