//! Changes that are not made yet, over a store that does not change meanwhile.

mod showing;

use std::cell::Cell;
use std::mem::MaybeUninit;
use std::sync::atomic::{AtomicU64, Ordering};

use indexmap::IndexMap;
use indexmap::map::Entry as Place;

use super::number::number_of;
use super::{Appended, Backend, Change, Expiry, Facts, Found, Now, PEEK, Peeked, Places, Rewrite, Room, Standing};

/// Marks the records, openings and places in the order that an overlay makes: no store has such numbers.
const OWN: u64 = 1 << 63;

/// Bytes of appends that a value may carry before the caller is asked to write it whole: as the caches of readers follow them one by
/// one.
fn append_budget(whole: usize) -> usize {
    const MOST: usize = 1 << 20;
    if whole == 0 { MOST } else { (3 * whole + 4096).min(MOST) }
}

/// How often the changes are to be made: each time, a process has to die that was not even a writer.
const ATTEMPTS: usize = 100;

/// The content that a store will have when the changes are made, which are kept here. All its operations are those of [`Backend`], for
/// a caller that keeps all other writers out of the store `below` from the first one on.
///
/// Its versions are of an opening of its own: nothing that is known of the store passes for known of it, or the other way round.
pub struct Overlay<V> {
    /// The number of its opening.
    pub(super) opening: u64,
    /// The last number given to a state of a value, and to a place in the order.
    last: u64,
    /// In the order in which the keys were first written.
    written: IndexMap<Box<[u8]>, Written<V>>,
    /// Whether the places of some keys are not in this order.
    is_mixed: bool,
    /// Whether nothing of the store below is to be seen.
    cleared: bool,
    /// The highest name that is a number, of those written.
    highest: Option<i64>,
    /// Bytes of keys and values that it keeps.
    pub(super) bytes: u64,
}

/// A key that was written.
struct Written<V> {
    /// `None`: it was removed.
    value: Option<Value<V>>,
    /// The number of its newest state.
    made: u64,
    /// Its place in the order, if it comes behind all keys of the store below.
    place: u64,
    /// Whether it was removed and stored again.
    anew: bool,
    /// Whether the store below has the key, once that is known.
    below: Cell<Option<bool>>,
}

/// A value that was written.
struct Value<V> {
    /// The value in the store below from which it goes on.
    from: Option<V>,
    bytes: Vec<u8>,
    /// Its states: the number of each, and where it ends in `bytes`.
    states: Vec<(u64, usize)>,
    note: Option<i64>,
    /// When it expires.
    expiry: Option<Expiry>,
}

/// A value that is to be kept: its bytes in two pieces, its note, and when it expires.
pub type Kept<'a> = ((&'a [u8], &'a [u8]), Option<i64>, Option<Expiry>);

impl<V> Value<V> {
    /// Where in its bytes the state with this number ends.
    fn end_of(&self, made: u64) -> Option<usize> {
        self.states.iter().rev().find(|state| state.0 == made).map(|state| state.1)
    }

    /// Bytes that were appended since it was written as a whole.
    fn appended(&self) -> usize {
        self.bytes.len() - self.whole()
    }

    /// Bytes that were written as a whole.
    fn whole(&self) -> usize {
        if self.from.is_some() { 0 } else { self.states.first().map_or(0, |state| state.1) }
    }
}

impl<V: Copy + Default> Overlay<V> {
    /// No changes.
    #[expect(clippy::new_without_default, reason = "each has an opening of its own")]
    pub fn new() -> Self {
        static OPENINGS: AtomicU64 = AtomicU64::new(1);
        Self {
            opening: OWN | OPENINGS.fetch_add(1, Ordering::Relaxed),
            last: 0,
            written: IndexMap::new(),
            is_mixed: false,
            cleared: false,
            highest: None,
            bytes: 0,
        }
    }

    // ---- reading -----------------------------------------------------------------------------------

