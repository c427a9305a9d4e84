//! Space: the allocated space of the file stays in proportion to its live data, and a full disk is an
//! error that changes nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::PathBuf;
use sync_store::testing::{Random, SmallDisk, TemporaryPath, entries, get, is_in_proportion};
use sync_store::{Change, ErrorKind, Store, Version};

/// A length up to `most`: any magnitude is as likely as any other.
fn length(random: &mut Random, most: u64) -> usize {
    let magnitude = 1 << random.below(u64::from(most.ilog2()) + 1);
    (magnitude + random.below(magnitude)).min(most) as usize
}

fn put(store: &Store, key: u64, value: &[u8]) -> sync_store::Result<()> {
    store.retry(|store| store.put(format!("key{key}").as_bytes(), value, &mut Version::default()))
}

fn remove(store: &Store, key: u64) -> sync_store::Result<bool> {
    store.retry(|store| store.remove(format!("key{key}").as_bytes()))
}

#[track_caller]
fn assert_in_proportion(store: &Store, after: &str) {
    let report = store.retry(Store::check).unwrap();
    assert!(report.problems.is_empty() && is_in_proportion(&report), "{after}: {report:?}");
}

/// Puts and removals of random keys, values of `least` to `least + spread` bytes. (Six parameters: one line of a table of mixes each.)
fn mix(name: &str, keys: u64, least: u64, spread: u64, rounds: u64, seed: u64) {
    let file = TemporaryPath::new();
    let store = file.store();
    let mut random = Random::new(seed);
    let value = vec![7; (least + spread) as usize];
    let mut puts = 70;
    for round in 0..rounds {
        if round % 500 == 0 {
            // Periods of growth, of constant size, of shrinking.
            puts = [90, 70, 50, 20][random.below(4) as usize];
        }
        let key = random.below(keys);
        if random.below(100) < puts {
            put(&store, key, &value[..least as usize + length(&mut random, spread)]).unwrap();
        } else {
            remove(&store, key).unwrap();
        }
        if round % 97 == 0 {
            assert_in_proportion(&store, &format!("{name}, seed {seed}, operation {round}"));
        }
    }
    for key in 0..keys {
        remove(&store, key).unwrap();
        if key % 97 == 0 {
            assert_in_proportion(&store, &format!("{name}, seed {seed}, removing {key}"));
        }
    }
    assert_in_proportion(&store, name);
}

#[test]
fn space_stays_in_proportion_under_any_mix_of_sizes() {
    let seed = u64::from(std::process::id());
    mix("small", 20_000, 0, 64, 20_000, seed);
    mix("medium", 2_000, 100, 8_000, 10_000, seed);
    mix("around-the-limit", 300, 15_000, 3_000, 6_000, seed);
    mix("around-a-block", 150, 60_000, 10_000, 5_000, seed);
    mix("any", 400, 0, 200_000, 6_000, seed);
    mix("large", 30, 100_000, 2_000_000, 1_500, seed);
}

#[test]
fn space_stays_in_proportion_when_many_keys_change_at_one_moment() {
    for (least, spread) in [(1, 16), (10, 4_000), (8_000, 8_000), (17_000, 100_000), (1, 150_000)] {
        let file = TemporaryPath::new();
        let store = file.store();
        let mut random = Random::new(spread);
        let value = vec![7; (least + spread) as usize];
        for round in 0..120 {
            let removals = [10, 50, 90, 100][random.below(4) as usize];
            let keys: BTreeSet<_> = (0..random.below(300)).map(|_| random.below(400)).collect();
            let names: Vec<_> = keys.iter().map(|key| format!("key{key}").into_bytes()).collect();
            let mut changes = Vec::new();
            for key in &names {
                changes.push(if random.below(100) < removals {
                    Change::Remove { key }
                } else {
                    let body = &value[..least as usize + length(&mut random, spread)];
                    Change::Put { key, head: &[], body, note: None, expiry: None, anew: false }
                });
            }
            assert!(store.retry(|store| store.commit(&changes, None)).unwrap());
            assert_in_proportion(&store, &format!("from {least} bytes on, commit {round}"));
        }
    }
}

#[test]
fn a_copy_made_byte_by_byte_is_in_proportion_when_it_is_opened() {
    for keys in [0, 1, 100] {
        let file = TemporaryPath::new();
        let store = file.store();
        for key in 0..100 {
            put(&store, key, &[7; 50_000]).unwrap();
        }
        for key in keys..100 {
            remove(&store, key).unwrap();
        }
        let copy = TemporaryPath::new();
        std::fs::write(&copy.0, std::fs::read(&file.0).unwrap()).unwrap();
        let store = copy.store();
        assert_eq!(store.retry(Store::len).unwrap(), keys);
        assert_in_proportion(&store, &format!("a copy with {keys} keys"));
        put(&store, 200, b"1").unwrap();
        assert_in_proportion(&store, &format!("a copy with {keys} keys, written to"));
    }
}

