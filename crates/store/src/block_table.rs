//! A word of the block table: what a block is, and how much lives in its run.

use super::format::Kind;

/// How much of a free block has memory behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Memory {
    None,
    /// Some may have.
    Part,
    Whole,
}

/// A word of the block table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry(pub u64);

impl Entry {
    /// Inside a run that starts further left.
    pub const INSIDE: u64 = 1 << 56;
    /// Kept with memory behind it, so that removing and cleaning work on a full disk.
    pub const RESERVED: u64 = 2 << 56;
    /// Of a free block: all of it has memory behind it, or a part may have.
    const BACKED: u64 = 1 << 47;
    const PARTLY: u64 = 1 << 46;
    /// The most that a run holds is less.
    const NUMBER: u64 = (1 << 34) - 1;
    /// Of a run that is used: the low bits of the number of its generation.
    const LIFE: u64 = (1 << 56) - (1 << 34);

    pub fn free(memory: Memory) -> Self {
        let memory = match memory {
            Memory::None => 0,
            Memory::Part => Self::PARTLY,
            Memory::Whole => Self::BACKED,
        };
        Self((Kind::Free as u64) << 56 | memory)
    }

    /// The same block at an end of a free extent that is so long.
    pub fn at_end_of(self, extent: u64) -> Self {
        Self(self.0 & !Self::NUMBER | extent)
    }

    /// The same free block without memory.
    pub fn without_memory(self) -> Self {
        Self(self.0 & !(Self::BACKED | Self::PARTLY))
    }

    pub fn used(kind: Kind, live: u64) -> Self {
        Self((kind as u64) << 56 | live)
    }

    pub fn is(self, kind: Kind) -> bool {
        self.0 >> 56 == kind as u64
    }

    pub fn is_backed(self) -> bool {
        self.0 & Self::BACKED != 0
    }

    pub fn has_memory(self) -> bool {
        self.0 & (Self::BACKED | Self::PARTLY) != 0
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

    /// Live bytes of a segment; blocks of the free extent that starts or ends here.
    pub fn number(self) -> u64 {
        self.0 & Self::NUMBER
    }
}
