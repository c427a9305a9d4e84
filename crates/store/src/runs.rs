//! The runs of a file, for a walk through one that may be damaged.

use super::file::File;
use super::format::{Kind, MAX_EXTENT, PAGE, page_of, page_offset, parse_ext_word};
use std::sync::atomic::Ordering;

/// A run of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    pub kind: Kind,
    /// Its first page, and how many there are.
    pub page: u64,
    pub pages: u64,
}

impl Run {
    /// The page behind it.
    pub fn end(self) -> u64 {
        self.page + self.pages
    }

    /// Whether it holds records.
    pub fn holds_records(self) -> bool {
        matches!(self.kind, Kind::Segment | Kind::Large)
    }
}

impl File {
    /// The first page that is none of the header's: an imported file's old bytes count as part of that, as long as they
    /// are needed.
    pub fn first_page(&self) -> u64 {
        let header = self.map.header();
        let length = parse_ext_word(header.ext.get()).map_or(PAGE, |(_, length, ..)| length);
        page_of(length).clamp(1, self.pages().max(1))
    }

    /// The run at `page`, for a walk through a file of so many pages that may be damaged, or as much as
    /// makes no sense. (Where nothing was ever written nobody looks: that would give it memory.)
    pub fn run_or_gap(&self, page: u64, pages: u64) -> Run {
        match parse_ext_word(self.map.word(page_offset(page)).load(Ordering::Acquire)) {
            Some((kind, length, ..)) if length >= PAGE && length.is_multiple_of(PAGE) => {
                // The file may end in the middle of it: then nothing comes after it, and it is none.
                let run = length / PAGE;
                if run <= pages - page {
                    Run { kind, page, pages: run }
                } else {
                    Run { kind: Kind::Free, page, pages: (pages - page).min(MAX_EXTENT) }
                }
            }
            _ => {
                let next = page_of(self.next_data(page_offset(page + 1)));
                Run { kind: Kind::Free, page, pages: next.clamp(page + 1, pages.min(page + MAX_EXTENT)) - page }
            }
        }
    }

    /// All runs, as their heads tell of them.
    pub fn runs(&self) -> impl Iterator<Item = Run> {
        let pages = self.pages();
        let mut page = self.first_page();
        std::iter::from_fn(move || {
            let run = (page < pages).then(|| self.run_or_gap(page, pages))?;
            page = run.end();
            Some(run)
        })
    }
}
