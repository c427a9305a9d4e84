//! The reader and the writer, with `rmp-serde` as the referee.

use proptest::prelude::*;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{SerializeMap, SerializeSeq, Serializer};
use serde::{Deserialize, Serialize};
use sync_msgpack::{Ext, Packed, Reader, Text, Writer, read_whole};

/// A value as PHP means it: str and bin are both strings.
#[derive(Debug, Clone)]
enum Tree {
    Null,
    Bool(bool),
    Int(i64),
    /// Beyond `i64`: only others write it.
    Unsigned(u64),
    Float(f64),
    String(Vec<u8>),
    List(Vec<Tree>),
    Map(Vec<(Tree, Tree)>),
    Ext(i8, Vec<u8>),
}

impl PartialEq for Tree {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Int(a), Self::Int(b)) => a == b,
            (Self::Unsigned(a), Self::Unsigned(b)) => a == b,
            // Bit by bit: NAN is itself, and -0.0 is not 0.0.
            (Self::Float(a), Self::Float(b)) => a.to_bits() == b.to_bits(),
            (Self::String(a), Self::String(b)) => a == b,
            (Self::List(a), Self::List(b)) => a == b,
            (Self::Map(a), Self::Map(b)) => a == b,
            (Self::Ext(a, x), Self::Ext(b, y)) => a == b && x == y,
            _ => false,
        }
    }
}

impl Serialize for Tree {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Int(value) => serializer.serialize_i64(*value),
            Self::Unsigned(value) => serializer.serialize_u64(*value),
            Self::Float(value) => serializer.serialize_f64(*value),
            Self::String(bytes) => Text(bytes).serialize(serializer),
            Self::List(items) => {
                let mut list = serializer.serialize_seq(Some(items.len()))?;
                items.iter().try_for_each(|item| list.serialize_element(item))?;
                list.end()
            }
            Self::Map(entries) => {
                let mut map = serializer.serialize_map(Some(entries.len()))?;
                entries.iter().try_for_each(|(key, value)| map.serialize_entry(key, value))?;
                map.end()
            }
            Self::Ext(code, body) => Ext { code: *code, body }.serialize(serializer),
        }
    }
}

struct Any;
impl<'de> Visitor<'de> for Any {
    type Value = Tree;

    fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str("anything")
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Tree, E> {
        Ok(Tree::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Tree, E> {
        Ok(Tree::Int(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Tree, E> {
        Ok(i64::try_from(value).map_or(Tree::Unsigned(value), Tree::Int))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Tree, E> {
        Ok(Tree::Float(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Tree, E> {
        Ok(Tree::String(value.into()))
    }

    fn visit_bytes<E>(self, value: &[u8]) -> Result<Tree, E> {
        Ok(Tree::String(value.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Tree, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Tree::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Tree, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            map.push(entry);
        }
        Ok(Tree::Map(map))
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Tree, D::Error> {
        match Tree::deserialize(deserializer)? {
            Tree::List(fields) => match <[Tree; 2]>::try_from(fields) {
                Ok([Tree::Int(code), Tree::String(body)]) => Ok(Tree::Ext(code as i8, body)),
                other => panic!("an ext of {other:?}"),
            },
            other => panic!("an ext that is {other:?}"),
        }
    }
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Any)
    }
}

/// The value that the reader finds in bytes that are one value and no more.
fn read(bytes: &[u8]) -> Option<Tree> {
    let mut reader = Reader::new(bytes);
    let tree = Tree::deserialize(&mut reader).ok()?;
    reader.rest().is_empty().then_some(tree)
}

fn write(tree: &Tree) -> Vec<u8> {
    let mut out = Vec::new();
    tree.serialize(&mut Writer::new(&mut out)).expect("a value that PHP has");
    out
}

/// The first value in `bytes`, as the referee reads it, and its length.
fn referee(bytes: &[u8]) -> Option<(Tree, usize)> {
    let mut deserializer = rmp_serde::Deserializer::new(std::io::Cursor::new(bytes));
    let tree = Tree::deserialize(&mut deserializer).ok()?;
    Some((tree, deserializer.position() as usize))
}

fn trees() -> impl Strategy<Value = Tree> {
    let int = prop_oneof![
        any::<i64>(),
        -300..300_i64,
        (0..63_u32, -2..=2_i64).prop_map(|(bit, near)| (1_i64 << bit).wrapping_add(near)),
        (0..63_u32, -2..=2_i64).prop_map(|(bit, near)| (-1_i64 << bit).wrapping_add(near)),
    ];
    // Short and ASCII, or not, or around the lengths at which the marker changes.
    let string =
        prop_oneof![
            "[ -~]{0,40}".prop_map(String::into_bytes),
            ".{0,40}".prop_map(String::into_bytes),
            prop::collection::vec(any::<u8>(), 0..40),
            (prop_oneof![30..34_usize, 254..258_usize, 65534..65538_usize], any::<bool>())
                .prop_map(|(len, text)| vec![if text { b'a' } else { 0xff }; len]),
        ];
    let leaf = prop_oneof![
        Just(Tree::Null),
        any::<bool>().prop_map(Tree::Bool),
        int.prop_map(Tree::Int),
        any::<u64>().prop_map(|bits| Tree::Float(f64::from_bits(bits))),
        string.prop_map(Tree::String),
        (any::<i8>(), prop::collection::vec(any::<u8>(), 0..40)).prop_map(|(code, body)| Tree::Ext(code, body)),
    ];
    leaf.prop_recursive(4, 64, 20, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..20).prop_map(Tree::List),
            prop::collection::vec((inner.clone(), inner), 0..20).prop_map(Tree::Map),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_written_is_what_the_referee_writes_and_is_read_by_it_and_by_the_reader(tree in trees()) {
        let bytes = write(&tree);
        prop_assert_eq!(&bytes, &rmp_serde::to_vec(&tree).unwrap());
        prop_assert_eq!(referee(&bytes), Some((tree.clone(), bytes.len())));
        prop_assert_eq!(read(&bytes), Some(tree));
    }

    #[test]
    fn any_bytes_mean_to_the_reader_what_they_mean_to_the_referee(
        start in prop::sample::select(vec![&b""[..], b"\x91", b"\x82", b"\xdc\x00", b"\xde\x00\x02", b"\xd9", b"\xc7", b"\xdd\x00\x00\x00"]),
        bytes in prop::collection::vec(prop_oneof![any::<u8>(), 0x80..=0xff_u8, 0..4_u8], 0..60),
    ) {
        let bytes = [start, &bytes].concat();
        match referee(&bytes) {
            Some((tree, end)) => {
                prop_assert_eq!(read(&bytes[..end]), Some(tree));
                prop_assert_eq!(end == bytes.len(), read(&bytes).is_some());
            }
            None => prop_assert_eq!(read(&bytes), None),
        }
    }

    #[test]
    fn scalars_and_strings_are_read_whole_or_not_at_all(tree in trees(), more in prop::collection::vec(any::<u8>(), 0..3)) {
        let mut bytes = write(&tree);
        bytes.extend_from_slice(&more);
        let is_small = !matches!(tree, Tree::List(_) | Tree::Map(_) | Tree::Ext(..));
        let whole = is_small && more.is_empty();
        prop_assert_eq!(read_whole(&bytes, Any).ok(), whole.then_some(tree));
    }

    #[test]
    fn a_string_is_a_str_exactly_where_it_is_utf8(bytes in prop_oneof![
        ".{0,60}".prop_map(String::into_bytes),
        prop::collection::vec(any::<u8>(), 0..60),
        (prop::collection::vec(0..128_u8, 1..70), any::<prop::sample::Index>()).prop_map(|(mut bytes, index)| {
            let at = index.index(bytes.len());
            bytes[at] |= 0x80;
            bytes
        }),
    ]) {
        let written = write(&Tree::String(bytes.clone()));
        let is_str = matches!(written[0], 0xa0..=0xbf | 0xd9..=0xdb);
        prop_assert_eq!(is_str, std::str::from_utf8(&bytes).is_ok());
    }
}

#[test]
fn ints_take_the_shortest_form() {
    for (value, len) in
        [(0, 1), (127, 1), (-32, 1), (128, 2), (-33, 2), (-128, 2), (255, 2), (256, 3), (-129, 3), (65535, 3)]
    {
        assert_eq!(write(&Tree::Int(value)).len(), len, "{value}");
    }
    for (value, len) in [(65536, 5), (-32769, 5), (i64::from(u32::MAX), 5), (1 << 32, 9), (i64::MIN, 9), (i64::MAX, 9)]
    {
        assert_eq!(write(&Tree::Int(value)).len(), len, "{value}");
    }
}

#[test]
fn a_number_is_written_as_the_referee_writes_it() {
    let around = |n: i64| [n.wrapping_sub(1), n, n.wrapping_add(1)];
    for value in (0..64).flat_map(|bit| around(1 << bit).into_iter().chain(around(-1 << bit))) {
        assert_eq!(Packed::int(value).bytes(), rmp_serde::to_vec(&value).unwrap(), "{value}");
    }
    for value in [0.0, -0.0, 1.5, f64::MAX, f64::MIN_POSITIVE, f64::INFINITY] {
        assert_eq!(Packed::float(value).bytes(), rmp_serde::to_vec(&value).unwrap(), "{value}");
    }
}

#[test]
fn the_head_of_an_array_or_a_map_is_what_rmp_writes() {
    for len in (0..32).flat_map(|bit| [(1_u32 << bit) - 1, 1 << bit]).chain([u32::MAX]) {
        let (mut array, mut map) = (Vec::new(), Vec::new());
        rmp::encode::write_array_len(&mut array, len).unwrap();
        rmp::encode::write_map_len(&mut map, len).unwrap();
        assert_eq!((Packed::array(len).bytes(), Packed::map(len).bytes()), (&array[..], &map[..]), "{len}");
    }
}

#[test]
fn unsigned_ints_that_php_does_not_have_are_told_from_others() {
    assert_eq!(read(b"\xcf\x80\0\0\0\0\0\0\0"), Some(Tree::Unsigned(1 << 63)));
    assert_eq!(read(b"\xcf\x7f\xff\xff\xff\xff\xff\xff\xff"), Some(Tree::Int(i64::MAX)));
}
