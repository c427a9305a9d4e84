//! Valid stores to start from.

use std::collections::HashMap;
use std::fs::OpenOptions;
use std::os::unix::fs::FileExt;
use std::sync::OnceLock;
use sync_store::testing::{TemporaryPath, draw_identities_from};
use sync_store::{Change, LockName, Options, Patience, Store, Taken, Version};

use super::{HELD, PAGE, header};

/// A valid store, as bytes.
pub struct Base {
    pub image: Vec<u8>,
    pub keys: Vec<Vec<u8>>,
    /// Every value that each key ever had.
    pub values: HashMap<Vec<u8>, Vec<Vec<u8>>>,
    /// Offsets of words whose change matters.
    pub targets: Vec<usize>,
    /// Offsets of segments and large runs, and of the records in them.
    pub runs: Vec<usize>,
    pub records: Vec<usize>,
}

impl Base {
    pub fn key(&self, number: usize) -> Vec<u8> {
        self.keys.get(number % self.keys.len().max(1)).cloned().unwrap_or_default()
    }

    /// Records the file that a history of changes leaves, and the positions of its parts.
    pub fn of(history: impl FnOnce(&mut dyn FnMut(&[u8], &[u8]), &Store)) -> Self {
        let path = TemporaryPath::new();
        draw_identities_from(1);
        let store = Store::new(path.0.clone(), Options::default());
        let (mut keys, mut values) = (Vec::new(), HashMap::<Vec<u8>, Vec<Vec<u8>>>::new());
        let mut put = |key: &[u8], value: &[u8]| {
            store.put(key, value, &mut Version::default()).unwrap();
            if !values.contains_key(key) {
                keys.push(key.to_vec());
            }
            values.entry(key.to_vec()).or_default().push(value.to_vec());
        };
        history(&mut put, &store);
        for (key, value) in store.snapshot().unwrap().iter() {
            values.entry(key.to_vec()).or_default().push(value.to_vec());
        }
        let image = std::fs::read(&path.0).unwrap();
        let mut base = Self { image, keys, values, targets: Vec::new(), runs: Vec::new(), records: Vec::new() };
        base.normalize();
        base.survey();
        base
    }

    /// Clears everything that depends on the file's creator or the time: boot and file (see [`Case::sign`]), the
    /// holder's and the wall clock, the leases.
    pub fn normalize(&mut self) {
        let mut clear = |at: usize, length: usize| self.image[at..at + length].fill(0);
        clear(header::BOOT * 8, 40);
        clear(header::TOUCHED * 8, 8);
        clear(2048, 1024);
        clear(header::HOLD_OBJECT * 8, 8);
        clear(header::HOLD_SINCE * 8, 8);
        clear(header::HOLD_ENDED_AT * 8, 16);
        clear(header::LOCK * 8, 4);
        clear(header::LOCK_TOKENS * 8, 8);
        clear(header::SINCE * 8, 16 * 8);
        let table = self.word(header::LOCK_TABLE * 8) as usize;
        for slot in (table + 64..table + PAGE).step_by(256).take(if table > 0 { 15 } else { 0 }) {
            // Owner and its like: from the lease to the pid.
            self.image[slot + 8..slot + 56].fill(0);
            self.image[slot + 8] = u8::from(self.image[slot] != 0);
        }
        assert_eq!(self.word(header::MORE_LEASES * 8), 0, "one thread writes");
    }

    pub fn word(&self, at: usize) -> u64 {
        u64::from_le_bytes(self.image[at..at + 8].try_into().expect("eight bytes"))
    }

