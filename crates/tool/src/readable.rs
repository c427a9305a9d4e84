//! Whether PHP would read a value, as far as its bytes tell: all that the extension's decoder refuses without asking a program for its
//! classes is refused here. (`docs/format.md` says what there may be.)

use std::borrow::Cow;
use std::collections::HashSet;

use serde::de::Deserialize as _;
use sync_backend::list::Walk;
use sync_msgpack::{Item, ReadError, Reader};

use crate::value::{Key, PHP_DEPTH, Unread, Value};

/// First of two: the class of an object, whose properties follow.
const OBJECT: i8 = 1;
/// First of two: the class of an object that reads itself by a string, which follows, or stands before the value.
const SERIALIZABLE: i8 = 2;
const ENUM_CASE: i8 = 3;
const SAME_OBJECT: i8 = 4;
const SAME_REFERENCE: i8 = 5;
/// First of two around a whole value: references in it, and strings before it.
const AMONG: i8 = 6;

/// Says why PHP would not read a value, which consists of its first form and the changes to it since.
pub fn check(stored: &[u8]) -> Result<(), String> {
    let mut rest = Check::whole(stored, 0)?;
    while !rest.is_empty() {
        rest = change(rest)?;
    }
    // (Whether the changes fit turns out when they are made.)
    Value::decode(stored).map(drop).map_err(|why| why.to_string())
}

/// Checks a change, `[way, value]`, `[way]`, `[count]` or `[-1, key, value]`, and gives the bytes behind it.
fn change(bytes: &[u8]) -> Result<&[u8], String> {
    let mut rest = bytes;
    let Ok(parts) = rmp::decode::read_array_len(&mut rest) else { return Err(damaged(ReadError::Stopped)) };
    // The last part lies in as many arrays as the way has steps.
    let (mut way, mut steps) = (Check::new(rest), 1);
    if let Item::Array(keys) = way.item()? {
        steps = keys;
        for _ in 0..keys {
            if !matches!(way.item()?, Item::Int(_) | Item::Text(_)) {
                return Err(damaged(ReadError::Stopped));
            }
        }
    }
    for part in 1..=parts {
        rest = Check::whole(rest, if part == parts && part > 1 { steps } else { 0 })?;
    }
    Ok(rest)
}

fn damaged(error: ReadError) -> String {
    Unread::Damaged(error).to_string()
}

/// One value, as far as it is known.
struct Check<'v> {
    reader: Reader<'v>,
    /// The values so far, in the order of the numbers by which others refer to them: whether each is an object.
    are_objects: Vec<bool>,
    /// The numbers of objects that chose to be null.
    nulls: HashSet<usize>,
    /// The strings before the value, the first one last, for objects that come: whether each is one, or its object chose to be null.
    strings: Vec<bool>,
    /// Whether parts may refer to others. A key that comes twice would change what they lead to.
    has_pointers: bool,
}

impl<'v> Check<'v> {
    fn new(bytes: &'v [u8]) -> Self {
        let mut walk = Walk::new(bytes, 0, bytes.len() as u64);
        Self {
            reader: Reader::new(bytes),
            are_objects: Vec::new(),
            nulls: HashSet::new(),
            strings: Vec::new(),
            has_pointers: walk.skip().is_none() || walk.refers(),
        }
    }

    /// Checks the value with which these bytes begin, and which lies within so many arrays; gives the bytes behind it.
    fn whole(bytes: &'v [u8], within: usize) -> Result<&'v [u8], String> {
        let mut check = Self::new(bytes);
        if check.item()? == Item::Array(2)
            && let Ok(Item::Ext(AMONG, references)) = check.item()
        {
            check.among(references, within)?;
        } else {
            check = Self::new(bytes);
            check.value(within)?;
        }
        Ok(check.reader.rest())
    }

    fn item(&mut self) -> Result<Item<'v>, String> {
        Item::deserialize(&mut self.reader).map_err(damaged)
    }

