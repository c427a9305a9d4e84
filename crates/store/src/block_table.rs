//! A word of the table of pages: what a page is, and how much lives in its run.

use super::format::Kind;
use super::reference::Class;

/// A word of the table of pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry(pub u64);

impl Entry {
    /// Inside a run that starts further left.
    pub const INSIDE: Self = Self(1 << 56);
    /// The first page of a free run that is kept for cleaning on a full disk.
    const RESERVED: u64 = 2;
    /// Of a free page: memory is behind it.
    const BACKED: u64 = 1 << 47;
    /// The most that a run holds is less; and the longest extent.
    const NUMBER: u64 = (1 << 34) - 1;
    /// Of a run that is used: the low bits of the number of its generation.
    const LIFE: u64 = (1 << 56) - (1 << 34);
    /// Of a segment, and of a block of the index: the class.
    const CLASS_AT: u32 = 30;
    const BLOCK_NUMBER: u64 = (1 << Self::CLASS_AT) - 1;

    fn of_kind(kind: u64, number: u64) -> Self {
        Self(kind << 56 | number)
    }

    pub fn free(backed: bool) -> Self {
        Self::of_kind(Kind::Free as u64, if backed { Self::BACKED } else { 0 })
    }

    /// The same page at an end of a free extent that is so long.
    pub fn at_end_of(self, extent: u64) -> Self {
        Self(self.0 & !Self::NUMBER | extent)
    }

    /// The same free page with memory behind it, or without.
    pub fn backed(self, backed: bool) -> Self {
        Self(if backed { self.0 | Self::BACKED } else { self.0 & !Self::BACKED })
    }

    /// A reserve of so many pages.
    pub fn reserved(pages: u64) -> Self {
        Self::of_kind(Self::RESERVED, pages)
    }

    /// A segment, or a block of the index, in which so many bytes live.
    pub fn block(kind: Kind, class: Class, live: u64) -> Self {
        Self::of_kind(kind as u64, class.number() << Self::CLASS_AT | live)
    }

    /// A run for one large record.
    pub fn large(live: u64) -> Self {
        Self::of_kind(Kind::Large as u64, live)
    }

    /// A run of another kind, of so many pages.
    pub fn run(kind: Kind, pages: u64) -> Self {
        Self::of_kind(kind as u64, pages)
    }

    #[inline]
    pub fn is(self, kind: Kind) -> bool {
        self.0 >> 56 == kind as u64
    }

    pub fn is_reserved(self) -> bool {
        self.0 >> 56 == Self::RESERVED
    }

    pub fn is_backed(self) -> bool {
        self.0 & Self::BACKED != 0
    }

    /// The same run in the life that is the generation with this number.
    pub fn in_life(self, generation: u64) -> Self {
        Self(self.0 & !Self::LIFE | generation << 34 & Self::LIFE)
    }

    /// Whether the entry can be that of a run that holds records, in the life that is the generation with this
    /// number.
    pub fn holds_records_of(self, generation: u64) -> bool {
        (self.is(Kind::Segment) || self.is(Kind::Large)) && self == self.in_life(generation)
    }

    /// Bytes that live in a segment or a large run.
    #[inline]
    pub fn live(self) -> u64 {
        if self.is(Kind::Segment) { self.0 & Self::BLOCK_NUMBER } else { self.0 & Self::NUMBER }
    }

    /// The size of a segment, or of a block of the index.
    pub fn class(self) -> Class {
        Class::new((self.0 & Self::NUMBER) >> Self::CLASS_AT).unwrap_or(Class::LARGEST)
    }

    /// Pages of the free extent that starts or ends here.
    pub fn extent(self) -> u64 {
        self.0 & Self::NUMBER
    }

    /// Pages of what begins here. `None` inside of something, and for a large run, which tells by its head alone.
    #[inline]
    pub fn pages(self) -> Option<u64> {
        if self.is(Kind::Segment) || self.is(Kind::Index) {
            Some(self.class().pages())
        } else if self.is(Kind::Large) || self.0 >> 56 == Self::INSIDE.0 >> 56 {
            None
        } else {
            Some(self.extent().max(1))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_tells_what_it_was_made_of() {
        for class in Class::all() {
            let entry = Entry::block(Kind::Segment, class, 65_472).in_life(u64::MAX);
            assert_eq!((entry.live(), entry.class(), entry.pages()), (65_472, class, Some(class.pages())));
            assert!(entry.holds_records_of(u64::MAX) && !entry.holds_records_of(0));
            assert!(!Entry::block(Kind::Index, class, 0).in_life(7).holds_records_of(7));
        }
        let large = Entry::large((1 << 32) + 5).in_life(9);
        assert_eq!((large.live(), large.pages()), ((1 << 32) + 5, None));
        let free = Entry::free(true).at_end_of(1 << 20);
        assert!(free.is(Kind::Free) && free.is_backed() && !free.backed(false).is_backed());
        assert_eq!((free.extent(), free.pages()), (1 << 20, Some(1 << 20)));
        assert_eq!((Entry::run(Kind::Directory, 9).pages(), Entry::reserved(4).pages()), (Some(9), Some(4)));
        assert!(Entry::reserved(4).is_reserved() && !Entry::INSIDE.is_reserved());
        assert_eq!((Entry::INSIDE.pages(), Entry(0).pages()), (None, Some(1)));
    }
}
