//! The content of a store, and whether its file is as it should be.

use crate::check::Report;
use crate::store::Store;
use crate::version::Version;
use sync_backend::{Found, Snapshot};

/// Stores a value, however long others keep this process waiting.
#[track_caller]
pub fn put(store: &Store, key: impl AsRef<[u8]>, value: &[u8]) {
    store.retry(|store| store.put(key.as_ref(), value, &mut Version::default())).unwrap();
}

/// The value of a key, however long others keep this process waiting. `None`: there is none.
#[track_caller]
pub fn get(store: &Store, key: impl AsRef<[u8]>) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    match store.retry(|store| store.get(key.as_ref(), &mut Version::default(), &mut out)).unwrap() {
        Found::Missing => None,
        _ => Some(out),
    }
}

/// All keys and values, in their order.
#[track_caller]
pub fn entries(store: &Store) -> Vec<(Vec<u8>, Vec<u8>)> {
    entries_of(&store.retry(Store::snapshot).unwrap())
}

/// All keys and values of a snapshot, in their order.
pub fn entries_of(snapshot: &Snapshot) -> Vec<(Vec<u8>, Vec<u8>)> {
    snapshot.iter().map(|(key, value)| (key.to_vec(), value.to_vec())).collect()
}

/// The full check finds no problems.
#[track_caller]
pub fn assert_sound(store: &Store) -> Report {
    let report = store.retry(Store::check).unwrap();
    assert_eq!(report.problems, Vec::<String>::new());
    report
}

/// The space that a file may take: twice what lives in it, and a megabyte.
fn promised(report: &Report) -> u64 {
    2 * (report.live + report.index) + (1 << 20)
}

/// Whether the file takes no more space than is promised.
pub fn is_in_proportion(report: &Report) -> bool {
    report.allocated < promised(report)
}

/// The same, without what readers have put behind its free pages.
pub fn uses_in_proportion(report: &Report) -> bool {
    report.used < promised(report)
}

/// As [`assert_sound`]; and the file takes no more space than is promised.
#[track_caller]
pub fn assert_in_proportion(store: &Store) -> Report {
    let report = assert_sound(store);
    assert!(is_in_proportion(&report), "{report:?}");
    report
}