#[test]
fn a_small_store_takes_little() {
    for (keys, most) in [(1, 16), (10, 16), (100, 24), (1_000, 100)] {
        let file = TemporaryPath::new();
        let store = file.store();
        (0..keys).for_each(|key| put(&store, key, b"\x2a").unwrap());
        let allocated = store.check().unwrap().allocated;
        assert!(allocated <= most << 10, "{keys} keys: {allocated} bytes");
        assert_eq!(std::fs::metadata(&file.0).unwrap().len(), allocated, "nothing but what is needed");
        // Nor much more when everything has been written time and again, and with most of it gone.
        let mut random = Random::new(keys);
        for round in 0..20_000 {
            put(&store, random.below(keys), &[7; 20][..random.below(20) as usize]).unwrap();
            if round == 10_000 {
                (keys / 5..keys).for_each(|key| assert!(remove(&store, key).unwrap()));
            }
            if round % 997 == 0 {
                let report = store.check().unwrap();
                let bound = 7 * (report.live + report.index) + (100 << 10);
                assert!(report.problems.is_empty() && report.allocated < bound, "{keys} keys, {round}: {report:?}");
            }
        }
    }
}

// ---- a full disk ---------------------------------------------------------------------------------

/// A tmpfs of so many bytes; `None` where this user may not mount.
fn small_disk(name: &str, bytes: u64) -> Option<SmallDisk> {
    let folder = PathBuf::from(format!("/dev/shm/sync-space-{}-{name}", std::process::id()));
    let disk = SmallDisk::new(&folder, bytes);
    if let Err(why) = &disk {
        // Not `eprintln!`, whose output is shown only if the test fails.
        let _ = writeln!(std::io::stderr(), "SKIP {name}: this user may not mount a tmpfs ({why})");
    }
    disk.ok()
}

fn assert_holds(store: &Store, model: &BTreeMap<u64, Vec<u8>>, when: &str) {
    let found: BTreeMap<Vec<u8>, Vec<u8>> = entries(store).into_iter().collect();
    let expected = model.iter().map(|(key, value)| (format!("key{key}").into_bytes(), value.clone())).collect();
    assert!(found == expected, "{when}: the store holds something else");
    assert_eq!(store.check().unwrap().problems, Vec::<String>::new(), "{when}");
}

/// Stores until the disk is full, and checks that a failed write changes nothing; removes; stores again.
fn fill(name: &str, disk: u64, least: u64, most: u64) {
    let Some(disk) = small_disk(name, disk) else { return };
    let file = TemporaryPath::in_folder(&disk.0);
    let store = file.store();
    let mut random = Random::new(u64::from(std::process::id()));
    let mut model = BTreeMap::new();
    let mut key = 0;
    for round in 0..6 {
        let mut refused = 0;
        while refused < 30 {
            // New keys and old ones, the same size or another.
            let target = if random.below(4) == 0 { random.below(key + 1) } else { key };
            let value = vec![random.number() as u8; least as usize + length(&mut random, most - least)];
            match put(&store, target, &value) {
                Ok(()) => {
                    model.insert(target, value);
                    key += 1;
                }
                Err(error) => {
                    assert!(matches!(error.kind, ErrorKind::NoSpace), "{name}, round {round}: {error}");
                    refused += 1;
                    let found = get(&store, format!("key{target}"));
                    assert_eq!(found.as_ref(), model.get(&target), "{name}, round {round}");
                }
            }
        }
        assert!(model.len() > 3, "{name}: {} keys on the whole disk", model.len());
        assert_holds(&store, &model, &format!("{name}, full for the {round}th time"));
        // Replacing everything by the same amount needs more space than there is, too.
        let everything: Vec<(Vec<u8>, Vec<u8>)> =
            model.iter().map(|(key, value)| (format!("key{key}").into_bytes(), value.clone())).collect();
        let entries: Vec<(&[u8], &[u8])> = everything.iter().map(|(key, value)| (&key[..], &value[..])).collect();
        if let Err(error) = store.replace(&entries) {
            assert!(matches!(error.kind, ErrorKind::NoSpace), "{name}, round {round}: {error}");
        }
        assert_holds(&store, &model, &format!("{name}, replaced for the {round}th time"));
        // All keys but a few are removed, in random order, one by one.
        let mut keys: Vec<u64> = model.keys().copied().collect();
        while keys.len() > 3 {
            let key = keys.swap_remove(random.below(keys.len() as u64) as usize);
            let removed =
                remove(&store, key).unwrap_or_else(|error| panic!("{name}, round {round}, removing: {error}"));
            assert!(removed);
            model.remove(&key);
        }
        assert_holds(&store, &model, &format!("{name}, emptied for the {round}th time"));
    }
    assert_in_proportion(&store, name);
}

