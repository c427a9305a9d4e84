//! Lists as queues: the first element of one, and what is left.

use std::collections::{TryReserveError, VecDeque};
use std::ops::Range;
use sync_backend::list::{self, Patch, Walk};

/// The patch that puts an element without a key before all others begins like this.
const FIRST_WITHOUT_KEY: [u8; 3] = [0x93, 0xff, 0xc0];

/// A list, taken apart.
pub struct Queue<'a> {
    bytes: &'a [u8],
    elements: VecDeque<Range<usize>>,
}

/// There is no memory for so many bytes, at least.
#[derive(Debug)]
pub struct NoMemory(pub u64);

/// The reason why a list was not taken apart.
enum NoQueue {
    Other,
    NoMemory,
}

impl From<TryReserveError> for NoQueue {
    fn from(_: TryReserveError) -> Self {
        Self::NoMemory
    }
}

impl<'a> Queue<'a> {
    /// One without elements, which lie in these bytes.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, elements: VecDeque::new() }
    }

    /// Adds an element at the end.
    pub fn push(&mut self, at: Range<usize>) -> Result<(), NoMemory> {
        self.elements.try_reserve(1).map_err(|_| NoMemory(self.bytes.len() as u64))?;
        self.elements.push_back(at);
        Ok(())
    }

    /// Takes the bytes of a list apart. `None`: it is none, or its elements tell of each other.
    pub fn read(bytes: &'a [u8]) -> Result<Option<Self>, NoMemory> {
        match Self::try_read(bytes) {
            Ok(queue) => Ok(Some(queue)),
            Err(NoQueue::Other) => Ok(None),
            Err(NoQueue::NoMemory) => Err(NoMemory(bytes.len() as u64)),
        }
    }

    fn try_read(bytes: &'a [u8]) -> Result<Self, NoQueue> {
        let mut walk = Walk::new(bytes, 0, bytes.len() as u64);
        let inside = walk.list().ok_or(NoQueue::Other)?;
        let mut elements = VecDeque::new();
        for _ in 0..inside {
            let from = walk.at();
            walk.skip().ok_or(NoQueue::Other)?;
            elements.try_reserve(1)?;
            elements.push_back(from as usize..walk.at() as usize);
        }
        // (An element of a patch tells of nothing but of itself.)
        if walk.refers() {
            return Err(NoQueue::Other);
        }
        while !walk.is_over() {
            let start = walk.at() as usize;
            elements.try_reserve(1)?;
            match walk.patch().ok_or(NoQueue::Other)? {
                Patch::Put { number, from, to } if number == elements.len() as u64 => {
                    elements.push_back(from as usize..to as usize);
                }
                Patch::Take(count) => {
                    for _ in 0..count {
                        elements.pop_front().ok_or(NoQueue::Other)?;
                    }
                }
                Patch::First { from, to } if bytes[start..].starts_with(&FIRST_WITHOUT_KEY) => {
                    elements.push_front(from as usize..to as usize);
                }
                _ => return Err(NoQueue::Other),
            }
        }
        Ok(Self { bytes, elements })
    }

    /// The number of elements.
    pub fn len(&self) -> u64 {
        self.elements.len() as u64
    }

    /// The first element.
    pub fn first(&self) -> Option<&'a [u8]> {
        self.elements.front().map(|at| &self.bytes[at.clone()])
    }

    /// All of them, in their order.
    pub fn elements(&self) -> impl Iterator<Item = &'a [u8]> + Clone {
        self.elements.iter().map(|at| &self.bytes[at.clone()])
    }

    /// All of them, as a list that tells of nothing.
    pub fn list(&self) -> Result<Vec<u8>, NoMemory> {
        self.list_behind(None)
    }

    /// The same, with another element before all.
    pub fn with_first(&self, element: &'a [u8]) -> Result<Vec<u8>, NoMemory> {
        self.list_behind(Some(element))
    }

    /// An element that tells of itself, as it would in a place of its own, has to stay in a patch, and so have all behind it.
    fn list_behind(&self, first: Option<&'a [u8]>) -> Result<Vec<u8>, NoMemory> {
        let elements = || first.into_iter().chain(self.elements());
        let in_array = |element: &&[u8]| list::refers(element) == Some(false);
        let inside = elements().take_while(in_array).count();
        let head = list::Head::of_list(u32::try_from(inside).expect("a list has fewer elements"));
        let heads = || (inside as u64..).map(list::Head::of_put).zip(elements().skip(inside));
        let behind = heads().map(|(head, element)| head.bytes().len() + element.len()).sum::<usize>();
        let length = head.bytes().len() + elements().take(inside).map(<[u8]>::len).sum::<usize>() + behind;
        let mut list = Vec::new();
        list.try_reserve_exact(length).map_err(|_| NoMemory(length as u64))?;
        list.extend_from_slice(head.bytes());
        elements().take(inside).for_each(|element| list.extend_from_slice(element));
        for (head, element) in heads() {
            list.extend_from_slice(head.bytes());
            list.extend_from_slice(element);
        }
        Ok(list)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patches_are_a_part_of_the_list() {
        // [1, 2], then 3 behind it, one taken off, and 0 put before all.
        let put = [list::Head::of_put(2).bytes(), &[3]].concat();
        let first = list::put_first(list::Item { key: None, element: &[0] }).unwrap();
        let bytes = [&[0x92, 1, 2][..], &put, &list::take_one(), &first].concat();
        let queue = Queue::read(&bytes).unwrap().unwrap();
        assert_eq!((queue.len(), queue.first()), (3, Some(&[0][..])));
        assert_eq!(queue.elements().collect::<Vec<_>>(), [[0], [2], [3]]);
        assert_eq!(queue.list().unwrap(), [0x93, 0, 2, 3]);
        assert_eq!(queue.with_first(&[9]).unwrap(), [0x94, 9, 0, 2, 3]);
        for other in [&[0x81, 1, 2][..], &[1], &[0x92, 1], &[0x91, 1, 0x92, 0x91, 7, 1], &[0x90, 0x91, 1]] {
            assert!(Queue::read(other).unwrap().is_none(), "{other:?}");
        }
    }

    #[test]
    fn an_element_that_tells_of_itself_stays_in_its_patch() {
        let element = [0x92, 0x92, 0xd4, 1, b'C', 0x80, 0xd4, 4, 2];
        let put = |number: u64, element: &[u8]| [list::Head::of_put(number).bytes(), element].concat();
        let bytes = [&[0x91, 1][..], &put(1, &element), &put(2, &[5])].concat();
        let queue = Queue::read(&bytes).unwrap().unwrap();
        assert_eq!(queue.list().unwrap(), [&[0x91, 1][..], &put(1, &element), &put(2, &[5])].concat());
    }
}
