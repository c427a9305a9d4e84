//! Lists, as far as a store takes them apart without knowing the values in them.
//!
//! A value is MessagePack. A list is an array; what is appended to it follows as patches, each of which is an array again:
//! `[[number], element]` puts an element under a number, `[count]` takes so many elements off the head, `[-1, key, element]` puts one
//! before all others, under a key that is a string, or nil. The extension types
//! of objects and of cases of enums mean the same wherever they are; any other may tell of what stands before it in the array.

use rmp::Marker;

/// The type of an ext that begins an object, which is an array of two.
const OBJECT: i8 = 1;
/// The type of an ext that is an enum's case.
const ENUM: i8 = 3;

/// How many bytes follow the first byte of a value that ends with them, whatever they are; [`OTHER`] where more has to be looked at.
static PLAIN: [u8; 256] = {
    let mut plain = [OTHER; 256];
    let mut byte = 0;
    while byte < plain.len() {
        plain[byte] = match byte as u8 {
            // Small ints; null, false and true.
            0x00..=0x7f | 0xe0..=0xff | 0xc0 | 0xc2 | 0xc3 => 0,
            // Short strings.
            it @ 0xa0..=0xbf => it & 0x1f,
            // Ints without and with a sign, and floats.
            0xcc | 0xd0 => 1,
            0xcd | 0xd1 => 2,
            0xca | 0xce | 0xd2 => 4,
            0xcb | 0xcf | 0xd3 => 8,
            _ => OTHER,
        };
        byte += 1;
    }
    plain
};
const OTHER: u8 = u8::MAX;
/// The start of a patch that puts an element under a number, as everybody writes it: two parts, of which the first has one.
const PUT: [u8; 2] = [0x92, 0x91];

/// Bytes to look at. They may change meanwhile: the caller checks afterwards.
pub trait Source {
    /// The bytes at an offset; `None`: there are not so many.
    fn read<const N: usize>(&self, at: u64) -> Option<[u8; N]>;
}

impl Source for &[u8] {
    #[inline]
    fn read<const N: usize>(&self, at: u64) -> Option<[u8; N]> {
        self.get(usize::try_from(at).ok()?..)?.first_chunk().copied()
    }
}

/// A patch, as far as a queue is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patch {
    /// An element under a number, which lies between these two offsets.
    Put { number: u64, from: u64, to: u64 },
    /// So many elements are gone from the head.
    Take(u64),
    /// An element before all others, which lies between these two offsets.
    First { from: u64, to: u64 },
    /// Any other.
    Other,
}

/// A walk over values that lie one behind the other.
#[derive(Debug, Clone)]
pub struct Walk<S> {
    source: S,
    at: u64,
    end: u64,
    /// Whether it has come by an ext, and by one that may tell of what stands before it.
    exts: bool,
    refers: bool,
}

impl<S: Source> Walk<S> {
    pub fn new(source: S, at: u64, end: u64) -> Self {
        Self { source, at, end, exts: false, refers: false }
    }

    /// Where it is.
    #[inline]
    pub fn at(&self) -> u64 {
        self.at
    }

    /// Whether it is at its end.
    #[inline]
    pub fn is_over(&self) -> bool {
        self.at >= self.end
    }

    /// Whether anything that it has come by may tell of what stands before it, so that it means nothing alone.
    pub fn refers(&self) -> bool {
        self.refers
    }

    /// Whether it has come by an object, a case of an enum, or anything else that is more than arrays and plain values.
    pub fn has_objects(&self) -> bool {
        self.exts
    }

