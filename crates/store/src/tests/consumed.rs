//! Values with the items in consumption at their head.

use super::*;
use crate::testing::until;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use sync_backend::testing::queues::{self, element, read};
use sync_backend::{Change, Expiry, Now, Taken};

fn push(store: &Store, list: &[u8], numbers: std::ops::Range<u32>) {
    let elements: Vec<Vec<u8>> = numbers.map(|number| element(number, 30)).collect();
    store.retry(|store| Ok(queues::push(store, list, &elements))).unwrap();
}

fn take(store: &Store, list: &[u8]) -> u64 {
    match store.retry(|store| store.take(list, &mut Vec::new())).unwrap() {
        Taken::Item(item) => item,
        other => panic!("{other:?}"),
    }
}

/// A list with its items: the numbers, how many of them are items, and how many are left out.
fn whole(store: &Store, list: &[u8]) -> (Vec<u32>, usize, usize) {
    let (mut seen, mut bytes) = (Version::default(), Vec::new());
    let value = store.retry(|store| store.get_with_items(list, &mut seen, &mut bytes)).unwrap();
    let elements = if value.is_there && value.left_out == 0 { Vec::from(read(&bytes)) } else { Vec::new() };
    let number = |element: &Vec<u8>| u32::from_be_bytes(*element[2..].first_chunk().unwrap());
    (elements.iter().map(number).collect(), value.items, value.left_out)
}

#[test]
fn each_list_has_its_own_items_in_their_order() {
    let path = TemporaryPath::new();
    let (store, reader) = (path.store(), path.store());
    // Names of which one begins as the other; and one that is longer than what the table keeps of it.
    let long = [b'n'; 500];
    let lists: [&[u8]; 5] = [b"", b"a", b"ab", &long, &long[..499]];
    for list in lists {
        push(&store, list, 0..5);
    }
    assert_eq!(store.consumption().unwrap().lists.len(), 0);
    let mut items = Vec::new();
    for _ in 0..3 {
        lists.iter().for_each(|list| items.push(take(&store, list)));
    }
    for list in lists {
        assert_eq!(whole(&reader, list), (vec![0, 1, 2, 3, 4], 3, 0));
    }
    assert!(reader.consumption().unwrap().lists.iter().map(Vec::as_slice).eq([lists[0], b"a", b"ab", lists[4], &long]));
    // An item that is done with is gone, and one that has gone back is in its list again.
    assert!(store.finish(items[0]).unwrap());
    store.give_back(items[11]);
    assert_eq!(whole(&reader, b""), (vec![1, 2, 3, 4], 2, 0));
    assert_eq!(whole(&reader, b"a"), (vec![0, 1, 2, 3, 4], 2, 0));
    // Of a list that is gone there are the items, and of one that is something else none can be in it.
    store.remove(b"ab").unwrap();
    store.put(b"a", b"\xa4text", &mut Version::default()).unwrap();
    assert_eq!(whole(&reader, b"ab"), (vec![0, 1, 2], 3, 0));
    assert_eq!(whole(&reader, b"a"), (vec![], 0, 2));
    assert_eq!(whole(&reader, b"missing"), (vec![], 0, 0));
    store.commit(&[Change::Clear], None).unwrap();
    assert_eq!(whole(&reader, b"ab"), (vec![], 0, 0));
}

#[test]
fn items_expire_with_a_list_that_is_gone() {
    let path = TemporaryPath::new();
    let store = path.store();
    push(&store, b"list", 0..3);
    let expiry: Option<Expiry> = Now::read().after(100);
    let bytes = get(&store, b"list").unwrap();
    store.put_until(b"list", (&bytes, b""), expiry, &mut Version::default()).unwrap();
    take(&store, b"list");
    let (mut seen, mut bytes) = (Version::default(), Vec::new());
    let value = store.get_with_items(b"list", &mut seen, &mut bytes).unwrap();
    assert_eq!((value.expiry, value.items), (expiry, 1));
    store.remove(b"list").unwrap();
    until("they have expired", || !store.get_with_items(b"list", &mut seen, &mut bytes).unwrap().is_there);
}

#[test]
fn no_item_is_missing_while_another_thread_takes_them_and_lets_them_go() {
    let path = TemporaryPath::new();
    let store = path.store();
    push(&store, b"list", 0..6);
    let (over, turns) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU32::new(0)));
    let other = {
        let (over, turns, path) = (over.clone(), turns.clone(), path.0.clone());
        std::thread::spawn(move || {
            let store = Store::new(path, Options::default());
            while !over.load(Ordering::Relaxed) {
                let items = [take(&store, b"list"), take(&store, b"list")];
                items.into_iter().rev().for_each(|item| store.give_back(item));
                turns.fetch_add(1, Ordering::Relaxed);
            }
        })
    };
    until("it has had many turns", || {
        assert_eq!(whole(&store, b"list").0, [0, 1, 2, 3, 4, 5]);
        turns.load(Ordering::Relaxed) > 300
    });
    over.store(true, Ordering::Relaxed);
    other.join().unwrap();
}