    /// The record of this overlay that a version stands for; `None`: it is about something else. 0: it stands for no value.
    fn known<B: Backend<Version = V>>(&self, version: &V) -> Option<u64> {
        (B::opening_of(version) == self.opening).then(|| B::record_of(version))
    }

    /// The version of the newest state of a key.
    fn version<B: Backend<Version = V>>(&self, written: &Written<V>) -> V {
        match &written.value {
            Some(value) => B::version_of(self.opening, written.made, value.expiry),
            None => B::version_of(self.opening, 0, None),
        }
    }

    /// As [`Backend::get_short`].
    pub fn get_short<B: Backend<Version = V>>(
        &self,
        below: &B,
        key: &[u8],
        limit: u64,
        version: &mut V,
        out: &mut impl Room<u8>,
    ) -> Result<Found, B::Error> {
        let known = self.known::<B>(version);
        let Some(written) = self.written.get(key) else {
            return self.get_below(below, key, limit, version, out);
        };
        let newest = self.version::<B>(written);
        let Some(value) = &written.value else {
            *version = newest;
            return Ok(Found::Missing);
        };
        if known == Some(written.made) {
            return Ok(Found::Unchanged);
        }
        let found = match (value.from, known.and_then(|known| value.end_of(known))) {
            (_, Some(end)) => {
                fill(below, out, &value.bytes[end..])?;
                Found::Appended
            }
            (None, None) => {
                fill(below, out, &value.bytes)?;
                Found::Value
            }
            (Some(_), None) => {
                below.get(key, &mut V::default(), out)?;
                let length = (out.items().len() + value.bytes.len()) as u64;
                if !out.has_room(value.bytes.len() as u64) {
                    return Err(below.no_room(length));
                }
                out.extend(&value.bytes);
                Found::Value
            }
        };
        *version = newest;
        Ok(found)
    }

    /// Looks up a key that was not written.
    fn get_below<B: Backend<Version = V>>(
        &self,
        below: &B,
        key: &[u8],
        limit: u64,
        version: &mut V,
        out: &mut impl Room<u8>,
    ) -> Result<Found, B::Error> {
        if self.cleared {
            *version = B::version_of(self.opening, 0, None);
            return Ok(Found::Missing);
        }
        match self.known::<B>(version) {
            // Nothing changes below.
            Some(0) => return Ok(Found::Missing),
            Some(record) if record & OWN == 0 => return Ok(Found::Unchanged),
            _ => {}
        }
        let mut its = V::default();
        let found = below.get_short(key, limit, &mut its, out)?;
        *version = B::version_of(self.opening, B::record_of(&its), B::expiry_of(&its));
        Ok(found)
    }

    /// As [`Backend::peek`].
    pub fn peek<B: Backend<Version = V>>(
        &self,
        below: &B,
        key: &[u8],
        version: &mut V,
        start: &mut impl Room<u8>,
    ) -> Result<Peeked, B::Error> {
        let known = self.known::<B>(version);
        let Some(written) = self.written.get(key) else {
            if self.cleared {
                *version = B::version_of(self.opening, 0, None);
                return Ok(Peeked::Missing);
            }
            if known.is_some_and(|record| record != 0 && record & OWN == 0) {
                return Ok(Peeked::Unchanged);
            }
            let mut its = V::default();
            let peeked = below.peek(key, &mut its, start)?;
            *version = B::version_of(self.opening, B::record_of(&its), B::expiry_of(&its));
            return Ok(peeked);
        };
        let peeked = match &written.value {
            None => Peeked::Missing,
            Some(_) if known == Some(written.made) => return Ok(Peeked::Unchanged),
            Some(Value { note: Some(note), .. }) => Peeked::Noted(*note),
            Some(value) => {
                fill(below, start, &value.bytes[..value.bytes.len().min(PEEK)])?;
                Peeked::Whole
            }
        };
        *version = self.version::<B>(written);
        Ok(peeked)
    }

