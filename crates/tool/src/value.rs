//! The values of a store, as a tree: what is plain data, and the names of what is not.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::VecDeque;
use std::fmt;

use indexmap::IndexMap;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use sync_backend::list::Walk;
use sync_msgpack::{Packed, ReadError, Reader, Text, write_head};

use crate::printable::Printable;

/// PHP nests arrays and objects so deeply in a value, unless a program changes its `unserialize_max_depth`.
pub const PHP_DEPTH: usize = 4_096;

/// The levels that such a value has in a store at most: an object is a map within an array, there may be an empty array in the deepest one,
/// and strings that objects have made of themselves are two levels around all of it. `main` gives the stack room for them.
pub const DEPTH: usize = 2 * PHP_DEPTH + 3;

/// Why a value cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unread {
    /// It is nested deeper than [`DEPTH`]: a program has raised PHP's limit.
    TooDeep,
    /// Its bytes make no sense.
    Damaged(ReadError),
}

impl fmt::Display for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooDeep => write!(f, "it is nested too deeply (in more than {DEPTH} levels)"),
            Self::Damaged(error) => write!(f, "it is damaged: {error}"),
        }
    }
}

/// A value of PHP.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    String(Cow<'a, [u8]>),
    /// An array with the keys 0, 1, 2 … in this order.
    List(VecDeque<Value<'a>>),
    /// Any other array, in its order.
    Map(IndexMap<Key<'a>, Value<'a>>),
    Foreign(Foreign<'a>),
}

/// A key of an array.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Key<'a> {
    Int(i64),
    String(Cow<'a, [u8]>),
}

/// A part of a value that only PHP knows how to make.
#[derive(Debug, Clone, PartialEq)]
pub enum Foreign<'a> {
    /// An object of this class (of stdClass, if it has no name), with its properties, if they are known.
    Object(&'a [u8], Box<Value<'a>>),
    /// A case of an enum: `Class:Case`.
    Case(&'a [u8]),
    /// An object that stands elsewhere in the value, too.
    SameObject,
    /// A reference to another part of the value.
    Reference,
    /// An ext of a type that is not known here.
    Unknown(i8),
}

impl fmt::Display for Foreign<'_> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Object(b"", _) => f.write_str("an object of stdClass"),
            Self::Object(class, _) => write!(f, "an object of {}", Printable(class)),
            Self::Case(case) => write!(f, "the enum case {}", Printable(case).to_string().replace(':', "::")),
            Self::SameObject => f.write_str("an object that stands in two places"),
            Self::Reference => f.write_str("a reference"),
            Self::Unknown(code) => write!(f, "an ext of type {code}"),
        }
    }
}

/// The kind of a value, as PHP calls it, by its first bytes.
pub fn kind(start: &[u8]) -> String {
    use rmp::Marker::*;
    let Some((&first, behind)) = start.split_first() else { return "?".into() };
    let ext = |bytes| match Depth::new(0).seed().deserialize(&mut Reader::new(bytes)) {
        Ok(Value::Foreign(foreign)) => Some(foreign),
        _ => None,
    };
    match rmp::Marker::from_u8(first) {
        Null => "null".into(),
        True | False => "bool".into(),
        FixPos(_) | FixNeg(_) | U8 | U16 | U32 | U64 | I8 | I16 | I32 | I64 => "int".into(),
        F32 | F64 => "float".into(),
        FixStr(_) | Str8 | Str16 | Str32 | Bin8 | Bin16 | Bin32 => "string".into(),
        FixArray(2) => match ext(behind) {
            Some(Foreign::Object(b"", _)) => "stdClass".into(),
            Some(Foreign::Object(class, _)) => Printable(class).to_string(),
            _ => "array".into(),
        },
        FixArray(_) | Array16 | Array32 if matches!(ext(behind), Some(Foreign::Unknown(6))) => "object".into(),
        FixArray(_) | Array16 | Array32 | FixMap(_) | Map16 | Map32 => "array".into(),
        _ => match ext(start) {
            Some(Foreign::Case(case)) => Printable(case).to_string().replace(':', "::"),
            _ => "?".into(),
        },
    }
}

