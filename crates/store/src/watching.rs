//! A thread's knowledge of those who wait for a change, and the changes that it has yet to tell them: plain notes.

use super::eager::Eager;
use std::cell::{Cell, RefCell};

/// A name that is waited for, as it stands in the header: 27 bits of its hash, and the number of the futex on which its
/// waiters sleep. 0: none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark(pub u32);

/// Futexes in the header page.
pub const FUTEXES: u32 = 32;
const NUMBER_BITS: u32 = FUTEXES.ilog2();
/// In place of the bits of a hash: any name.
const ANY: u32 = u32::MAX >> NUMBER_BITS;

/// The bits of a hash by which a name is known: neither 0 nor [`ANY`].
fn digest(hash: u64) -> u32 {
    ((hash >> (u64::BITS - 27)) as u32).clamp(1, ANY - 1)
}

impl Mark {
    /// Of a name. Its waiters share a futex, unless they sleep on one of their own, as they wait for others, too.
    pub fn of_name(hash: u64, futex: Option<u32>) -> Self {
        // (Other bits than those of the digest.)
        let number = futex.unwrap_or((hash >> 8) as u32);
        Self((digest(hash) << NUMBER_BITS) | (number % FUTEXES))
    }

    /// Of all names at once. The futex is one for all of its waiters.
    pub const OF_ANY: Self = Self(ANY << NUMBER_BITS);

    /// The number of its futex.
    pub fn futex(self) -> usize {
        (self.0 % FUTEXES) as usize
    }

    fn digest(self) -> u32 {
        self.0 >> NUMBER_BITS
    }

    /// Whether who waits by this mark waits for the name with this hash, or one of the same digest.
    pub fn is_for(self, hash: u64) -> bool {
        self.is_of_any() || self.digest() == digest(hash)
    }

    fn is_of_any(self) -> bool {
        self.digest() == ANY
    }
}

/// Names whose values have changed.
#[derive(Debug)]
pub enum Changes {
    /// All, or many.
    All,
    /// Those with these hashes.
    Of(Vec<u64>),
}

/// Changes that are told one by one; where there are more, everybody who waits for anything is woken.
pub const MOST: usize = 32;

impl Changes {
    pub const NONE: Self = Self::Of(Vec::new());

    pub fn add(&mut self, hash: u64) {
        if let Self::Of(hashes) = self
            && !hashes.contains(&hash)
        {
            if hashes.len() < MOST {
                hashes.push(hash);
            } else {
                *self = Self::All;
            }
        }
    }

    pub fn are_none(&self) -> bool {
        matches!(self, Self::Of(hashes) if hashes.is_empty())
    }

    /// Whether one of them is waited for by this mark.
    pub fn concern(&self, mark: Mark) -> bool {
        match self {
            Self::All => true,
            Self::Of(hashes) => hashes.iter().any(|&hash| mark.is_for(hash)),
        }
    }
}

/// A thread's knowledge of the waiters of a file that it has open.
///
/// The header's word `watchers` moves when somebody begins to wait. While it is the one that was seen, the names that were
/// waited for then are all there can be: a writer looks at the word alone, or at a few bits here.
#[derive(Default)]
pub struct Watching {
    /// The word, when nobody waited for anything.
    quiet: Cell<u64>,
    /// The word, when the bits below were right.
    seen: Cell<u64>,
    /// A bit for each name that was waited for, by bits of its hash.
    bits: [Cell<u64>; Self::BITS / 64],
    /// Any name was.
    any: Cell<bool>,
    /// A name that shares a bit, and was not waited for; 0: none.
    not: Cell<u64>,
    /// The hash of the name whose value has changed under the lock that the thread has; or [`NOTHING`], or [`MORE`], and then `more`
    /// has them.
    changed: Cell<u64>,
    more: RefCell<Changes>,
    /// Changes inside of a `lock()` of this thread, which nobody can see before that ends.
    hidden: RefCell<Changes>,
    /// This thread's experience with its own waits.
    pub eager: Eager,
}

/// In place of a hash.
const NOTHING: u64 = 0;
const MORE: u64 = 1;

/// Changes under one ownership of the lock.
#[derive(Debug)]
pub enum Changed {
    Nothing,
    /// Of the name with this hash.
    One(u64),
    /// More: [`Watching::take_more`] has them.
    More,
}

impl Watching {
    /// Notes a change under the lock.
    #[inline]
    pub fn change(&self, hash: u64) {
        if self.changed.get() == NOTHING && hash > MORE { self.changed.set(hash) } else { self.change_more(Some(hash)) }
    }

    /// As [`Watching::change`], of all names.
    #[cold]
    pub fn change_all(&self) {
        self.change_more(None);
    }

    #[cold]
    fn change_more(&self, hash: Option<u64>) {
        let mut more = self.more.borrow_mut();
        match self.changed.replace(MORE) {
            MORE => {}
            NOTHING => *more = Changes::NONE,
            first => *more = Changes::Of(vec![first]),
        }
        match hash {
            Some(hash) => more.add(hash),
            None => *more = Changes::All,
        }
    }

    /// The changes since the last call.
    #[inline]
    pub fn take(&self) -> Changed {
        match self.changed.get() {
            NOTHING => Changed::Nothing,
            MORE => Changed::More,
            hash => {
                self.changed.set(NOTHING);
                Changed::One(hash)
            }
        }
    }

