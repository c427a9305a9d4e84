//! Pages that are used again: no bytes of a value pass for what was there.

use super::*;

// ---- generations: what shows a reader that a record is still there ------------------------------------------

/// A store in which the pages of one segment are about to become the inside of a large value.
struct Trap {
    path: TemporaryPath,
    store: Store,
    /// The segment's first page. `x` is all that lives in it; before it is `big`, of so many pages.
    page: u64,
    big: u64,
    x: Version,
}

const SEGMENT: u64 = Class::LARGEST.size();

impl Trap {
    fn new() -> Self {
        let path = TemporaryPath::new();
        let store = path.store();
        // So much lives that segments are of the largest class.
        (0..40u8).for_each(|n| put(&store, [n], &[1; 15_000]));
        let mut trap = Self { path, store, page: 0, big: 0, x: Version::default() };
        let mut names = 0u32;
        loop {
            // It ends where a segment can begin.
            let mut big = Version::default();
            trap.store.put(b"big", &[1; 40_000], &mut big).unwrap();
            let start = big.hit().record.page();
            trap.store.remove(b"big").unwrap();
            trap.big = 32 - start % 16;
            trap.store.put(b"big", &vec![1; (trap.big * format::PAGE) as usize - 200], &mut big).unwrap();
            let end = big.hit().record.page() + trap.big;
            trap.fill_segment(|| {
                names += 1;
                names.to_le_bytes()
            });
            if trap.tail_page() == end {
                break;
            }
        }
        trap.store.put(b"x", &[255; 5000], &mut trap.x).unwrap();
        trap.page = trap.x.hit().record.page();
        assert_eq!(trap.page, trap.tail_page());
        trap.fill_segment(|| names.to_le_bytes());
        trap
    }

    fn file(store: &Store) -> Rc<File> {
        store.follower().current_file().unwrap().unwrap()
    }

    fn tail_page(&self) -> u64 {
        Self::file(&self.store).map.header().tail.reference().segment_before().unwrap().0 / format::PAGE
    }

    /// Stores values until the tail is in another segment.
    fn fill_segment(&self, mut name: impl FnMut() -> [u8; 4]) {
        let page = self.tail_page();
        while self.tail_page() == page {
            put(&self.store, name(), &[7; 900]);
        }
    }

    /// The bytes of the segment now, but with other bytes in the place of the value that starts with these.
    fn image_with(&self, old: u8, new: u8) -> Vec<u8> {
        let mut image = Vec::new();
        Self::file(&self.store).view().copy(format::page_offset(self.page), SEGMENT, &mut image).unwrap();
        image.iter_mut().filter(|byte| **byte == old).for_each(|byte| *byte = new);
        image
    }

    /// Overwrites `x`, which frees the segment, and puts these bytes there, as the inside of a value.
    fn spring(path: &Path, page: u64, big: u64, image: &[u8]) {
        let store = Store::new(path.to_owned(), Options::default());
        put(&store, b"x", b"newest");
        assert!(store.remove(b"big").unwrap());
        let before = format::page_offset(big) - format::BLOCK_HEAD - format::RECORD_HEAD;
        let mut value = vec![2; before as usize - b"\xa6forged".len()];
        value.extend_from_slice(&image[..image.len() - 1000]);
        put(&store, b"forged", &value);
        let mut there = Vec::new();
        Self::file(&store).view().copy(format::page_offset(page), image.len() as u64 - 1000, &mut there).unwrap();
        assert!(there == image[..image.len() - 1000], "the value lies elsewhere");
    }

    /// The action that comes in between.
    fn action(&self, image: Vec<u8>) -> impl FnOnce() + 'static {
        let (path, page, big) = (self.path.0.clone(), self.page, self.big);
        move || Self::spring(&path, page, big, &image)
    }
}

/// Small numbers once were generations: any value could hold one.
#[test]
fn no_number_in_a_value_passes_for_the_generation_of_a_segment_that_was_there() {
    for number in 0..12u64 {
        let trap = Trap::new();
        let image = number.to_le_bytes().repeat(SEGMENT as usize / 8);
        let mut out = Vec::new();
        let read = || trap.store.get(b"x", &mut Version::default(), &mut out);
        let found = while_somebody("copying a value", trap.action(image), read);
        assert_eq!(found.unwrap(), Found::Value);
        assert!(out == b"newest", "{} bytes like {}", out.len(), out[0]);
    }
}

/// A user who may read the file can make a value of it. The table of pages tells what is a segment and what is a value.
#[test]
fn no_copy_of_a_segment_in_a_value_passes_for_it() {
    let trap = Trap::new();
    let (mut seen, mut out) = (Version::default(), Vec::new());
    let image = trap.image_with(255, 254);
    let read = || trap.store.get(b"x", &mut seen, &mut out);
    let found = while_somebody("copying a value", trap.action(image), read);
    assert_eq!(found.unwrap(), Found::Value);
    assert!(out == b"newest", "{} bytes like {}", out.len(), out[0]);
    assert_sound(&trap.store);

    // Where it was known before.
    let trap = Trap::new();
    let mut seen = trap.x;
    let mut room = vec![MaybeUninit::uninit(); 5000];
    let left = long(trap.store.get_short(b"x", 1, &mut Version::default(), &mut out).unwrap());
    assert!(trap.store.read_unread(&left, 0, &mut room).unwrap());
    let image = trap.image_with(255, 254);
    let read = || trap.store.read_unread(&left, 0, &mut room);
    assert!(!while_somebody("copying a long value", trap.action(image), read).unwrap(), "changed meanwhile");
    assert!(!trap.store.read_unread(&left, 0, &mut room).unwrap(), "changed before");
    assert_eq!(trap.store.get(b"x", &mut seen, &mut out).unwrap(), Found::Value);
    assert_eq!(out, b"newest");
}

#[test]
fn no_copy_of_a_segment_in_a_value_passes_for_a_piece_of_another() {
    for place in ["collecting pieces", "copying pieces"] {
        let mut trap = Trap::new();
        assert_eq!(trap.store.append(b"x", &[253; 1000], 0, &mut trap.x).unwrap(), Appended::Done);
        let image = trap.image_with(255, 254);
        let mut out = Vec::new();
        let read = || trap.store.get(b"x", &mut Version::default(), &mut out);
        let found = while_somebody(place, trap.action(image), read);
        assert_eq!(found.unwrap(), Found::Value);
        assert!(out == b"newest", "{place}: {} bytes like {}", out.len(), out[0]);
    }
}

/// Between two looks a slot named another record at the same offset, and there is a copy of the first one now.
#[test]
fn no_copy_of_a_record_in_a_value_is_the_same_record() {
    let mut trap = Trap::new();
    let (mut known, image) = (trap.x, trap.image_with(0, 0));
    trap.store.put(b"x", b"another", &mut trap.x).unwrap();
    while trap.x.hit().record != known.hit().record {
        trap.fill_segment(|| *b"fill");
        trap.store.put(b"x", &[250; 5000], &mut trap.x).unwrap();
    }
    trap.fill_segment(|| *b"fill");
    let mut out = Vec::new();
    let read = || trap.store.get(b"x", &mut known, &mut out);
    let found = while_somebody("looking at a position", trap.action(image), read);
    assert_eq!(found.unwrap(), Found::Value);
    assert_eq!(out, b"newest");
}
