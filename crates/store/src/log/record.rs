//! Records of the log, to look at.

use crate::format::*;
use crate::header::Root;
use crate::marker;
use crate::reference::Ref;
use crate::view::View;
use std::ops::Deref;
use std::sync::atomic::Ordering;
use sync_backend::Expiry;
use sync_backend::list::Source;

/// Bytes of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub at: u64,
    pub length: u64,
}

/// Where a record's key and value lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    pub key: Span,
    pub value: Span,
}

/// The facts that the newest record of a value tells of all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Newest {
    /// How many bytes of appends the value may still get.
    pub budget: u64,
    /// When it expires, if ever.
    pub expiry: Option<Expiry>,
    /// Where the first element of the list lies, if any was taken off.
    pub cursor: Option<Cursor>,
}

impl Source for Records<'_> {
    #[inline]
    fn read<const N: usize>(&self, at: u64) -> Option<[u8; N]> {
        self.view.read(at)
    }
}

/// The records in a view of a file.
#[derive(Clone, Copy)]
pub struct Records<'f> {
    view: View<'f>,
}

impl<'f> Deref for Records<'f> {
    type Target = View<'f>;

    #[inline(always)]
    fn deref(&self) -> &View<'f> {
        &self.view
    }
}

impl<'f> Records<'f> {
    #[inline(always)]
    pub fn of(view: View<'f>) -> Self {
        Self { view }
    }

    /// Whether the record at an offset has this key. A record that makes no sense has none.
    #[inline]
    pub fn is_record_of(&self, record: Ref, key: &EncodedKey) -> bool {
        self.head_of(record, key).is_some()
    }

    /// As [`Records::is_record_of`], for the owner of the write lock, in a file that nobody has left half done: there the index names
    /// records alone, so that nobody has to look again whether one lies in its run.
    #[inline]
    pub fn is_written_of(&self, record: Ref, key: &EncodedKey) -> bool {
        let length = self.word(record.offset()).and_then(|word| record_length(word.get()));
        if length.is_none_or(|length| length < RECORD_HEAD + key.len()) {
            return false;
        }
        let is_key = |bytes: &[u8]| {
            let (head, name) = bytes.split_at(key.head().len());
            let is_head = head.first() == key.head().first() && (head.len() == 1 || head == key.head());
            is_head && sync_short::equal(name, key.bytes())
        };
        self.file.map.look(record.offset() + RECORD_HEAD, key.len(), is_key) == Some(true)
    }

    /// The fixed part of the record at an offset, if it has this key.
    #[inline]
    pub fn head_of(&self, record: Ref, key: &EncodedKey) -> Option<RecordHead> {
        let head = self.record_head(record)?;
        let at = record.offset() + RECORD_HEAD;
        let (first, rest) = key.head().split_first()?;
        let is_key = self.read(at)? == [*first]
            && (rest.is_empty() || self.equals(at + 1, rest))
            && self.equals(at + 1 + rest.len() as u64, key.bytes());
        is_key.then_some(head)
    }

    /// Where the value of a record with this key lies, its head left out.
    #[inline]
    pub fn value_behind(&self, key: &EncodedKey, record: Ref, head: RecordHead) -> Option<Span> {
        let at = record.offset() + RECORD_HEAD + key.len() + head.value_head();
        Some(Span { at, length: (record.offset() + head.length - head.padding).checked_sub(at)? })
    }

    /// The fixed part of the record at an offset, if there can be one: it fits its segment.
    #[inline]
    pub fn record_head(&self, record: Ref) -> Option<RecordHead> {
        let room = self.room(record)?;
        parse_record_word(self.word(record.offset())?.load(Ordering::Acquire), room)
    }

    /// Bytes from a record to the end of its segment or large run. `None` where its run is not what the reference says.
    #[inline]
    fn room(&self, record: Ref) -> Option<u64> {
        let (offset, run) = (record.offset(), record.run());
        let (kind, length, ..) = parse_ext_word(self.word(run)?.load(Ordering::Acquire))?;
        let is_its = match kind {
            Kind::Segment => record.class().is_some_and(|class| class.size() == length),
            Kind::Large => record.is_large() && run.is_multiple_of(PAGE),
            _ => false,
        };
        // (The run is inside of the view, as its first word is.)
        let is_there = is_its && length <= self.end() - run && offset - run >= BLOCK_HEAD;
        is_there.then(|| (run + length).saturating_sub(offset))
    }

