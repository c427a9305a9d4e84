//! Reading and writing values.

use super::cache::{Known, Look, Wish};
use super::consuming::Lists;
use super::entries;
use super::error::ErrorKind;
use super::handle::{Result, ServerStore};
use super::layout::{Key, Stored, digits};
use super::notes::Sight;
use super::order::{Everything, Part, score_in};
use super::own::ServerWriterHold;
use super::step::{Changed, Due, Step};
use super::version::ServerVersion;
use crate::batch::Word;
use crate::message::Value;
use std::mem::MaybeUninit;
use std::rc::Rc;
use sync_backend::number::number_of;
use sync_backend::{
    Appended, Change, Content, Entry, Expiry, Facts, Found, Now, PEEK, Peeked, Places, Rewrite, Room, Selection,
    Snapshot, Standing, Unread, list_note,
};

/// The number of pieces from which on a value is to be written as a whole again, if as much has been appended as there was.
const PIECES: u64 = 16;
/// The length from which on the store goes on appending, even where the caller had offered to write the whole.
const LONG: u64 = 1 << 20;

/// The flags of a step that puts a value under a name.
fn flags(name: &[u8], anew: bool) -> &'static str {
    match (number_of(name).is_some(), anew) {
        (false, false) => "",
        (true, false) => "n",
        (false, true) => "a",
        (true, true) => "an",
    }
}

/// A step that puts a value. (One with a note is to be appended to, and is not kept as digits.)
fn put<'a>(name: &'a [u8], bytes: Word<'a>, note: Option<i64>, due: Due) -> Step<'a> {
    let more = if note.is_some() { None } else { digits(bytes) }.unwrap_or_default();
    Step { kind: "put", name, bytes, note, due, flags: flags(name, false), more, ..Step::default() }
}

/// A value that is left where this thread keeps it.
fn left(known: &Known) -> Unread {
    let length = if known.value.is_read { known.value.bytes().len() as u64 } else { known.value.length() };
    Unread { length, place: [known.slot.into(), known.record, 0, 0] }
}

/// The way in which a value is appended to.
pub(super) enum Appending {
    /// By appending to its bytes.
    Behind,
    /// A queue gets so many elements, stored like this.
    Elements(Vec<u8>, u64),
    /// It is written anew, with these bytes behind its own.
    Anew(Rc<Stored>),
}

/// A step that appends to a value, if it is still that one.
pub(super) fn append<'a>(
    name: &'a [u8],
    value: &'a Stored,
    (appending, bytes): (&'a Appending, &'a [u8]),
    note: i64,
) -> Step<'a> {
    let (mark, length) = (&value.mark[..], value.stored);
    match appending {
        Appending::Behind => append_behind(name, (mark, length), bytes, note),
        Appending::Anew(whole) => {
            let flags = if number_of(name).is_some() { "nk" } else { "k" };
            Step { mark, length, flags, ..put(name, Word::new(whole.bytes(), bytes), Some(note), Due::at(value.due)) }
        }
        Appending::Elements(elements, count) => {
            let (bytes, more) = (elements.into(), count.to_string());
            Step { kind: "push", name, mark, length, bytes, more, ..Step::default() }
        }
    }
}

/// The same by appending to its bytes, of a value that has this mark and length.
fn append_behind<'a>(name: &'a [u8], (mark, length): (&'a [u8], u64), bytes: &'a [u8], note: i64) -> Step<'a> {
    Step { kind: "append", name, mark, length, bytes: bytes.into(), note: Some(note), ..Step::default() }
}

impl ServerStore {
    /// Fills the caller's room.
    pub(super) fn fill_room(&self, out: &mut impl Room<u8>, bytes: &[u8]) -> Result<()> {
        let wanted = bytes.len() as u64;
        out.clear();
        if out.has_room(wanted) && out.extend(bytes) { Ok(()) } else { Err(self.error(ErrorKind::NoRoom(wanted))) }
    }

    /// The value of a name, as it is now.
    pub(super) fn known(&self, name: &[u8]) -> Result<(u32, Option<Known>)> {
        self.with_items(Lists::Named(&[name]), || self.known_now(name))
    }

    /// The same, without the items that are to go back.
    pub(super) fn known_now(&self, name: &[u8]) -> Result<(u32, Option<Known>)> {
        self.space.read(name, self.asker()).map_err(|kind| self.error(kind))
    }

