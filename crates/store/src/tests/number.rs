//! The number that comes after the highest one.

use super::*;

#[test]
fn what_is_stored_without_a_name_comes_after_the_highest_number() {
    let path = TemporaryPath::new();
    let (one, other) = (path.store(), path.store());
    for n in 0..3 {
        assert_eq!(put_next(&one, 0), Some(2 * n));
        assert_eq!(put_next(&other, 0), Some(2 * n + 1));
    }
    assert_eq!(get(&one, b"4").as_deref(), Some(&b"value"[..]));
    for name in ["10", "007", "-3", "x", "1e9", "7"] {
        put(&other, name.as_bytes(), b"1");
    }
    assert_eq!(one.next_number(0).unwrap(), Some(11));
    assert_eq!(put_next(&one, 0), Some(11));
    // A name that is gone is not used again.
    assert!(one.remove(b"11").unwrap());
    assert_eq!(put_next(&other, 0), Some(12));
    assert_sound(&one);
    // Other content, other numbers.
    one.replace(&[(b"4", b"1"), (b"x", b"1"), (b"-9", b"1")]).unwrap();
    assert_eq!(put_next(&other, 0), Some(5));
    one.replace(&[]).unwrap();
    assert_eq!(put_next(&other, 0), Some(0));
    one.destroy().unwrap();
    assert_eq!(put_next(&other, 0), Some(0));
    assert_sound(&other);
}

#[test]
fn numbers_below_zero_and_the_highest_one_count_as_in_an_array() {
    let path = TemporaryPath::new();
    let store = path.store();
    put(&store, b"-5", b"1");
    assert_eq!((store.next_number(i64::MIN).unwrap(), store.next_number(0).unwrap()), (Some(-4), Some(0)));
    assert_eq!(put_next(&store, i64::MIN), Some(-4));
    assert_eq!(put_next(&store, 0), Some(0));
    put(&store, b"9223372036854775806", b"1");
    assert_eq!(put_next(&store, 0), Some(i64::MAX));
    let before = store.snapshot().unwrap().len();
    assert_eq!((put_next(&store, 0), store.next_number(0).unwrap()), (None, None));
    assert_eq!(store.snapshot().unwrap().len(), before);
    assert!(store.remove(b"9223372036854775807").unwrap());
    assert_eq!(put_next(&store, 0), Some(i64::MAX));
    assert_sound(&store);
}

#[test]
fn the_next_number_of_a_copy_and_of_a_damaged_header_is_that_of_the_names() {
    let path = TemporaryPath::new();
    let store = path.store();
    for n in 0..5000 {
        assert_eq!(put_next(&store, 0), Some(n));
    }
    let copy = path.copy();
    assert_eq!(put_next(&copy.store(), 0), Some(5000));
    assert_sound(&copy.store());
    // Too low a word takes no name that is there.
    let file = OpenOptions::new().write(true).open(&path.0).unwrap();
    std::os::unix::fs::FileExt::write_all_at(&file, &(17u64 | 1 << 63).to_le_bytes(), 352).unwrap();
    // As if the store had written that itself: else all is made anew.
    std::os::unix::fs::FileExt::write_all_at(&file, &u64::MAX.to_le_bytes(), 488).unwrap();
    assert!(!store.check().unwrap().problems.is_empty());
    assert_eq!(put_next(&store, 0), Some(5000));
    assert_sound(&store);
}

#[test]
fn threads_that_append_without_names_take_no_number_twice() {
    let path = TemporaryPath::new();
    let each = 3000;
    let numbers: Vec<i64> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let store = path.store();
                    let append = || store.retry(|store| store.put_next(b"1", b"", 0, &mut Version::default()));
                    (0..each).map(|_| append().unwrap().unwrap()).collect::<Vec<_>>()
                })
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    let mut sorted = numbers.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, (0..4 * each).collect::<Vec<_>>());
    assert_sound(&path.store());
}