    #[inline]
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        (N as u64 <= self.end.checked_sub(self.at)?).then_some(())?;
        let bytes = self.source.read(self.at)?;
        self.at += N as u64;
        Some(bytes)
    }

    #[inline]
    fn marker(&mut self) -> Option<Marker> {
        let [byte] = self.take()?;
        Some(Marker::from_u8(byte))
    }

    /// A length of one, two or four bytes.
    #[inline]
    fn length(&mut self, bytes: u32) -> Option<u64> {
        Some(match bytes {
            1 => u64::from(u8::from_be_bytes(self.take()?)),
            2 => u64::from(u16::from_be_bytes(self.take()?)),
            _ => u64::from(u32::from_be_bytes(self.take()?)),
        })
    }

    #[inline]
    fn pass(&mut self, bytes: u64) -> Option<()> {
        (bytes <= self.end.checked_sub(self.at)?).then(|| self.at += bytes)
    }

    fn ext(&mut self, bytes: u64) -> Option<()> {
        let kind = i8::from_be_bytes(self.take()?);
        self.exts = true;
        self.refers |= !matches!(kind, OBJECT | ENUM);
        self.pass(bytes)
    }

    /// Passes a value by, with all that is in it. `None`: there is no whole one.
    #[inline]
    pub fn skip(&mut self) -> Option<()> {
        let start = self.at;
        let [byte] = self.take()?;
        match PLAIN[usize::from(byte)] {
            OTHER => {
                self.at = start;
                self.skip_any()
            }
            bytes => self.pass(bytes.into()),
        }
    }

    /// As [`skip`](Self::skip), whatever value it is. Not recursive: depth is no matter.
    fn skip_any(&mut self) -> Option<()> {
        // How many values are announced.
        let mut left: u64 = 1;
        while left > 0 {
            left -= 1;
            let inside = match self.marker()? {
                Marker::FixPos(_) | Marker::FixNeg(_) | Marker::Null | Marker::True | Marker::False => 0,
                Marker::FixMap(pairs) => 2 * u64::from(pairs),
                Marker::FixArray(count) => u64::from(count),
                Marker::FixStr(length) => self.pass(length.into()).map(|()| 0)?,
                Marker::Str8 | Marker::Bin8 => self.bytes(1)?,
                Marker::Str16 | Marker::Bin16 => self.bytes(2)?,
                Marker::Str32 | Marker::Bin32 => self.bytes(4)?,
                Marker::U8 | Marker::I8 => self.pass(1).map(|()| 0)?,
                Marker::U16 | Marker::I16 => self.pass(2).map(|()| 0)?,
                Marker::U32 | Marker::I32 | Marker::F32 => self.pass(4).map(|()| 0)?,
                Marker::U64 | Marker::I64 | Marker::F64 => self.pass(8).map(|()| 0)?,
                Marker::Array16 => self.length(2)?,
                Marker::Array32 => self.length(4)?,
                Marker::Map16 => 2 * self.length(2)?,
                Marker::Map32 => 2 * self.length(4)?,
                Marker::FixExt1 => self.ext(1).map(|()| 0)?,
                Marker::FixExt2 => self.ext(2).map(|()| 0)?,
                Marker::FixExt4 => self.ext(4).map(|()| 0)?,
                Marker::FixExt8 => self.ext(8).map(|()| 0)?,
                Marker::FixExt16 => self.ext(16).map(|()| 0)?,
                Marker::Ext8 => self.length(1).and_then(|length| self.ext(length)).map(|()| 0)?,
                Marker::Ext16 => self.length(2).and_then(|length| self.ext(length)).map(|()| 0)?,
                Marker::Ext32 => self.length(4).and_then(|length| self.ext(length)).map(|()| 0)?,
                Marker::Reserved => return None,
            };
            // (Each announced value takes a byte: so many cannot come.)
            left = left.checked_add(inside).filter(|&left| left <= self.end - self.at)?;
        }
        Some(())
    }

    /// The bytes behind a length of so many bytes; nothing is in them.
    #[inline]
    fn bytes(&mut self, length: u32) -> Option<u64> {
        let length = self.length(length)?;
        self.pass(length).map(|()| 0)
    }

    /// Passes the head of a list by: how many elements follow. `None`: it is no list.
    pub fn list(&mut self) -> Option<u32> {
        let count = self.array()?;
        let start = self.at;
        // An object, or a value that strings stand before, is an array of two as well.
        let is_object = count == 2 && self.ext_type().is_some_and(|kind| kind != ENUM);
        self.at = start;
        (!is_object).then_some(count)
    }

    /// The type of the ext here, if it is one.
    fn ext_type(&mut self) -> Option<i8> {
        match self.marker()? {
            Marker::FixExt1 | Marker::FixExt2 | Marker::FixExt4 | Marker::FixExt8 | Marker::FixExt16 => {}
            Marker::Ext8 => self.pass(1)?,
            Marker::Ext16 => self.pass(2)?,
            Marker::Ext32 => self.pass(4)?,
            _ => return None,
        }
        self.take().map(i8::from_be_bytes)
    }

    fn array(&mut self) -> Option<u32> {
        Some(match self.marker()? {
            Marker::FixArray(count) => count.into(),
            Marker::Array16 => self.length(2)? as u32,
            Marker::Array32 => self.length(4)? as u32,
            _ => return None,
        })
    }

    fn unsigned(&mut self) -> Option<u64> {
        Some(match self.marker()? {
            Marker::FixPos(number) => number.into(),
            Marker::U8 => self.length(1)?,
            Marker::U16 => self.length(2)?,
            Marker::U32 => self.length(4)?,
            Marker::U64 => u64::from_be_bytes(self.take()?),
            _ => return None,
        })
    }

    /// Passes a patch by; where it is another one, it is not passed. `None`: there is no whole one.
    pub fn patch(&mut self) -> Option<Patch> {
        if !self.pass_put() {
            return self.patch_any();
        }
        self.put()
    }

    /// Passes the start of a patch that puts an element under a number by, where that is here.
    #[inline]
    fn pass_put(&mut self) -> bool {
        let start = self.at;
        let is_put = self.take() == Some(PUT);
        if !is_put {
            self.at = start;
        }
        is_put
    }

    /// The rest of such a patch.
    #[inline]
    fn put(&mut self) -> Option<Patch> {
        let Some(number) = self.unsigned() else { return Some(Patch::Other) };
        let from = self.at;
        self.skip()?;
        Some(Patch::Put { number, from, to: self.at })
    }

    /// As [`patch`](Self::patch), whatever patch it is.
    fn patch_any(&mut self) -> Option<Patch> {
        let parts = self.array()?;
        let start = self.at;
        if parts == 1 {
            return Some(self.unsigned().map_or(Patch::Other, Patch::Take));
        }
        if parts == 3 && self.marker() == Some(Marker::FixNeg(-1)) {
            self.skip()?;
            let from = self.at;
            self.skip()?;
            return Some(Patch::First { from, to: self.at });
        }
        if parts != 2 || self.array() != Some(1) {
            self.at = start;
            return Some(Patch::Other);
        }
        self.put()
    }
}