impl<'a> Value<'a> {
    /// The value that a name has: what the store gives is its first form, and the changes to it since.
    pub fn decode(stored: &'a [u8]) -> Result<Self, Unread> {
        let depth = Depth::new(DEPTH);
        Self::assembled(stored, &depth).map_err(|error| match depth.is_exceeded() {
            true => Unread::TooDeep,
            false => Unread::Damaged(error),
        })
    }

    fn assembled(stored: &'a [u8], depth: &Depth) -> Result<Self, ReadError> {
        let mut reader = Reader::new(stored);
        let mut value = depth.seed().deserialize(&mut reader)?;
        if reader.rest().is_empty() {
            return Ok(value);
        }
        while !reader.rest().is_empty() {
            let patch = depth.seed().deserialize(&mut reader)?;
            value.patch(patch).ok_or(ReadError::Stopped)?;
        }
        value.settle();
        Ok(value)
    }

    /// The bytes of the first form of a value, without the changes since, however deeply it is nested.
    pub fn first(stored: &[u8]) -> Result<&[u8], Unread> {
        let mut walk = Walk::new(stored, 0, stored.len() as u64);
        walk.skip().ok_or(Unread::Damaged(ReadError::Truncated))?;
        Ok(&stored[..walk.at() as usize])
    }

    /// The form in which a store has it. Too long strings and arrays are an error, and what is no plain data.
    pub fn encode(&self, out: &mut Vec<u8>) -> Result<(), String> {
        match self {
            Self::Null => Packed::nil().write(out),
            Self::Bool(is) => Packed::bool(*is).write(out),
            Self::Int(number) => Packed::int(*number).write(out),
            Self::Float(number) => Packed::float(*number).write(out),
            Self::String(text) => encode_string(text, out)?,
            Self::List(list) => {
                Packed::array(count(list.len())?).write(out);
                list.iter().try_for_each(|element| element.encode(out))?;
            }
            Self::Map(map) => {
                Packed::map(count(map.len())?).write(out);
                for (key, value) in map {
                    match key {
                        Key::Int(number) => Packed::int(*number).write(out),
                        Key::String(text) => encode_string(text, out)?,
                    }
                    value.encode(out)?;
                }
            }
            Self::Foreign(foreign) => return Err(foreign.to_string()),
        }
        Ok(())
    }

    /// Changes a part of it. `None`: there is no such part.
    fn patch(&mut self, patch: Self) -> Option<()> {
        let Self::List(mut patch) = patch else { return None };
        match (patch.pop_front()?, patch.pop_front(), patch.pop_front()) {
            (Self::Int(-1), Some(key), Some(value)) => self.put_back(key, value),
            (Self::Int(count), None, None) => self.take(usize::try_from(count).ok()?),
            (Self::List(way), new, None) => self.change(way, new),
            _ => None,
        }
    }

    /// Puts a value before all others: under a key that is a string, if that is not there, else as number 0. Other numbers go on from
    /// there.
    fn put_back(&mut self, key: Self, value: Self) -> Option<()> {
        let key = Some(key).filter(|key| matches!(key, Self::String(_))).and_then(Self::into_key);
        if let (Self::List(list), None | Some(Key::Int(_))) = (&mut *self, &key) {
            list.push_front(value);
            return Some(());
        }
        let old = std::mem::take(self.as_map()?);
        let key = key.filter(|key| !old.contains_key(key)).unwrap_or(Key::Int(0));
        let mut numbers = 0..;
        let numbered = std::iter::once((key, value)).chain(old).filter_map(|(key, value)| match key {
            Key::Int(_) => Some((Key::Int(numbers.next()?), value)),
            key => Some((key, value)),
        });
        *self = Self::Map(numbered.collect());
        Some(())
    }

    /// Takes so many elements off the head of a list.
    fn take(&mut self, count: usize) -> Option<()> {
        self.settle();
        let Self::List(list) = self else { return None };
        (count <= list.len()).then(|| drop(list.drain(..count)))
    }

