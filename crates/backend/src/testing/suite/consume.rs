//! Items in consumption.

use std::mem::MaybeUninit;
use std::time::Duration;

use super::super::queues::{array, element, push, read, shift};
use super::{VersionOf, content, is_held, keys, put, value};
use crate::list::{self, Item};
use crate::testing::Fixture;
use crate::{
    Backend, BackendError, Change, Found, Now, Patience, Peeked, Places, Remedy, Stats, Surroundings, Taken,
    Transactional, list_note,
};

/// Takes the first element for consumption.
fn take<B: Backend>(store: &B, key: &[u8]) -> Option<(u64, Vec<u8>)> {
    let mut out = Vec::new();
    match store.take(key, &mut out).unwrap() {
        Taken::Item(item) => Some((item, out)),
        Taken::Nothing => None,
        Taken::Whole => panic!("a list that cannot be taken apart"),
    }
}

fn elements(count: u32) -> Vec<Vec<u8>> {
    (0..count).map(|number| element(number, 20)).collect()
}

/// The names of lists of which somebody consumes an item.
fn consuming<B: Backend>(store: &B) -> Vec<Vec<u8>> {
    let Stats { consuming, .. } = store.stats().unwrap();
    consuming.into_iter().map(|consumer| consumer.name).collect()
}

/// Reads the first element, and takes it from what was read, as it is there under this key; `rest` is left.
fn take_read<B: Backend>(store: &B, key: &[u8], first: Item, rest: &[u8]) -> Option<u64> {
    let (mut version, mut out) = (B::Version::default(), Vec::new());
    store.get(key, &mut version, &mut out).unwrap();
    store.take_read(key, first, (&rest[..1], &rest[1..]), &mut version).unwrap()
}

pub fn an_item_that_was_taken_is_nowhere_until_it_goes_back_or_is_done_with<F: Fixture>() {
    let place = F::new();
    let (store, other) = (place.handle(), place.handle());
    assert_eq!(take(&store, b"a"), None, "there is no store");
    assert!(!store.finish(1).unwrap());
    store.give_back(1);
    put(&store, b"other", b"value");
    assert_eq!(take(&store, b"a"), None);
    let elements = elements(3);
    push(&store, b"a", &elements);
    let (first, bytes) = take(&store, b"a").unwrap();
    let (second, _) = take(&other, b"a").unwrap();
    assert_eq!(bytes, elements[0]);
    assert!(second > first && first > 0);
    let rest = |store: &F::Store| read(&value(store, b"a").unwrap());
    assert_eq!(rest(&other), &elements[2..]);
    assert_eq!((keys(&other), other.len().unwrap()), (vec!["other".into(), "a".into()], 2));
    assert_eq!(content(&other).len(), 2);
    assert_eq!(consuming(&store), [b"a", b"a"]);
    assert!(store.finish(first).unwrap());
    assert!(!store.finish(first).unwrap());
    store.give_back(first);
    assert_eq!((rest(&store), consuming(&store)), (elements[2..].to_vec().into(), vec![b"a".to_vec()]));
    other.give_back(second);
    assert_eq!((rest(&store), consuming(&store).len()), (elements[1..].to_vec().into(), 0));
    assert!(!other.finish(second).unwrap());
    // The last ones leave an empty list, to which they go back.
    let items = [take(&store, b"a").unwrap().0, take(&store, b"a").unwrap().0];
    assert_eq!((take(&store, b"a"), rest(&store).len()), (None, 0));
    items.iter().rev().for_each(|&item| store.give_back(item));
    assert_eq!(rest(&other), &elements[1..]);
    assert_eq!(shift(&other, b"a").as_ref(), Some(&elements[1]));
    assert_eq!(push(&other, b"a", &elements), 4);
    assert_eq!(store.len().unwrap(), 2);
}

pub fn an_item_goes_back_to_a_list_that_others_have_changed<F: Fixture>() {
    let place = F::new();
    let (store, other) = (place.handle(), place.handle());
    let elements = elements(8);
    let rest = || read(&value(&other, b"a").unwrap());
    // Pushed to, taken from.
    push(&store, b"a", &elements[..4]);
    let (item, _) = take(&store, b"a").unwrap();
    push(&other, b"a", &elements[4..]);
    shift(&other, b"a");
    store.give_back(item);
    assert_eq!(rest(), [&elements[..1], &elements[2..]].concat());
    // Assigned anew.
    let (item, _) = take(&store, b"a").unwrap();
    put(&other, b"a", &array(&elements[5..].to_vec().into()));
    store.give_back(item);
    assert_eq!(rest(), [&elements[..1], &elements[5..]].concat());
    // Removed, and made again.
    let (item, _) = take(&store, b"a").unwrap();
    other.remove(b"a").unwrap();
    assert_eq!((other.len().unwrap(), take(&other, b"a")), (0, None));
    store.give_back(item);
    assert_eq!((rest(), other.len().unwrap()), (elements[..1].to_vec().into(), 1));
    push(&other, b"a", &elements[1..3]);
    assert_eq!(rest(), &elements[..3]);
    // Null is nothing.
    let (item, _) = take(&store, b"a").unwrap();
    put(&other, b"a", &[0xc0]);
    store.give_back(item);
    assert_eq!(rest(), &elements[..1]);
}

