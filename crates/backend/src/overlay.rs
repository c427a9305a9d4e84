//! Changes that are not made yet, over a store that does not change meanwhile.

mod names;
mod seeded;
mod short;
mod showing;
mod written;

use std::mem::MaybeUninit;
use std::sync::atomic::{AtomicU64, Ordering};

use self::names::Names;
use self::short::{SHORT, Short, set, short};
use self::written::{More, Written};
use super::number::number_of;
use super::opening;
use super::{
    Appended, Backend, Change, Expiry, Facts, Found, Now, PEEK, Peeked, Places, Rewrite, Room, Spare, Standing,
};

/// Marks the records, openings and places in the order that an overlay makes: no store has such numbers.
const OWN: u64 = opening::OVERLAY;

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
    written: Names<V>,
    /// Whether the places of some keys are not in this order.
    is_mixed: bool,
    /// Whether nothing of the store below is to be seen.
    cleared: bool,
    /// The highest name that is a number, of those written.
    highest: Option<i64>,
    /// Bytes of keys and values that it keeps.
    pub(super) bytes: u64,
    /// Memory for the list of the changes.
    changes: Spare<Change<'static, V>>,
}

/// Keys for which a [renewed](Overlay::renew) overlay keeps its memory at most.
const MOST_KEPT: usize = 4096;

/// A value that is to be kept: its bytes in two pieces, its note, and when it expires.
pub type Kept<'a> = ((&'a [u8], &'a [u8]), Option<i64>, Option<Expiry>);

impl<V: Copy + Default> Overlay<V> {
    /// No changes to a store of this kind.
    pub fn over<B: Backend<Version = V>>() -> Self {
        Self::of_openings(B::OPENINGS)
    }

    /// No changes to a store whose openings have these bits.
    fn of_openings(openings: u64) -> Self {
        Self::with(openings, (Names::new(), Spare::new()))
    }

    /// The bits by which an opening of the store below is told from that of another kind.
    fn openings(&self) -> u64 {
        self.opening & !(OWN | opening::COUNTED)
    }