    /// The value of a name, as it is now, of which only the first bytes may be read.
    pub(super) fn head(&self, name: &[u8]) -> Result<(u32, Option<Known>)> {
        let read = || self.space.read_head(name, self.asker()).map_err(|kind| self.error(kind));
        self.with_items(Lists::Named(&[name]), read)
    }

    /// The value of a name, as it is now, and its version; it is seen.
    pub(super) fn see_value(&self, name: &[u8]) -> Result<(ServerVersion, Option<Known>)> {
        self.see(name, self.known(name)?)
    }

    /// The same, of which only the first bytes may be read.
    pub(super) fn see_head(&self, name: &[u8]) -> Result<(ServerVersion, Option<Known>)> {
        self.see(name, self.head(name)?)
    }

    fn see(&self, name: &[u8], (slot, known): (u32, Option<Known>)) -> Result<(ServerVersion, Option<Known>)> {
        let version = ServerVersion::of(self.space.opening(), slot, known.as_ref());
        self.sees(name, slot, version.record());
        Ok((version, known))
    }

    /// A name is seen with the value of this number; 0: without one.
    pub(super) fn sees(&self, name: &[u8], slot: u32, record: u64) {
        self.notes.borrow_mut().see(name, slot, Sight { record, at: self.space.moment() });
    }

    /// Names in their order, and what they have, or the first bytes of that.
    pub(super) fn part(&self, part: Part, wish: Wish) -> Result<Everything> {
        self.with_items(Lists::All, || self.space.read_part(part, wish, self.asker()).map_err(|kind| self.error(kind)))
    }

    /// Makes changes at one moment, or none.
    pub(super) fn make(&self, make: bool, steps: &[Step]) -> Result<Changed> {
        let names: Vec<&[u8]> = steps.iter().filter(|step| step.is_of_value()).map(|step| step.name).collect();
        if steps.iter().any(|step| step.kind == "clear") {
            self.look_after_items(Lists::All)?;
        } else if !names.is_empty() {
            self.look_after_items(Lists::Named(&names))?;
        } else {
            self.space.heed().map_err(|kind| self.error(kind))?;
        }
        self.make_now(make, steps)
    }

    /// The same, without the items that are to go back, and over a connection that has been looked at.
    pub(super) fn make_now(&self, make: bool, steps: &[Step]) -> Result<Changed> {
        let mark = self.mark_for_change()?;
        let changed = self.space.change(&mark, make, steps).map_err(|kind| self.error(kind))?;
        if let Changed::Done(change, _) = &changed {
            self.notes.borrow_mut().follow(*change, self.space.first());
        }
        Ok(changed)
    }

    /// The same; whether they have been made, or there was nothing to make them to.
    pub(super) fn makes(&self, make: bool, steps: &[Step]) -> Result<bool> {
        Ok(!matches!(self.make(make, steps)?, Changed::Differs))
    }

    /// When a value expires, for the server.
    fn due(&self, expiry: Option<Expiry>) -> Due {
        let ahead = self.space.ahead();
        let [at, now] = [expiry.map_or(0, Expiry::milliseconds), Now::read().milliseconds()];
        let by_server = |time: u64| time.saturating_add_signed(ahead).max(1);
        expiry.map_or(Due::Never, |_| Due::ByAsker { at: by_server(at), now: by_server(now) })
    }

    /// The version of a value that was just stored, which is seen.
    pub(super) fn stored(&self, name: &[u8]) -> ServerVersion {
        // (One of many changes at once is not known any longer: but it was, and was that. One for which there was no memory is read anew.)
        let (slot, known) = self.space.last(name);
        let known = known.as_ref();
        let version = known
            .map_or_else(ServerVersion::default, |known| ServerVersion::of(self.space.opening(), slot, Some(known)));
        self.sees(name, slot, version.record());
        version
    }