pub fn an_item_goes_back_with_its_key_to_an_array_that_cannot_be_taken_apart<F: Fixture>() {
    let place = F::new();
    let (store, mut out) = (place.handle(), Vec::new());
    let map = [0x82, 0xa1, b'k', 1, 0, 2];
    let rest = [0x81, 0, 2];
    put(&store, b"a", &map);
    assert_eq!(store.take(b"a", &mut out).unwrap(), Taken::Whole);
    let first = Item { key: Some(b"k"), element: &[1] };
    let item = take_read(&store, b"a", first, &rest).unwrap();
    assert_eq!((value(&store, b"a").unwrap(), consuming(&store).len()), (rest.to_vec(), 1));
    let mut old = VersionOf::<F>::default();
    assert_eq!(store.take_read(b"a", first, (&rest[..1], &rest[1..]), &mut old).unwrap(), None, "nothing was read");
    store.give_back(item);
    let patch = list::put_first(first).unwrap();
    assert_eq!(patch, [0x93, 0xff, 0xa1, b'k', 1]);
    assert_eq!(value(&store, b"a").unwrap(), [&rest[..], &patch].concat());
    assert_eq!(store.peek(b"a", &mut VersionOf::<F>::default(), &mut out).unwrap(), Peeked::Noted(i64::MIN));
    // To a list that tells of what stands before it, and of one that does.
    let (object, met_before) = ([0x92, 0xd4, 1, b'C', 0x80], [0xd4, 4, 2]);
    let list = [&[0x92][..], &object, &met_before].concat();
    let itself = [&[0x92][..], &object, &met_before].concat();
    for (list, element) in [(&list[..], &[7][..]), (&[0x92, 1, 2], &itself)] {
        put(&store, b"a", &[0x91, 1]);
        let first = Item { key: None, element };
        let item = take_read(&store, b"a", first, list).unwrap();
        store.give_back(item);
        assert_eq!(value(&store, b"a").unwrap(), [list, &list::put_first(first).unwrap()].concat());
    }
    // Nothing is there: the list is made with it.
    for (first, note) in
        [(Item { key: Some(b"k"), element: &[1] }, i64::MIN), (Item { key: None, element: &itself }, list_note(1))]
    {
        put(&store, b"a", &map);
        let item = take_read(&store, b"a", first, &rest).unwrap();
        store.remove(b"a").unwrap();
        store.give_back(item);
        assert_eq!(value(&store, b"a").unwrap(), [&[0x90][..], &list::put_first(first).unwrap()].concat());
        assert_eq!(store.peek(b"a", &mut VersionOf::<F>::default(), &mut out).unwrap(), Peeked::Noted(note));
    }
}