    /// Whether a key is there.
    fn contains<B: Backend<Version = V>>(&self, below: &B, key: &[u8]) -> Result<bool, B::Error> {
        match self.written.get(key) {
            Some(written) => Ok(written.value.is_some()),
            None => self.is_below(below, key),
        }
    }

    /// Whether the store below has a key that may be seen.
    fn is_below<B: Backend<Version = V>>(&self, below: &B, key: &[u8]) -> Result<bool, B::Error> {
        let mut start = [MaybeUninit::uninit(); PEEK];
        Ok(!self.cleared && below.peek(key, &mut V::default(), &mut Places::new(&mut start))? != Peeked::Missing)
    }

    /// As [`Overlay::is_below`], of a key that was written: the store is asked once.
    fn has_below<B: Backend<Version = V>>(&self, below: &B, at: usize) -> Result<bool, B::Error> {
        let Some((key, written)) = self.written.get_index(at) else { return Ok(false) };
        if let Some(known) = written.below.get() {
            return Ok(known);
        }
        let is_below = self.is_below(below, key)?;
        written.below.set(Some(is_below));
        Ok(is_below)
    }

    /// As [`Backend::len`].
    pub fn len<B: Backend<Version = V>>(&self, below: &B) -> Result<u64, B::Error> {
        let mut keys = if self.cleared { 0 } else { below.len()? };
        for (at, written) in self.written.values().enumerate() {
            match (self.has_below(below, at)?, written.value.is_some()) {
                (false, true) => keys += 1,
                (true, false) => keys = keys.saturating_sub(1),
                _ => {}
            }
        }
        Ok(keys)
    }

    /// As [`Backend::facts`].
    pub fn facts<B: Backend<Version = V>>(&self, below: &B, key: &[u8]) -> Result<Option<Facts>, B::Error> {
        let Some((at, _, written)) = self.written.get_full(key) else {
            return if self.cleared { Ok(None) } else { below.facts(key) };
        };
        let Some(value) = &written.value else { return Ok(None) };
        let its = if !written.anew && self.has_below(below, at)? { below.facts(key)? } else { None };
        let place = its.map_or(written.place, |its| its.place);
        let (mut bytes, mut pieces) = (value.bytes.len() as u64, value.states.len() as u64);
        if let Some(its) = its.filter(|_| value.from.is_some()) {
            bytes += its.bytes;
            pieces += its.pieces;
        }
        let whole = value.from.is_none() && value.note.is_none();
        Ok(Some(Facts { place, bytes, pieces, whole, expiry: value.expiry }))
    }

    // ---- writing -----------------------------------------------------------------------------------

    /// The number of a new state.
    fn next(&mut self) -> u64 {
        self.last += 1;
        OWN | self.last
    }

    /// Keeps the value of a key. `None`: there is no memory for it, and nothing has happened.
    fn keep(&mut self, key: &[u8], ((head, body), note, expiry): Kept) -> Option<u64> {
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(head.len() + body.len()).ok()?;
        bytes.extend_from_slice(head);
        bytes.extend_from_slice(body);
        self.highest = self.highest.max(number_of(key));
        let length = bytes.len();
        self.enter(key, |made| Some(Value { from: None, bytes, states: vec![(made, length)], note, expiry }))
    }

    /// Lets a key have a value, or none; gives the number of that state. `None`: there is no memory for it.
    fn enter(&mut self, key: &[u8], value: impl FnOnce(u64) -> Option<Value<V>>) -> Option<u64> {
        let made = self.next();
        self.written.try_reserve(1).ok()?;
        let value = value(made);
        let bytes = value.as_ref().map_or(0, |value| value.bytes.len() as u64);
        match self.written.entry(key.into()) {
            Place::Vacant(place) => {
                self.bytes += key.len() as u64 + bytes;
                place.insert(Written { value, made, place: made, anew: false, below: Cell::new(None) });
            }
            Place::Occupied(mut place) => {
                let written = place.get_mut();
                let before = written.value.as_ref().map_or(0, |value| value.bytes.len() as u64);
                self.bytes = self.bytes - before + bytes;
                if written.value.is_none() && value.is_some() {
                    // It comes at the end of the order.
                    (written.place, written.anew) = (made, true);
                    self.is_mixed = true;
                }
                (written.value, written.made) = (value, made);
            }
        }
        Some(made)
    }