    pub(super) fn get_value(
        &self,
        key: &[u8],
        limit: u64,
        version: &mut ServerVersion,
        out: &mut impl Room<u8>,
    ) -> Result<Found> {
        let (new, known) = self.see_value(key)?;
        let opening = self.space.opening();
        let found = match &known {
            None => Found::Missing,
            Some(known) if version.is_of(opening, known) => Found::Unchanged,
            Some(known) => match version.continues(opening, known) {
                Some(from) => {
                    self.fill_room(out, &known.value.bytes()[from..])?;
                    Found::Appended
                }
                None if known.value.is_as_put() && known.value.bytes().len() as u64 >= limit => {
                    let bytes = known.value.bytes();
                    self.fill_room(out, &bytes[..bytes.len().min(PEEK)])?;
                    Found::Long(Box::new(left(known)))
                }
                None => {
                    self.fill_room(out, known.value.bytes())?;
                    Found::Value
                }
            },
        };
        *version = new;
        Ok(found)
    }

    /// Copies a part of a value that was left where this thread keeps it. False: it does not any more.
    pub(super) fn copy_left(&self, value: &Unread, from: u64, target: &mut [MaybeUninit<u8>]) -> bool {
        let [slot, record, ..] = value.place;
        let Some(kept) = self.space.kept(slot as u32, record) else { return false };
        let part = usize::try_from(from).ok().and_then(|from| kept.bytes().get(from..)?.get(..target.len()));
        part.is_some_and(|part| Places::new(target).extend(part))
    }

    pub(super) fn peek_at(&self, key: &[u8], version: &mut ServerVersion, start: &mut impl Room<u8>) -> Result<Peeked> {
        let (new, known) = self.see_head(key)?;
        let peeked = match &known {
            None => Peeked::Missing,
            Some(known) if version.is_of(self.space.opening(), known) => Peeked::Unchanged,
            Some(known) => match known.value.note {
                Some(note) => Peeked::Noted(note),
                None => {
                    let bytes = known.value.bytes();
                    self.fill_room(start, &bytes[..bytes.len().min(PEEK)])?;
                    Peeked::Whole
                }
            },
        };
        *version = new;
        Ok(peeked)
    }

    pub(super) fn facts_of(&self, key: &[u8]) -> Result<Option<Facts>> {
        let (_, Some(known)) = self.known(key)? else { return Ok(None) };
        let place = self.space.ask(&[b"ZSCORE", self.space.keys.kind(Key::Order), key]);
        // (It may have been removed meanwhile.)
        Ok(score_in(&place.map_err(|kind| self.error(kind))?).map(|place| Facts {
            place,
            bytes: known.value.bytes().len() as u64,
            pieces: known.value.pieces,
            whole: known.value.is_as_put(),
            expiry: known.expiry,
        }))
    }

    pub(super) fn fill_selected<B: Room<u8>, E: Room<Entry>>(
        &self,
        selection: &Selection,
        snapshot: &mut Snapshot<B, E>,
        limit: u64,
    ) -> Result<()> {
        snapshot.begin(limit);
        let mut add = |name: &[u8], place: u64, known: &Known| {
            let key = (name.len() as u64, |out: &mut B| out.extend(name).then_some(()));
            let bytes = known.value.bytes();
            if bytes.len() as u64 >= limit {
                return snapshot
                    .add_left(place, key, left(known))
                    .ok_or_else(|| self.error(ErrorKind::NoRoom(PEEK as u64)));
            }
            let value = (bytes.len() as u64, |out: &mut B| out.extend(bytes).then_some(()));
            snapshot.add(place, key, value).ok_or_else(|| self.error(ErrorKind::NoRoom(bytes.len() as u64)))
        };
        let (whole, some) = match selection {
            Selection::All => (Some(self.part(Part::All, Wish::Whole)?), Vec::new()),
            Selection::Page { prefix, after, limit: most } => {
                let most = usize::try_from(*most).unwrap_or(usize::MAX);
                // (Where only names are wanted, all values may be left where they are.)
                let wish = if limit == 0 { Wish::Head } else { Wish::Whole };
                (Some(self.part(Part::Page { prefix, after: *after, limit: most }, wish)?), Vec::new())
            }
            Selection::Keys(keys) => {
                let read = || self.space.read_some(keys, self.asker()).map_err(|kind| self.error(kind));
                (None, self.with_items(Lists::Named(keys), read)?)
            }
        };
        for (named, known) in whole.iter().flat_map(Everything::iter) {
            add(named.name(), named.place, known)?;
        }
        let keys: &[&[u8]] = if let Selection::Keys(keys) = selection { keys } else { &[] };
        for (at, known) in &some {
            // (Nobody asks for their places, and they stay as they are here.)
            add(keys[*at], *at as u64, known)?;
        }
        if !snapshot.fits() {
            return Err(self.error(ErrorKind::NoRoom(snapshot.wanted().0)));
        }
        self.content.set(None);
        match (selection, &whole) {
            (Selection::All, Some(all)) => {
                self.notes.borrow_mut().see_whole(all, self.space.moment());
                let until = all.iter().filter_map(|(_, known)| known.expiry).min();
                let opening = self.space.opening();
                self.content.set(all.content.map(|number| Content { opening, number, until }));
            }
            _ => {
                let mut found = some.iter().peekable();
                for (at, key) in keys.iter().enumerate() {
                    let known = found.next_if(|(its, _)| *its == at).map(|(_, known)| known);
                    self.sees(key, self.space.slot(key), known.map_or(0, |known| known.record));
                }
            }
        }
        Ok(())
    }

