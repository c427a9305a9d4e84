//! Replacing everything: an index is prepared beside the one in use, and one publication switches over.

use super::append::{Effect, Log, Placed};
use super::segments::fits;
use crate::error::Failure;
use crate::format::*;
use crate::header::Root;
use crate::index::smallest_for;
use crate::lock::WriteGuard;
use crate::marker;
use crate::number::NextNumber;
use crate::reference::{Class, Ref};
use crate::space::Purpose;
use std::ops::Deref;
use std::sync::atomic::Ordering;
use sync_backend::{Change, Expiry};

/// A new content that was prepared beside the old one.
struct Prepared {
    root: Root,
    clear: Placed,
    last: Placed,
    /// Where its last segment goes on.
    tail: Ref,
    next_number: NextNumber,
}

/// A key and its value, of those that replace everything.
pub struct Item<'a> {
    pub key: &'a [u8],
    pub value: Value<'a>,
    /// A note for the next append, of a value that goes on behind its start.
    pub note: Option<i64>,
    pub expiry: Option<Expiry>,
}

impl<'a> Item<'a> {
    /// These keys with their values.
    pub fn of_all(entries: &[(&'a [u8], &'a [u8])]) -> Result<Vec<Self>, Failure> {
        let item =
            |&(key, value): &(&'a [u8], &'a [u8])| Self { key, value: Value::whole(value), note: None, expiry: None };
        Self::collect(entries.iter().map(item))
    }

    /// Those that are put by changes that begin with a [`Change::Clear`].
    pub fn of_changes<V>(changes: &[Change<'a, V>]) -> Result<Vec<Self>, Failure> {
        Self::collect(changes.iter().filter_map(|change| match *change {
            Change::Put { key, head, body, note, expiry, .. } => {
                Some(Self { key, value: Value { head, body }, note, expiry })
            }
            Change::Clear | Change::Append { .. } | Change::Remove { .. } => None,
        }))
    }

    fn collect(items: impl Iterator<Item = Self>) -> Result<Vec<Self>, Failure> {
        let (mut all, most) = (Vec::new(), items.size_hint().1.unwrap_or(0));
        all.try_reserve_exact(most).map_err(|_| Failure::NoMemory((size_of::<Self>() * most) as u64))?;
        all.extend(items);
        Ok(all)
    }
}

/// The start of the body of a united value that begins with these bytes.
pub fn united_start(note: i64, bytes: &[u8]) -> Result<Vec<u8>, Failure> {
    let mut head = Vec::new();
    let length = UNITED_HEAD as usize + bytes.len();
    head.try_reserve_exact(length).map_err(|_| Failure::NoMemory(length as u64))?;
    head.extend_from_slice(&united_head(note));
    head.extend_from_slice(bytes);
    Ok(head)
}

/// All of a file whose write lock is held.
#[derive(Clone, Copy)]
pub struct Replace<'g> {
    log: Log<'g>,
}

impl<'g> Deref for Replace<'g> {
    type Target = Log<'g>;

    #[inline(always)]
    fn deref(&self) -> &Log<'g> {
        &self.log
    }
}

impl<'g> Replace<'g> {
    #[inline(always)]
    pub fn of(guard: &'g WriteGuard) -> Self {
        Self { log: Log::of(guard) }
    }

    /// Replaces all keys and values by others: an index is prepared beside the one in use, and one
    /// publication switches over. On an error nothing has changed.
    pub fn replace(&self, entries: &[Item]) -> Result<(), Failure> {
        // (Should it come to nothing, some names count as removed that were not there.)
        self.header().removed.iter().for_each(|removed| removed.set(self.end()));
        let class = self.segments().class_for(0, small_bytes(entries));
        let start = self.segments().empty_segment(class, Purpose::Write)?;
        let publish = |new: Prepared| {
            let published =
                self.publish(new.clear.record, new.last, Effect::All).inspect_err(|_| self.free_index(new.root))?;
            Ok((new, published))
        };
        match self.prepare_replacement(start, class, entries).and_then(publish) {
            Ok((new, _published)) => {
                self.finish_clear(new.root, new.clear.record, Some(new.next_number));
                self.header().tail.set(new.tail.word());
                Ok(())
            }
            Err(failure) => {
                // Whatever was allocated from that first segment on was for nothing.
                let generation = self.view().generation_of(start.page());
                self.segments().release_segments(|other| Some(other) >= generation);
                Err(failure)
            }
        }
    }

