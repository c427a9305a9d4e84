//! The reason for the crate's own writer and reader: how much faster than `rmp-serde`'s they are, with the same bytes.
//!
//! `make bench` runs this, and it fails where the gain is below [`LEAST`]: then `rmp-serde` itself is the better choice. It
//! is no test, since a busy machine may make either look slow.

use std::fmt;
use std::hint::black_box;
use std::process::ExitCode;
use std::time::Instant;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, SerializeSeq, SerializeTuple, Serializer};
use sync_msgpack::{Ext, Reader, Text, Writer};

/// The gain that either has to have, as the geometric mean over all cases.
const LEAST: f64 = 1.3;

const ROUNDS: usize = 60;
const PASSES: usize = 200;

enum Value {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    String(Vec<u8>),
    List(Vec<Value>),
    Map(Vec<(Value, Value)>),
    Object(Vec<(Value, Value)>),
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Int(value) => serializer.serialize_i64(*value),
            Self::Float(value) => serializer.serialize_f64(*value),
            Self::String(bytes) => Text(bytes).serialize(serializer),
            Self::List(items) => {
                let mut list = serializer.serialize_seq(Some(items.len()))?;
                items.iter().try_for_each(|item| list.serialize_element(item))?;
                list.end()
            }
            Self::Map(entries) => Entries(entries).serialize(serializer),
            Self::Object(properties) => {
                let mut pair = serializer.serialize_tuple(2)?;
                pair.serialize_element(&Ext { code: 1, body: b"App\\Row" })?;
                pair.serialize_element(&Entries(properties))?;
                pair.end()
            }
        }
    }
}

struct Entries<'a>(&'a [(Value, Value)]);

impl Serialize for Entries<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        self.0.iter().try_for_each(|(key, value)| map.serialize_entry(key, value))?;
        map.end()
    }
}

/// A number that all of a value goes into, so that none of it is skipped.
struct Sum(u64);

impl<'de> Deserialize<'de> for Sum {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Summing)
    }
}

struct Summing;

impl<'de> Visitor<'de> for Summing {
    type Value = Sum;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Sum, E> {
        Ok(Sum(1))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Sum, E> {
        Ok(Sum(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Sum, E> {
        Ok(Sum(value as u64))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Sum, E> {
        Ok(Sum(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Sum, E> {
        Ok(Sum(value.to_bits()))
    }

    fn visit_borrowed_str<E: serde::de::Error>(self, value: &'de str) -> Result<Sum, E> {
        self.visit_borrowed_bytes(value.as_bytes())
    }

    fn visit_borrowed_bytes<E>(self, value: &'de [u8]) -> Result<Sum, E> {
        let ends = value.first().zip(value.last()).map_or(0, |(&first, &last)| u64::from(first) << 8 | u64::from(last));
        Ok(Sum(ends + value.len() as u64))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Sum, A::Error> {
        let mut sum: u64 = 0;
        while let Some(Sum(item)) = items.next_element()? {
            sum = sum.wrapping_add(item);
        }
        Ok(Sum(sum))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Sum, A::Error> {
        let mut sum: u64 = 0;
        while let Some((Sum(key), Sum(value))) = entries.next_entry()? {
            sum = sum.wrapping_add(key ^ value);
        }
        Ok(Sum(sum))
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Sum, D::Error> {
        deserializer.deserialize_any(Self)
    }
}

fn string(text: impl Into<String>) -> Value {
    Value::String(text.into().into_bytes())
}

/// One of the rows of a database, say.
fn row(n: i64) -> Vec<(Value, Value)> {
    vec![
        (string("id"), Value::Int(1000 + n)),
        (string("name"), string(format!("Ada Lovelace {n}"))),
        (string("email"), string(format!("ada.{n}@example.com"))),
        (string("active"), Value::Bool(n % 3 > 0)),
        (string("score"), Value::Float(n as f64 / 7.0)),
        (string("tags"), Value::List(vec![string("first"), string("über"), Value::Null])),
    ]
}

fn cases() -> Vec<(&'static str, Value)> {
    vec![
        ("500 ints", Value::List((0..500).map(|n| Value::Int(n * 37 - 2000)).collect())),
        ("300 floats", Value::List((0..300).map(|n| Value::Float(f64::from(n) / 3.0)).collect())),
        ("200 short strings", Value::List((0..200).map(|n| string(format!("value number {n}"))).collect())),
        (
            "100 pairs of short strings",
            Value::Map((0..100).map(|n| (string(format!("key {n}")), string(format!("value number {n}")))).collect()),
        ),
        ("50 strings of 300 bytes", Value::List((0..50).map(|_| string("Lorem ipsum ".repeat(25))).collect())),
        ("30 rows", Value::List((0..30).map(|n| Value::Map(row(n))).collect())),
        ("30 objects", Value::List((0..30).map(|n| Value::Object(row(n))).collect())),
    ]
}

/// The shortest time of one of the rounds, in which both take turns, of either.
fn measure(mut ours: impl FnMut(), mut theirs: impl FnMut()) -> [f64; 2] {
    let time = |run: &mut dyn FnMut()| {
        let start = Instant::now();
        (0..PASSES).for_each(|_| run());
        start.elapsed().as_secs_f64() / PASSES as f64 * 1e6
    };
    let mut best = [f64::INFINITY; 2];
    for _ in 0..ROUNDS {
        best[0] = best[0].min(time(&mut ours));
        best[1] = best[1].min(time(&mut theirs));
    }
    best
}

fn write(value: &Value) -> [f64; 2] {
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    let times = measure(
        || {
            ours.clear();
            black_box(value).serialize(&mut Writer::new(&mut ours)).expect("a value that PHP has");
        },
        || {
            theirs.clear();
            black_box(value).serialize(&mut rmp_serde::Serializer::new(&mut theirs)).expect("a value that PHP has");
        },
    );
    assert_eq!(ours, theirs);
    times
}

fn read(bytes: &[u8]) -> [f64; 2] {
    let ours = || Sum::deserialize(&mut Reader::new(black_box(bytes))).expect("a value").0;
    let theirs = || Sum::deserialize(&mut rmp_serde::Deserializer::from_read_ref(black_box(bytes))).expect("a value").0;
    assert_eq!(ours(), theirs());
    measure(
        || {
            black_box(ours());
        },
        || {
            black_box(theirs());
        },
    )
}

fn main() -> ExitCode {
    println!("| | rmp-serde | sync-msgpack | gain |");
    println!("| --- | ---: | ---: | ---: |");
    let cases = cases();
    let mut enough = true;
    for direction in ["write", "read"] {
        let mut logarithms = 0.0;
        for (name, value) in &cases {
            let [ours, theirs] = match direction {
                "write" => write(value),
                _ => read(&rmp_serde::to_vec(value).expect("a value that PHP has")),
            };
            println!("| {direction} {name} | {theirs:.2} µs | {ours:.2} µs | {:.2} |", theirs / ours);
            logarithms += (theirs / ours).ln();
        }
        let gain = (logarithms / cases.len() as f64).exp();
        println!("| **{direction}** | | | **{gain:.2}** |");
        enough &= gain >= LEAST;
    }
    if enough {
        return ExitCode::SUCCESS;
    }
    eprintln!("A gain below {LEAST} is no reason for a writer and a reader of our own: rmp-serde's are enough.");
    ExitCode::FAILURE
}
