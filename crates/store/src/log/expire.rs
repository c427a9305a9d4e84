//! Removing values that have expired.
//!
//! A value that has expired is missing for everybody from that moment on, by the clock. What is left is to take its record out of
//! the index and to give its space back. Each writer does a bounded part of that, behind what it has written itself, however
//! long nobody asks for the name. The record is removed, not the name: under that there may be a newer value by now.
//!
//! A word of the header tells when the first value of all expires, one of each segment when the first of those in it does, and at
//! the earliest. (They may name a time at which none does: of a value that has been replaced since.) The search goes through the
//! segments from the first to the last, and finds anew what the words should be. While it is under way the header's word stays as it
//! is; what it will be is in a word of its own, which counts what is stored meanwhile, too.

use super::append::{Effect, Log};
use super::segments::is_no_later;
use crate::clock::tick;
use crate::error::Failure;
use crate::format::*;
use crate::index::Search;
use crate::reference::Ref;
use std::ops::Deref;
use std::sync::atomic::Ordering;
use sync_backend::{Expiry, Now};

/// How many runs one writer looks at, or free pages.
const WINDOW: u64 = 1024;
/// A writer that has written so many bytes of values that expire looks for expired ones also within the same tick of the clock: so
/// twice as much is looked through as is written.
const AT_ONCE: u64 = 32 << 10;

/// The values of a file whose write lock is held, those that have expired among them.
#[derive(Clone, Copy)]
pub struct Expired<'g> {
    log: Log<'g>,
}

impl<'g> Deref for Expired<'g> {
    type Target = Log<'g>;

    #[inline(always)]
    fn deref(&self) -> &Log<'g> {
        &self.log
    }
}

impl<'g> Expired<'g> {
    #[inline(always)]
    pub fn in_log(log: Log<'g>) -> Self {
        Self { log }
    }

    /// Removes some of the values that have expired, if there may be any: a bounded piece of work, done by every writer, at most
    /// once in a tick of the clock, unless it has written much that expires.
    #[inline]
    pub fn remove_some(&self) {
        if self.header().expires.get() != 0 {
            self.remove_some_that_are_due();
        }
    }

    #[cold]
    #[inline(never)]
    fn remove_some_that_are_due(&self) {
        let file = self.file;
        let tick = tick();
        if file.expiring.get() < AT_ONCE && file.expired.get() == tick {
            return;
        }
        let Some(now) = self.header().due() else { return };
        file.expiring.set(0);
        file.expired.set(tick);
        self.search_on(now);
    }

    /// Removes all values that have expired: on a full disk, and for tests.
    pub fn remove_all(&self) {
        self.header().expiry_cursor.set(0);
        while let Some(now) = self.header().due()
            && !self.search_on(now)
        {}
    }

    /// Goes on with the search, up to the end of a segment in which there were such values. True: it has come to an end.
    fn search_on(&self, now: Now) -> bool {
        let header = self.header();
        let (first, pages) = (self.file.first_page(), self.file.pages());
        let mut page = header.expiry_cursor.count();
        if page < first || page >= pages {
            // The times found in an earlier search do not count.
            header.expires_next.set(0);
            page = first;
        }
        for _ in 0..WINDOW {
            let entry = self.entry(page);
            // (The page of a free extent may have come to be its last one.)
            let step = if entry.is(Kind::Free) { 1 } else { self.step(page, entry) };
            let is_of_records = (entry.is(Kind::Segment) || entry.is(Kind::Large)) && entry.live() > 0;
            let earliest = if is_of_records { self.file.map.word(expiry_of(page)).get() } else { 0 };
            let is_due = earliest != 0 && Expiry::at(earliest).has_come(now);
            let left = if is_due { self.search(page, now) } else { Ok(earliest) };
            match left {
                Ok(0) => {}
                Ok(earliest) => self.note_next(Expiry::at(earliest)),
                // No space for a record that says so: another time.
                Err(_) => {
                    header.expiry_cursor.set(page);
                    return true;
                }
            }
            page += step;
            if page >= pages {
                header.expires.store(header.expires_next.get(), Ordering::Release);
                header.expiry_cursor.set(0);
                return true;
            }
            if is_due {
                break;
            }
        }
        header.expiry_cursor.set(page);
        false
    }

    fn note_next(&self, expiry: Expiry) {
        let next = &self.header().expires_next;
        if !is_no_later(next.get(), expiry) {
            next.set(expiry.milliseconds());
        }
    }

    /// Removes what has expired in the run that begins with this page; tells when the first of the others expires, 0: none does.
    fn search(&self, page: u64, now: Now) -> Result<u64, Failure> {
        let (mut expired, mut earliest) = (Vec::new(), 0);
        self.segments().for_each_record(page, |record, head| {
            let is_alive = head.op.holds_value() && self.file.map.word(record.offset()).get() & DEAD == 0;
            match self.view().expiry(record, head).flatten() {
                Some(expiry) if is_alive && expiry.has_come(now) => expired.push(record),
                Some(expiry) if is_alive && !is_no_later(earliest, expiry) => earliest = expiry.milliseconds(),
                _ => {}
            }
        });
        let generation = self.view().generation_of(page);
        for record in expired {
            // (With the last one that lived in it, the run is freed.)
            if self.view().generation_of(page) != generation {
                return Ok(0);
            }
            self.remove_record(record)?;
        }
        if self.view().generation_of(page) == generation {
            self.file.map.word(expiry_of(page)).set(earliest);
        }
        Ok(earliest)
    }

    /// Removes a key, if this is the newest record of it. (Of a piece that another one goes on from, that tells when the value
    /// expires.)
    fn remove_record(&self, record: Ref) -> Result<(), Failure> {
        let Some((name, hash)) = self.view().record_head(record).and_then(|head| self.view().read_key(record, head))
        else {
            return Ok(());
        };
        match self.log.search(hash, &name.encoded()) {
            // A power loss may bring the record back, and then it has expired all the same: no record has to say that it is gone.
            // (But not so a part of the value, which may be one that was to expire later.)
            Search::Hit(hit) if hit.record == record && self.is_durable() && !self.before(record).is_none() => {
                self.remove_hit(&name.encoded(), hit, Effect::None)
            }
            Search::Hit(hit) if hit.record == record => self.remove_without_record(hit, Effect::None),
            _ => Ok(()),
        }
    }
}

/// Where the run that begins with a page has its word of when the first value in it expires.
fn expiry_of(page: u64) -> u64 {
    page_offset(page) + SEGMENT_EXPIRES
}