    /// No changes, and the memory for some.
    fn with(openings: u64, (written, changes): (Names<V>, Spare<Change<'static, V>>)) -> Self {
        static OPENINGS: AtomicU64 = AtomicU64::new(1);
        let opening = OWN | openings | OPENINGS.fetch_add(1, Ordering::Relaxed);
        Self { opening, last: 0, written, is_mixed: false, cleared: false, highest: None, bytes: 0, changes }
    }

    /// Another one without changes, in the memory of this one, unless that is much.
    pub fn renew(mut self) -> Option<Self> {
        self.written.clear();
        let openings = self.openings();
        (self.written.capacity() <= MOST_KEPT).then(|| Self::with(openings, (self.written, self.changes)))
    }

    /// A copy of it as it is now, to [go back](Self::go_back) to.
    pub fn copy(&self) -> Self {
        let Self { opening, last, is_mixed, cleared, highest, bytes, .. } = *self;
        Self { opening, last, written: self.written.clone(), is_mixed, cleared, highest, bytes, changes: Spare::new() }
    }

    /// Goes back to what it was. The numbers given since do not come again: versions that were seen meanwhile stand for nothing.
    pub fn go_back(&mut self, to: Self) {
        *self = Self { last: self.last, ..to };
    }

    // ---- reading -----------------------------------------------------------------------------------

    /// The record of this overlay that a version stands for; `None`: it is about something else. 0: it stands for no value.
    fn known<B: Backend<Version = V>>(&self, version: &V) -> Option<u64> {
        (B::opening_of(version) == self.opening).then(|| B::record_of(version))
    }

    /// The version of the newest state of a key.
    fn version<B: Backend<Version = V>>(&self, written: &Written<V>) -> V {
        match written.is_seen() {
            true => B::version_of(self.opening, written.made, written.expiry()),
            false => B::version_of(self.opening, 0, None),
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
        if !written.is_seen() {
            *version = newest;
            return Ok(Found::Missing);
        }
        if known == Some(written.made) {
            return Ok(Found::Unchanged);
        }
        let bytes = &written.bytes;
        let found = match (written.from(), known.and_then(|known| written.end_of(known))) {
            (_, Some(end)) => {
                fill(below, out, &bytes[end..])?;
                Found::Appended
            }
            (None, None) => {
                fill(below, out, bytes)?;
                Found::Value
            }
            (Some(_), None) => {
                below.get(key, &mut V::default(), out)?;
                let length = (out.items().len() + bytes.len()) as u64;
                if !out.has_room(bytes.len() as u64) {
                    return Err(below.no_room(length));
                }
                out.extend(bytes);
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
            // Nothing changes below (but that time passes).
            Some(0) => return Ok(Found::Missing),
            Some(record) if record & OWN == 0 && !has_expired::<B>(version) => return Ok(Found::Unchanged),
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
            if known.is_some_and(|record| record != 0 && record & OWN == 0) && !has_expired::<B>(version) {
                return Ok(Peeked::Unchanged);
            }
            let mut its = V::default();
            let peeked = below.peek(key, &mut its, start)?;
            *version = B::version_of(self.opening, B::record_of(&its), B::expiry_of(&its));
            return Ok(peeked);
        };
        let peeked = match written.note() {
            _ if !written.is_seen() => Peeked::Missing,
            _ if known == Some(written.made) => return Ok(Peeked::Unchanged),
            Some(note) => Peeked::Noted(note),
            None => {
                fill(below, start, &written.bytes[..written.bytes.len().min(PEEK)])?;
                Peeked::Whole
            }
        };
        *version = self.version::<B>(written);
        Ok(peeked)
    }

    /// Whether a key is there.
    fn contains<B: Backend<Version = V>>(&self, below: &B, key: &[u8]) -> Result<bool, B::Error> {
        match self.written.get(key) {
            Some(written) => Ok(written.is_seen()),
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
        let Some((key, written)) = self.written.at(at) else { return Ok(false) };
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
        for (at, (_, written)) in self.written.iter().enumerate() {
            match (self.has_below(below, at)?, written.is_seen()) {
                (false, true) => keys += 1,
                (true, false) => keys = keys.saturating_sub(1),
                _ => {}
            }
        }
        Ok(keys)
    }

    /// As [`Backend::facts`].
    pub fn facts<B: Backend<Version = V>>(&self, below: &B, key: &[u8]) -> Result<Option<Facts>, B::Error> {
        let found = self.written.find(key).and_then(|at| Some((at, self.written.at(at)?.1)));
        let Some((at, written)) = found else {
            return if self.cleared { Ok(None) } else { below.facts(key) };
        };
        if !written.is_seen() {
            return Ok(None);
        }
        let its = if !written.anew && self.has_below(below, at)? { below.facts(key)? } else { None };
        let place = its.map_or(written.place, |its| its.place);
        let (mut bytes, mut pieces) = (written.bytes.len() as u64, written.pieces() as u64);
        if let Some(its) = its.filter(|_| written.from().is_some()) {
            bytes += its.bytes;
            pieces += its.pieces;
        }
        let whole = written.from().is_none() && written.note().is_none();
        Ok(Some(Facts { place, bytes, pieces, whole, expiry: written.expiry() }))
    }

    // ---- writing -----------------------------------------------------------------------------------

    /// The number of a new state.
    fn next(&mut self) -> u64 {
        self.last += 1;
        OWN | self.last
    }

    /// Keeps the value of a key; gives the number of that state. `None`: there is no memory for it, and nothing has happened.
    fn keep(&mut self, key: &[u8], value: Kept) -> Option<u64> {
        self.keep_at_once(key, value)
    }

    /// As [`Overlay::keep`], as a part of its caller.
    #[inline(always)]
    fn keep_at_once(&mut self, key: &[u8], ((head, body), note, expiry): Kept) -> Option<u64> {
        let length = head.len() + body.len();
        // (The memory of a long one. A short one has none, and is written where it stays.)
        let long = if length > SHORT { Some(short(head, body)?) } else { None };
        let more = if note.is_some() || expiry.is_some() {
            Some(Box::new(More { from: None, states: vec![(OWN | (self.last + 1), length)], note, expiry }))
        } else {
            None
        };
        let (made, written) = self.enter(key, length, true)?;
        match long {
            Some(long) => written.bytes = long,
            None => set(&mut written.bytes, head, body),
        }
        written.more = more;
        if let Some(number) = number_of(key) {
            self.highest = self.highest.max(Some(number));
        }
        Some(made)
    }

    /// Lets a key have a value of so many bytes, which are still to be kept, or none; gives the number of that state. `None`: there is no
    /// memory for it, and nothing has happened.
    #[inline(always)]
    fn enter(&mut self, key: &[u8], length: usize, is_there: bool) -> Option<(u64, &mut Written<V>)> {
        let made = OWN | (self.last + 1);
        let (written, is_new) = self.written.enter(key, made)?;
        self.last += 1;
        if is_new {
            self.bytes += (key.len() + length) as u64;
        } else {
            self.bytes = self.bytes - written.bytes.len() as u64 + length as u64;
            if !written.is_seen() && is_there {
                // It comes at the end of the order.
                (written.place, written.anew) = (made, true);
                self.is_mixed = true;
            }
            written.made = made;
        }
        written.is_there = is_there;
        Some((made, written))
    }

    /// As [`Backend::put`]: the change of which there are most.
    #[inline(always)]
    pub fn put_whole<B: Backend<Version = V>>(
        &mut self,
        below: &B,
        key: &[u8],
        value: &[u8],
        version: &mut V,
    ) -> Result<(), B::Error> {
        let made = self.keep_at_once(key, ((&[], value), None, None));
        *version = B::version_of(self.opening, made.ok_or_else(|| below.no_memory(value.len() as u64))?, None);
        Ok(())
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
            Some(written) => written.is_seen() && written.made == known,
            None => !self.cleared && known != 0 && known & OWN == 0 && !has_expired::<B>(version),
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
        // (Of the version, which has been looked at: the value may have expired since then, and so would the new one have.)
        let expiry = B::expiry_of(version);
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
        if self.written.find(key).is_none() {
            let (mut from, mut start) = (V::default(), [MaybeUninit::uninit(); PEEK]);
            below.peek(key, &mut from, &mut Places::new(&mut start))?;
            if Some(B::record_of(&from)) != self.known::<B>(version) {
                return Ok(Appended::Changed);
            }
            let record = B::record_of(&from);
            let (from, expiry) = (Some(from), B::expiry_of(&from));
            let more = More { from, states: vec![(record, 0)], note: None, expiry };
            let (_, written) = self.enter(key, 0, true).ok_or_else(|| below.no_memory(key.len() as u64))?;
            written.more = Some(Box::new(more));
        }
        let made = self.next();
        let Some(written) = self.written.get_mut(key).filter(|written| written.is_seen()) else {
            return Ok(Appended::Changed);
        };
        let expiry = written.expiry();
        if rewrite != Rewrite::Store && written.appended() + bytes.len() > append_budget(written.whole()) {
            // (A value that goes on from one below without a byte more is that one.)
            *version = B::version_of(self.opening, written.made, expiry);
            return Ok(Appended::Full);
        }
        let first = (written.made, written.bytes.len());
        let more = written
            .more
            .get_or_insert_with(|| Box::new(More { from: None, states: vec![first], note: None, expiry: None }));
        if written.bytes.try_reserve(bytes.len()).is_err() || more.states.try_reserve(1).is_err() {
            *version = B::version_of(self.opening, written.made, expiry);
            return Err(below.no_memory(bytes.len() as u64));
        }
        written.bytes.extend_from_slice(bytes);
        more.states.push((made, written.bytes.len()));
        (more.note, written.made) = (Some(note), made);
        *version = B::version_of(self.opening, made, expiry);
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
        let (_, written) = self.enter(key, 0, false).ok_or_else(|| below.no_memory(key.len() as u64))?;
        (written.bytes, written.more) = (Short::new(), None);
        Ok(true)
    }

    /// As [`Backend::replace`].
    pub fn replace<B: Backend<Version = V>>(&mut self, below: &B, entries: &[(&[u8], &[u8])]) -> Result<(), B::Error> {
        let mut new =
            Self { opening: self.opening, last: self.last, cleared: true, ..Self::of_openings(self.openings()) };
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
            self.written.sort_by(|written| written.place);
            self.is_mixed = false;
        }
        for _ in 0..ATTEMPTS {
            let changes = self.changes(below)?;
            let done = below.commit(&changes, Some(hold));
            self.changes.keep(changes);
            if done? {
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
        let mut changes: Vec<Change<V>> = self.changes.take();
        if changes.try_reserve_exact(self.written.len() + 1).is_err() {
            return Err(below.no_memory((size_of::<Change<V>>() * self.written.len()) as u64));
        }
        if self.cleared {
            changes.push(Change::Clear);
        }
        for (key, written) in self.written.iter() {
            let Written { bytes, anew, .. } = written;
            changes.push(match &written.more {
                _ if !written.is_there && self.cleared => continue,
                _ if !written.is_there => Change::Remove { key },
                None => Change::Put { key, head: &[], body: bytes, note: None, expiry: None, anew: *anew },
                Some(more) => match (more.from, more.note) {
                    (Some(_), None) => continue,
                    (Some(version), Some(note)) => Change::Append { key, bytes, note, version },
                    (None, note) => Change::Put { key, head: &[], body: bytes, note, expiry: more.expiry, anew: *anew },
                },
            });
        }
        Ok(changes)
    }

    /// Finds the values again that others go on from. One may have expired meanwhile: what was appended has expired with it.
    fn look_again<B: Backend<Version = V>>(&mut self, below: &B) -> Result<(), B::Error> {
        for (key, written) in self.written.iter_mut() {
            let Some(from) = written.more.as_mut().and_then(|more| more.from.as_mut()) else { continue };
            let mut start = [MaybeUninit::uninit(); PEEK];
            *from = V::default();
            if below.peek(key, from, &mut Places::new(&mut start))? == Peeked::Missing {
                (written.is_there, written.more) = (false, None);
            }
        }
        Ok(())
    }
}

/// Whether the value of a version has expired.
fn has_expired<B: Backend>(version: &B::Version) -> bool {
    B::expiry_of(version).is_some_and(|expiry| expiry.has_come(Now::read()))
}

/// Lets `out` have these bytes.
fn fill<B: Backend>(below: &B, out: &mut impl Room<u8>, bytes: &[u8]) -> Result<(), B::Error> {
    out.clear();
    if out.has_room(bytes.len() as u64) && out.extend(bytes) { Ok(()) } else { Err(below.no_room(bytes.len() as u64)) }
}