/// Bytes of the longest head of a list.
pub const LONGEST_HEAD: u64 = 5;

/// The few bytes that stand before an element, or before all of them.
#[derive(Debug, Clone, Copy)]
pub struct Head {
    bytes: [u8; 11],
    length: u8,
}

impl Head {
    fn of(write: impl FnOnce(&mut &mut [u8])) -> Self {
        let mut bytes = [0; 11];
        let mut rest = &mut bytes[..];
        write(&mut rest);
        let left = rest.len();
        Self { bytes, length: (bytes.len() - left) as u8 }
    }

    /// Of a list of so many elements.
    pub fn of_list(count: u32) -> Self {
        // (The longest one takes five bytes.)
        Self::of(|out| drop(rmp::encode::write_array_len(out, count)))
    }

    /// Of the patch that puts an element under a number.
    pub fn of_put(number: u64) -> Self {
        // (The longest one takes eleven bytes.)
        Self::of(|out| {
            let _ = rmp::encode::write_array_len(out, 2);
            let _ = rmp::encode::write_array_len(out, 1);
            let _ = rmp::encode::write_uint(out, number);
        })
    }

    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }
}

/// The patch that takes the first element off.
pub const fn take_one() -> [u8; 2] {
    [Marker::FixArray(1).to_u8(), Marker::FixPos(1).to_u8()]
}

/// A list without elements.
pub fn empty_list() -> [u8; 1] {
    [Marker::FixArray(0).to_u8()]
}

/// Bytes of a list whose first elements, `inside` of them, stand in its array, and the others, up to `length`, in patches behind
/// it; the elements themselves take `bytes`.
pub fn length_of(inside: u32, length: u64, bytes: u64) -> u64 {
    // Where a number begins to take more bytes, and how many it takes from there on.
    const STEPS: [(u64, u64); 5] = [(0, 1), (1 << 7, 2), (1 << 8, 3), (1 << 16, 5), (1 << 32, 9)];
    let (first, mut heads) = (u64::from(inside), 0);
    for (n, &(from, size)) in STEPS.iter().enumerate() {
        let to = STEPS.get(n + 1).map_or(u64::MAX, |next| next.0);
        heads += (2 + size) * length.min(to).saturating_sub(first.max(from));
    }
    bytes.saturating_add(Head::of_list(inside).bytes().len() as u64 + heads)
}