    pub(super) fn put_value(
        &self,
        key: &[u8],
        value: Word,
        expiry: Option<Expiry>,
        version: &mut ServerVersion,
    ) -> Result<()> {
        if expiry.is_some_and(|expiry| expiry.has_come(Now::read())) {
            *version = ServerVersion::default();
            return self.remove_value(key).map(drop);
        }
        self.make(true, &[put(key, value, None, self.due(expiry))])?;
        *version = self.stored(key);
        Ok(())
    }

    pub(super) fn put_where_none_is(
        &self,
        key: &[u8],
        bytes: Word,
        note: Option<i64>,
        expiry: Option<Expiry>,
        version: &mut ServerVersion,
    ) -> Result<bool> {
        let expired = expiry.is_some_and(|expiry| expiry.has_come(Now::read()));
        let mut step = Step { mark: b"!", ..put(key, bytes, note, self.due(expiry)) };
        if expired {
            step = Step { kind: "remove", name: key, mark: b"!", ..Step::default() };
        }
        if !self.makes(!expired, &[step])? {
            return Ok(false);
        }
        *version = if expired { ServerVersion::default() } else { self.stored(key) };
        Ok(true)
    }

    /// The value that a version stands for, if that is the newest one as far as is known here: the server is told what it has to be. Where its value is
    /// in doubt, as after the end of a connection and in a forked child, it is asked for. Only its first bytes may be known.
    fn believed(&self, key: &[u8], version: &ServerVersion) -> Result<Option<Known>> {
        let last = self.space.last_marked(key);
        if last.is_none_or(|last| last.record != version.record()) {
            return Ok(None);
        }
        let known = match self.space.known_head(key) {
            Look::Known(known) if self.space.opening() != 0 => Some(known),
            _ => self.head(key)?.1,
        };
        Ok(known.filter(|known| version.is_of(self.space.opening(), known) && !version.has_expired()))
    }

    /// As [`Backend::put_if_unchanged`], with a note.
    pub(super) fn put_unchanged(
        &self,
        key: &[u8],
        bytes: Word,
        note: Option<i64>,
        version: &mut ServerVersion,
    ) -> Result<bool> {
        let Some(known) = self.believed(key, version)? else {
            self.check_hold()?;
            return Ok(false);
        };
        let value = &known.value;
        let mut step = Step { mark: &value.mark, length: value.stored, ..put(key, bytes, note, Due::at(value.due)) };
        step.flags = if step.flags.is_empty() { "k" } else { "nk" };
        if !self.makes(true, &[step])? {
            return Ok(false);
        }
        *version = self.stored(key);
        Ok(true)
    }

    pub(super) fn touch_value(&self, key: &[u8], expiry: Option<Expiry>, version: &mut ServerVersion) -> Result<bool> {
        self.settle(|| self.try_to_touch(key, expiry, version))
    }

