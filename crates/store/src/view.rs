//! The part of a file that certainly is there, for looks that follow offsets before they are checked.
//!
//! A reader without the lock may be in a record, or in a block of the index, that has been freed and is used for
//! something else: an offset that it finds there may be any number. So an offset outside of the view is an answer
//! ("nothing"), after which the reader looks again, and never a reason to believe that the file is damaged. Inside of
//! the view the file has each page, as it counts a block before anything refers to it and never becomes shorter. It may have no
//! memory behind that page any more, where it has been freed meanwhile: then it reads as zeros; or raises SIGBUS, where the file is
//! in memory (tmpfs) and no more of that is to be had. As the file is whole it is mapped anew then, and the reader looks again
//! (`Follower::with_file`).
//!
//! The owner of the write lock follows offsets that nobody changes. One that leads outside of the mapping is damage;
//! `Map::word` poisons the mapping then, and the change does not happen.

use super::block_table::Entry;
use super::file::File;
use super::format::{GENERATION, PAGE, page_of, page_offset};
use super::header::{HELD, Header, Root, Word};
use super::reference::Ref;
use std::sync::atomic::Ordering;
use sync_backend::Room;

/// A file from its start up to an end. Offsets in it can be looked at.
#[derive(Clone, Copy)]
pub struct View<'f> {
    pub(super) file: &'f File,
    /// Never beyond the end of the mapping.
    end: u64,
    /// The log's end when the look began, if the index knew all of it then; [`UNKNOWN`]; or [`OWNED`].
    indexed: u64,
}

/// No log ends there: it is not known that nothing has been freed since.
const UNKNOWN: u64 = u64::MAX;
/// Nor there: nobody else frees anything meanwhile.
const OWNED: u64 = u64::MAX - 1;

impl File {
    /// The part that a reader may look at: the pages that the file has now. An offset that it finds later may lie in newer ones: then it
    /// takes another view.
    #[inline]
    pub fn view(&self) -> View<'_> {
        View { file: self, end: page_offset(self.pages()), indexed: UNKNOWN }
    }

    /// As [`File::view`], for a look that began by loading `commit` as the log's end.
    #[inline]
    pub fn view_since(&self, commit: u64) -> View<'_> {
        let is_indexed = self.map.header().indexed.load(Ordering::Acquire) >= commit;
        View { indexed: if is_indexed { commit } else { UNKNOWN }, ..self.view() }
    }
}

impl<'f> View<'f> {
    /// The part of the file that the owner of the write lock may look at: all that the mapping shows. (For
    /// [`super::space::Space`], which stands for the lock.)
    #[inline]
    pub(super) fn under_the_lock(file: &'f File) -> Self {
        Self { file, end: file.map.length(), indexed: OWNED }
    }

    #[inline]
    pub fn header(&self) -> &'f Header {
        self.file.map.header()
    }

    /// Whether the index knew all of the log when the look began.
    #[inline]
    pub fn was_indexed(&self) -> bool {
        self.indexed != UNKNOWN
    }

    /// Whether nothing has been freed since the look began. An operation frees space after it has published and before the
    /// index has all that was published; when the look began, the index had it.
    #[inline]
    pub fn is_nothing_freed(&self) -> bool {
        self.indexed == OWNED
            || self.header().commit.load(Ordering::Relaxed) & !HELD == self.indexed
            || self.file.resting.get()
    }

    /// Whether the run that a record lies in begins where its reference says, and is in the life that is the generation
    /// with this word.
    ///
    /// The word at that place does not say so: where the run was freed and the page is the inside of a
    /// large value now, it is a part of that value. No value can hold the word by chance, but one that was made from
    /// the file's bytes can. No value gets into the table of pages.
    #[cold]
    pub fn is_alive(&self, record: Ref, generation: u64) -> Option<bool> {
        let (table, number) = (&self.header().table, self.file.identity.generations().number(generation));
        let root = table.load(Ordering::Acquire);
        let entry = self.word(Root::open(root).offset + record.page() * 8)?.load(Ordering::Acquire);
        // Only as long as the header names it is it the table.
        Some(Entry(entry).holds_records_of(number) && table.load(Ordering::Relaxed) == root)
    }

    /// Where it ends.
    #[inline]
    pub fn end(&self) -> u64 {
        self.end
    }

    /// How many pages are in it.
    pub fn pages(&self) -> u64 {
        page_of(self.end)
    }

    /// Whether a block of the index can lie there.
    #[inline]
    pub fn has_block(&self, block: Ref) -> bool {
        let Some(class) = block.class() else { return false };
        let offset = block.offset();
        offset >= PAGE && offset == block.run() && offset <= self.end.saturating_sub(class.size())
    }

    #[inline]
    fn has(&self, offset: u64, length: u64) -> bool {
        offset <= self.end && length <= self.end - offset
    }

    /// The word at an offset, which is rounded down to a multiple of eight.
    #[inline]
    pub fn word(&self, offset: u64) -> Option<&'f Word> {
        // There is a header page in each view, so that this is no number below zero.
        // SAFETY: inside of the view, which both who make one keep inside of the mapping.
        (offset <= self.end - 8).then(|| unsafe { self.file.map.word_inside(offset) })
    }

    /// A few bytes.
    #[inline]
    pub fn read<const N: usize>(&self, offset: u64) -> Option<[u8; N]> {
        // SAFETY: inside of the view (`has`), which both who make one keep inside of the mapping.
        self.has(offset, N as u64).then(|| unsafe { self.file.map.read_inside(offset) })
    }

    /// Appends bytes to `out`, which has room for them. They may change while they are copied: the caller checks
    /// afterwards.
    #[inline]
    pub fn copy(&self, offset: u64, length: u64, out: &mut impl Room<u8>) -> Option<()> {
        // SAFETY: inside of the view (`has`), which both who make one keep inside of the mapping.
        (self.has(offset, length) && unsafe { self.file.map.copy_inside(offset, length, out) }).then_some(())
    }

    /// Whether the bytes at `offset` are these.
    #[inline]
    pub fn equals(&self, offset: u64, bytes: &[u8]) -> bool {
        // SAFETY: inside of the view (`has`), which both who make one keep inside of the mapping.
        self.has(offset, bytes.len() as u64) && unsafe { self.file.map.equals_inside(offset, bytes) }
    }

    /// The word of the generation of the run that a record lies in.
    #[inline]
    pub fn generation(&self, record: Ref) -> Option<&Word> {
        self.word(record.run().wrapping_add(GENERATION))
    }

    /// The number of the generation of the run at `page`; later runs have higher ones.
    pub fn generation_of(&self, page: u64) -> Option<u64> {
        let word = self.word(page_offset(page) + GENERATION)?.get();
        (word != 0).then(|| self.file.identity.generations().number(word))
    }

    /// Whether the run that a record lies in is still in the life with this generation; after a fence.
    #[inline]
    pub fn has_stood(&self, record: Ref, generation: u64) -> bool {
        let stands = self.generation(record).is_some_and(|word| word.load(Ordering::Acquire) == generation);
        stands && (self.is_nothing_freed() || self.is_alive(record, generation) == Some(true))
    }
}
