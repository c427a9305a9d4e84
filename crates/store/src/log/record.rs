//! Records of the log, to look at.

use crate::format::*;
use crate::header::Root;
use crate::view::View;
use std::ops::Deref;
use std::sync::atomic::Ordering;

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
    pub fn is_record_of(&self, record: u64, key: &EncodedKey) -> bool {
        self.head_of(record, key).is_some()
    }

    /// The fixed part of the record at an offset, if it has this key.
    #[inline]
    pub fn head_of(&self, record: u64, key: &EncodedKey) -> Option<RecordHead> {
        let head = self.record_head(record)?;
        let at = record + RECORD_HEAD;
        let (first, rest) = key.head().split_first()?;
        let is_key = self.read(at)? == [*first]
            && (rest.is_empty() || self.equals(at + 1, rest))
            && self.equals(at + 1 + rest.len() as u64, key.bytes());
        is_key.then_some(head)
    }

    /// Where the value of a record with this key lies, its head left out.
    #[inline]
    pub fn value_behind(&self, key: &EncodedKey, record: u64, head: RecordHead) -> Option<Span> {
        let at = record + RECORD_HEAD + key.len() + head.op.value_head();
        Some(Span { at, length: (record + head.length - head.padding).checked_sub(at)? })
    }

    /// The fixed part of the record at an offset, if there can be one: it fits its segment.
    #[inline]
    pub fn record_head(&self, record: u64) -> Option<RecordHead> {
        let room = self.room(record)?;
        parse_record_word(self.word(record)?.load(Ordering::Acquire), room)
    }

    /// Bytes from an offset to the end of its segment or large run.
    #[inline]
    fn room(&self, record: u64) -> Option<u64> {
        let block = block_offset(block_of(record));
        if record < block_offset(0) || !record.is_multiple_of(8) || record - block < BLOCK_HEAD {
            return None;
        }
        let (kind, length, ..) = parse_ext_word(self.word(block)?.load(Ordering::Acquire))?;
        if !matches!(kind, Kind::Segment | Kind::Large) || block + length > self.end() {
            return None;
        }
        (block + length).checked_sub(record)
    }

    /// Where a record's key and value lie, the heads of both left out.
    #[inline]
    pub fn layout(&self, record: u64, head: RecordHead) -> Option<Layout> {
        let at = record + RECORD_HEAD;
        let (key_head, key_length) = parse_key_head(self.read(at)?)?;
        let key = Span { at: at + key_head, length: key_length };
        let value = key.at.checked_add(key_length)?.checked_add(head.op.value_head())?;
        let end = record + head.length - head.padding;
        Some(Layout { key, value: Span { at: value, length: end.checked_sub(value)? } })
    }

    /// A record's position in the log.
    #[inline]
    pub fn position(&self, record: u64) -> Option<u64> {
        Some(self.word(record.checked_add(RECORD_POSITION)?)?.load(Ordering::Acquire))
    }

    /// Whether the record at an offset is whole, as its CRC says. The caller owns the write lock.
    pub fn is_whole(&self, record: u64, head: RecordHead) -> bool {
        let (Some(generation), Some(first)) = (self.generation(record), self.word(record)) else { return false };
        let seed = crc_seed(self.file.identity.store_id, generation.get(), record, first.get());
        let crc = self.word(record + RECORD_CRC).map(|word| word.get() as u32);
        crc.is_some() && self.sealed(seed, record, head.length, head.op) == crc
    }

    /// The record that this one was appended to; 0 if it stands for itself. Looks at the first word alone.
    #[inline]
    pub fn before(&self, record: u64) -> Option<u64> {
        if is_append(self.word(record)?.load(Ordering::Acquire)) {
            Some(self.word(record + APPEND_BEFORE)?.load(Ordering::Acquire))
        } else {
            Some(0)
        }
    }

    /// The head of the append at `record`; `None` if it is none.
    pub fn append_head(&self, record: u64) -> Option<AppendHead> {
        let head = self.record_head(record).filter(|head| head.op == Op::Append)?;
        let value = self.layout(record, head)?.value.at;
        Some(AppendHead::parse(self.read(value - APPEND_HEAD)?))
    }

    /// How many bytes of appends a value may still get that ends with this append.
    #[inline]
    pub fn append_budget_left(&self, record: u64, head: RecordHead) -> Option<u64> {
        let value = self.layout(record, head)?.value.at;
        Some(u64::from(u32::from_be_bytes(self.read(value - APPEND_HEAD + APPEND_LEFT)?)))
    }

    /// The note that the newest append to a value made, which ends with the record at `record`. `Some(None)` if nothing
    /// was appended to it.
    pub fn note(&self, record: u64) -> Option<Option<i64>> {
        let head = self.record_head(record)?;
        let value = self.layout(record, head)?.value.at;
        Some(match head.op {
            Op::Append => Some(AppendHead::parse(self.read(value - APPEND_HEAD)?).note),
            Op::United => Some(parse_united_head(self.read(value - UNITED_HEAD)?)),
            Op::Set | Op::Remove | Op::Clear => None,
        })
    }

    /// The root of the index that a `Clear` record brought along.
    pub fn prepared_root(&self, record: u64, head: RecordHead) -> Option<Root> {
        let Span { at: value, length } = self.layout(record, head)?.value;
        let bytes: [u8; 9] = self.read(value)?;
        let word = u64::from_be_bytes(bytes[1..].try_into().expect("eight bytes"));
        let is_root = length == 9 && bytes[0] == marker::U64 && Root::is_sealed(word, self.file.identity.store_id);
        is_root.then(|| Root::open(word))
    }

    /// The CRC of all that is under it.
    #[inline(always)]
    pub fn sealed(&self, seed: u32, record: u64, length: u64, op: Op) -> Option<u32> {
        if op != Op::Append {
            return self.file.map.record_crc(seed, record + RECORD_SEALED, length - RECORD_SEALED);
        }
        self.sealed_append(seed, record, length)
    }

    fn sealed_append(&self, seed: u32, record: u64, length: u64) -> Option<u32> {
        let crc = self.file.map.record_crc(seed, record + RECORD_SEALED, APPEND_BEFORE - RECORD_SEALED)?;
        self.file.map.record_crc(crc, record + RECORD_HEAD, length - RECORD_HEAD)
    }

    /// A record's key and its hash.
    pub fn read_key(&self, record: u64, head: RecordHead) -> Option<(Name, u64)> {
        let key = self.layout(record, head)?.key;
        let mut name: Vec<u8> = Vec::new();
        self.copy(key.at, key.length, &mut name)?;
        let hash = hash(self.file.identity.hash_seed, &name);
        Some((Name::new(name)?, hash))
    }
}