    /// As [`Backend::put_until`].
    pub fn put<B: Backend<Version = V>>(
        &mut self,
        below: &B,
        key: &[u8],
        value: Kept,
        version: &mut V,
    ) -> Result<(), B::Error> {
        let ((head, body), _, expiry) = value;
        if expiry.is_some_and(|expiry| expiry.has_come(Now::read())) {
            *version = B::version_of(self.opening, 0, None);
            return self.remove(below, key).map(drop);
        }
        let lack = || below.no_memory((head.len() + body.len()) as u64);
        let made = self.keep(key, value).ok_or_else(lack)?;
        *version = B::version_of(self.opening, made, expiry);
        Ok(())
    }

    /// As [`Backend::add`].
    pub fn add<B: Backend<Version = V>>(
        &mut self,
        below: &B,
        key: &[u8],
        value: Kept,
        version: &mut V,
    ) -> Result<bool, B::Error> {
        if self.contains(below, key)? {
            return Ok(false);
        }
        self.put(below, key, value, version).map(|()| true)
    }

    /// As [`Backend::touch`]. (A value of the store below is copied: it is rarely long.)
    pub fn touch<B: Backend<Version = V>>(
        &mut self,
        below: &B,
        key: &[u8],
        expiry: Option<Expiry>,
        version: &mut V,
    ) -> Result<bool, B::Error> {
        if !self.contains(below, key)? {
            return Ok(false);
        }
        let is_known = self.is_newest::<B>(key, version);
        let (mut bytes, mut start) = (Vec::new(), Vec::new());
        self.get_short(below, key, u64::MAX, &mut V::default(), &mut bytes)?;
        let note = match self.peek(below, key, &mut V::default(), &mut start)? {
            Peeked::Noted(note) => Some(note),
            Peeked::Missing | Peeked::Unchanged | Peeked::Whole => None,
        };
        let mut new = V::default();
        self.put(below, key, ((&bytes, &[]), note, expiry), &mut new)?;
        if is_known {
            *version = new;
        }
        Ok(true)
    }

    /// As [`Backend::put_first`].
    pub fn put_first<B: Backend<Version = V>>(
        &mut self,
        below: &B,
        key: &[u8],
        value: &[u8],
        note: i64,
        version: &mut V,
    ) -> Result<bool, B::Error> {
        if self.contains(below, key)? {
            return Ok(false);
        }
        self.put(below, key, ((value, &[]), Some(note), None), version).map(|()| true)
    }

    /// Whether a version stands for the newest value of a key, which is there.
    fn is_newest<B: Backend<Version = V>>(&self, key: &[u8], version: &V) -> bool {
        let Some(known) = self.known::<B>(version) else { return false };
        match self.written.get(key) {
            Some(written) => written.value.is_some() && written.made == known,
            None => !self.cleared && known != 0 && known & OWN == 0,
        }
    }

    /// As [`Backend::put_if_unchanged`].
    pub fn put_if_unchanged<B: Backend<Version = V>>(
        &mut self,
        below: &B,
        key: &[u8],
        value: &[u8],
        version: &mut V,
    ) -> Result<bool, B::Error> {
        if !self.is_newest::<B>(key, version) {
            return Ok(false);
        }
        let expiry = self.facts(below, key)?.and_then(|facts| facts.expiry);
        let lack = || below.no_memory(value.len() as u64);
        let made = self.keep(key, ((value, &[]), None, expiry)).ok_or_else(lack)?;
        *version = B::version_of(self.opening, made, expiry);
        Ok(true)
    }