    /// `None`: another value is there by now.
    fn try_to_touch(&self, key: &[u8], expiry: Option<Expiry>, version: &mut ServerVersion) -> Result<Option<bool>> {
        let step =
            Step { kind: "touch", name: key, due: self.due(expiry), flags: flags(key, false), ..Step::default() };
        let was_newest = self.believed(key, version)?.is_some();
        let Changed::Done(_, results) = self.make(false, &[step])? else { return Ok(Some(false)) };
        match results.first().and_then(Value::integer) {
            Some(1) => {
                if was_newest {
                    // (It has been made, also where a read of it fails.)
                    let new = self
                        .head(key)
                        .map(|(slot, known)| ServerVersion::of(self.space.opening(), slot, known.as_ref()));
                    *version = new.ok().filter(|new| new.record() == version.record()).unwrap_or_default();
                }
                return Ok(Some(true));
            }
            Some(2) => {}
            _ => return Ok(Some(false)),
        }
        // An integer lies there as digits, and gets the form of other values, which have room for it.
        let Some(known) = self.known(key)?.1 else { return Ok(None) };
        let value = &known.value;
        let step = Step {
            mark: &value.mark,
            length: value.stored,
            more: String::new(),
            ..put(key, value.bytes().into(), None, self.due(expiry))
        };
        let is_its = version.is_of(self.space.opening(), &known);
        if !self.makes(true, &[step])? {
            return Ok(None);
        }
        let new = self.stored(key);
        if is_its {
            *version = new;
        }
        Ok(Some(true))
    }

    /// The way in which a value, of which only the first bytes may be known, is appended to. `None`: it is another one by now.
    pub(super) fn appending(&self, key: &[u8], known: &Known, bytes: &[u8], note: i64) -> Result<Option<Appending>> {
        let value = &known.value;
        if let Some(queued) = value.queued() {
            let elements = entries::of_patches(bytes, queued).map_err(|no_memory| self.no_queue(no_memory))?;
            // (The caller may tell no more of the list than where it goes on.)
            if let Some((elements, count)) = elements.filter(|(_, count)| note == list_note(queued + count)) {
                return Ok(Some(Appending::Elements(elements, count)));
            }
        } else if value.base != 0 {
            return Ok(Some(Appending::Behind));
        }
        // An integer lies there as digits; and a queue that changes in any other way is none any more.
        let whole = if value.is_read { Some(known.clone()) } else { self.known(key)?.1 };
        Ok(whole.filter(|whole| whole.record == known.record).map(|whole| Appending::Anew(whole.value)))
    }

    pub(super) fn append_to(
        &self,
        key: &[u8],
        bytes: &[u8],
        note: i64,
        rewrite: Rewrite,
        version: &mut ServerVersion,
    ) -> Result<Appended> {
        let Some(known) = self.believed(key, version)? else {
            self.check_hold()?;
            return Ok(Appended::Changed);
        };
        let value = &known.value;
        let length = value.length();
        let is_full = value.pieces >= PIECES && length >= 2 * value.whole;
        if is_full && (rewrite == Rewrite::Caller || rewrite == Rewrite::CallerIfShort && length < LONG) {
            self.check_hold()?;
            return Ok(Appended::Full);
        }
        let done = match self.appending(key, &known, bytes, note)? {
            None => false,
            Some(Appending::Behind) => {
                // (The value is not kept here: the thread's own copy of it is appended to where that lies.)
                let (mark, length) = (value.mark.clone(), value.stored);
                drop(known);
                self.makes(true, &[append_behind(key, (&mark, length), bytes, note)])?
            }
            Some(appending) => self.makes(true, &[append(key, value, (&appending, bytes), note)])?,
        };
        if !done {
            return Ok(Appended::Changed);
        }
        *version = self.stored(key);
        Ok(Appended::Done)
    }

    pub(super) fn put_at_next(&self, bytes: Word, least: i64, version: &mut ServerVersion) -> Result<Option<i64>> {
        // (The digits of the value go where another step has its note's place.)
        let plain = digits(bytes).unwrap_or_default();
        let step = Step { kind: "next", name: plain.as_bytes(), bytes, more: least.to_string(), ..Step::default() };
        let Changed::Done(_, results) = self.make(true, &[step])? else {
            return Err(self.error(ErrorKind::Senseless));
        };
        let Some(name) = results.first().and_then(Value::text) else { return Ok(None) };
        // (It has been made, also where a read of it fails or finds somebody's lock: whoever is told of a failure may do it once more.)
        *version = self.see_value(name).map_or_else(|_| ServerVersion::default(), |(version, _)| version);
        Ok(number_of(name))
    }

