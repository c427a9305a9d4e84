//! Messages of a server: answers, and pushes that nobody asked for.

use super::extent::Malformed;
use super::refusal::Refusal;
use redis_protocol::resp3::decode::complete::decode_range;
use redis_protocol::resp3::types::RangeFrame;
use std::collections::TryReserveError;

/// The number of items from which on there may be no memory for lists of them.
const MANY: usize = 1024;

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
    /// Reads a message, of which these are all bytes, with so many items that are no lists ([`super::extent`] has found its end). Where there is no
    /// memory for it, another one comes in its place.
    pub(crate) fn read(bytes: &[u8], items: usize) -> Result<Self, Malformed> {
        match Self::try_read(bytes, items) {
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

    fn try_read(bytes: &[u8], items: usize) -> Result<Self, NoMessage> {
        const CONTENT: NoMessage =
            NoMessage::Malformed(Malformed("a message has a content that does not fit its kind"));
        // The codec, which is not its own, allocates its lists by itself: a process without the memory for them would end.
        let lists = 2 * items * (size_of::<RangeFrame>() + size_of::<Value>());
        if items >= MANY {
            Vec::<u8>::new().try_reserve_exact(lists)?;
        }
        let (frame, length) = decode_range(bytes).ok().flatten().ok_or(CONTENT)?;
        if length != bytes.len() {
            return Err(CONTENT);
        }
        if let RangeFrame::Push { data, .. } = frame {
            return push(list(bytes, data)?).map(Self::Push);
        }
        Ok(Self::Answer(match value(bytes, frame)? {
            Value::Refused(refusal) => Err(refusal),
            value => Ok(value),
        }))
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

fn list(bytes: &[u8], frames: impl IntoIterator<Item = RangeFrame>) -> Result<Vec<Value>, NoMessage> {
    frames.into_iter().map(|frame| value(bytes, frame)).collect()
}

/// The value that a frame stands for. The depth of the recursion is limited by [`super::extent`].
fn value(bytes: &[u8], frame: RangeFrame) -> Result<Value, NoMessage> {
    let text = |(start, end): (usize, usize)| {
        let mut text = Vec::new();
        text.try_reserve_exact(end - start)?;
        text.extend_from_slice(&bytes[start..end]);
        Ok::<_, TryReserveError>(text)
    };
    Ok(match frame {
        RangeFrame::BlobString { data, .. }
        | RangeFrame::SimpleString { data, .. }
        | RangeFrame::VerbatimString { data, .. }
        | RangeFrame::BigNumber { data, .. } => Value::Text(text(data)?),
        RangeFrame::BlobError { data, .. } | RangeFrame::SimpleError { data, .. } => {
            Value::Refused(Refusal::read(&bytes[data.0..data.1]))
        }
        RangeFrame::Boolean { data, .. } => Value::Bool(data),
        RangeFrame::Null => Value::Nil,
        RangeFrame::Number { data, .. } => Value::Integer(data),
        RangeFrame::Double { data, .. } => Value::Double(data),
        RangeFrame::Array { data, .. } => Value::List(list(bytes, data)?),
        RangeFrame::Set { data, .. } => Value::List(list(bytes, data)?),
        RangeFrame::Map { data, .. } => Value::Map(
            data.into_iter()
                .map(|(key, content)| Ok((value(bytes, key)?, value(bytes, content)?)))
                .collect::<Result<_, NoMessage>>()?,
        ),
        RangeFrame::Push { .. } | RangeFrame::Hello { .. } | RangeFrame::ChunkedString(_) => {
            return Err(Malformed("a message has a kind that no server sends").into());
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pushes_are_told_apart_and_one_of_a_wrong_shape_is_none() {
        let read = |text: &str| Message::read(text.as_bytes(), 3);
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
    fn a_content_that_does_not_fit_its_kind_is_no_message() {
        for text in [":x\r\n", "#y\r\n", ",x\r\n", "=2\r\nab\r\n", "+a\r\n+b\r\n"] {
            assert!(Message::read(text.as_bytes(), 1).is_err(), "{text:?}");
        }
    }
}