    /// Those that [`take`](Self::take) has told of by [`Changed::More`].
    #[cold]
    pub fn take_more(&self) -> Changes {
        self.changed.set(NOTHING);
        self.more.take()
    }

    /// Nobody else can see what has changed: it is told when the section ends that this thread keeps others out for.
    pub fn hide(&self) {
        let mut hidden = self.hidden.borrow_mut();
        match self.take() {
            Changed::Nothing => {}
            Changed::One(hash) => hidden.add(hash),
            Changed::More => match self.take_more() {
                Changes::All => *hidden = Changes::All,
                Changes::Of(hashes) => hashes.into_iter().for_each(|hash| hidden.add(hash)),
            },
        }
    }

    /// The changes that were hidden since the last call.
    pub fn take_hidden(&self) -> Changes {
        self.hidden.take()
    }

    /// A section has ended: what has changed in it can be seen. Of another's nobody knows what that is.
    pub fn show(&self, is_own: bool) {
        match self.take_hidden() {
            Changes::Of(hashes) if is_own => hashes.into_iter().for_each(|hash| self.change(hash)),
            _ => self.change_all(),
        }
    }
}

impl Default for Changes {
    fn default() -> Self {
        Self::NONE
    }
}

impl Watching {
    const BITS: usize = 1024;

    /// Whether nobody has begun to wait since nobody waited.
    #[inline]
    pub fn is_quiet(&self, watchers: u64) -> bool {
        self.quiet.get() == watchers
    }

    /// Whether a name is certainly not waited for.
    pub fn is_not_waited_for(&self, watchers: u64, hash: u64) -> bool {
        if self.seen.get() != watchers || self.any.get() {
            return false;
        }
        let (bits, bit) = self.bit(digest(hash));
        bits.get() & bit == 0 || self.not.get() == hash
    }

    fn bit(&self, digest: u32) -> (&Cell<u64>, u64) {
        let at = digest as usize % Self::BITS;
        (&self.bits[at / 64], 1 << (at % 64))
    }

    /// Begins a look at all names that are waited for, when the word was this one.
    pub fn begin_look(&self, watchers: u64) {
        // (A model begins again and again with the file as it was: there, nothing is known.)
        self.seen.set(if cfg!(feature = "loom") { 0 } else { watchers });
        self.any.set(false);
        self.not.set(0);
        self.bits.iter().for_each(|bits| bits.set(0));
    }

    /// This one is.
    pub fn add(&self, mark: Mark) {
        if mark.is_of_any() {
            self.any.set(true);
        } else {
            let (bits, bit) = self.bit(mark.digest());
            bits.set(bits.get() | bit);
        }
    }

    /// Ends a look that has found so many, and for a name none.
    pub fn end_look(&self, found: usize, not: Option<u64>) {
        if found == 0 {
            self.quiet.set(self.seen.get());
        }
        self.not.set(not.unwrap_or(0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_tells_names_apart_and_stands_for_any() {
        let (x, y) = (0x1234_5678_9abc_def0, 0xfedc_ba98_7654_3210);
        for hash in [0, x, y, u64::MAX] {
            for mark in [Mark::of_name(hash, None), Mark::of_name(hash, Some(77))] {
                assert_ne!(mark.0, 0);
                assert!(!mark.is_of_any());
                assert!(Changes::Of(vec![hash]).concern(mark));
                assert!(!Changes::Of(vec![0x5555_5555_5555_5555]).concern(mark));
                assert!(Changes::All.concern(mark));
                assert!(!Changes::NONE.concern(mark));
            }
        }
        assert_eq!(Mark::of_name(x, Some(77)).futex(), 77 % FUTEXES as usize);
        assert!(Changes::Of(vec![x]).concern(Mark::OF_ANY));
        assert!(!Changes::NONE.concern(Mark::OF_ANY));
    }

    #[test]
    fn many_changes_are_all() {
        let mut changes = Changes::NONE;
        for hash in 0..MOST as u64 {
            changes.add(hash << 40);
            changes.add(hash << 40);
        }
        assert!(matches!(&changes, Changes::Of(hashes) if hashes.len() == MOST));
        changes.add(7);
        assert!(matches!(changes, Changes::All));
    }

    #[test]
    fn what_is_known_holds_for_as_long_as_nobody_begins_to_wait() {
        let (watching, x) = (Watching::default(), 0x1234_5678_9abc_def0);
        assert!(watching.is_quiet(0) && !watching.is_quiet(1));
        watching.begin_look(1);
        watching.add(Mark::of_name(x, None));
        watching.end_look(1, None);
        assert!(!watching.is_quiet(1));
        assert!(!watching.is_not_waited_for(1, x) && watching.is_not_waited_for(1, !x));
        assert!(!watching.is_not_waited_for(2, !x));
        watching.begin_look(2);
        watching.add(Mark::OF_ANY);
        watching.end_look(1, None);
        assert!(!watching.is_not_waited_for(2, !x));
        watching.begin_look(3);
        watching.end_look(0, None);
        assert!(watching.is_quiet(3) && watching.is_not_waited_for(3, x));
    }
}