/// Bytes before the elements of a list whose head comes later ([`put_head`]).
pub const HEAD_ROOM: usize = LONGEST_HEAD as usize;

/// Writes the head of a list of so many elements right before them; they stand behind so many bytes, and [`HEAD_ROOM`].
pub fn put_head(list: &mut Vec<u8>, behind: usize, count: u32) {
    let head = Head::of_list(count);
    // The bytes that stay free stand before all.
    list.drain(behind..behind + HEAD_ROOM - head.bytes().len());
    list[behind..behind + head.bytes().len()].copy_from_slice(head.bytes());
}

/// A list behind so many zeros, with the elements that patches put there moved into its array, as far as each means the same
/// there, and with other elements before its own: their bytes, and how many they are. They tell of nothing that stands
/// before them. `None`: it is no list, or its patches do other things; or there is no memory.
pub fn unshift(bytes: &[u8], behind: usize, (others, more): (&[u8], u32)) -> Option<Vec<u8>> {
    let mut walk = Walk::new(bytes, 0, bytes.len() as u64);
    let mut count = walk.list()?;
    let start = walk.at() as usize;
    (0..count).try_for_each(|_| walk.skip())?;
    let inside = start..walk.at() as usize;
    let (mut folded, mut rest) = (Vec::new(), inside.end);
    folded.try_reserve_exact(behind + HEAD_ROOM + others.len() + bytes.len()).ok()?;
    folded.resize(behind + HEAD_ROOM, 0);
    folded.extend_from_slice(others);
    folded.extend_from_slice(&bytes[inside]);
    count = count.checked_add(more)?;
    let refers = walk.refers();
    while !walk.is_over() && !refers {
        let Patch::Put { from, to, .. } = walk.patch()? else { return None };
        if walk.refers() {
            break;
        }
        folded.extend_from_slice(&bytes[from as usize..to as usize]);
        count = count.checked_add(1)?;
        rest = to as usize;
    }
    if more == 0 {
        folded.extend_from_slice(&bytes[rest..]);
    } else {
        (!refers).then(|| move_up(&bytes[rest..], more, &mut folded))??;
    }
    put_head(&mut folded, behind, count);
    Some(folded)
}

/// Appends patches that put elements at the end of a list which has so many more before those.
fn move_up(patches: &[u8], more: u32, out: &mut Vec<u8>) -> Option<()> {
    let mut walk = Walk::new(patches, 0, patches.len() as u64);
    while !walk.is_over() {
        let Patch::Put { number, from, to } = walk.patch()? else { return None };
        let head = Head::of_put(number.checked_add(more.into())?);
        out.try_reserve(head.bytes().len() + (to - from) as usize).ok()?;
        out.extend_from_slice(head.bytes());
        out.extend_from_slice(&patches[from as usize..to as usize]);
    }
    Some(())
}

/// The kind of a value, as far as a queue is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An array with the keys 0, 1, 2 … in this order: so many.
    List(u32),
    /// Another array.
    Map,
    Null,
    Other,
}

/// The kind of the value that begins with these bytes; of one that nothing was appended to.
pub fn kind(start: &[u8]) -> Kind {
    /// The type of the ext before a value that strings stand before, and the mark of a value that is no array, and of one that is no list.
    const BEHIND_STRINGS: i8 = 6;
    const NO_ARRAY: u32 = 0xffff_fffe;
    const NO_LIST: u32 = 0xffff_ffff;
    let mut walk = Walk::new(start, 0, start.len() as u64);
    match start.first().map(|&byte| Marker::from_u8(byte)) {
        Some(Marker::Null) => Kind::Null,
        Some(Marker::FixMap(_) | Marker::Map16 | Marker::Map32) => Kind::Map,
        Some(Marker::FixArray(_) | Marker::Array16 | Marker::Array32) => {
            if let Some(count) = walk.list() {
                return Kind::List(count);
            }
            // (`list` has left the head behind.)
            let is_behind_strings = walk.ext_type() == Some(BEHIND_STRINGS);
            match is_behind_strings.then(|| walk.take().map(u32::from_be_bytes)) {
                Some(Some(NO_ARRAY)) | Some(None) | None => Kind::Other,
                Some(Some(NO_LIST)) => Kind::Map,
                Some(Some(count)) => Kind::List(count),
            }
        }
        _ => Kind::Other,
    }
}

