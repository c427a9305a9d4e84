//! Names that are numbers, and the number that the next value gets which is stored without a name.

use super::error::Failure;
use super::format::{EncodedKey, hash};
use super::index::{Index, Search};
use super::lock::WriteGuard;
use std::ops::Deref;
use sync_backend::number::number_of;

/// Bytes of the longest name that is a number.
pub const LONGEST: u64 = 20;

/// The key that a number is; its digits are written to `digits`.
pub fn key_of(number: i64, digits: &mut itoa::Buffer) -> EncodedKey<'_> {
    EncodedKey::new(digits.format(number).as_bytes()).expect("twenty bytes are not too long")
}

/// The number after the highest that has been a name, as the header's word keeps it: the words are ordered as
/// the numbers are, and 0 (which stands for the lowest one, after which no number comes) means that no name has
/// been a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct NextNumber(u64);

impl NextNumber {
    pub fn of_word(word: u64) -> Self {
        Self(word)
    }

    pub fn word(self) -> u64 {
        self.0
    }

    /// The number after that of a name, if it is one. After the highest of all comes that one again.
    #[inline]
    pub fn after(name: &[u8]) -> Self {
        number_of(name).map_or(Self(0), |number| Self(number.saturating_add(1) as u64 ^ 1 << 63))
    }

    /// The number to use, at least `least`; 0 where no name has been a number.
    fn number(self, least: i64) -> i64 {
        if self.0 == 0 { 0 } else { ((self.0 ^ 1 << 63) as i64).max(least) }
    }
}

/// The numbers among the names of a file whose write lock is held.
#[derive(Clone, Copy)]
pub struct Numbers<'g> {
    index: Index<'g>,
}

impl<'g> Deref for Numbers<'g> {
    type Target = Index<'g>;

    #[inline(always)]
    fn deref(&self) -> &Index<'g> {
        &self.index
    }
}

impl<'g> Numbers<'g> {
    #[inline(always)]
    pub fn in_index(index: Index<'g>) -> Self {
        Self { index }
    }

    #[inline(always)]
    pub fn of(guard: &'g WriteGuard) -> Self {
        Self { index: Index::of(guard) }
    }

    /// A name enters the store: what is stored without one comes after it. Done before the index names its
    /// record, so that a process that takes over, and finds the record there, need not do it.
    #[inline]
    pub fn count_name(&self, name: &[u8]) {
        let next = NextNumber::after(name).word();
        if next > self.header().next_number.get() {
            self.header().next_number.set(next);
        }
    }

    /// The number that comes next, for a name that is not there; `None` where there is none left.
    pub fn next_number(&self, least: i64) -> Result<Option<i64>, Failure> {
        let mut digits = itoa::Buffer::new();
        for _ in 0..2 {
            let number = NextNumber::of_word(self.header().next_number.get()).number(least);
            let key = key_of(number, &mut digits);
            if let Search::Miss(_) = self.search(hash(self.file.identity.hash_seed, key.bytes()), &key) {
                return Ok(Some(number));
            }
            if number == i64::MAX {
                return Ok(None);
            }
            // Nobody who kept to the rules has written that word: what is there decides.
            self.header().next_number.set(self.counted_next_number().word());
        }
        // Nothing moves under the lock: a name is found that the index as a whole does not have.
        self.file.check_sound()?;
        Err(Failure::Damaged("what its index says of a number makes no sense".into()))
    }

    /// The number after the highest of all names, from these names alone.
    pub fn counted_next_number(&self) -> NextNumber {
        let mut next = NextNumber::default();
        self.for_each_slot(|_, _, record| {
            let head = self.view().record_head(record);
            if let Some((name, _)) = head.and_then(|head| self.view().read_key(record, head)) {
                next = next.max(NextNumber::after(name.encoded().bytes()));
            }
        });
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_number_where_it_is_written_as_one() {
        for number in [0, 1, 7, 10, 42, -1, -7, i64::MAX, i64::MIN, i64::MAX - 1, i64::MIN + 1] {
            assert_eq!(number_of(number.to_string().as_bytes()), Some(number));
            let mut digits = itoa::Buffer::new();
            let key = key_of(number, &mut digits);
            assert_eq!(key.bytes(), number.to_string().as_bytes());
            assert!(key.bytes().len() as u64 <= LONGEST);
        }
        for name in ["", "-", "007", "-0", "-07", "+7", " 7", "7 ", "7a", "1e3", "1.0", "0x7", "9223372036854775808"] {
            assert_eq!(number_of(name.as_bytes()), None, "{name:?}");
        }
        assert_eq!(number_of(b"-9223372036854775809"), None);
        assert_eq!(number_of("٣".as_bytes()), None);
    }

    #[test]
    fn the_next_number_comes_after_the_highest() {
        let next =
            |names: &[&str]| names.iter().map(|name| NextNumber::after(name.as_bytes())).max().unwrap_or_default();
        for (names, least, number) in [
            (&[][..], i64::MIN, 0),
            (&["x", "007"][..], i64::MIN, 0),
            (&["5", "3"], i64::MIN, 6),
            (&["-5"], i64::MIN, -4),
            (&["-5"], 0, 0),
            (&["-5", "x"], i64::MIN, -4),
            (&["-1"], i64::MIN, 0),
            (&["9223372036854775806"], 0, i64::MAX),
            (&["9223372036854775807"], 0, i64::MAX),
            (&["-9223372036854775808"], i64::MIN, i64::MIN + 1),
        ] {
            assert_eq!(next(names).number(least), number, "{names:?}");
        }
    }
}