    /// Where a record's key and value lie, the heads of both left out.
    #[inline]
    pub fn layout(&self, record: Ref, head: RecordHead) -> Option<Layout> {
        let at = record.offset() + RECORD_HEAD;
        let (key_head, key_length) = parse_key_head(self.read(at)?)?;
        let key = Span { at: at + key_head, length: key_length };
        let value = key.at.checked_add(key_length)?.checked_add(head.value_head())?;
        let end = record.offset() + head.length - head.padding;
        Some(Layout { key, value: Span { at: value, length: end.checked_sub(value)? } })
    }

    /// When the value of a record expires; `Some(None)`: never.
    #[inline]
    pub fn expiry(&self, record: Ref, head: RecordHead) -> Option<Option<Expiry>> {
        if head.marks.have(Marks::EXPIRES) { self.read_expiry(record, head).map(Some) } else { Some(None) }
    }

    #[cold]
    fn read_expiry(&self, record: Ref, head: RecordHead) -> Option<Expiry> {
        let value = self.layout(record, head)?.value.at;
        Some(parse_expiry(self.read(value - head.value_head())?))
    }

    /// The position at which the value was stored that a record has, wherever the record has been moved since; or a later one, if
    /// that was very long ago. It is never before the real one.
    pub fn origin(&self, record: Ref) -> Option<u64> {
        let position = self.position(record)?;
        if self.word(record.offset())?.load(Ordering::Acquire) & MOVED == 0 {
            return Some(position);
        }
        let back = self.word(record.offset() + RECORD_CRC)?.load(Ordering::Acquire) >> 32;
        Some(origin(position, back as u32))
    }

    /// A record's position in the log.
    #[inline]
    pub fn position(&self, record: Ref) -> Option<u64> {
        Some(self.word(record.offset().checked_add(RECORD_POSITION)?)?.load(Ordering::Acquire))
    }

    /// Whether the record at an offset is whole, as its CRC says. The caller owns the write lock.
    pub fn is_whole(&self, record: Ref, head: RecordHead) -> bool {
        let (Some(generation), Some(first)) = (self.generation(record), self.word(record.offset())) else {
            return false;
        };
        let seed = crc_seed(self.file.identity.store_id, generation.get(), record.offset(), first.get());
        let crc = self.word(record.offset() + RECORD_CRC).map(|word| word.get() as u32);
        crc.is_some() && self.sealed(seed, record, head.length, head.op) == crc
    }

    /// The record that this one was appended to; [`Ref::NONE`] if it stands for itself. Looks at the first word alone.
    #[inline]
    pub fn before(&self, record: Ref) -> Option<Ref> {
        if is_append(self.word(record.offset())?.load(Ordering::Acquire)) {
            Some(Ref::of_word(self.word(record.offset() + APPEND_BEFORE)?.load(Ordering::Acquire)))
        } else {
            Some(Ref::NONE)
        }
    }

    /// The head of the append at `record`; `None` if it is none.
    pub fn append_head(&self, record: Ref) -> Option<AppendHead> {
        let head = self.record_head(record).filter(|head| head.op == Op::Append)?;
        Some(AppendHead::parse(self.read(self.append_head_at(record, head)?)?))
    }

    /// Where the head of an append begins.
    #[inline]
    fn append_head_at(&self, record: Ref, head: RecordHead) -> Option<u64> {
        Some(self.layout(record, head)?.value.at - head.cursor() - APPEND_HEAD)
    }

    /// Where the first element of a list lies, as the newest of its records says; `Some(None)` where none was taken off.
    #[inline]
    pub fn cursor(&self, record: Ref, head: RecordHead) -> Option<Option<Cursor>> {
        if head.marks.have(Marks::TAKEN) { self.read_cursor(record, head).map(Some) } else { Some(None) }
    }

