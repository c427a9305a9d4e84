//! Queues in a file: its size, copies of it, full disks, long elements.

use std::collections::VecDeque;
use std::path::PathBuf;
use sync_backend::testing::queues::{Reader, array, element, push, read, shift};
use sync_store::testing::{Random, SmallDisk, TemporaryPath, get};
use sync_store::{Shifted, Store, Version};

const KEY: &[u8] = b"jobs";

fn assert_sound(store: &Store) {
    let report = store.retry(Store::check).unwrap();
    assert!(report.problems.is_empty(), "{report:?}");
}

/// Bytes that the elements of a queue take, with what a record needs beside each.
fn live(queue: &VecDeque<Vec<u8>>) -> u64 {
    queue.iter().map(|element| element.len() as u64 + 80).sum()
}

/// The memory behind the file is in proportion to what is in the queue: twice as much, and room for a MiB of appends, their
/// frames, and what cleaning leaves.
fn assert_in_proportion(store: &Store, queue: &VecDeque<Vec<u8>>, when: &str) {
    let report = store.retry(Store::check).unwrap();
    let most = 3 * live(queue) + (8 << 20);
    assert!(report.problems.is_empty(), "{when}: {report:?}");
    assert!(report.allocated <= most, "{when}: {} elements, {} bytes, at most {most}", queue.len(), report.allocated);
}

/// Pushes and shifts by two handles, around a length.
fn churn(length: usize, least: u32, most: u32, rounds: u32) {
    let file = TemporaryPath::new();
    let (pusher, taker) = (file.store(), file.store());
    let mut reader = Reader::new(file.store());
    let mut random = Random::new(u64::from(length as u32) + 7);
    let mut queue: VecDeque<Vec<u8>> = (0..length as u32).map(|n| element(n, least)).collect();
    pusher.put(KEY, &array(&queue), &mut Version::default()).unwrap();
    for n in 0..rounds {
        let many = 1 + random.below(3) as u32;
        let new: Vec<_> = (0..many)
            .map(|more| element(n * 4 + more, least + random.below(u64::from(most - least) + 1) as u32))
            .collect();
        queue.extend(new.iter().cloned());
        assert_eq!(push(&pusher, KEY, &new), queue.len() as u64);
        // Back to the length, in the end: sometimes a few more stay, sometimes fewer.
        let goal = length + random.below(9) as usize;
        while queue.len() > goal {
            assert_eq!(shift(&taker, KEY), queue.pop_front());
        }
        if n % (rounds / 8).max(1) == 0 {
            assert_eq!(reader.get(KEY), Some(&queue), "round {n}");
            assert_eq!(read(&get(&taker, KEY).unwrap()), queue, "round {n}");
            assert_in_proportion(&taker, &queue, &format!("length {length}, round {n}"));
        }
    }
    while let Some(element) = queue.pop_front() {
        assert_eq!(shift(&taker, KEY), Some(element));
    }
    assert_eq!(shift(&taker, KEY), None);
    assert_in_proportion(&taker, &queue, "empty");
    assert_eq!(reader.get(KEY), Some(&queue));
}

#[test]
fn a_queue_that_goes_on_for_ever_takes_space_for_what_is_in_it() {
    churn(0, 4, 20, 4_000);
    churn(10, 4, 20, 4_000);
    churn(1_000, 4, 200, 4_000);
    churn(20_000, 4, 30, 20_000);
    churn(40, 10_000, 40_000, 300);
    churn(3, 100_000, 3_000_000, 40);
}

#[test]
fn a_long_list_is_drained_to_its_end() {
    for (in_one, count) in [(true, 40_000), (false, 30_000)] {
        let file = TemporaryPath::new();
        let store = file.store();
        let mut queue: VecDeque<Vec<u8>> = (0..count).map(|n| element(n, 4 + n % 20)).collect();
        if in_one {
            store.put(KEY, &array(&queue), &mut Version::default()).unwrap();
        } else {
            for element in &queue {
                push(&store, KEY, std::slice::from_ref(element));
            }
        }
        let mut reader = Reader::new(file.store());
        while let Some(element) = queue.pop_front() {
            assert_eq!(shift(&store, KEY), Some(element));
            if queue.len().is_multiple_of(5_000) {
                assert_eq!(reader.get(KEY), Some(&queue));
                assert_in_proportion(&store, &queue, "draining");
            }
        }
        assert_eq!(shift(&store, KEY), None);
    }
}

#[test]
fn a_copy_of_the_file_has_the_same_list() {
    let file = TemporaryPath::new();
    let store = file.store();
    let mut queue = VecDeque::new();
    let mut random = Random::new(11);
    for round in 0..40u32 {
        for n in 0..=random.below(60) as u32 {
            let element = element(round * 100 + n, 4 + random.below(50) as u32 * u32::from(round % 7 == 0) * 500);
            push(&store, KEY, std::slice::from_ref(&element));
            queue.push_back(element);
        }
        for _ in 0..random.below(60).min(queue.len() as u64) {
            assert_eq!(shift(&store, KEY), queue.pop_front());
        }
        let copy = TemporaryPath::new();
        std::fs::copy(&file.0, &copy.0).unwrap();
        let copied = copy.store();
        assert_eq!(read(&get(&copied, KEY).unwrap()), queue, "round {round}");
        assert_sound(&copied);
        let mut rest = queue.clone();
        while let Some(element) = rest.pop_front() {
            assert_eq!(shift(&copied, KEY), Some(element), "round {round}");
        }
    }
}

#[test]
fn a_queue_on_a_full_disk_is_drained_without_an_error() {
    let folder = PathBuf::from(format!("/dev/shm/sync-queues-{}", std::process::id()));
    let Ok(disk) = SmallDisk::new(&folder, 400 << 10) else { return };
    let file = TemporaryPath::in_folder(&disk.0);
    let store = file.store();
    let mut queue = VecDeque::new();
    for n in 0.. {
        let element = element(n, 4 + n % 300);
        let list = [&[0x91][..], &element].concat();
        // Values of all sizes fill what the list leaves.
        if store.put(format!("fill {n}").as_bytes(), &list, &mut Version::default()).is_err() {
            break;
        }
        if n % 2 == 0 {
            let length = queue.len() as u64;
            let mut version = Version::default();
            if length == 0 {
                push(&store, KEY, std::slice::from_ref(&element));
            } else {
                store.peek(KEY, &mut version, &mut Vec::new()).unwrap();
                let bytes = sync_backend::testing::queues::patches(length, [&element]);
                let note = sync_backend::list_note(length + 1);
                let appended = sync_backend::Backend::append(
                    &store,
                    KEY,
                    &bytes,
                    note,
                    sync_backend::Rewrite::Store,
                    &mut version,
                );
                if appended.is_err() {
                    break;
                }
            }
            queue.push_back(element);
        }
    }
    assert!(queue.len() > 100);
    let mut failed = 0;
    while let Some(element) = queue.front() {
        let (mut version, mut out) = (Version::default(), Vec::new());
        match store.shift(KEY, &mut version, &mut out) {
            Ok(shifted) => {
                assert_eq!((shifted, &out), (Shifted::Element(queue.len() as u64 - 1), element));
                queue.pop_front();
            }
            // No space for the record that says so. Nothing has happened; a removal makes some.
            Err(error) => {
                assert!(matches!(error.kind, sync_store::ErrorKind::NoSpace), "{error}");
                assert_eq!(read(&get(&store, KEY).unwrap()), queue);
                store.remove(format!("fill {failed}").as_bytes()).unwrap();
                failed += 1;
            }
        }
    }
    assert_sound(&store);
}
