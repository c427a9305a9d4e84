//! Lists that two handles push to and take from, beside queues in memory that do the same.

use std::collections::{HashMap, VecDeque};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::Fixture;
use crate::list::{Head, Patch, Walk};
use crate::{Appended, Backend, Found, Peeked, Rewrite, Shifted, Taken, list_note, listed};

type Queue = VecDeque<Vec<u8>>;

/// An element: MessagePack's bin, whose bytes tell which one it is.
pub fn element(number: u32, length: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    rmp::encode::write_bin_len(&mut bytes, length.max(4)).unwrap();
    bytes.extend_from_slice(&number.to_be_bytes());
    bytes.resize(bytes.len() + length.saturating_sub(4) as usize, number as u8);
    bytes
}

/// A list in one array.
pub fn array(elements: &Queue) -> Vec<u8> {
    let mut bytes = Head::of_list(elements.len() as u32).bytes().to_vec();
    elements.iter().for_each(|element| bytes.extend_from_slice(element));
    bytes
}

/// The patches that put elements under the numbers from `first` on.
pub fn patches<'a>(first: u64, elements: impl IntoIterator<Item = &'a Vec<u8>>) -> Vec<u8> {
    let put = |(number, element): (u64, &Vec<u8>)| [Head::of_put(number).bytes(), element].concat();
    (first..).zip(elements).flat_map(put).collect()
}

/// The list that bytes are, in an array and patches.
pub fn read(bytes: &[u8]) -> Queue {
    let mut walk = Walk::new(bytes, 0, bytes.len() as u64);
    let mut queue = Queue::new();
    for _ in 0..walk.list().expect("a list") {
        let from = walk.at() as usize;
        walk.skip().expect("an element");
        queue.push_back(bytes[from..walk.at() as usize].to_vec());
    }
    follow(&mut queue, &bytes[walk.at() as usize..]);
    queue
}

/// Does to a list what patches say.
pub fn follow(queue: &mut Queue, patches: &[u8]) {
    let mut walk = Walk::new(patches, 0, patches.len() as u64);
    while !walk.is_over() {
        match walk.patch().expect("a patch") {
            Patch::Put { number, from, to } => {
                assert_eq!(number, queue.len() as u64, "an element is put at the end");
                queue.push_back(patches[from as usize..to as usize].to_vec());
            }
            Patch::Take(count) => drop(queue.drain(..count as usize)),
            Patch::First { from, to } => queue.push_front(patches[from as usize..to as usize].to_vec()),
            Patch::Other => panic!("another patch"),
        }
    }
}

/// Pushes elements; the new length.
pub fn push<B: Backend>(store: &B, key: &[u8], elements: &[Vec<u8>]) -> u64 {
    loop {
        let (mut version, mut start) = (B::Version::default(), Vec::new());
        let pushed = store.push(key, &elements.concat(), elements.len() as u64, &mut version).ok().unwrap();
        if let Some(length) = pushed {
            let peeked = store.peek(key, &mut version, &mut start).ok().unwrap();
            assert_eq!(peeked, Peeked::Unchanged, "the version is that of the list with the elements");
            return length;
        }
        let length = match store.peek(key, &mut version, &mut start).ok().unwrap() {
            Peeked::Missing => {
                let list = [&[0x90][..], &patches(0, elements)].concat();
                let note = list_note(elements.len() as u64);
                if store.put_first(key, &list, note, &mut version).ok().unwrap() {
                    return elements.len() as u64;
                }
                continue;
            }
            Peeked::Noted(note) => listed(note).expect("the note of a list"),
            Peeked::Whole => Walk::new(&start[..], 0, start.len() as u64).list().expect("a list").into(),
            Peeked::Unchanged => unreachable!("nothing was known"),
        };
        let new = length + elements.len() as u64;
        let bytes = patches(length, elements);
        if store.append(key, &bytes, list_note(new), Rewrite::Store, &mut version).ok().unwrap() == Appended::Done {
            return new;
        }
    }
}

/// Takes the first element off, as a program does that can make all of them.
pub fn shift<B: Backend>(store: &B, key: &[u8]) -> Option<Vec<u8>> {
    let (mut version, mut out) = (B::Version::default(), Vec::new());
    match store.shift(key, &mut version, &mut out).ok().unwrap() {
        Shifted::Nothing => None,
        Shifted::Element(_) => Some(out),
        Shifted::Objects => {
            let Taken::Item(item) = store.take(key, &mut out).ok().unwrap() else { panic!("it was there") };
            assert!(store.finish(item).ok().unwrap());
            Some(out)
        }
        Shifted::Whole => panic!("a list that cannot be taken apart"),
    }
}

/// A handle, and the lists as it has read them.
pub struct Reader<B: Backend> {
    pub store: B,
    known: HashMap<Vec<u8>, (B::Version, Queue)>,
}

impl<B: Backend> Reader<B> {
    pub fn new(store: B) -> Self {
        Self { store, known: HashMap::new() }
    }