#[test]
fn a_full_disk_changes_nothing_and_can_be_emptied() {
    // From the smallest disk that a store fits on.
    for pages in (4..=16).chain([20, 24, 32, 48, 64, 100]) {
        fill(&format!("{pages}-pages"), pages << 12, 10, 60);
    }
    fill("tiny", 512 << 10, 10, 200);
    fill("small-values", 2 << 20, 1, 100);
    fill("medium-values", 2 << 20, 100, 8_000);
    fill("large-values", 4 << 20, 10_000, 200_000);
    fill("any-values", 4 << 20, 0, 500_000);
}

/// Many values at once, of all sizes: those for which there is no space change nothing.
#[test]
fn a_change_of_many_keys_on_a_full_disk_happens_as_a_whole_or_not_at_all() {
    for (name, disk, count, most) in
        [("some", 80 << 10, 200, 900), ("many", 160 << 10, 900, 200), ("large", 512 << 10, 40, 60_000)]
    {
        let Some(disk) = small_disk(&format!("commit-{name}"), disk) else { return };
        let file = TemporaryPath::in_folder(&disk.0);
        let store = file.store();
        let seed = u64::from(std::process::id());
        let mut random = Random::new(seed);
        let mut model = BTreeMap::new();
        let (mut refused, mut done) = (0, 0);
        let mut is_full = false;
        for round in 0..150 {
            let keys: BTreeSet<u64> = (0..random.below(count)).map(|_| random.below(3 * count)).collect();
            // Changes with many removals after one that there was no space for: whatever the seed, both kinds occur often.
            let every = if is_full { 1 + random.below(2) } else { 7 };
            let goes = |key: u64| (key + round).is_multiple_of(every);
            let parts: Vec<_> = keys
                .into_iter()
                .map(|key| (key, format!("key{key}").into_bytes(), vec![round as u8; length(&mut random, most)]))
                .collect();
            let changes: Vec<_> = parts
                .iter()
                .map(|(n, key, body)| {
                    if goes(*n) {
                        Change::Remove { key }
                    } else {
                        Change::Put { key, head: b"", body, note: None, expiry: None, anew: false }
                    }
                })
                .collect();
            let outcome = store.retry(|store| store.commit(&changes, None));
            is_full = outcome.is_err();
            match outcome {
                Ok(committed) => {
                    assert!(committed);
                    done += 1;
                    for (key, _, value) in parts {
                        if goes(key) {
                            model.remove(&key)
                        } else {
                            model.insert(key, value)
                        };
                    }
                }
                Err(error) => {
                    assert!(matches!(error.kind, ErrorKind::NoSpace), "{name}, seed {seed}, round {round}: {error}");
                    refused += 1;
                }
            }
            assert_holds(&store, &model, &format!("{name}, seed {seed}, round {round}"));
        }
        assert!(refused > 5 && done > 5, "{name}, seed {seed}: {refused} refused, {done} done");
        for key in model.into_keys() {
            assert!(remove(&store, key).unwrap());
        }
        assert_holds(&store, &BTreeMap::new(), name);
    }
}

/// A store that a process, or another one, has deleted takes space for as long as a process has it open: this one lets go of it.
#[test]
fn a_deleted_store_leaves_its_space_to_the_next_one() {
    // Room for one of them, not for two.
    for (bytes, kilobytes) in [(0, 16), (9_000, 64), (100_000, 160)] {
        let Some(disk) = small_disk(&format!("deleted-{bytes}"), kilobytes << 10) else { return };
        let file = TemporaryPath::in_folder(&disk.0);
        let store = file.store();
        for round in 0..5 {
            store.put(b"x", &vec![round; bytes], &mut Version::default()).unwrap();
            std::fs::remove_file(&file.0).unwrap();
            Store::paths_have_changed();
            assert_eq!(store.len().unwrap(), 0, "{bytes} bytes, round {round}");
        }
    }
}

/// The smallest disks: a store that does not fit leaves no file that would be taken for one.
#[test]
fn a_disk_too_small_for_a_store_is_an_error_without_remains() {
    for kilobytes in (4..=64).step_by(4) {
        let Some(disk) = small_disk(&format!("{kilobytes}k"), kilobytes << 10) else { return };
        let file = TemporaryPath::in_folder(&disk.0);
        let store = file.store();
        let mut stored = 0;
        for key in 0..20 {
            match put(&store, key, &[1; 100]) {
                Ok(()) => stored += 1,
                Err(error) => assert!(matches!(error.kind, ErrorKind::NoSpace), "{kilobytes} KiB: {error}"),
            }
        }
        assert_eq!(stored, if kilobytes < 16 { 0 } else { 20 }, "{kilobytes} KiB");
        assert_eq!(store.len().unwrap(), stored, "{kilobytes} KiB");
        // Neither of what is there, nor of what is not, in a file that is no more than its first page.
        for key in [0, 20] {
            let removed = remove(&store, key).unwrap_or_else(|error| panic!("{kilobytes} KiB, key {key}: {error}"));
            assert_eq!(removed, stored > key, "{kilobytes} KiB, key {key}");
        }
        let stored = stored.saturating_sub(1);
        assert_eq!(file.store().snapshot().unwrap().len() as u64, stored, "{kilobytes} KiB");
    }
}