    /// Finds the words that hold positions and lengths.
    pub fn survey(&mut self) {
        for root in [header::DIRECTORY, header::TABLE] {
            let offset = (self.word(root * 8) >> 6 & 0xf_ffff_ffff) as usize * 8;
            self.targets.extend((0..8).map(|n| offset + n * 8).filter(|&at| at > 0));
        }
        let mut at = PAGE;
        while at < self.image.len() {
            let [0xc9, a, b, c, d, kind, ..] = self.image[at..at + 8] else { break };
            let length = u32::from_be_bytes([a, b, c, d]) as usize + 6;
            self.targets.extend([at, at + 8, at + 16, at + 24]);
            match kind {
                // A bucket: slots in use.
                19 => {
                    let slots = (at + 64..at + length).step_by(16).filter(|&slot| self.word(slot + 8) > 1);
                    self.targets.extend(slots.take(40).flat_map(|slot| [slot, slot + 8]).collect::<Vec<_>>());
                }
                // The table of named locks: slots that were used.
                25 => {
                    let slots = (at + 64..at + length - 255).step_by(256).filter(|&slot| self.word(slot) != 0);
                    let words = slots.flat_map(|slot| [0, 8, 16, 32, 56, 64].map(|word| slot + word));
                    self.targets.extend(words.collect::<Vec<_>>());
                }
                // A segment: records.
                22 | 23 => {
                    self.runs.push(at);
                    let mut record = at + 64;
                    while record < at + length && self.image[record] == 0xc9 {
                        let length =
                            u32::from_be_bytes(self.image[record + 1..record + 5].try_into().unwrap()) as usize;
                        self.records.push(record);
                        record += length + 6;
                    }
                }
                _ => {}
            }
            at += length;
        }
        // As likely to be hit as all words found above.
        let step = self.records.len() / 60 + 1;
        let words = self.records.iter().rev().step_by(step).flat_map(|&at| [0, 8, 16, 24, 32].map(|n| at + n));
        self.targets.extend(words.collect::<Vec<_>>());
        let words = [header::LOCK_TABLE, header::LOCK_TOKENS, header::CONSUMING, header::ORPHANS];
        self.targets.extend(words.map(|word| word * 8));
        self.targets.retain(|&at| at + 8 <= self.image.len());
    }

    /// Where the run begins that a record lies in.
    pub fn run_of(&self, record: usize) -> usize {
        self.runs.iter().copied().rfind(|&run| run < record).expect("each record lies in a run")
    }

    /// The reference to a record: its offset, and the class of its segment, or 7 in a run of its own.
    pub fn reference(&self, record: usize) -> u64 {
        let run = self.run_of(record);
        let [_, a, b, c, d, kind, ..] = self.word(run).to_le_bytes();
        let pages = (u32::from_be_bytes([a, b, c, d]) as usize + 6) / PAGE;
        record as u64 | if kind == 22 { u64::from(pages.ilog2()) } else { 7 }
    }

    pub fn with(mut self, words: &[(usize, u64)]) -> Self {
        for &(number, word) in words {
            self.image[number * 8..number * 8 + 8].copy_from_slice(&word.to_le_bytes());
        }
        self
    }
}

/// The stores.
pub fn bases() -> &'static [Base] {
    static BASES: OnceLock<Vec<Base>> = OnceLock::new();
    BASES.get_or_init(made_anew)
}

/// A checksum that shows whether all cases start from the same bytes as the last time.
#[allow(dead_code)]
pub fn fingerprint() -> u32 {
    made_anew().iter().fold(0, |crc, base| crc32c::crc32c_append(crc, &base.image))
}