    pub(super) fn following_number(&self, least: i64) -> Result<Option<i64>> {
        let step = Step { kind: "following", more: least.to_string(), ..Step::default() };
        let Changed::Done(_, results) = self.make(false, &[step])? else { return Ok(Some(0)) };
        Ok(results.first().and_then(Value::text).and_then(number_of))
    }

    pub(super) fn add_to_number(&self, key: &[u8], by: i64, version: &mut ServerVersion) -> Result<Option<i64>> {
        let step = Step { kind: "add", name: key, flags: flags(key, false), more: by.to_string(), ..Step::default() };
        let Changed::Done(_, results) = self.make(false, &[step])? else { return Ok(None) };
        let Some(sum) = results.first().and_then(Value::text) else { return Ok(None) };
        let sum = number_of(sum).ok_or_else(|| self.error(ErrorKind::Senseless))?;
        *version = self.stored(key);
        Ok(Some(sum))
    }

    pub(super) fn remove_value(&self, key: &[u8]) -> Result<bool> {
        let step = Step { kind: "remove", name: key, ..Step::default() };
        let Changed::Done(_, results) = self.make(false, &[step])? else { return Ok(false) };
        let slot = self.space.slot(key);
        self.sees(key, slot, 0);
        Ok(results.first().and_then(Value::integer) == Some(1))
    }

    pub(super) fn replace_all(&self, entries: &[(&[u8], &[u8])]) -> Result<()> {
        let clear = Step { kind: "clear", ..Step::default() };
        let puts = entries.iter().map(|(name, value)| put(name, (*value).into(), None, Due::Never));
        let steps: Vec<Step> = std::iter::once(clear).chain(puts).collect();
        if let Changed::Done(change, _) = self.make(true, &steps)? {
            self.notes.borrow_mut().see_state(change, self.space.moment());
        }
        for (name, _) in entries {
            self.stored(name);
        }
        Ok(())
    }

    pub(super) fn commit_all(
        &self,
        changes: &[Change<'_, ServerVersion>],
        hold: Option<&ServerWriterHold>,
    ) -> Result<bool> {
        if hold.is_some_and(|hold| self.standing_of(hold) != Standing::Kept) {
            self.check_hold()?;
            return Ok(false);
        }
        let now = Now::read();
        let mut appended = Vec::new();
        for change in changes {
            if let Change::Append { key, version, bytes, note } = change {
                let known = self.believed(key, version)?;
                let appending = known.as_ref().map(|known| self.appending(key, known, bytes, *note));
                let appending = appending.transpose()?.flatten();
                let (Some(known), Some(appending)) = (known, appending) else {
                    self.check_hold()?;
                    return Ok(false);
                };
                appended.push((known, appending));
            }
        }
        let mut appends = appended.iter();
        let mut steps = Vec::with_capacity(changes.len());
        for change in changes {
            steps.push(match *change {
                Change::Clear => Step { kind: "clear", ..Step::default() },
                Change::Put { key, head, body, note, expiry, anew }
                    if !expiry.is_some_and(|expiry| expiry.has_come(now)) =>
                {
                    Step { flags: flags(key, anew), ..put(key, Word::new(head, body), note, self.due(expiry)) }
                }
                Change::Append { key, bytes, note, .. } => {
                    let (known, appending) = appends.next().expect("there is one for each append");
                    append(key, &known.value, (appending, bytes), note)
                }
                Change::Put { key, .. } | Change::Remove { key } => {
                    Step { kind: "remove", name: key, ..Step::default() }
                }
            });
        }
        let makes = steps.iter().any(|step| step.kind != "remove" && step.kind != "clear");
        let done = match self.makes(makes, &steps) {
            Err(error) if hold.is_some() && matches!(error.kind(), ErrorKind::LockGone) => return Ok(false),
            done => done?,
        };
        if done {
            for step in &steps {
                match step.kind {
                    "put" | "append" | "push" => drop(self.stored(step.name)),
                    "remove" => self.sees(step.name, self.space.slot(step.name), 0),
                    _ => {}
                }
            }
        }
        Ok(done)
    }

    pub(super) fn destroy_store(&self) -> Result<()> {
        self.space.destroy(&self.mark_for_change()?).map_err(|kind| self.error(kind))?;
        self.forget_hold();
        self.forget_locks();
        self.notes.borrow_mut().clear();
        Ok(())
    }
}
