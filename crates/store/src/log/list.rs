//! The list of the records of a batch, as it stands in the file.

use crate::marker;
use std::ops::RangeInclusive;

/// Bytes of a batch's value before its list: the head of a bin 32.
pub const LIST_HEAD: u64 = 5;
/// Bytes of a member in the list: the upper half of its key's hash, by which the list is sorted, and its reference.
pub const LISTED: u64 = 12;

/// The upper half of a key's hash, as it stands in the list of a batch.
#[inline]
pub fn listed_hash(hash: u64) -> u32 {
    (hash >> 32) as u32
}

/// The head of a batch's value, for so many members; `None` where a bin cannot be that long.
pub fn list_head(members: u64) -> Option<[u8; LIST_HEAD as usize]> {
    let mut head = [marker::BIN32; LIST_HEAD as usize];
    head[1..].copy_from_slice(&u32::try_from(members * LISTED).ok()?.to_be_bytes());
    Some(head)
}

/// How many members the list of a batch has whose value is so long and begins with this head.
pub fn parse_list_head(head: [u8; LIST_HEAD as usize], length: u64) -> Option<u64> {
    let [marker::BIN32, bytes @ ..] = head else { return None };
    let bytes = u64::from(u32::from_be_bytes(bytes));
    (length == LIST_HEAD + bytes && bytes.is_multiple_of(LISTED)).then_some(bytes / LISTED)
}

/// A member of a batch, as it stands in the list.
#[inline]
pub fn listed(hash: u32, reference: u64) -> [u8; LISTED as usize] {
    let mut bytes = [0; LISTED as usize];
    bytes[..4].copy_from_slice(&hash.to_le_bytes());
    bytes[4..].copy_from_slice(&reference.to_le_bytes());
    bytes
}

/// Reads what [`listed`] wrote.
#[inline]
pub fn parse_listed(bytes: [u8; LISTED as usize]) -> (u32, u64) {
    let [a, b, c, d, reference @ ..] = bytes;
    (u32::from_le_bytes([a, b, c, d]), u64::from_le_bytes(reference))
}

/// Sorts words that begin with hashes. These are spread evenly, so that each word goes at once to about where it belongs.
pub fn sort_hashes(words: &mut Vec<u64>) {
    /// Words from which on it is worth that, and up to which the memory for it is little.
    const WORTH: RangeInclusive<usize> = 64..=1 << 13;
    /// Places by which a word is moved, on average, where hashes are hashes.
    const MOVES: usize = 8;
    let count = words.len();
    let (mut ends, mut sorted): (Vec<u16>, Vec<u64>) = (Vec::new(), Vec::new());
    if !WORTH.contains(&count) || ends.try_reserve_exact(count).is_err() || sorted.try_reserve_exact(count).is_err() {
        return words.sort_unstable();
    }
    let bits = count.ilog2();
    let group = |word: u64| (word >> (u64::BITS - bits)) as usize;
    ends.resize(1 << bits, 0);
    sorted.resize(count, 0);
    words.iter().for_each(|&word| ends[group(word)] += 1);
    let mut end = 0;
    for group in &mut ends {
        end += *group;
        *group = end;
    }
    for &word in words.iter() {
        let end = &mut ends[group(word)];
        *end -= 1;
        sorted[usize::from(*end)] = word;
    }
    let mut moves = MOVES * count;
    for at in 1..count {
        let (word, mut to) = (sorted[at], at);
        while to > 0 && sorted[to - 1] > word {
            sorted[to] = sorted[to - 1];
            to -= 1;
        }
        sorted[to] = word;
        let Some(left) = moves.checked_sub(at - to) else {
            sorted.sort_unstable();
            break;
        };
        moves = left;
    }
    *words = sorted;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_sorted_also_those_that_are_none() {
        let mut random = 1_u64;
        let mut next = || {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            random ^ random >> 29
        };
        for count in [0, 1, 2, 63, 64, 65, 1000, 1024, 1 << 13, (1 << 13) + 1] {
            let hashes: Vec<u64> = (0..count).map(|_| next()).collect();
            let narrow = hashes.iter().map(|hash| hash >> 40).collect();
            let down = (0..count).rev().collect();
            for mut words in [hashes, narrow, down] {
                let mut sorted = words.clone();
                sorted.sort_unstable();
                sort_hashes(&mut words);
                assert_eq!(words, sorted);
            }
        }
    }

    #[test]
    fn the_list_of_a_batch_is_read_back_as_it_was_written() {
        let member = (0x8765_4321, 0x12_3456_789a_bcd8);
        assert_eq!(parse_listed(listed(member.0, member.1)), member);
        assert_eq!(parse_list_head(list_head(3).unwrap(), LIST_HEAD + 3 * LISTED), Some(3));
        assert_eq!(parse_list_head(list_head(3).unwrap(), LIST_HEAD + 2 * LISTED), None);
        assert_eq!(parse_list_head([0xc5, 0, 0, 0, 0], LIST_HEAD), None);
        assert_eq!(list_head(1 << 32), None);
    }
}