    /// Puts a value under the last of some keys; without one, removes what is there.
    fn change(&mut self, mut way: VecDeque<Self>, new: Option<Self>) -> Option<()> {
        let key = way.pop_front()?.into_key()?;
        if !way.is_empty() {
            let inner = match (&mut *self, &key) {
                (Self::List(list), Key::Int(number)) => list.get_mut(usize::try_from(*number).ok()?)?,
                (Self::Map(map), key) => map.get_mut(key)?,
                _ => return None,
            };
            inner.change(way, new)?;
            inner.settle();
            return Some(());
        }
        if let (Self::List(list), Key::Int(number)) = (&mut *self, &key)
            && let Some(at) = usize::try_from(*number).ok().filter(|&at| at <= list.len())
        {
            let is_last = at + 1 >= list.len();
            match new {
                Some(new) if at == list.len() => list.push_back(new),
                Some(new) => list[at] = new,
                None if is_last => list.truncate(at),
                None => return Self::put(self.as_map()?, key, None),
            }
            return Some(());
        }
        let map = self.as_map()?;
        Self::put(map, key, new)
    }

    fn put(map: &mut IndexMap<Key<'a>, Self>, key: Key<'a>, new: Option<Self>) -> Option<()> {
        match new {
            Some(new) => map.insert(key, new),
            None => map.shift_remove(&key),
        };
        Some(())
    }

    /// Itself, as an array with any keys.
    fn as_map(&mut self) -> Option<&mut IndexMap<Key<'a>, Self>> {
        if let Self::List(list) = self {
            let entries = std::mem::take(list).into_iter().enumerate();
            *self = Self::Map(entries.map(|(number, value)| (Key::Int(number as i64), value)).collect());
        }
        match self {
            Self::Map(map) => Some(map),
            _ => None,
        }
    }

    /// An array whose keys are 0, 1, 2 … is a list.
    pub fn settle(&mut self) {
        if let Self::Map(map) = self
            && map.keys().zip(0..).all(|(key, number)| *key == Key::Int(number))
        {
            *self = Self::List(std::mem::take(map).into_values().collect());
        }
    }

    /// Itself as the key of an array, as PHP would cast it.
    fn into_key(self) -> Option<Key<'a>> {
        Some(match self {
            Self::Int(number) => Key::Int(number),
            Self::String(text) => Key::of(text),
            Self::Null => Key::String(Cow::Borrowed(b"")),
            Self::Bool(is) => Key::Int(is.into()),
            Self::Float(number) => Key::Int(number as i64),
            _ => return None,
        })
    }
}

fn count(length: usize) -> Result<u32, String> {
    u32::try_from(length).map_err(|_| "it is longer than 4 GiB".into())
}

fn encode_string(text: &[u8], out: &mut Vec<u8>) -> Result<(), String> {
    count(text.len())?;
    write_head(&Text(text), out);
    out.extend_from_slice(text);
    Ok(())
}

impl<'a> Key<'a> {
    /// A string as a key: a number in its shortest form is an int.
    pub fn of(text: Cow<'a, [u8]>) -> Self {
        let number = std::str::from_utf8(&text).ok().and_then(|text| text.parse::<i64>().ok());
        match number {
            Some(number) if number.to_string().as_bytes() == &*text => Self::Int(number),
            _ => Self::String(text),
        }
    }
}

/// The number of levels that a value may have.
pub struct Depth {
    most: usize,
    is_exceeded: Cell<bool>,
}

impl Depth {
    pub fn new(most: usize) -> Self {
        Self { most, is_exceeded: Cell::new(false) }
    }

    /// Reads a value of so many levels.
    pub fn seed(&self) -> Seed<'_> {
        Seed { left: self.most, depth: self }
    }

    /// Whether a value had more.
    pub fn is_exceeded(&self) -> bool {
        self.is_exceeded.get()
    }
}

/// Reads a value that has at most so many levels more.
#[derive(Clone, Copy)]
pub struct Seed<'d> {
    left: usize,
    depth: &'d Depth,
}