    /// Appends a `Clear` at `first` and all entries, into segments of their own, and indexes them.
    fn prepare_replacement(&self, first: Ref, class: Class, entries: &[Item]) -> Result<Prepared, Failure> {
        let count =
            u32::try_from(entries.len()).ok().filter(|&count| count < Company::MOST).ok_or(Failure::TooLarge)? + 1;
        let start = self.end();
        // The Clear comes first, with the root of an index that is not there yet: any is as long.
        let (clear_key, no_root) = (EncodedKey::none(), uint(0));
        let clear_record = NewRecord::new(Op::Clear, &clear_key, Value::whole(&no_root));
        let clear = self.append(&clear_record, first, start, start, Company::of(0, count));
        let mut tail = first.plus(clear.length);
        let mut last = clear;
        let mut placed = Vec::new();
        if placed.try_reserve_exact(entries.len()).is_err() {
            return Err(Failure::NoMemory(size_of::<(u64, Ref)>() as u64 * entries.len() as u64));
        }
        for (n, item) in (1..count).zip(entries) {
            let key = EncodedKey::new(item.key).ok_or(Failure::TooLarge)?;
            let noted;
            let (op, head) = match item.note {
                None => (Op::Set, item.value.head),
                Some(note) => {
                    noted = united_start(note, item.value.head)?;
                    (Op::United, &noted[..])
                }
            };
            let value = Value { head, body: item.value.body };
            let record = NewRecord { op, key: &key, expiry: item.expiry, is_taken: false, value, origin: None };
            let length = record.length();
            let place = if length > MAX_SMALL {
                self.segments().large_run(length, Purpose::Write)?
            } else if fits(tail, length) {
                tail
            } else {
                self.segments().empty_segment(class.max(self.segments().class_for(length, 0)), Purpose::Write)?
            };
            if !place.is_large() {
                tail = place.plus(length);
            }
            let position = last.position + last.length;
            last = self.append(&record, place, position, position, Company::of(n, count));
            self.add_live(place.page(), length as i64);
            placed.push((hash(self.file.identity.hash_seed, key.bytes()), place));
        }
        let root = self.index_for(&placed)?;
        let value = uint(root.seal(self.file.identity.store_id));
        self.file.map.write(first.offset() + RECORD_HEAD + clear_record.key.len(), &value);
        self.seal(clear, Op::Clear, Company::of(0, count).word());
        let next_number = entries.iter().map(|item| NextNumber::after(item.key)).max().unwrap_or_default();
        Ok(Prepared { root, clear, last, tail, next_number })
    }

    /// An index of these `(hash, record)`, that nobody uses yet.
    fn index_for(&self, entries: &[(u64, Ref)]) -> Result<Root, Failure> {
        let mut depth = (entries.len() as u64 / 1800).next_power_of_two().trailing_zeros();
        let mut class = smallest_for(entries.len() as u64).unwrap_or(Class::LARGEST);
        loop {
            let root = self.new_index(depth, class, Purpose::Write)?;
            if entries.iter().all(|&(hash, record)| self.insert_into(root, hash, record)) {
                return Ok(root);
            }
            self.free_index(root);
            depth += 1;
            class = Class::LARGEST;
        }
    }

    /// After a `Clear` was published: its index is the index, all older segments are free. The number that comes
    /// next is that of the new names; a process that takes over has to find it out.
    pub fn finish_clear(&self, root: Root, clear: Ref, next_number: Option<NextNumber>) {
        let header = self.header();
        let old = header.directory.get();
        let new = root.seal(self.file.identity.store_id);
        header.directory.store(new, Ordering::Release);
        header.index_epoch.store(header.index_epoch.get().wrapping_add(1), Ordering::Release);
        let generation = self.view().generation_of(clear.page());
        // (A tail whose segment is gone would also be found out by a process that takes over: this spares it that.)
        header.tail.set(0);
        self.segments().release_segments(|other| Some(other) < generation);
        self.find_earliest();
        if old != new {
            self.free_index(Root::open(old));
        }
        let mut keys = 0;
        self.for_each_slot(|_, _, _| keys += 1);
        header.keys.set(keys);
        header.consuming.set(0);
        header.next_number.set(next_number.unwrap_or_else(|| self.numbers().counted_next_number()).word());
        // Last: until then a process that takes over does all of this again.
        header.indexed.store(self.end(), Ordering::Release);
    }
}

impl Replace<'_> {
    /// Finds out when the first value expires, after most of them have gone.
    fn find_earliest(&self) {
        let header = self.header();
        if header.expires.get() != 0 {
            header.expiry_cursor.set(0);
            header.expires.store(self.segments().earliest(), Ordering::Release);
        }
    }
}

/// Bytes of these entries' records, as far as they share segments with others.
fn small_bytes(entries: &[Item]) -> u64 {
    let lengths = entries.iter().map(|item| RECORD_HEAD + item.key.len() as u64 + item.value.len());
    lengths.filter(|&length| length <= MAX_SMALL).sum()
}

/// A MessagePack uint 64.
fn uint(word: u64) -> [u8; 9] {
    let mut value = [marker::U64; 9];
    value[1..].copy_from_slice(&word.to_be_bytes());
    value
}