/// Whether a value tells of anything that stands before it, so that it cannot be moved among others. `None`: it is no whole value.
pub fn refers(value: &[u8]) -> Option<bool> {
    let mut walk = Walk::new(value, 0, value.len() as u64);
    walk.skip()?;
    walk.is_over().then(|| walk.refers())
}

/// Whether there are objects, cases of enums, or anything else in a value that is more than arrays and plain values.
pub fn has_objects(value: &[u8]) -> bool {
    let mut walk = Walk::new(value, 0, value.len() as u64);
    walk.skip().is_none() || walk.has_objects()
}

/// An element with the key under which it lies in an array, if that is a string.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Item<'a> {
    pub key: Option<&'a [u8]>,
    /// A value by itself.
    pub element: &'a [u8],
}

/// The patch that puts an element before all others. Where there is another one with its key, it gets none. `None`: there is no memory.
pub fn put_first(item: Item) -> Option<Vec<u8>> {
    let mut patch = Vec::new();
    let length = item.key.map_or(0, <[u8]>::len) + item.element.len();
    patch.try_reserve_exact(8 + length).ok()?;
    patch.extend_from_slice(&[Marker::FixArray(3).to_u8(), Marker::FixNeg(-1).to_u8()]);
    write_key(&mut patch, item.key);
    patch.extend_from_slice(item.element);
    Some(patch)
}

/// Writes a key that is a string: a str where it is UTF-8, else a bin; `None` is nil.
pub fn write_key(out: &mut Vec<u8>, key: Option<&[u8]>) {
    let Some(key) = key else { return out.push(Marker::Null.to_u8()) };
    // (Writing to a vector cannot fail; no key is longer than a record.)
    let _ = match std::str::from_utf8(key) {
        Ok(_) => rmp::encode::write_str_len(out, key.len() as u32).map(drop),
        Err(_) => rmp::encode::write_bin_len(out, key.len() as u32).map(drop),
    };
    out.extend_from_slice(key);
}

/// Reads what [`write_key`] wrote, and what follows; `None`: it is none.
pub fn read_key(bytes: &[u8]) -> Option<(Option<&[u8]>, &[u8])> {
    let mut rest = bytes;
    let length = match Marker::from_u8(*bytes.first()?) {
        Marker::Null => return Some((None, &bytes[1..])),
        Marker::Bin8 | Marker::Bin16 | Marker::Bin32 => rmp::decode::read_bin_len(&mut rest).ok()?,
        _ => rmp::decode::read_str_len(&mut rest).ok()?,
    };
    let (key, rest) = rest.split_at_checked(length as usize)?;
    Some((Some(key), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    type Way<T> = fn(&mut Walk<&'static [u8]>) -> Option<T>;

    /// Takes both ways through these bytes, cut off after each of them: they come to the same, and to the same place.
    fn assert_same<T: PartialEq + std::fmt::Debug>(bytes: Vec<u8>, [short, long]: [Way<T>; 2]) {
        let bytes: &'static [u8] = bytes.leak();
        for length in 0..=bytes.len() {
            let [(one, passed), (other, expected)] = [short, long].map(|way| {
                let mut walk = Walk::new(bytes, 0, length as u64);
                let outcome = way(&mut walk);
                (outcome, (walk.at, walk.exts, walk.refers))
            });
            assert_eq!(one, other, "{bytes:x?}, {length}");
            assert!(one.is_none() || passed == expected, "{bytes:x?}, {length}: {passed:?}, {expected:?}");
        }
    }

    #[test]
    fn a_plain_value_is_passed_by_like_any_other() {
        for first in 0..=u8::MAX {
            for behind in [0x00, 0x01, 0xc0, 0xff] {
                let bytes = [&[first][..], &[behind; 40]].concat();
                assert_same(bytes, [Walk::skip, Walk::skip_any]);
            }
        }
    }

    #[test]
    fn a_patch_that_puts_an_element_is_read_like_any_other() {
        for first in 0..=u8::MAX {
            for start in [&PUT[..], &[0x92], &[0x92, 0xdc, 0, 1], &[0xdc, 0, 2, 0x91], &[0x93, 0xff], &[0x91]] {
                let bytes = [start, &[first], &[0x05; 12]].concat();
                assert_same(bytes, [Walk::patch, Walk::patch_any]);
            }
        }
    }
}