fn made_anew() -> Vec<Base> {
    let few = |put: &mut dyn FnMut(&[u8], &[u8])| {
        for n in 0..9u8 {
            put(&[b'a' + n], &vec![n; usize::from(n) * 40]);
        }
    };
    let consuming = |put: &mut dyn FnMut(&[u8], &[u8]), store: &Store| {
        few(put);
        store.put(b"list", &[0x95, 1, 2, 3, 4, 5], &mut Version::default()).unwrap();
        // Tokens follow the clock, unless the last one is ahead of it.
        let file = OpenOptions::new().write(true).open(store.path()).unwrap();
        file.write_all_at(&(1u64 << 61).to_le_bytes(), header::LOCK_TOKENS as u64 * 8).unwrap();
        for _ in 0..2 {
            assert!(matches!(store.take(b"list", &mut Vec::new()).unwrap(), Taken::Item(_)));
        }
    };
    let small = || Base::of(|put, _| few(put));
    // The lease of a dead process, as recorded in `lock` and `hold`: one that the process running
    // the case cannot be given.
    let dead = 5 << 32 | 90_000;
    let last = *small().records.last().unwrap();
    let (start, end) = (small().word(last + 16), small().word(header::COMMIT * 8));
    let last = small().reference(last);
    // A batch whose records lie in several runs, at the end of the log: its list, and the position of its first record.
    let batch = || {
        Base::of(|put, store| {
            few(put);
            let long: Vec<Vec<u8>> = (0..30u8).map(|n| vec![n; 700 + usize::from(n / 29) * 20_000]).collect();
            let names: Vec<Vec<u8>> = (0..30u8).map(|n| vec![b'e' + n]).collect();
            let puts = names.iter().zip(&long).map(|(key, body)| Change::Put {
                key,
                head: b"",
                body,
                note: None,
                expiry: None,
                anew: false,
            });
            assert!(store.commit(&puts.chain([Change::Remove { key: b"a" }]).collect::<Vec<_>>(), None).unwrap());
        })
    };
    let base = batch();
    let record_where =
        |is_it: &dyn Fn(usize) -> bool| *base.records.iter().find(|&&at| is_it(at)).expect("it is there");
    let list = base.reference(record_where(&|at| base.image[at + 7] >> 3 == 5));
    let first = base.word(record_where(&|at| base.word(at + 8) >> 32 == 30) + 16);
    vec![
        small(),
        // An empty store: a header alone.
        Base::of(|put, store| {
            put(b"a", b"1");
            let _ = store.lock(Patience::default());
            store.unlock();
        })
        .header_alone(),
        Base::of(|put, _| {
            few(put);
            put(b"large", &[7; 100_000]);
            put(b"larger", &[8; 300_000]);
            put(b"large", &[9; 70_000]);
        }),
        Base::of(|put, _| (0..4_000u32).for_each(|n| put(format!("key{n}").as_bytes(), &n.to_le_bytes()))),
        // Cleaned, with free runs and the traces of removals.
        Base::of(|put, store| {
            for n in 0..6_000u32 {
                put(format!("key{}", n % 100).as_bytes(), &n.to_le_bytes().repeat(20));
            }
            (0..50u32).for_each(|n| assert!(store.remove(format!("key{n}").as_bytes()).unwrap()));
            put(b"large", &[1; 90_000]);
            assert!(store.remove(b"large").unwrap());
        }),
        Base::of(|put, store| {
            few(put);
            store.replace(&[(b"a", b"new"), (b"large", &[2; 80_000])]).unwrap();
        }),
        // Named locks, of an owner that has died, and given back.
        Base::of(|put, store| {
            few(put);
            for name in [&b"a"[..], b"b", &[b'x'; 300]] {
                store.take_lock(LockName::named(name), false).unwrap();
            }
        }),
        // Items in consumption, of an owner that has died.
        Base::of(|put, store| consuming(put, store)),
        Base::of(|put, store| consuming(put, store)).with(&[(header::ORPHANS, 1), (header::LOCK_TABLE, 0)]),
        // A process died: holding the lock, holding the store, between publishing and indexing.
        small().with(&[(header::LOCK, dead)]),
        small().with(&[(header::HOLD, dead), (header::HOLD_STRENGTH, 1), (header::COMMIT, HELD | end)]),
        small().with(&[(header::LOCK, dead), (header::INDEXED, start), (header::PENDING, last)]),
        small().with(&[(header::INDEXED, start), (header::PENDING, last)]),
        small().with(&[(header::LOCK, dead), (header::SUPERSEDING, last)]),
        batch(),
        batch().with(&[(header::LOCK, dead), (header::INDEXED, first), (header::PENDING, list)]),
        batch().with(&[(header::INDEXED, first), (header::PENDING, list)]),
    ]
}

impl Base {
    pub fn header_alone(mut self) -> Self {
        self.image.truncate(PAGE);
        self.targets.clear();
        self.records.clear();
        let end = self.word(header::COMMIT * 8);
        self.with(&[(header::DIRECTORY, 0), (header::TABLE, 0), (header::PAGES, 1), (header::INDEXED, end)])
    }
}