impl Seed<'_> {
    /// For what is inside of an array.
    fn inside<E: serde::de::Error>(self) -> Result<Self, E> {
        match self.left.checked_sub(1) {
            Some(left) => Ok(Self { left, ..self }),
            None => {
                self.depth.is_exceeded.set(true);
                Err(E::custom(format_args!("it is nested too deeply (in more than {} levels)", self.depth.most)))
            }
        }
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Value<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Value<'de>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Value<'de>, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, is: bool) -> Result<Value<'de>, E> {
        Ok(Value::Bool(is))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value<'de>, E> {
        Ok(Value::Int(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value<'de>, E> {
        // As PHP reads it.
        Ok(i64::try_from(number).map_or(Value::Float(number as f64), Value::Int))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value<'de>, E> {
        Ok(Value::Float(number))
    }

    fn visit_borrowed_bytes<E>(self, bytes: &'de [u8]) -> Result<Value<'de>, E> {
        Ok(Value::String(Cow::Borrowed(bytes)))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Value<'de>, E> {
        Ok(Value::String(Cow::Borrowed(text.as_bytes())))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value<'de>, E> {
        Ok(Value::String(Cow::Owned(text.as_bytes().to_vec())))
    }

    fn visit_string<E>(self, text: String) -> Result<Value<'de>, E> {
        Ok(Value::String(Cow::Owned(text.into_bytes())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value<'de>, A::Error> {
        let seed = self.inside()?;
        let mut list = VecDeque::with_capacity(elements.size_hint().unwrap_or(0).min(4096));
        while let Some(element) = elements.next_element_seed(seed)? {
            list.push_back(element);
        }
        Ok(object(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value<'de>, A::Error> {
        let seed = self.inside()?;
        let mut map = IndexMap::with_capacity(entries.size_hint().unwrap_or(0).min(4096));
        while let Some(key) = entries.next_key_seed(seed)? {
            let key =
                key.into_key().ok_or_else(|| serde::de::Error::custom("a key is neither a number nor a string"))?;
            map.insert(key, entries.next_value_seed(seed)?);
        }
        let mut value = Value::Map(map);
        value.settle();
        Ok(value)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, ext: D) -> Result<Value<'de>, D::Error> {
        let (code, body): (i8, &'de [u8]) = serde::Deserialize::deserialize(ext)?;
        Ok(Value::Foreign(match code {
            // The head of an array, which says what that is.
            1 | 2 => Foreign::Object(body, Box::new(Value::Null)),
            3 => Foreign::Case(body),
            4 => Foreign::SameObject,
            5 => Foreign::Reference,
            code => Foreign::Unknown(code),
        }))
    }
}

/// An array, or the object that such an array stands for.
fn object(mut list: VecDeque<Value>) -> Value {
    match list.front() {
        Some(&Value::Foreign(Foreign::Object(class, ref inside))) if **inside == Value::Null && list.len() == 2 => {
            Value::Foreign(Foreign::Object(class, Box::new(list.pop_back().unwrap_or(Value::Null))))
        }
        // Strings that objects have made of themselves stand before the value.
        Some(Value::Foreign(Foreign::Unknown(6))) => match list.pop_back() {
            Some(Value::List(mut strings)) => strings.pop_back().unwrap_or(Value::Null),
            other => other.unwrap_or(Value::Null),
        },
        _ => Value::List(list),
    }
}

/// The number of elements of the array with which these bytes begin, if they begin with one that is no object.
pub fn elements(start: &[u8]) -> Option<u64> {
    let is_array = kind(start) == "array";
    let mut rest = start;
    let length = match rmp::Marker::from_u8(*start.first()?) {
        rmp::Marker::FixArray(_) | rmp::Marker::Array16 | rmp::Marker::Array32 => {
            rmp::decode::read_array_len(&mut rest)
        }
        _ => rmp::decode::read_map_len(&mut rest),
    };
    length.ok().filter(|_| is_array).map(u64::from)
}