pub fn an_item_waits_for_its_list_where_something_else_is<F: Fixture>() {
    let place = F::new();
    let (store, elements) = (place.handle(), elements(2));
    let object = [0x92, 0xd4, 1, b'C', 0x80];
    for other in [&b"\x07"[..], b"\xa4text", &object] {
        put(&store, b"a", &array(&elements.clone().into()));
        let (item, _) = take(&store, b"a").unwrap();
        put(&store, b"a", other);
        store.give_back(item);
        assert_eq!(value(&store, b"a").unwrap(), other);
        assert_eq!(consuming(&store).len(), 0, "nobody is consuming it");
        store.remove(b"a").unwrap();
        // (Where one was stuck, looking again may take a moment.)
        let mut found = None;
        for _ in 0..1000 {
            found = take(&store, b"a");
            if found.is_some() {
                break;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        let (item, bytes) = found.expect("it comes back");
        assert_eq!(bytes, elements[0]);
        assert!(store.finish(item).unwrap());
    }
}

pub fn an_item_ends_with_all_content_and_expires_with_its_list<F: Fixture>() {
    let place = F::new();
    let (store, elements) = (place.handle(), elements(2));
    let again = |store: &F::Store| {
        store.remove(b"a").unwrap();
        push(store, b"a", &elements);
        take(store, b"a").unwrap().0
    };
    let item = again(&store);
    store.replace(&[(b"b", b"value")]).unwrap();
    store.give_back(item);
    assert_eq!(keys(&store), ["b"]);
    let item = again(&store);
    store.commit(&[Change::Clear], None).unwrap();
    assert!(!store.finish(item).unwrap(), "it is gone");
    assert_eq!(keys(&store).len(), 0);
    let item = again(&store);
    store.destroy().unwrap();
    assert!(!store.finish(item).unwrap());
    assert_eq!(store.len().unwrap(), 0);
    // It expires with its list, unless that lives longer than it was to.
    crate::clock::start_at(1_000_000);
    for (touched, left) in [(false, None), (true, Some(2))] {
        let mut version = VersionOf::<F>::default();
        let soon = Now::read().after(50);
        store.put_until(b"a", (&array(&elements.clone().into()), b""), soon, &mut version).unwrap();
        let item = take(&store, b"a").unwrap().0;
        if touched {
            assert!(store.touch(b"a", None, &mut version).unwrap());
        }
        crate::clock::set(crate::clock::now() + 60);
        store.give_back(item);
        assert_eq!(value(&store, b"a").map(|bytes| read(&bytes).len()), left);
    }
    // One that is made again for it expires when it was to.
    let mut version = VersionOf::<F>::default();
    let soon = Now::read().after(50);
    store.put_until(b"a", (&array(&elements.clone().into()), b""), soon, &mut version).unwrap();
    let item = take(&store, b"a").unwrap().0;
    store.remove(b"a").unwrap();
    store.give_back(item);
    assert_eq!(store.facts(b"a").unwrap().unwrap().expiry, soon);
}

pub fn an_item_is_its_handles_alone<F: Fixture>() {
    let place = F::new();
    let (store, other, elements) = (place.handle(), place.handle(), elements(4));
    push(&store, b"a", &elements);
    let items: Vec<u64> = (0..3).map(|_| take(&other, b"a").unwrap().0).collect();
    assert!(!store.finish(items[0]).unwrap());
    store.give_back(items[0]);
    assert_eq!(consuming(&store).len(), 3, "it is another handle's");
    // They go back with their handle, in their order.
    assert!(other.finish(items[1]).unwrap());
    let mut version = VersionOf::<F>::default();
    store.get(b"a", &mut version, &mut Vec::new()).unwrap();
    drop(other);
    let mut out = Vec::new();
    assert_ne!(store.get(b"a", &mut version, &mut out).unwrap(), Found::Unchanged);
    let all = [&elements[..1], &elements[2..]].concat();
    assert_eq!((read(&value(&store, b"a").unwrap()), consuming(&store).len()), (all.into(), 0));
    // Nor without room.
    let mut places = [MaybeUninit::uninit(); 4];
    let error = store.take(b"a", &mut Places::new(&mut places)).unwrap_err();
    assert!(matches!(error.remedy(), Remedy::MakeRoom(_)), "{error}");
    assert_eq!((shift(&store, b"a").as_ref(), consuming(&store).len()), (Some(&elements[0]), 0));
}

pub fn taking_waits_for_others_and_not_in_a_transaction<F: Fixture>() {
    let place = F::new();
    let (store, other, elements) = (place.handle(), place.handle(), elements(3));
    push(&store, b"a", &elements);
    let (item, _) = take(&store, b"a").unwrap();
    other.lock(Patience::default()).unwrap();
    assert!(is_held(store.take(b"a", &mut Vec::new())));
    assert!(is_held(store.finish(item)));
    // It is given up, and goes back when that can be.
    store.give_back(item);
    assert_eq!(consuming(&other).len(), 0);
    other.unlock();
    let (item, bytes) = take(&store, b"a").unwrap();
    assert_eq!(bytes, elements[0]);
    // One's own lock is in nobody's way.
    store.lock(Patience::default()).unwrap();
    store.give_back(item);
    assert_eq!(take(&store, b"a").unwrap().1, elements[0]);
    store.unlock();
    let transactional = Transactional::new(other, Surroundings { fiber: || 1, has_memory: |_| true });
    let (item, bytes) = take(&transactional, b"a").unwrap();
    assert_eq!(bytes, elements[1]);
    transactional.begin().unwrap();
    assert_eq!(take(&transactional, b"a"), None);
    assert_eq!(take_read(&transactional, b"a", Item { key: None, element: &[1] }, &[0x90]), None);
    assert!(transactional.finish(item).unwrap(), "what was taken before can end in it");
    transactional.end();
    assert_eq!(take(&transactional, b"a").unwrap().1, elements[2]);
}