    /// As [`Check::item`], of one that stays to be read.
    fn next(&self) -> Result<Item<'v>, String> {
        Item::deserialize(&mut Reader::new(self.reader.rest())).map_err(damaged)
    }

    /// An array of strings and, last, the value.
    fn among(&mut self, references: &[u8], within: usize) -> Result<(), String> {
        // (The kind of the value, and numbers.)
        if references.len() < 4 || !references.len().is_multiple_of(4) {
            return Err(has("an ext of the wrong length"));
        }
        let Item::Array(count @ 1..) = self.item()? else { return Err(has("strings of objects without a value")) };
        for _ in 1..count {
            let is_string = match self.item()? {
                Item::Text(_) => true,
                Item::Null => false,
                _ => return Err(damaged(ReadError::Stopped)),
            };
            self.strings.push(is_string);
        }
        self.strings.reverse();
        self.value(within)?;
        if self.strings.is_empty() { Ok(()) } else { Err(has("strings of objects that are not there")) }
    }

    /// A value that lies in so many arrays and objects.
    fn value(&mut self, depth: usize) -> Result<(), String> {
        match self.item()? {
            Item::Ext(code, body) => return self.ext(code, body),
            Item::Array(count @ 1..) => {
                self.are_objects.push(false);
                let depth = deeper(depth)?;
                match self.next()? {
                    Item::Ext(code @ (OBJECT | SERIALIZABLE), class) if count == 2 => {
                        self.item()?;
                        return self.object(code, class, depth);
                    }
                    _ => (0..count).try_for_each(|_| self.value(depth))?,
                }
            }
            Item::Map(count @ 1..) => {
                self.are_objects.push(false);
                self.entries(count, deeper(depth)?)?;
            }
            _ => self.are_objects.push(false),
        }
        Ok(())
    }

    fn entries(&mut self, count: usize, depth: usize) -> Result<(), String> {
        let mut keys = HashSet::new();
        for _ in 0..count {
            let key = key_of(self.item()?).ok_or_else(|| has("a key that is neither an int nor a string"))?;
            if self.has_pointers && !keys.insert(key) {
                return Err(has("a key twice, among pointers to its parts"));
            }
            self.value(depth)?;
        }
        Ok(())
    }

    /// An object, of which the class has been read, and which was numbered last.
    fn object(&mut self, code: i8, class: &[u8], depth: usize) -> Result<(), String> {
        let number = self.are_objects.len();
        let is_object = match (code, self.item()?) {
            (OBJECT, Item::Map(count)) => {
                self.are_objects[number - 1] = true;
                // (stdClass has no name here.)
                if !class.is_empty() {
                    check_class(class)?;
                }
                return self.entries(count, depth);
            }
            (SERIALIZABLE, Item::Text(_)) => true,
            (SERIALIZABLE, Item::Null) => self.strings.pop().ok_or_else(|| has("an object without its string"))?,
            _ => return Err(damaged(ReadError::Stopped)),
        };
        if is_object {
            self.are_objects[number - 1] = true;
            return check_class(class);
        }
        self.nulls.insert(number);
        Ok(())
    }

    /// An ext that is a value by itself.
    fn ext(&mut self, code: i8, body: &[u8]) -> Result<(), String> {
        let number = || match body.len() {
            1 | 2 | 4 => Ok(body.iter().fold(0, |number, &byte| number << 8 | usize::from(byte))),
            _ => Err(has("an ext of the wrong length")),
        };
        let missing = || has("a pointer to something that is not there");
        match code {
            ENUM_CASE => {
                let colon =
                    body.iter().position(|&byte| byte == b':').ok_or_else(|| has("an enum case without a name"))?;
                let names = [&body[..colon], &body[colon + 1..]];
                if names.iter().any(|name| name.is_empty() || !is_name(name)) {
                    return Err(has("an enum case whose name cannot be one"));
                }
                self.are_objects.push(true);
            }
            SAME_OBJECT => {
                let number = number()?;
                let is_null = self.nulls.contains(&number);
                if !is_null && number.checked_sub(1).and_then(|at| self.are_objects.get(at)) != Some(&true) {
                    return Err(missing());
                }
                self.are_objects.push(!is_null);
            }
            // (It takes no number.)
            SAME_REFERENCE => {
                if !(1..=self.are_objects.len()).contains(&number()?) {
                    return Err(missing());
                }
            }
            AMONG => return Err(has("strings of objects in its middle")),
            OBJECT | SERIALIZABLE => return Err(has("a class name that no object follows")),
            code => return Err(format!("it has an ext of type {code}, which PHP does not know")),
        }
        Ok(())
    }
}

