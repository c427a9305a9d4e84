//! The runs of a file, for a walk through one that may be damaged.

use super::file::File;
use super::format::{BLOCK, Kind, MAX_EXTENT, PAGE, block_of, block_offset, parse_ext_word};
use std::sync::atomic::Ordering;

impl File {
    /// The first block that is one: an imported file's old bytes count as part of the header, as
    /// long as they are needed.
    pub fn first_block(&self) -> u64 {
        let header = self.map.header();
        let length = parse_ext_word(header.ext.get()).map_or(PAGE, |(_, length, ..)| length);
        (length.saturating_sub(PAGE) / BLOCK).min(self.blocks())
    }

    /// The run at `block`, for a walk through a file that may be damaged, or as much as
    /// makes no sense. (Where nothing was ever written nobody looks: that would give it memory.)
    pub fn run_or_gap(&self, block: u64, blocks: u64) -> (Kind, u64) {
        match parse_ext_word(self.map.word(block_offset(block)).load(Ordering::Acquire)) {
            Some((kind, length, ..)) if length >= BLOCK && length.is_multiple_of(BLOCK) => {
                // The file may end in the middle of it: then nothing comes after it, and it is none.
                let run = length / BLOCK;
                if run <= blocks - block { (kind, run) } else { (Kind::Free, (blocks - block).min(MAX_EXTENT)) }
            }
            _ => {
                let next = block_of(self.next_data(block_offset(block + 1)));
                (Kind::Free, next.clamp(block + 1, blocks.min(block + MAX_EXTENT)) - block)
            }
        }
    }
}
