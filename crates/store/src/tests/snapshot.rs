//! Snapshots are of one moment.

use super::*;

#[test]
fn a_snapshot_is_of_one_moment_whatever_is_written_meanwhile() {
    let path = TemporaryPath::new();
    let (store, writer) = (path.store(), path.store());
    let keys: Vec<[u8; 1]> = (0..20).map(|n| [n]).collect();
    keys.iter().for_each(|key| put(&store, key, b"old"));
    let action = move || keys.iter().for_each(|key| put(&writer, key, b"new"));
    let snapshot = while_somebody("visiting all", action, || store.snapshot()).unwrap();
    let values: Vec<_> = snapshot.iter().map(|(_, value)| value).collect();
    assert_eq!(values, [b"new"; 20]);
}

/// Somebody takes the lock and is in the middle of what it does under it.
#[test]
fn a_snapshot_of_a_store_that_is_destroyed_meanwhile_is_empty() {
    let path = TemporaryPath::new();
    let (store, other) = (path.store(), path.store());
    (0..20u8).for_each(|n| put(&store, [n], b"value"));
    let action = move || other.destroy().unwrap();
    let snapshot = while_somebody("visiting all", action, || store.snapshot()).unwrap();
    assert_eq!(snapshot.iter().count(), 0);
}

#[test]
fn a_snapshot_has_everything_also_where_the_index_has_moved_to_new_blocks() {
    let path = TemporaryPath::new();
    let (store, writer) = (path.store(), path.store());
    put(&store, b"first", b"1");
    let action = move || {
        // They take the blocks that there were, so that the index comes into new ones.
        (0..6u8).for_each(|n| put(&writer, [n], &[1; 60_000]));
        writer.replace(&[(b"a", b"1"), (b"b", b"2")]).unwrap();
    };
    let snapshot = while_somebody("beginning to visit all", action, || store.snapshot()).unwrap();
    assert_eq!(snapshot.iter().count(), 2);
}
