//! A value described by its bytes: no object is made, and no user code runs.

use std::collections::HashSet;

use rmp::Marker;

use super::item::{Item, item, skip};
use super::wire;

/// A value, as it is shown to somebody who only looks.
#[derive(Debug, PartialEq)]
pub struct Summary {
    /// As `get_debug_type()` names it; the case of an enum as `Class::Case`.
    pub kind: Vec<u8>,
    /// The number of the elements of an array, or of the properties of an object.
    pub count: Option<u64>,
}

/// Describes the value that `bytes` start with, and that the patches behind it have changed. `None`: the bytes are cut, or are no
/// value; all of them are needed for one that was changed in part, or that strings stand before.
pub fn summarize(bytes: &[u8]) -> Option<Summary> {
    if is_text(*bytes.first()?) {
        return Some(Summary { kind: b"string".to_vec(), count: None });
    }
    let (first, rest) = item(bytes)?;
    let of = |kind: &[u8], count: Option<usize>| {
        Some(Summary { kind: kind.to_vec(), count: count.map(|count| count as u64) })
    };
    match first {
        Item::Null => of(b"null", None),
        Item::Bool(_) => of(b"bool", None),
        Item::Int(_) => of(b"int", None),
        Item::Float(_) => of(b"float", None),
        Item::Text(_) => None,
        Item::Ext(wire::ENUM_CASE, case) => of(
            &case.iter().flat_map(|&byte| if byte == b':' { vec![b':'; 2] } else { vec![byte] }).collect::<Vec<_>>(),
            None,
        ),
        Item::Ext(..) => None,
        Item::Map(_) => count_array(bytes),
        Item::Array(elements) => match (elements, item(rest)) {
            (2, Some((Item::Ext(wire::OBJECT, class), rest))) => {
                let class = if class.is_empty() { wire::DEFAULT_CLASS } else { class };
                match item(rest)? {
                    (Item::Map(properties), _) => of(class, Some(properties)),
                    _ => None,
                }
            }
            (2, Some((Item::Ext(wire::SERIALIZABLE, class), _))) => of(class, None),
            (2, Some((Item::Ext(wire::AMONG, _), rest))) => match item(rest)? {
                // The strings come first. Behind the value are the patches, as behind any other.
                (Item::Array(strings @ 1..), rest) => summarize(skip(rest, strings - 1)?),
                _ => None,
            },
            _ => count_array(bytes),
        },
    }
}

/// Whether a string begins with this byte, however long it is.
fn is_text(byte: u8) -> bool {
    matches!(
        Marker::from_u8(byte),
        Marker::FixStr(_) | Marker::Str8 | Marker::Str16 | Marker::Str32 | Marker::Bin8 | Marker::Bin16 | Marker::Bin32
    )
}

/// A key of an array.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Key<'a> {
    Int(i64),
    Text(&'a [u8]),
}

fn key(bytes: &[u8]) -> Option<(Key<'_>, &[u8])> {
    match item(bytes)? {
        (Item::Int(int), rest) => Some((Key::Int(int), rest)),
        (Item::Text(text), rest) => Some((Key::Text(text), rest)),
        _ => None,
    }
}

/// The keys of an array, those of a list as a number.
#[derive(Default)]
struct Keys<'a> {
    /// The ints from 0 up to this one are keys, but for those that are removed.
    dense: i64,
    removed: HashSet<i64>,
    others: HashSet<Key<'a>>,
}

impl<'a> Keys<'a> {
    fn insert(&mut self, key: Key<'a>) {
        match key {
            Key::Int(int) if (0..self.dense).contains(&int) => {
                self.removed.remove(&int);
            }
            Key::Int(int) if int == self.dense && !self.others.contains(&key) => self.dense += 1,
            _ => {
                self.others.insert(key);
            }
        }
    }

    fn remove(&mut self, key: Key<'a>) {
        match key {
            Key::Int(int) if (0..self.dense).contains(&int) => {
                self.removed.insert(int);
            }
            _ => {
                self.others.remove(&key);
            }
        }
    }

    /// Takes so many elements off the head. `None`: it is no list.
    fn take(&mut self, elements: i64) -> Option<()> {
        let is_list = self.removed.is_empty() && self.others.is_empty() && (0..=self.dense).contains(&elements);
        is_list.then(|| self.dense -= elements)
    }

    /// Puts an element before all others, under a key that is a string unless another one has it. Numbers begin at 0 again.
    fn put_first(&mut self, key: Option<&'a [u8]>) {
        let strings = |key: &Key| matches!(key, Key::Text(_));
        let all = self.count();
        self.others.retain(strings);
        self.removed.clear();
        self.dense = all as i64 - self.others.len() as i64;
        if !key.is_some_and(|key| self.others.insert(Key::Text(key))) {
            self.dense += 1;
        }
    }

    fn count(&self) -> u64 {
        self.dense as u64 - self.removed.len() as u64 + self.others.len() as u64
    }
}

/// Describes an array with its patches.
fn count_array(bytes: &[u8]) -> Option<Summary> {
    let (head, elements) = item(bytes)?;
    let array = |count| Some(Summary { kind: b"array".to_vec(), count: Some(count) });
    let announced = match head {
        Item::Array(elements) | Item::Map(elements) => elements,
        _ => return None,
    };
    let Some(behind) = skip(bytes, 1).filter(|behind| !behind.is_empty()) else { return array(announced as u64) };
    let mut keys = Keys::default();
    match head {
        Item::Array(elements) => keys.dense = elements as i64,
        _ => {
            let mut rest = elements;
            for _ in 0..announced {
                let (key, value) = key(rest)?;
                keys.insert(key);
                rest = skip(value, 1)?;
            }
        }
    }
    let mut rest = behind;
    while !rest.is_empty() {
        let ((Item::Array(parts @ 1..=3), way), end) = (item(rest)?, skip(rest, 1)?) else { return None };
        let way = match item(way)? {
            (Item::Int(-1), way) if parts == 3 => {
                keys.put_first(match item(way)? {
                    (Item::Null, _) => None,
                    (Item::Text(key), _) => Some(key),
                    _ => return None,
                });
                rest = end;
                continue;
            }
            (Item::Array(steps @ 1..), way) if parts < 3 => (steps, way),
            (Item::Int(taken), _) if parts == 1 => {
                keys.take(taken)?;
                rest = end;
                continue;
            }
            _ => return None,
        };
        let (steps, way) = way;
        let (first, _) = key(way)?;
        match (parts, steps) {
            (1, 1) => keys.remove(first),
            _ => keys.insert(first),
        }
        rest = end;
    }
    array(keys.count())
}
