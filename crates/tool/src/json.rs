//! Values as JSON, as PHP's `json_encode` and `json_decode($x, true)` mean it.

use memchr::{memchr2, memmem};
use serde::de::DeserializeSeed;
use serde::ser::{Error as _, Serialize, SerializeMap, SerializeSeq, Serializer};

use crate::printable::Printable;
use crate::value::{Depth, Key, PHP_DEPTH, Value};

impl Serialize for Value<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(is) => serializer.serialize_bool(*is),
            Self::Int(number) => serializer.serialize_i64(*number),
            Self::Float(number) => serializer.serialize_f64(*number),
            Self::String(text) => serializer.serialize_str(std::str::from_utf8(text).map_err(S::Error::custom)?),
            Self::List(list) => {
                let mut elements = serializer.serialize_seq(Some(list.len()))?;
                list.iter().try_for_each(|element| elements.serialize_element(element))?;
                elements.end()
            }
            Self::Map(map) => {
                let mut entries = serializer.serialize_map(Some(map.len()))?;
                map.iter().try_for_each(|(key, value)| entries.serialize_entry(key, value))?;
                entries.end()
            }
            Self::Foreign(foreign) => Err(S::Error::custom(foreign)),
        }
    }
}

impl Serialize for Key<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Int(number) => serializer.serialize_str(&number.to_string()),
            Self::String(text) => serializer.serialize_str(std::str::from_utf8(text).map_err(S::Error::custom)?),
        }
    }
}

/// Why a value has no JSON: the first part of it that is none, and where that is. `None`: it has.
pub fn obstacle(value: &Value) -> Option<String> {
    let mut way = Vec::new();
    let why = find_obstacle(value, &mut way)?;
    let way: String = way.iter().map(|key| format!("[{key}]")).collect();
    Some(if way.is_empty() { why } else { format!("{why} at {way}") })
}

/// As [`obstacle`]; `way` leads there.
fn find_obstacle(value: &Value, way: &mut Vec<String>) -> Option<String> {
    let mut inside = |key: String, value: &Value| {
        way.push(key);
        let found = find_obstacle(value, way);
        if found.is_none() {
            way.pop();
        }
        found
    };
    match value {
        Value::Null | Value::Bool(_) | Value::Int(_) => None,
        Value::Float(number) => {
            (!number.is_finite()).then(|| if number.is_nan() { "NAN".into() } else { "INF".into() })
        }
        Value::String(text) => std::str::from_utf8(text).is_err().then(|| "bytes that are not UTF-8".into()),
        Value::List(list) => list.iter().enumerate().find_map(|(number, element)| inside(number.to_string(), element)),
        Value::Map(map) => map.iter().find_map(|(key, value)| match key {
            Key::Int(number) => inside(number.to_string(), value),
            Key::String(key) if std::str::from_utf8(key).is_err() => {
                Some(format!("a key that is not UTF-8 (\"{}\")", Printable(key)))
            }
            Key::String(key) => inside(format!("\"{}\"", Printable(key)), value),
        }),
        Value::Foreign(foreign) => Some(foreign.to_string()),
    }
}

/// Reads one value, and no more, as PHP's `json_decode` does. (`-0` is an int there, which has no sign: what stands for it is changed
/// to say so.)
pub fn parse(json: &mut [u8]) -> Result<Value<'_>, serde_json::Error> {
    unsign_zeros(json);
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    deserializer.disable_recursion_limit();
    let value = Depth::new(PHP_DEPTH).seed().deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(value)
}

/// A failure of [`parse`] in words: PHP has infinity for a number that no float can hold, which is no JSON.
pub fn told(error: &serde_json::Error) -> String {
    error.to_string().replace("number out of range", "a number is beyond what a float can hold")
}

/// Takes the sign off each `-0` that is an int, outside of strings; all else stays where it is.
fn unsign_zeros(json: &mut [u8]) {
    if memmem::find(json, b"-0").is_none() {
        return;
    }
    let mut at = 0;
    while let Some(found) = json.get(at..).and_then(|rest| memchr2(b'"', b'-', rest)) {
        at += found;
        if json[at] == b'"' {
            match length_of_string(&json[at..]) {
                Some(length) => at += length,
                None => return,
            }
            continue;
        }
        // (What else begins so is no JSON: `-01`. Behind an `e` it is an exponent's.)
        let follows = json.get(at + 2).copied();
        let is_int = json.get(at + 1) == Some(&b'0') && !follows.is_some_and(|byte| b".eE0123456789".contains(&byte));
        if is_int && !at.checked_sub(1).is_some_and(|before| b"eE".contains(&json[before])) {
            json[at] = b' ';
        }
        at += 1;
    }
}

/// The length of the string with which these bytes begin, if it has ended.
pub fn length_of_string(bytes: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        at += memchr2(b'"', b'\\', bytes.get(at..)?)?;
        if bytes[at] == b'"' {
            return Some(at + 1);
        }
        at += 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_int_loses_the_sign_of_its_zero() {
        for (json, changed) in [
            ("-0", " 0"),
            ("[-0,-0.0,-0e1,-1,-00,1e-0,\"-0\",\"\\\"-0\",-0]", "[ 0,-0.0,-0e1,-1,-00,1e-0,\"-0\",\"\\\"-0\", 0]"),
            ("{\"-0\":-0}", "{\"-0\": 0}"),
            ("-", "-"),
            ("\"-0", "\"-0"),
        ] {
            let mut bytes = json.as_bytes().to_vec();
            unsign_zeros(&mut bytes);
            assert_eq!(String::from_utf8(bytes).unwrap(), changed);
        }
    }
}