/// The reason for bytes that PHP does not write.
fn has(what: &str) -> String {
    format!("it is damaged: it has {what}")
}

/// The depth within an array or an object that lies in so many.
fn deeper(depth: usize) -> Result<usize, String> {
    if depth >= PHP_DEPTH {
        return Err(format!(
            "it is nested in more than {PHP_DEPTH} levels, which PHP reads only where unserialize_max_depth allows it"
        ));
    }
    Ok(depth + 1)
}

fn check_class(name: &[u8]) -> Result<(), String> {
    let is_one = !matches!(name, [] | [b'\\', ..]) && is_name(name);
    if is_one { Ok(()) } else { Err(has("a class name that cannot be one")) }
}

/// Whether these are bytes of which the name of a class may consist.
fn is_name(name: &[u8]) -> bool {
    name.iter().all(|&byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'\\' | 0x80..))
}

/// An item as the key of an array, if PHP makes one of it.
fn key_of(item: Item<'_>) -> Option<Key<'_>> {
    // 2⁶³: the first that is too large for an int.
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    Some(match item {
        Item::Null => Key::String(Cow::Borrowed(b"")),
        Item::Bool(is) => Key::Int(is.into()),
        Item::Int(number) => Key::Int(number),
        Item::Float(number) if (-LIMIT..LIMIT).contains(&number) => Key::Int(number as i64),
        Item::Text(text) => Key::of(Cow::Borrowed(text)),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn reads(values: &[&[u8]]) {
        for value in values {
            assert_eq!(check(value), Ok(()), "{value:02x?}");
        }
    }

    #[track_caller]
    fn refuses(why: &str, values: &[&[u8]]) {
        for value in values {
            let error = check(value).expect_err(why);
            assert!(error.contains(why), "{value:02x?}: {error}");
        }
    }

    #[test]
    fn plain_values_and_the_objects_of_php_are_read() {
        reads(&[b"\xc0", b"\x92\x01\xa1a", b"\x82\xa1a\x01\xc0\x90", b"\x81\xca\x3f\x80\0\0\x01"]);
        reads(&[
            b"\x92\xc7\x01\x01C\x81\xa1a\x01",
            b"\x92\xc7\0\x01\x80",
            b"\xc7\x03\x03E:A",
            b"\x92\xc7\x01\x02C\xc4\x01x",
            // An object twice, and a reference to the list's first element.
            b"\x93\x92\xc7\x01\x01C\x80\xd4\x04\x02\xd4\x05\x02",
            // Two objects with strings before them, of which the second chose to be null, and is met again.
            b"\x92\xc7\x04\x06\0\0\0\x03\x93\xc4\x01x\xc0\x93\x92\xc7\x01\x02C\xc0\x92\xc7\x01\x02C\xc0\xd4\x04\x03",
            // A key that comes twice, and is nothing that others refer to.
            b"\x82\xa1a\x01\xa1a\x02",
            // A list that was appended to, by a value with numbers of its own.
            b"\x91\x01\x92\x91\x01\x92\x92\xc7\x01\x01C\x80\xd4\x04\x02",
        ]);
    }

    #[test]
    fn what_php_refuses_is_refused() {
        refuses(
            "ext of type 9",
            &[b"\xd4\x09x", b"\x91\xd4\x09x", b"\x81\x01\xd4\x09x", b"\x91\x01\x92\x91\x01\xd4\x09x"],
        );
        refuses(
            "a class name that cannot be one",
            &[
                b"\x92\xc7\x01\x01!\x80",
                b"\x92\xc7\x02\x01\\C\x80",
                b"\x92\xc7\x02\x01\0C\x80",
                b"\x92\xc7\0\x02\xc4\x01x",
            ],
        );
        refuses("no object follows", &[b"\xc7\x01\x01C", b"\x91\xc7\x01\x01C", b"\x93\xc7\x01\x01C\x80\x01"]);
        refuses(
            "it is not made of what it should be",
            &[b"\x92\xc7\x01\x01C\x01", b"\x92\xc7\x01\x02C\x01", b"\x01\x01", b"\x91\x01\x91\x02"],
        );
        refuses("an enum case", &[b"\xc7\x02\x03EA", b"\xc7\x02\x03E:", b"\xc7\x03\x03E!A"]);
        refuses(
            "not there",
            &[b"\xd4\x04\x01", b"\x92\x01\xd4\x04\x02", b"\xd4\x05\x01", b"\x91\xd4\x05\x02", b"\x91\xd4\x05\0"],
        );
        refuses("of the wrong length", &[b"\x91\xc7\x03\x05\0\0\x01", b"\x92\xc7\x03\x06\0\0\0\x91\x01"]);
        refuses(
            "strings of objects",
            &[
                b"\x92\xd6\x06\0\0\0\0\x92\xc4\x01x\x01",
                b"\x91\x92\xd6\x06\0\0\0\0\x91\x01",
                b"\x92\xd6\x06\0\0\0\0\x90",
            ],
        );
        refuses("a key twice", &[b"\x82\xa1a\x01\xa1a\xd4\x05\x02"]);
        refuses("without its string", &[b"\x92\xc7\x01\x02C\xc0"]);
        refuses(
            "neither an int nor a string",
            &[b"\x81\x90\x01", b"\x81\xcb\x7f\xf0\0\0\0\0\0\0\x01", b"\x81\xcf\xff\xff\xff\xff\xff\xff\xff\xff\x01"],
        );
        refuses("it ends too early", &[b"", b"\x91", b"\xa2x", b"\x92\xc7\x01\x01C"]);
        refuses("it is not MessagePack", &[b"\xc1", b"\x91\xc1"]);
    }

    #[test]
    fn the_depth_is_that_of_php() {
        std::thread::Builder::new().stack_size(crate::STACK).spawn(depth).unwrap().join().unwrap();
    }

    fn depth() {
        let nested = |levels: usize, inner: &[u8]| [&vec![0x91; levels][..], inner].concat();
        let objects = |levels: usize, inner: &[u8]| [&b"\x92\xc7\x01\x01C\x81\xa1a".repeat(levels)[..], inner].concat();
        let with_strings = [b"\x92\xd6\x06\0\0\0\0\x91", &objects(PHP_DEPTH, b"\x90")[..]].concat();
        // (An empty array is no level.)
        reads(&[&nested(PHP_DEPTH, b"\x01"), &nested(PHP_DEPTH, b"\x90"), &objects(PHP_DEPTH, b"\x01"), &with_strings]);
        let what = "more than 4096 levels";
        refuses(what, &[&nested(PHP_DEPTH + 1, b"\x01"), &objects(PHP_DEPTH + 1, b"\x01"), &nested(100_000, b"\x01")]);
        // A part that was assigned lies as deep as its way leads.
        let assigned = |levels| [b"\x91\x01\x92\x91\x00", &nested(levels, b"\x01")[..]].concat();
        reads(&[&assigned(PHP_DEPTH - 1)]);
        refuses(what, &[&assigned(PHP_DEPTH)]);
    }
}
