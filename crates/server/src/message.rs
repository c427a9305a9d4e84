//! Messages of a server: answers, and pushes that nobody asked for.

use super::extent::{Item, Malformed, item};
use super::refusal::Refusal;
use std::collections::TryReserveError;

/// An answer, or a part of one. Strings of all kinds are bytes, and sets are lists.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Nothing, as for a key that is not there.
    Nil,
    /// A truth value.
    Bool(bool),
    /// An integer.
    Integer(i64),
    /// A number with a fraction.
    Double(f64),
    /// A string: simple, with a length, verbatim (without its kind), or the digits of a big number.
    Text(Vec<u8>),
    /// A list, or a set.
    List(Vec<Value>),
    /// Pairs, in an order that means nothing.
    Map(Vec<(Value, Value)>),
    /// An error within an answer, as of one request of a transaction.
    Refused(Refusal),
}

impl Value {
    /// The bytes, if this is a string.
    pub fn text(&self) -> Option<&[u8]> {
        if let Self::Text(bytes) = self { Some(bytes) } else { None }
    }

    /// The number, if this is an integer.
    pub fn integer(&self) -> Option<i64> {
        if let Self::Integer(number) = self { Some(*number) } else { None }
    }

    /// The number in the digits, if this is a string of such.
    pub fn number(&self) -> Option<u64> {
        std::str::from_utf8(self.text()?).ok()?.parse().ok()
    }

    /// The value behind a name, if this is a map that has it.
    pub fn get(&self, name: &str) -> Option<&Value> {
        let Self::Map(pairs) = self else { return None };
        pairs.iter().find(|(key, _)| key.text() == Some(name.as_bytes())).map(|(_, value)| value)
    }
}

/// A message that nobody asked for.
#[derive(Debug, Clone, PartialEq)]
pub enum Push {
    /// These keys have changed: what was read of them is no longer true.
    Changed(Vec<Vec<u8>>),
    /// All keys may have changed.
    AllChanged,
    /// Another push: its kind, and its content.
    Other(Vec<u8>, Vec<Value>),
}

/// One message of the stream.
#[derive(Debug, Clone, PartialEq)]
pub enum Message {
    /// The answer to the next request.
    Answer(Result<Value, Refusal>),
    /// A push.
    Push(Push),
}

impl Message {
    /// Reads a message, of which these are all bytes ([`super::extent`] has found its end). Where there is no memory for it, another one comes in
    /// its place.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, Malformed> {
        match Self::try_read(bytes) {
            Ok(message) => Ok(message),
            Err(NoMessage::Malformed(malformed)) => Err(malformed),
            Err(NoMessage::NoMemory) => Ok(Self::without_memory(bytes.starts_with(b">"), bytes.len())),
        }
    }

    /// In the place of a message of so many bytes for which there is no memory.
    pub(crate) fn without_memory(is_push: bool, bytes: usize) -> Self {
        // (Of all pushes only those count that tell of changes.)
        if is_push { Self::Push(Push::AllChanged) } else { Self::Answer(Err(Refusal::no_memory(bytes))) }
    }

    fn try_read(bytes: &[u8]) -> Result<Self, NoMessage> {
        let mut reader = Reader { message: bytes, at: 0 };
        let value = reader.value()?;
        if reader.at != bytes.len() {
            return Err(CONTENT);
        }
        match value {
            Value::List(parts) if bytes[0] == b'>' => push(parts).map(Self::Push),
            Value::Refused(refusal) => Ok(Self::Answer(Err(refusal))),
            value => Ok(Self::Answer(Ok(value))),
        }
    }
}

/// The reason why there is no message.
#[derive(Debug)]
enum NoMessage {
    Malformed(Malformed),
    NoMemory,
}

impl From<Malformed> for NoMessage {
    fn from(malformed: Malformed) -> Self {
        Self::Malformed(malformed)
    }
}

impl From<TryReserveError> for NoMessage {
    fn from(_: TryReserveError) -> Self {
        Self::NoMemory
    }
}

const CONTENT: NoMessage = NoMessage::Malformed(Malformed("a message has a content that does not fit its kind"));

/// A message on its way to be a value, up to a place.
struct Reader<'m> {
    message: &'m [u8],
    at: usize,
}

impl Reader<'_> {
    /// The next value. The depth of the recursion is limited by [`super::extent`].
    fn value(&mut self) -> Result<Value, NoMessage> {
        let mut next = item(self.message, self.at)?;
        // (They are no level of their own: before a value there may be as many as the server likes.)
        while let Item::Attributes(items, end) = next {
            self.at = end;
            for _ in 0..items {
                self.value()?;
            }
            next = item(self.message, self.at)?;
        }
        match next {
            Item::Single(kind, text, end) => {
                self.at = end;
                single(kind, text)
            }
            Item::List(b'%', items, end) => {
                self.at = end;
                let mut pairs = Vec::new();
                pairs.try_reserve_exact(self.room(items / 2))?;
                for _ in 0..items / 2 {
                    pairs.push((self.value()?, self.value()?));
                }
                Ok(Value::Map(pairs))
            }
            Item::List(_, items, end) => {
                self.at = end;
                let mut values = Vec::new();
                values.try_reserve_exact(self.room(items))?;
                for _ in 0..items {
                    values.push(self.value()?);
                }
                Ok(Value::List(values))
            }
            Item::Attributes(..) | Item::Missing(_) => Err(CONTENT),
        }
    }

    /// The number of items to make room for, of so many: no more than there can be in the rest of the message.
    fn room(&self, items: u64) -> usize {
        usize::try_from(items).unwrap_or(usize::MAX).min(self.message.len() - self.at)
    }
}