    /// As [`Backend::append`].
    pub fn append<B: Backend<Version = V>>(
        &mut self,
        below: &B,
        (key, bytes): (&[u8], &[u8]),
        note: i64,
        rewrite: Rewrite,
        version: &mut V,
    ) -> Result<Appended, B::Error> {
        if !self.is_newest::<B>(key, version) {
            return Ok(Appended::Changed);
        }
        if !self.written.contains_key(key) {
            let (mut from, mut start) = (V::default(), [MaybeUninit::uninit(); PEEK]);
            below.peek(key, &mut from, &mut Places::new(&mut start))?;
            if Some(B::record_of(&from)) != self.known::<B>(version) {
                return Ok(Appended::Changed);
            }
            let record = B::record_of(&from);
            let nothing = Value {
                from: Some(from),
                bytes: Vec::new(),
                states: vec![(record, 0)],
                note: None,
                expiry: B::expiry_of(&from),
            };
            self.enter(key, |_| Some(nothing)).ok_or_else(|| below.no_memory(key.len() as u64))?;
        }
        let made = self.next();
        let Some(Written { value: Some(value), made: newest, .. }) = self.written.get_mut(key) else {
            return Ok(Appended::Changed);
        };
        if rewrite != Rewrite::Store && value.appended() + bytes.len() > append_budget(value.whole()) {
            // (A value that goes on from one below without a byte more is that one.)
            *version = B::version_of(self.opening, *newest, value.expiry);
            return Ok(Appended::Full);
        }
        if value.bytes.try_reserve(bytes.len()).is_err() || value.states.try_reserve(1).is_err() {
            *version = B::version_of(self.opening, *newest, value.expiry);
            return Err(below.no_memory(bytes.len() as u64));
        }
        value.bytes.extend_from_slice(bytes);
        value.states.push((made, value.bytes.len()));
        (value.note, *newest) = (Some(note), made);
        *version = B::version_of(self.opening, made, value.expiry);
        self.bytes += bytes.len() as u64;
        Ok(Appended::Done)
    }

    /// As [`Backend::next_number`].
    pub fn next_number<B: Backend<Version = V>>(&self, below: &B, least: i64) -> Result<Option<i64>, B::Error> {
        let own = match self.highest {
            Some(highest) => highest.checked_add(1).map(|next| next.max(least)),
            None => Some(0),
        };
        if self.cleared {
            return Ok(own);
        }
        // (Where no name below has been a number, that is 0, whatever the least one is.)
        let has_numbers = below.next_number(1)? != Some(0);
        let its = below.next_number(least)?;
        Ok(match (self.highest, own) {
            (None, _) => its,
            (Some(_), None) => None,
            (Some(_), Some(own)) if has_numbers => its.map(|its| its.max(own)),
            (Some(_), own) => own,
        })
    }

    /// As [`Backend::remove`].
    pub fn remove<B: Backend<Version = V>>(&mut self, below: &B, key: &[u8]) -> Result<bool, B::Error> {
        if !self.contains(below, key)? {
            return Ok(false);
        }
        self.enter(key, |_| None).ok_or_else(|| below.no_memory(key.len() as u64))?;
        Ok(true)
    }

    /// As [`Backend::replace`].
    pub fn replace<B: Backend<Version = V>>(&mut self, below: &B, entries: &[(&[u8], &[u8])]) -> Result<(), B::Error> {
        let mut new = Self { opening: self.opening, last: self.last, cleared: true, ..Self::new() };
        for (key, value) in entries {
            new.put(below, key, ((value, &[]), None, None), &mut V::default())?;
        }
        *self = new;
        Ok(())
    }

