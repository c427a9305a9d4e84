//! Places in the file, each with what it lies in.
//!
//! Runs of several sizes lie side by side, so that an offset alone does not tell where the run around it begins. A
//! [`Ref`] does, by a mask: its low bits name the class of its run.

use super::format::{BLOCK_HEAD, PAGE, SLOT};

/// The size of a segment, or of a block of the index: 4 << k KiB, where k is 0 to 4. Such a run begins at a multiple of
/// its size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Class(u8);

impl Class {
    /// 4 KiB.
    pub const SMALLEST: Self = Self(0);
    /// 64 KiB.
    pub const LARGEST: Self = Self(4);
    /// How many there are.
    pub const COUNT: usize = 5;

    /// The class with this number.
    #[inline]
    pub fn new(number: u64) -> Option<Self> {
        (number < Self::COUNT as u64).then_some(Self(number as u8))
    }

    /// All of them, the smallest first.
    pub fn all() -> impl DoubleEndedIterator<Item = Self> {
        (0..Self::COUNT as u8).map(Self)
    }

    #[inline]
    pub fn number(self) -> u64 {
        self.0.into()
    }

    /// Bytes of such a run.
    #[inline]
    pub const fn size(self) -> u64 {
        PAGE << self.0
    }

    /// Pages of such a run.
    #[inline]
    pub fn pages(self) -> u64 {
        1 << self.0
    }

    /// The class of a run of so many pages.
    pub fn of_pages(pages: u64) -> Option<Self> {
        Self::all().find(|class| class.pages() == pages)
    }

    /// The smallest class whose runs have room for so many bytes behind their heads.
    pub fn with_room_for(bytes: u64) -> Option<Self> {
        Self::all().find(|class| class.size() - BLOCK_HEAD >= bytes)
    }

    /// The largest class whose runs have at most so many bytes; the smallest, where none is that small.
    pub fn within(bytes: u64) -> Self {
        Self::all().rev().find(|class| class.size() <= bytes).unwrap_or(Self::SMALLEST)
    }

    /// The next larger class.
    pub fn larger(self) -> Option<Self> {
        Self::new(self.number() + 1)
    }

    /// The next smaller class.
    pub fn smaller(self) -> Option<Self> {
        self.0.checked_sub(1).map(Self)
    }

    /// Slots of a block of the index.
    #[inline]
    pub fn slots(self) -> u64 {
        (self.size() - BLOCK_HEAD) / SLOT
    }
}

/// A record, a slot of the index, or a block of the index: its offset, a multiple of eight, and in the three low bits the
/// class of the segment or block that it lies in; or [`LARGE`] for a record that has a run to itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Ref(u64);

/// In the place of a class: the run's head is 64 bytes before.
const LARGE: u64 = 7;
const CLASS: u64 = 7;

impl Ref {
    /// To nothing.
    pub const NONE: Self = Self(0);

    /// To nothing that there can be: of no class.
    pub const NOWHERE: Self = Self(6);

    /// The reference that a word of the file is. It may be any number.
    #[inline]
    pub fn of_word(word: u64) -> Self {
        Self(word)
    }

    /// As it stands in the file.
    #[inline]
    pub fn word(self) -> u64 {
        self.0
    }

    #[inline]
    pub fn is_none(self) -> bool {
        self.0 == 0
    }

    /// The segment, or block of the index, that begins with this page.
    #[inline]
    pub fn to_block(page: u64, class: Class) -> Self {
        Self((page * PAGE) | class.number())
    }

    /// The record in the run for one large record that begins with this page.
    #[inline]
    pub fn to_large(page: u64) -> Self {
        Self((page * PAGE + BLOCK_HEAD) | LARGE)
    }

    /// Where it lies in the file.
    #[inline]
    pub fn offset(self) -> u64 {
        self.0 & !CLASS
    }

    /// The place so many bytes (a multiple of eight) behind it, in the same run.
    #[inline]
    pub fn plus(self, bytes: u64) -> Self {
        Self(self.0.wrapping_add(bytes))
    }

    /// The class of the segment or block that it lies in. `None` for a large record, and for what no reference is.
    #[inline]
    pub fn class(self) -> Option<Class> {
        Class::new(self.0 & CLASS)
    }

    /// Whether it is to a record that has a run to itself.
    #[inline]
    pub fn is_large(self) -> bool {
        self.0 & CLASS == LARGE
    }

    /// The offset at which its run begins.
    #[inline]
    pub fn run(self) -> u64 {
        match self.0 & CLASS {
            LARGE => self.offset().wrapping_sub(BLOCK_HEAD),
            class => self.0 & (PAGE << class).wrapping_neg(),
        }
    }

    /// The first page of its run.
    #[inline]
    pub fn page(self) -> u64 {
        self.run() / PAGE
    }

    /// Of a place behind the last record of a segment, which may be the segment's end: the offsets at which that begins
    /// and ends. `None` where there is no such segment.
    #[inline]
    pub fn segment_before(self) -> Option<(u64, u64)> {
        if self.0 < PAGE {
            return None;
        }
        let run = Self(self.0 - 8).run();
        Some((run, run.checked_add(self.class()?.size())?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_tells_where_its_run_begins() {
        for class in Class::all() {
            let block = Ref::to_block(3 * class.pages(), class);
            assert_eq!((block.run(), block.class()), (3 * class.size(), Some(class)));
            for at in [BLOCK_HEAD, class.size() - 8] {
                let record = block.plus(at);
                assert_eq!(Ref::of_word(record.word()), record);
                assert_eq!(record.offset(), 3 * class.size() + at);
                assert_eq!((record.run(), record.page(), record.class()), (block.run(), block.page(), Some(class)));
                assert!(!record.is_large());
            }
            let (start, end) = (3 * class.size(), 4 * class.size());
            assert_eq!(block.plus(class.size()).segment_before(), Some((start, end)), "its end");
            assert_eq!(block.plus(BLOCK_HEAD).segment_before(), Some((start, end)));
        }
        let large = Ref::to_large(7);
        assert_eq!((large.run(), large.page(), large.class()), (7 * PAGE, 7, None));
        assert!(large.is_large());
        assert_eq!(Ref::NONE.segment_before(), None);
    }

    #[test]
    fn a_class_is_found_by_what_it_has_to_hold() {
        assert_eq!(Class::with_room_for(4032), Some(Class::SMALLEST));
        assert_eq!(Class::with_room_for(4033), Class::new(1));
        assert_eq!(Class::with_room_for(65536), None);
        assert_eq!((Class::within(0), Class::within(8191), Class::within(8192)), (Class(0), Class(0), Class(1)));
        assert_eq!(Class::within(u64::MAX), Class::LARGEST);
        assert_eq!(Class::all().map(Class::slots).collect::<Vec<_>>(), [252, 508, 1020, 2044, 4092]);
        assert_eq!((Class::of_pages(16), Class::of_pages(3)), (Some(Class::LARGEST), None));
    }
}