/// A value by itself: of its kind, and its line or string.
fn single(kind: u8, text: &[u8]) -> Result<Value, NoMessage> {
    let digits = || std::str::from_utf8(text).map_err(|_| CONTENT);
    Ok(match (kind, text) {
        (b'$' | b'+' | b'(', text) | (b'=', [_, _, _, b':', text @ ..]) => Value::Text(copy(text)?),
        (b':', _) => Value::Integer(digits()?.parse().map_err(|_| CONTENT)?),
        (b'_', b"") => Value::Nil,
        (b'#', b"t") => Value::Bool(true),
        (b'#', b"f") => Value::Bool(false),
        (b',', _) => Value::Double(digits()?.parse().map_err(|_| CONTENT)?),
        (b'-' | b'!', text) => Value::Refused(Refusal::read(text)),
        _ => return Err(CONTENT),
    })
}

fn copy(text: &[u8]) -> Result<Vec<u8>, TryReserveError> {
    let mut copy = Vec::new();
    copy.try_reserve_exact(text.len())?;
    copy.extend_from_slice(text);
    Ok(copy)
}

/// A push, of its parts.
fn push(parts: Vec<Value>) -> Result<Push, NoMessage> {
    const SHAPE: Malformed = Malformed("a push has a shape that no push has");
    let mut parts = parts.into_iter();
    let Some(Value::Text(kind)) = parts.next() else { return Err(SHAPE.into()) };
    if kind != b"invalidate" {
        return Ok(Push::Other(kind, parts.collect()));
    }
    match (parts.next(), parts.next()) {
        (Some(Value::Nil), None) => Ok(Push::AllChanged),
        (Some(Value::List(keys)), None) => {
            let key = |key| if let Value::Text(key) = key { Ok(key) } else { Err(SHAPE) };
            Ok(Push::Changed(keys.into_iter().map(key).collect::<Result<_, _>>()?))
        }
        _ => Err(SHAPE.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pushes_are_told_apart_and_one_of_a_wrong_shape_is_none() {
        let read = |text: &str| Message::read(text.as_bytes());
        let all = read(">2\r\n+invalidate\r\n_\r\n");
        assert_eq!(all, Ok(Message::Push(Push::AllChanged)));
        let keys = read(">2\r\n$10\r\ninvalidate\r\n*2\r\n$1\r\na\r\n$1\r\nb\r\n");
        assert_eq!(keys, Ok(Message::Push(Push::Changed(vec![b"a".to_vec(), b"b".to_vec()]))));
        let other = read(">3\r\n+message\r\n+c\r\n:1\r\n");
        let content = vec![Value::Text(b"c".to_vec()), Value::Integer(1)];
        assert_eq!(other, Ok(Message::Push(Push::Other(b"message".to_vec(), content))));
        for shape in [
            ">0\r\n",
            ">1\r\n:1\r\n",
            ">1\r\n+invalidate\r\n",
            ">2\r\n+invalidate\r\n+k\r\n",
            ">2\r\n+invalidate\r\n*1\r\n:1\r\n",
            ">3\r\n+invalidate\r\n_\r\n_\r\n",
        ] {
            assert!(read(shape).is_err(), "{shape:?}");
        }
    }

    #[test]
    fn any_number_of_attributes_is_passed_over_before_a_value() {
        use crate::extent::{Extent, Search};
        const MANY: usize = 1_000_000;
        let within = format!("|1\r\n+a\r\n{}{}+b\r\n:5\r\n", "|0\r\n".repeat(MANY), "|1\r\n+c\r\n+d\r\n".repeat(9));
        let nested = format!("{}{}:5\r\n", "|1\r\n".repeat(31), "+a\r\n+b\r\n".repeat(31));
        let before = "|0\r\n".repeat(MANY) + ":5\r\n";
        let before_item = format!("*1\r\n{}:5\r\n", "|1\r\n+a\r\n+b\r\n".repeat(MANY));
        let five = Value::Integer(5);
        let list = Value::List(vec![five.clone()]);
        for (text, value) in [(within, &five), (before, &five), (before_item, &list), (nested, &five)] {
            assert_eq!(Search::default().go_on(text.as_bytes()), Ok(Extent::Whole(text.len())));
            assert_eq!(Message::read(text.as_bytes()), Ok(Message::Answer(Ok(value.clone()))));
        }
    }

    #[test]
    fn a_content_that_does_not_fit_its_kind_is_no_message() {
        for text in [
            ":x\r\n",
            "#y\r\n",
            "_x\r\n",
            ",x\r\n",
            "=2\r\nab\r\n",
            "=4\r\ntext\r\n",
            "+a\r\n+b\r\n",
            "*2\r\n:1\r\n",
            "%1\r\n:1\r\n",
            "*9999999999\r\n",
        ] {
            assert!(Message::read(text.as_bytes()).is_err(), "{text:?}");
        }
    }
}