    /// As [`Backend::commit`].
    pub fn make<B: Backend<Version = V>>(&mut self, below: &B, changes: &[Change<V>]) -> Result<bool, B::Error> {
        let are_newest = changes.iter().all(|change| match change {
            Change::Append { key, version, .. } => self.is_newest::<B>(key, version),
            Change::Clear | Change::Put { .. } | Change::Remove { .. } => true,
        });
        if !are_newest {
            return Ok(false);
        }
        for change in changes {
            let mut version = V::default();
            match *change {
                Change::Clear => self.replace(below, &[])?,
                Change::Put { key, head, body, note, expiry, anew } => {
                    if anew {
                        self.remove(below, key)?;
                    }
                    self.put(below, key, ((head, body), note, expiry), &mut version)?;
                }
                Change::Append { key, bytes, note, mut version } => {
                    self.append(below, (key, bytes), note, Rewrite::Store, &mut version)?;
                }
                Change::Remove { key } => drop(self.remove(below, key)?),
            }
        }
        Ok(true)
    }

    // ---- all at once -------------------------------------------------------------------------------

    /// Makes the changes in the store below. False: the hold has not lasted until now, and nothing has happened.
    pub fn commit<B: Backend<Version = V>>(&mut self, below: &B, hold: &B::WriterHold) -> Result<bool, B::Error> {
        if self.written.is_empty() && !self.cleared {
            return Ok(true);
        }
        if self.is_mixed {
            self.written.sort_unstable_by(|_, one, _, other| one.place.cmp(&other.place));
            self.is_mixed = false;
        }
        for _ in 0..ATTEMPTS {
            if below.commit(&self.changes(below)?, Some(hold))? {
                return Ok(true);
            }
            // Else the store takes a value for changed that is not: another process has died meanwhile, say, while it looked.
            if below.standing(hold) != Standing::Kept {
                break;
            }
            self.look_again(below)?;
        }
        Ok(false)
    }

    /// The changes, in the order in which new keys come.
    fn changes<B: Backend<Version = V>>(&self, below: &B) -> Result<Vec<Change<'_, V>>, B::Error> {
        let mut changes: Vec<Change<V>> = Vec::new();
        if changes.try_reserve_exact(self.written.len() + 1).is_err() {
            return Err(below.no_memory((size_of::<Change<V>>() * self.written.len()) as u64));
        }
        if self.cleared {
            changes.push(Change::Clear);
        }
        for (key, written) in &self.written {
            changes.push(match &written.value {
                None if self.cleared => continue,
                None => Change::Remove { key },
                Some(Value { from: Some(_), note: None, .. }) => continue,
                Some(Value { from: Some(version), bytes, note: Some(note), .. }) => {
                    Change::Append { key, bytes, note: *note, version: *version }
                }
                Some(Value { from: None, bytes, note, expiry, .. }) => {
                    let (note, expiry, anew) = (*note, *expiry, written.anew);
                    Change::Put { key, head: bytes, body: &[], note, expiry, anew }
                }
            });
        }
        Ok(changes)
    }

    /// Finds the values again that others go on from. One may have expired meanwhile: what was appended has expired with it.
    fn look_again<B: Backend<Version = V>>(&mut self, below: &B) -> Result<(), B::Error> {
        for (key, written) in &mut self.written {
            let Some(from) = written.value.as_mut().and_then(|value| value.from.as_mut()) else { continue };
            let mut start = [MaybeUninit::uninit(); PEEK];
            *from = V::default();
            if below.peek(key, from, &mut Places::new(&mut start))? == Peeked::Missing {
                written.value = None;
            }
        }
        Ok(())
    }
}

/// Lets `out` have these bytes.
fn fill<B: Backend>(below: &B, out: &mut impl Room<u8>, bytes: &[u8]) -> Result<(), B::Error> {
    out.clear();
    if out.has_room(bytes.len() as u64) && out.extend(bytes) { Ok(()) } else { Err(below.no_room(bytes.len() as u64)) }
}
