//! The elements of a queue, as a server keeps them: one behind the other, each behind its length, so that a script takes the first one off without knowing
//! anything of the values in it. How many bytes of those that were taken are still there stands before them.

use super::queue::{NoMemory, Queue};
use sync_backend::list::{self, Patch, Walk};

/// The bytes before the elements: the number of those behind them that were taken.
pub const SKIPPED: usize = 8;
/// The bytes before an element.
const BEFORE: usize = 4;
/// The mark in an element's length that tells that there is more in it than arrays and plain values.
const OBJECTS: u32 = 1 << 31;

/// The bytes before an element. `None`: it is longer than a server's value can be.
pub fn before(element: &[u8]) -> Option<[u8; BEFORE]> {
    let length = u32::try_from(element.len()).ok().filter(|length| length & OBJECTS == 0)?;
    let objects = if list::has_objects(element) { OBJECTS } else { 0 };
    Some((length | objects).to_be_bytes())
}

/// The elements of a list but its first one, as a new queue keeps them. `None`: one of them is too long.
pub fn behind_first(list: &Queue) -> Result<Option<Vec<u8>>, NoMemory> {
    of(&[0; SKIPPED], list.elements().skip(1))
}

/// Elements, as they are stored, behind other bytes. `None`: one of them is too long.
fn of<'e>(start: &[u8], elements: impl Iterator<Item = &'e [u8]> + Clone) -> Result<Option<Vec<u8>>, NoMemory> {
    let length = start.len() + elements.clone().map(|element| BEFORE + element.len()).sum::<usize>();
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(length).map_err(|_| NoMemory(length as u64))?;
    bytes.extend_from_slice(start);
    for element in elements {
        let Some(before) = before(element) else { return Ok(None) };
        bytes.extend_from_slice(&before);
        bytes.extend_from_slice(element);
    }
    Ok(Some(bytes))
}

/// Values that lie one behind the other, as elements. `None`: they are none.
pub fn of_values(values: &[u8]) -> Result<Option<Vec<u8>>, NoMemory> {
    let mut walk = Walk::new(values, 0, values.len() as u64);
    let mut elements = Vec::new();
    while !walk.is_over() {
        let from = walk.at() as usize;
        if walk.skip().is_none() {
            return Ok(None);
        }
        elements.try_reserve(1).map_err(|_| NoMemory(values.len() as u64))?;
        elements.push(&values[from..walk.at() as usize]);
    }
    of(&[], elements.iter().copied())
}

/// The elements that patches put at the end of a list of so many, and how many those are. `None`: they do anything else.
pub fn of_patches(patches: &[u8], mut length: u64) -> Result<Option<(Vec<u8>, u64)>, NoMemory> {
    let mut walk = Walk::new(patches, 0, patches.len() as u64);
    let mut elements = Vec::new();
    while !walk.is_over() {
        let Some(Patch::Put { number, from, to }) = walk.patch() else { return Ok(None) };
        if number != length {
            return Ok(None);
        }
        length += 1;
        elements.try_reserve(1).map_err(|_| NoMemory(patches.len() as u64))?;
        elements.push(&patches[from as usize..to as usize]);
    }
    let count = elements.len() as u64;
    Ok(of(&[], elements.iter().copied())?.map(|elements| (elements, count)))
}

/// The list that stored elements are. `None`: they were not stored by a store of this format.
pub fn list(stored: &[u8]) -> Result<Option<Vec<u8>>, NoMemory> {
    let Some((skipped, elements)) = stored.split_first_chunk::<SKIPPED>() else { return Ok(None) };
    let skipped = usize::try_from(u64::from_be_bytes(*skipped)).ok();
    let Some(mut rest) = skipped.and_then(|skipped| elements.get(skipped..)) else { return Ok(None) };
    let mut queue = Queue::new(elements);
    while let Some((before, behind)) = rest.split_first_chunk::<BEFORE>() {
        let length = (u32::from_be_bytes(*before) & !OBJECTS) as usize;
        let Some(behind) = behind.get(length..) else { return Ok(None) };
        let end = elements.len() - behind.len();
        queue.push(end - length..end)?;
        rest = behind;
    }
    if rest.is_empty() { queue.list().map(Some) } else { Ok(None) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_comes_back_as_it_was_but_for_the_elements_that_were_taken() {
        let object = [0x92, 0xd4, 1, b'C', 0x80];
        // One that tells of itself, as it does in a place of its own.
        let own = [0x92, 0x92, 0xd4, 1, b'C', 0x80, 0xd4, 4, 2];
        let put = |number: u64, element: &[u8]| [list::Head::of_put(number).bytes(), element].concat();
        let elements = [&[1][..], &object, &[0xa1, b'x']];
        let before = [&[0x94, 9][..], &elements.concat()].concat();
        let stored = behind_first(&Queue::read(&before).unwrap().unwrap()).unwrap().unwrap();
        assert_eq!(list(&stored).unwrap().unwrap(), [&[0x93, 1][..], &object, &[0xa1, b'x']].concat());
        assert_eq!(stored[SKIPPED..][..5], [0, 0, 0, 1, 1]);
        assert_eq!(stored[SKIPPED + 5], 0x80, "an object is marked");
        let mut taken = stored.clone();
        taken[SKIPPED - 1] = 5;
        let (more, count) = of_patches(&[put(2, &own), put(3, &[7])].concat(), 2).unwrap().unwrap();
        assert_eq!(count, 2);
        let list = list(&[taken, more].concat()).unwrap().unwrap();
        assert_eq!(list, [&[0x92][..], &object, &[0xa1, b'x'], &put(2, &own), &put(3, &[7])].concat());
    }

    #[test]
    fn nothing_else_is_taken_for_elements() {
        assert!(list(&[0; SKIPPED - 1]).unwrap().is_none());
        for damaged in [&[0, 0, 0][..], &[0, 0, 0, 2, 1], &[0xff, 0xff, 0xff, 0xff, 1]] {
            assert!(list(&[&[0; SKIPPED], damaged].concat()).unwrap().is_none(), "{damaged:?}");
        }
        let beyond = [&1_u64.to_be_bytes()[..], &[]].concat();
        assert!(list(&beyond).unwrap().is_none());
        assert!(of_values(&[1, 0x92, 1]).unwrap().is_none());
        // Of patches: another number, an element that goes, a patch that is cut off.
        let put = |number: u64| [list::Head::of_put(number).bytes(), &[5]].concat();
        for other in [put(1), list::take_one().to_vec(), put(2)[..3].to_vec(), [put(2), put(2)].concat()] {
            assert!(of_patches(&other, 2).unwrap().is_none(), "{other:?}");
        }
    }
}