    fn read_cursor(&self, record: Ref, head: RecordHead) -> Option<Cursor> {
        let value = self.layout(record, head)?.value.at;
        Some(Cursor::parse(self.read(value - CURSOR)?))
    }

    /// Reads all that the newest record of a value tells of it, at once.
    #[inline]
    pub fn newest(&self, record: Ref) -> Option<Newest> {
        let head = self.record_head(record)?;
        if head.op != Op::Append {
            let (expiry, cursor) = (self.expiry(record, head)?, self.cursor(record, head)?);
            return Some(Newest { budget: append_budget(head.length), expiry, cursor });
        }
        let value = self.layout(record, head)?.value.at;
        let left = u32::from_be_bytes(self.read(value - head.cursor() - APPEND_HEAD + APPEND_LEFT)?);
        let expiry = self.expiry(record, head)?;
        let cursor = match head.marks.have(Marks::TAKEN) {
            true => Some(Cursor::parse(self.read(value - CURSOR)?)),
            false => None,
        };
        Some(Newest { budget: left.into(), expiry, cursor })
    }

    /// The note that the newest append to a value made, which ends with the record at `record`. `Some(None)` if nothing
    /// was appended to it.
    pub fn note(&self, record: Ref) -> Option<Option<i64>> {
        let head = self.record_head(record)?;
        let value = self.layout(record, head)?.value.at;
        Some(match head.op {
            Op::Append => Some(AppendHead::parse(self.read(value - head.cursor() - APPEND_HEAD)?).note),
            Op::United => Some(parse_united_head(self.read(value - UNITED_HEAD)?)),
            Op::Set | Op::Remove | Op::Clear | Op::Batch => None,
        })
    }

    /// The root of the index that a `Clear` record brought along.
    pub fn prepared_root(&self, record: Ref, head: RecordHead) -> Option<Root> {
        let Span { at: value, length } = self.layout(record, head)?.value;
        let bytes: [u8; 9] = self.read(value)?;
        let word = u64::from_be_bytes(bytes[1..].try_into().expect("eight bytes"));
        let is_root = length == 9 && bytes[0] == marker::U64 && Root::is_sealed(word, self.file.identity.store_id);
        is_root.then(|| Root::open(word))
    }

    /// The CRC of all that is under it.
    #[inline(always)]
    pub fn sealed(&self, seed: u32, record: Ref, length: u64, op: Op) -> Option<u32> {
        if op != Op::Append {
            return self.file.map.record_crc(seed, record.offset() + RECORD_SEALED, length - RECORD_SEALED);
        }
        self.sealed_append(seed, record, length)
    }

    fn sealed_append(&self, seed: u32, record: Ref, length: u64) -> Option<u32> {
        let crc = self.file.map.record_crc(seed, record.offset() + RECORD_SEALED, APPEND_BEFORE - RECORD_SEALED)?;
        self.file.map.record_crc(crc, record.offset() + RECORD_HEAD, length - RECORD_HEAD)
    }

    /// A record's key and its hash.
    pub fn read_key(&self, record: Ref, head: RecordHead) -> Option<(Name, u64)> {
        let key = self.layout(record, head)?.key;
        let mut name: Vec<u8> = Vec::new();
        self.copy(key.at, key.length, &mut name)?;
        let hash = hash(self.file.identity.hash_seed, &name);
        Some((Name::new(name, self.is_item(record)?)?, hash))
    }

    /// Whether a record is that of an item in consumption, as its key says.
    #[inline]
    pub fn is_item(&self, record: Ref) -> Option<bool> {
        Some(self.read(record.offset().checked_add(RECORD_HEAD)?)? == [marker::FIXEXT8])
    }
}

/// The length of a record, by its first word; `None` where that is the word of no record. For records that were found to be whole: nothing
/// else of the word is looked at.
#[inline]
pub fn record_length(word: u64) -> Option<u64> {
    let length = u64::from(((word >> 8) as u32).swap_bytes()) + EXT_HEAD;
    let is_record = word as u8 == marker::EXT32 && (word >> 40) as u8 == Kind::Record as u8;
    (is_record && length.is_multiple_of(8) && length <= MAX_RECORD).then_some(length)
}