    /// The list under a key, read as a cache does that follows it.
    pub fn get(&mut self, key: &[u8]) -> Option<&Queue> {
        let (version, queue) = self.known.entry(key.to_vec()).or_default();
        let mut out = Vec::new();
        match self.store.get(key, version, &mut out).ok().unwrap() {
            Found::Missing => {
                self.known.remove(key);
                return None;
            }
            Found::Unchanged => {}
            Found::Value => *queue = read(&out),
            Found::Appended => follow(queue, &out),
            Found::Long(_) => unreachable!("there is no limit"),
        }
        self.known.get(key).map(|(_, queue)| queue)
    }
}

#[derive(Debug, Clone)]
enum Operation {
    Push(u8, Vec<u16>),
    Shift(u8, u8),
    Take(u8),
    Finish(u8),
    GiveBack(u8),
    Assign(u8, Vec<u16>),
    Remove(u8),
    Get(u8),
    Snapshot,
}

fn operation() -> impl Strategy<Value = Operation> {
    // Mostly short ones; some get a piece of their own.
    let length = || prop_oneof![8 => 0..40u16, 2 => 40..3000u16, 1 => 15_000..40_000u16];
    let lengths = move |most: usize| prop::collection::vec(length(), 1..most);
    let key = || 0..3u8;
    prop_oneof![
        8 => (key(), lengths(6)).prop_map(|(key, lengths)| Operation::Push(key, lengths)),
        8 => (key(), 1..8u8).prop_map(|(key, times)| Operation::Shift(key, times)),
        5 => key().prop_map(Operation::Take),
        2 => any::<u8>().prop_map(Operation::Finish),
        3 => any::<u8>().prop_map(Operation::GiveBack),
        1 => (key(), lengths(30)).prop_map(|(key, lengths)| Operation::Assign(key, lengths)),
        1 => key().prop_map(Operation::Remove),
        3 => key().prop_map(Operation::Get),
        1 => Just(Operation::Snapshot),
    ]
}

/// Checks one kind of store.
pub fn check<F: Fixture>() {
    let steps = prop::collection::vec((any::<bool>(), operation()), 1..150);
    let mut runner = TestRunner::new(Config { cases: 32, failure_persistence: None, ..Config::default() });
    let outcome = runner.run(&steps, |steps| {
        let place = F::new();
        let mut handles = [Reader::new(place.handle()), Reader::new(place.handle())];
        let mut model: HashMap<Vec<u8>, Queue> = HashMap::new();
        let mut items: Vec<(bool, u64, u8, Vec<u8>)> = Vec::new();
        let mut number = 0;
        let mut elements = |lengths: Vec<u16>| -> Vec<Vec<u8>> {
            let make = |length: u16| {
                number += 1;
                element(number, length.into())
            };
            lengths.into_iter().map(make).collect()
        };
        for (second, operation) in steps {
            let handle = &mut handles[usize::from(second)];
            match operation {
                Operation::Push(key, lengths) => {
                    let elements = elements(lengths);
                    let queue = model.entry(vec![key]).or_default();
                    queue.extend(elements.iter().cloned());
                    assert_eq!(push(&handle.store, &[key], &elements), queue.len() as u64);
                }
                Operation::Shift(key, times) => {
                    for _ in 0..times {
                        let expected = model.get_mut(&vec![key]).and_then(Queue::pop_front);
                        assert_eq!(shift(&handle.store, &[key]), expected);
                    }
                }
                Operation::Take(key) => {
                    let mut out = Vec::new();
                    let expected = model.get_mut(&vec![key]).and_then(Queue::pop_front);
                    match (handle.store.take(&[key], &mut out).ok().unwrap(), expected) {
                        (Taken::Nothing, None) => {}
                        (Taken::Item(token), Some(element)) if out == element => {
                            items.push((second, token, key, element));
                        }
                        (taken, expected) => panic!("{taken:?} with {out:x?} instead of {expected:x?}"),
                    }
                }
                Operation::Finish(which) if !items.is_empty() => {
                    let (its, token, ..) = items.remove(usize::from(which) % items.len());
                    assert_eq!(handle.store.finish(token).ok().unwrap(), its == second);
                    if its != second {
                        assert!(handles[usize::from(its)].store.finish(token).ok().unwrap());
                    }
                }
                Operation::GiveBack(which) if !items.is_empty() => {
                    let (its, token, key, element) = items.remove(usize::from(which) % items.len());
                    handles[usize::from(its)].store.give_back(token);
                    model.entry(vec![key]).or_default().push_front(element);
                }
                Operation::Finish(_) | Operation::GiveBack(_) => {}
                Operation::Assign(key, lengths) => {
                    let queue: Queue = elements(lengths).into();
                    handle.store.put(&[key], &array(&queue), &mut Default::default()).ok().unwrap();
                    model.insert(vec![key], queue);
                }
                Operation::Remove(key) => {
                    assert_eq!(handle.store.remove(&[key]).ok().unwrap(), model.remove(&vec![key]).is_some());
                }
                Operation::Get(key) => assert_eq!(handle.get(&[key]), model.get(&vec![key])),
                Operation::Snapshot => {
                    let snapshot = handle.store.snapshot().ok().unwrap();
                    let found: HashMap<_, _> = snapshot.iter().map(|(key, list)| (key.to_vec(), read(list))).collect();
                    assert_eq!(found, model);
                }
            }
        }
        for handle in &mut handles {
            for key in 0..3 {
                assert_eq!(handle.get(&[key]), model.get(&vec![key]));
            }
        }
        Ok(())
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
}
