//! Blocks that are used again: no bytes of a value pass for what was there.

use super::*;

// ---- generations: what shows a reader that a record is still there ------------------------------------------

/// A store in which the block of one segment is about to become the inside of a large value.
struct Trap {
    path: TemporaryPath,
    store: Store,
    /// The segment's block. `x` is the first in it, and all that lives there; before it is `big`.
    block: u64,
    x: Version,
}

impl Trap {
    fn new() -> Self {
        let path = TemporaryPath::new();
        let store = path.store();
        let mut x = Version::default();
        put(&store, b"first", b"1");
        put(&store, b"big", &[1; 3 * format::BLOCK as usize - 200]);
        let mut trap = Self { block: format::block_of(Self::tail(&store) - 1), path, store, x };
        trap.fill_segment();
        trap.store.put(b"x", &[255; 5000], &mut x).unwrap();
        (trap.block, trap.x) = (format::block_of(x.hit().record), x);
        trap.fill_segment();
        trap
    }

    fn file(store: &Store) -> Rc<File> {
        store.follower().current_file().unwrap().unwrap()
    }

    fn tail(store: &Store) -> u64 {
        Self::file(store).map.header().tail.get()
    }

    /// Stores what nobody needs until the tail is in another segment.
    fn fill_segment(&self) {
        let block = format::block_of(Self::tail(&self.store) - 1);
        while format::block_of(Self::tail(&self.store) - 1) == block {
            put(&self.store, b"filler", &[7; 900]);
        }
        assert!(Self::tail(&self.store) < format::block_offset(format::block_of(Self::tail(&self.store) - 1)) + 2000);
    }

    /// The bytes of the segment's block now, but with other bytes in the place of the value that starts with these.
    fn image_with(&self, old: u8, new: u8) -> Vec<u8> {
        let mut image = Vec::new();
        Self::file(&self.store).view().copy(format::block_offset(self.block), format::BLOCK, &mut image).unwrap();
        image.iter_mut().filter(|byte| **byte == old).for_each(|byte| *byte = new);
        image
    }

    /// Overwrites `x`, which frees the segment, and puts these bytes there, as the inside of a value.
    fn spring(path: &Path, block: u64, image: &[u8]) {
        let store = Store::new(path.to_owned(), Options::default());
        put(&store, b"x", b"newest");
        assert!(store.remove(b"big").unwrap());
        let before = (block - 3..block).map(|_| format::BLOCK).sum::<u64>() - format::BLOCK_HEAD - format::RECORD_HEAD;
        let mut value = vec![2; before as usize - b"\xa6forged".len()];
        value.extend_from_slice(&image[..image.len() - 1000]);
        put(&store, b"forged", &value);
        let mut there = Vec::new();
        Self::file(&store).view().copy(format::block_offset(block), image.len() as u64 - 1000, &mut there).unwrap();
        assert!(there == image[..image.len() - 1000], "the value lies elsewhere");
    }

    /// The action that comes in between.
    fn action(&self, image: Vec<u8>) -> impl FnOnce() + 'static {
        let (path, block) = (self.path.0.clone(), self.block);
        move || Self::spring(&path, block, &image)
    }
}

/// Small numbers once were generations: any value could hold one.
#[test]
fn no_number_in_a_value_passes_for_the_generation_of_a_segment_that_was_there() {
    for number in 0..12u64 {
        let trap = Trap::new();
        let image = number.to_le_bytes().repeat(format::BLOCK as usize / 8);
        let mut out = Vec::new();
        let read = || trap.store.get(b"x", &mut Version::default(), &mut out);
        let found = while_somebody("copying a value", trap.action(image), read);
        assert_eq!(found.unwrap(), Found::Value);
        assert!(out == b"newest", "{} bytes like {}", out.len(), out[0]);
    }
}

/// A user who may read the file can make a value of it. The block table tells what is a segment and what is a value.
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
        trap.fill_segment();
        trap.store.put(b"x", &[250; 5000], &mut trap.x).unwrap();
    }
    trap.fill_segment();
    let mut out = Vec::new();
    let read = || trap.store.get(b"x", &mut known, &mut out);
    let found = while_somebody("looking at a position", trap.action(image), read);
    assert_eq!(found.unwrap(), Found::Value);
    assert_eq!(out, b"newest");
}
