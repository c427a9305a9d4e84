//! Nothing of the inside of a locked section is seen.

use super::*;

#[test]
fn the_middle_of_what_another_does_under_its_lock_is_not_seen_however_one_looks() {
    type Look = fn(&Store) -> bool;
    let looks: [(&str, Look); 5] = [
        ("a value", |store| is_refused(store.get(b"a", &mut Version::default(), &mut Vec::new()))),
        ("its outline", |store| is_refused(store.peek(b"a", &mut Version::default(), &mut Vec::new()))),
        ("a missing value", |store| is_refused(store.get(b"gone", &mut Version::default(), &mut Vec::new()))),
        ("all values", |store| is_refused(store.snapshot())),
        ("their number", |store| is_refused(store.len())),
    ];
    for (name, look) in looks {
        let path = TemporaryPath::new();
        let store = path.store();
        for key in [&b"a"[..], b"b", b"gone"] {
            put(&store, key, b"1");
        }
        let action = hold_and(&path.0, |holder| {
            put(holder, b"a", b"0");
            assert!(holder.remove(b"gone").unwrap());
        });
        assert!(while_somebody("beginning to look", action, || look(&store)), "{name}");
    }
}

#[test]
fn a_look_that_keeps_writers_away_waits_for_the_holder_of_a_lock_too() {
    let path = TemporaryPath::new();
    let store = path.store();
    // One key: one place to come in between each time.
    put(&store, b"a", b"1");
    let disturbed = path.0.clone();
    assert!(while_somebody("visiting all", move || disturb(disturbed, 2), || is_refused(store.snapshot())));
}

#[test]
fn the_holder_of_a_lock_sees_its_own_writes_and_the_dead_keep_nobody_out() {
    let path = TemporaryPath::new();
    let (store, file, _) = with_x(&path);
    store.lock(Patience::default()).unwrap();
    put(&store, b"x", b"2");
    assert_eq!((get(&store, b"x"), store.len().unwrap()), (Some(b"2".to_vec()), 2));
    assert_eq!(store.snapshot().unwrap().iter().map(|(_, value)| value).collect::<Vec<_>>(), [b"1", b"2"]);
    // As if it had died: nobody has that lease.
    file.map.header().hold.set(7 << 32 | 90_000);
    let other = path.store();
    assert_eq!((get(&other, b"x"), other.len().unwrap()), (Some(b"2".to_vec()), 2));
    assert_eq!(file.map.header().hold.get(), 0);
}
