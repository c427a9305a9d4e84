//! Reads while others write.

use super::*;

/// Overwrites a key until other bytes lie wherever its value may have been.
fn overwrite(path: &Path, key: &'static [u8], length: usize) -> impl FnOnce() + 'static {
    let store = Store::new(path.to_owned(), Options::default());
    move || (0..200).for_each(|n: u8| put(&store, key, &vec![n; length]))
}

#[test]
fn a_value_that_is_overwritten_while_it_is_copied_is_read_anew() {
    let path = TemporaryPath::new();
    let (store, mut seen, mut out) = (path.store(), Version::default(), Vec::new());
    put(&store, b"x", &[255; 5000]);
    let found =
        while_somebody("copying a value", overwrite(&path.0, b"x", 5000), || store.get(b"x", &mut seen, &mut out));
    assert_eq!(found.unwrap(), Found::Value);
    assert!(out == [199; 5000], "{} and {}", out[0], out[4999]);
}

#[test]
fn a_long_value_that_is_overwritten_before_or_while_it_is_copied_is_not_read() {
    let path = TemporaryPath::new();
    let (store, mut seen, mut out) = (path.store(), Version::default(), Vec::new());
    let mut room = vec![MaybeUninit::uninit(); 5000];
    put(&store, b"x", &[255; 5000]);
    let left = long(store.get_short(b"x", 1000, &mut seen, &mut out).unwrap());
    assert_eq!(left.length, 5000);
    assert!(store.read_unread(&left, 0, &mut room).unwrap());
    let read = while_somebody("copying a long value", overwrite(&path.0, b"x", 5000), || {
        store.read_unread(&left, 0, &mut room)
    });
    assert!(!read.unwrap());
    // For as long as others lie there.
    for _ in 0..200 {
        put(&store, b"x", &[1; 5000]);
        assert!(!store.read_unread(&left, 0, &mut room).unwrap());
    }
}

/// A value could be made to look like the record that is asked for, by whoever supplies values.
#[test]
fn the_bytes_of_a_value_do_not_pass_for_one_that_was_left_where_it_is() {
    let path = TemporaryPath::new();
    let (store, mut seen, mut out) = (path.store(), Version::default(), Vec::new());
    let mut room = vec![MaybeUninit::uninit(); 40_000];
    put(&store, b"before", &[0; 60_000]);
    put(&store, b"x", &[b'x'; 40_000]);
    let before = long(store.get_short(b"before", 1000, &mut Version::default(), &mut out).unwrap());
    let left = long(store.get_short(b"x", 1000, &mut seen, &mut out).unwrap());
    assert!(store.read_unread(&left, 0, &mut room).unwrap());
    // A value that comes to lie over both of their runs looks like the second one, generation and all.
    let start = (Ref::of_word(before.place[1]).offset() + format::RECORD_HEAD) as usize + 2;
    let run = (Ref::of_word(left.place[1]).run()) as usize;
    assert_eq!(run - Ref::of_word(before.place[1]).run() as usize, 60_000usize.next_multiple_of(format::PAGE as usize));
    let mut forged = vec![b'y'; 102_200];
    let file = std::fs::read(&path.0).unwrap();
    forged[run - start..][..40_000].copy_from_slice(&file[run..][..40_000]);
    store.remove(b"before").unwrap();
    store.remove(b"x").unwrap();
    put(&store, b"y", &forged);
    let file = std::fs::read(&path.0).unwrap();
    assert_eq!(file[start..][..forged.len()], forged);
    assert!(!store.read_unread(&left, 0, &mut room).unwrap());
}

#[test]
fn a_value_in_pieces_that_was_left_where_it_is_is_read_as_it_was() {
    let path = TemporaryPath::new();
    let (store, mut seen) = (path.store(), Version::default());
    store.put(b"x", &[1; 5000], &mut seen).unwrap();
    assert_eq!(store.append(b"x", &[2; 100], 0, &mut seen).unwrap(), Appended::Done);
    let mut snapshot = Snapshot::default();
    store.fill(&mut snapshot, 1000).unwrap();
    let Some((b"x", Stored::Left(left))) = snapshot.get(0) else { panic!("{snapshot:?}") };
    let mut room = vec![MaybeUninit::uninit(); left.length as usize];
    store.append(b"x", &[3; 100], 0, &mut seen).unwrap();
    assert!(store.read_unread(&left, 0, &mut room).unwrap());
    // SAFETY: it says that all was read.
    let read: Vec<u8> = room.iter().map(|byte| unsafe { byte.assume_init() }).collect();
    assert_eq!(read, [[1; 5000].as_slice(), &[2; 100]].concat());
    assert!(store.read_unread(&left, 4990, &mut room[..20]).unwrap());
    // SAFETY: as above.
    assert_eq!(unsafe { (room[9].assume_init(), room[10].assume_init(), room[19].assume_init()) }, (1, 2, 2));
    assert!(!store.read_unread(&left, 5090, &mut room[..20]).unwrap());
    store.remove(b"x").unwrap();
    overwrite(&path.0, b"y", 5000)();
    assert!(!store.read_unread(&left, 0, &mut room).unwrap());
}

/// Nothing is copied, and nothing is known of the value afterwards that was not known before.
#[test]
fn a_value_for_which_there_is_no_room_says_how_much_it_takes() {
    let path = TemporaryPath::new();
    let (store, mut seen) = (path.store(), Version::default());
    let wanted = |result: Result<Found>| match result {
        Err(Error { kind: ErrorKind::NoRoom(bytes), .. }) => bytes,
        other => panic!("{other:?}"),
    };
    let mut few = [MaybeUninit::uninit(); 10];
    let mut many = [MaybeUninit::uninit(); 300];
    put(&store, b"x", &[1; 100]);
    assert_eq!(wanted(store.get(b"x", &mut seen, &mut Places::new(&mut few))), 100);
    assert!(!store.is_current(&seen));
    let mut out = Places::new(&mut many);
    assert_eq!(store.get(b"x", &mut seen, &mut out).unwrap(), Found::Value);
    assert!(store.is_current(&seen) && out.items() == [1; 100]);
    // Another one, and pieces of it.
    store.put(b"x", &[2; 50], &mut Version::default()).unwrap();
    assert_eq!(wanted(store.get(b"x", &mut seen, &mut Places::new(&mut few))), 50);
    assert!(!store.is_current(&seen));
    assert_eq!(store.get(b"x", &mut seen, &mut Places::new(&mut many)).unwrap(), Found::Value);
    let mut writer = Version::default();
    store.get(b"x", &mut writer, &mut Vec::new()).unwrap();
    assert_eq!(store.append(b"x", &[3; 200], 0, &mut writer).unwrap(), Appended::Done);
    assert_eq!(wanted(store.get(b"x", &mut seen, &mut Places::new(&mut few))), 200);
    assert!(!store.is_current(&seen));
    let mut out = Places::new(&mut many);
    assert_eq!(store.get(b"x", &mut seen, &mut out).unwrap(), Found::Appended);
    assert_eq!(out.items(), [3; 200]);
    assert_eq!(wanted(store.get(b"x", &mut Version::default(), &mut Places::new(&mut few))), 250);
    // Everything at once.
    let mut snapshot = Snapshot::new(Places::new(&mut few), Vec::new());
    assert!(matches!(store.fill(&mut snapshot, u64::MAX), Err(Error { kind: ErrorKind::NoRoom(251), .. })));
    assert_eq!(snapshot.wanted(), (251, 1));
    let mut snapshot = Snapshot::new(Places::new(&mut many), Vec::new());
    store.fill(&mut snapshot, u64::MAX).unwrap();
    assert_eq!(snapshot.iter().map(|(key, value)| (key.len(), value.len())).collect::<Vec<_>>(), [(1, 250)]);
}

#[test]
fn a_value_in_pieces_that_is_overwritten_while_it_is_collected_or_copied_is_read_anew() {
    for place in ["collecting pieces", "copying pieces"] {
        let path = TemporaryPath::new();
        let (store, mut seen, mut out) = (path.store(), Version::default(), Vec::new());
        store.put(b"x", &[254; 5000], &mut seen).unwrap();
        // In another segment.
        for n in 0..20u8 {
            put(&store, [n], &[n; 5000]);
        }
        assert_eq!(store.append(b"x", &[255; 1000], 0, &mut seen).unwrap(), Appended::Done);
        let read = || store.get(b"x", &mut Version::default(), &mut out);
        let action = overwrite(&path.0, b"x", 5000);
        let others = path.store();
        let action = move || {
            (0..20u8).for_each(|n| assert!(others.remove(&[n]).unwrap()));
            action();
        };
        assert_eq!(while_somebody(place, action, read).unwrap(), Found::Value, "{place}");
        assert!(out == [199; 5000], "{place}: {} bytes", out.len());
    }
}

#[test]
fn a_value_from_the_middle_of_a_section_that_has_ended_meanwhile_is_read_anew() {
    let path = TemporaryPath::new();
    let (store, holder) = (path.store(), Rc::new(path.store()));
    put(&store, b"a", b"before");
    let ends = holder.clone();
    let begin = move || {
        holder.lock(Patience::default()).unwrap();
        put(&holder, b"a", b"middle");
        let end = move || {
            put(&ends, b"a", b"after");
            ends.unlock();
        };
        MEANWHILE.set(Some(("copying a value", Box::new(end))));
    };
    let found = while_somebody("beginning to look", begin, || get(&store, b"a"));
    assert_eq!(found.as_deref(), Some(&b"after"[..]));
}

#[test]
fn a_value_is_not_unchanged_while_the_index_does_not_know_the_new_one() {
    let path = TemporaryPath::new();
    let (store, file, mut seen) = with_x(&path);
    let (mut known, mut out) = (seen, Vec::new());
    store.put(b"x", b"2", &mut seen).unwrap();
    let owner = file.lock().unwrap();
    Index::of(&owner).point(seen.hit().slot, known.hit().record);
    owner.header().pending.set(seen.hit().record.word());
    owner.header().indexed.set(seen.position().unwrap());
    drop(owner);
    assert_eq!(store.get(b"x", &mut known, &mut out).unwrap(), Found::Value);
    assert_eq!(out, b"2");
}

#[test]
fn another_record_at_the_same_offset_under_the_same_key_is_another_one() {
    let path = TemporaryPath::new();
    let store = path.store();
    let (mut known, mut seen, mut out) = (Version::default(), Version::default(), Vec::new());
    store.put(b"x", &[255; 5000], &mut known).unwrap();
    let again = (0..2000u32).find(|n| {
        store.put(b"x", &[*n as u8 & 127; 5000], &mut seen).unwrap();
        seen.hit().record == known.hit().record
    });
    assert!(again.is_some(), "space is used again");
    assert_eq!(store.get(b"x", &mut known, &mut out).unwrap(), Found::Value);
    assert_eq!(out, [again.unwrap() as u8 & 127; 5000]);
}

#[test]
fn a_piece_whose_place_is_another_records_now_is_not_read() {
    let path = TemporaryPath::new();
    let (store, writer) = (path.store(), path.store());
    let (mut seen, mut out) = (Version::default(), Vec::new());
    // The value's segment has nothing else that lives; what is appended lies in another, with what stays.
    store.put(b"x", &[254; 5000], &mut seen).unwrap();
    put(&store, b"filler", &[1; 5000]);
    assert_eq!(store.append(b"x", &[255; 1000], 0, &mut seen).unwrap(), Appended::Done);
    put(&store, b"stays", &[1; 100]);
    let first = Records::of(store.file().view()).before(seen.hit().record).unwrap();
    assert!(!first.is_none() && first.page() != seen.hit().record.page(), "two segments");
    let action = move || {
        let mut seen = Version::default();
        while seen.hit().record != first {
            writer.put(b"x", &[7; 5000], &mut seen).unwrap();
        }
    };
    let read = || store.get(b"x", &mut Version::default(), &mut out);
    assert_eq!(while_somebody("collecting pieces", action, read).unwrap(), Found::Value);
    assert!(out == [7; 5000], "{} bytes", out.len());
}
