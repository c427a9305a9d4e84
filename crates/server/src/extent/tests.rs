use super::*;
use crate::message::{Message, Push, Value};
use proptest::prelude::*;
use redis_protocol::resp3::decode::complete::decode_range;
use redis_protocol::resp3::types::RangeFrame;

/// The end of the first message, where all bytes are there at once.
fn at_once(bytes: &[u8]) -> Result<Extent, Malformed> {
    Search::default().go_on(bytes)
}

/// Whether the message has so many bytes.
fn is_whole(extent: Result<Extent, Malformed>, bytes: usize) -> bool {
    extent == Ok(Extent::Whole(bytes))
}

#[test]
fn a_message_ends_with_its_last_item() {
    for message in [
        "+OK\r\n",
        "-ERR no\r\n",
        ":-1\r\n",
        "_\r\n",
        "#t\r\n",
        ",1.5\r\n",
        "(123\r\n",
        "$0\r\n\r\n",
        "$4\r\n\r\n\r\n\r\n",
        "!5\r\nERR x\r\n",
        "=7\r\ntxt:abc\r\n",
        "*0\r\n",
        "%0\r\n",
        "~0\r\n",
        "*2\r\n*0\r\n*1\r\n+a\r\n",
        "%1\r\n+a\r\n*2\r\n:1\r\n:2\r\n",
        ">2\r\n+invalidate\r\n*1\r\n$1\r\nk\r\n",
        "|1\r\n+a\r\n+b\r\n:5\r\n",
        "|0\r\n:5\r\n",
        "*2\r\n|1\r\n+a\r\n*1\r\n:1\r\n:5\r\n:6\r\n",
        "*1\r\n|0\r\n:5\r\n",
    ] {
        let stream = [message.as_bytes(), b"+next\r\n"].concat();
        assert!(is_whole(at_once(&stream), message.len()), "{message:?}");
        // A message that has not arrived whole is never taken for one, and never for a wrong one.
        let mut search = Search::default();
        for end in 0..message.len() {
            let extent = search.go_on(&stream[..end]);
            assert!(matches!(extent, Ok(Extent::Missing(1..))), "{message:?} up to {end}: {extent:?}");
        }
        assert!(is_whole(search.go_on(&stream), message.len()), "{message:?} in pieces");
        assert!(Message::read(message.as_bytes()).is_ok(), "{message:?} cannot be read");
    }
}

#[test]
fn a_long_string_says_how_much_of_it_is_missing() {
    assert_eq!(at_once(b"$1000\r\nabc"), Ok(Extent::Missing(999)));
    assert_eq!(at_once(b"$3\r\nabc"), Ok(Extent::Missing(2)));
    assert_eq!(at_once(b"$3\r\nabc\r"), Ok(Extent::Missing(1)));
}

#[test]
fn a_stream_of_something_else_is_noticed() {
    for stream in [
        "HTTP/1.1 400 Bad Request\r\n",
        "HELLO 3\r\n",
        "$-1\r\n",
        "*-1\r\n",
        "$?\r\n",
        "$\r\n\r\n",
        "$+1\r\na\r\n",
        "$12345678901\r\n",
        "$4294967296\r\n",
        "$3\r\nabcd\r\n",
        "$3\r\nabc\n\r",
        "*1\r\n>1\r\n+a\r\n",
    ] {
        assert!(at_once(stream.as_bytes()).is_err(), "{stream:?}");
    }
}

#[test]
fn neither_depth_nor_a_line_without_an_end_is_followed_for_ever() {
    let nested = |depth: usize| ["*1\r\n".repeat(depth).as_bytes(), b":1\r\n"].concat();
    assert!(is_whole(at_once(&nested(DEEPEST)), 4 * DEEPEST + 4));
    assert!(Message::read(&nested(DEEPEST)).is_ok());
    assert!(at_once(&nested(DEEPEST + 1)).is_err());
    assert!(at_once(&nested(1_000_000)).is_err());
    let line = |length: usize| ["+", &"a".repeat(length)].concat().into_bytes();
    assert!(matches!(at_once(&line(LONGEST_LINE - 2)), Ok(Extent::Missing(1))));
    assert!(at_once(&line(LONGEST_LINE)).is_err());
}

#[test]
fn an_endless_list_takes_no_memory_before_its_items_arrive() {
    assert_eq!(at_once(b"*9999999999\r\n"), Ok(Extent::Missing(1)));
    assert_eq!(at_once(b"%9999999999\r\n:1\r\n"), Ok(Extent::Missing(1)));
}

/// A value, and how a server would write it.
fn any_value() -> impl Strategy<Value = (Value, Vec<u8>)> {
    let line = |kind: &str, text: String| [kind, &text, "\r\n"].concat().into_bytes();
    let leaf = prop_oneof![
        Just((Value::Nil, b"_\r\n".to_vec())),
        any::<bool>().prop_map(move |is| (Value::Bool(is), line("#", if is { "t" } else { "f" }.to_owned()))),
        any::<i64>().prop_map(move |number| (Value::Integer(number), line(":", number.to_string()))),
        (-1e9..1e9_f64).prop_map(move |number| (Value::Double(number), line(",", number.to_string()))),
        "[ -~]{0,9}".prop_map(move |text| (Value::Text(text.clone().into_bytes()), line("+", text))),
        (0..3_u8, prop::collection::vec(prop_oneof![any::<u8>(), Just(b'\r'), Just(b'\n')], 0..20)).prop_map(
            |(kind, text)| {
                let (sign, before) = [("$", ""), ("=", "txt:"), ("$", "")][usize::from(kind)];
                let head = format!("{sign}{}\r\n{before}", text.len() + before.len());
                (Value::Text(text.clone()), [head.as_bytes(), &text, b"\r\n"].concat())
            }
        ),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop::collection::vec(inner, 0..6).prop_map(|items| {
            let (values, texts): (Vec<_>, Vec<_>) = items.into_iter().unzip();
            let head = format!("*{}\r\n", values.len()).into_bytes();
            (Value::List(values), [head, texts.concat()].concat())
        })
    })
}

/// A value, as another codec reads it.
fn by_codec(bytes: &[u8], frame: RangeFrame) -> Value {
    let text = |(start, end): (usize, usize)| bytes[start..end].to_vec();
    let list = |frames: Vec<RangeFrame>| frames.into_iter().map(|frame| by_codec(bytes, frame)).collect();
    match frame {
        RangeFrame::BlobString { data, .. }
        | RangeFrame::SimpleString { data, .. }
        | RangeFrame::VerbatimString { data, .. } => Value::Text(text(data)),
        RangeFrame::Boolean { data, .. } => Value::Bool(data),
        RangeFrame::Null => Value::Nil,
        RangeFrame::Number { data, .. } => Value::Integer(data),
        RangeFrame::Double { data, .. } => Value::Double(data),
        RangeFrame::Array { data, .. } => Value::List(list(data)),
        other => panic!("{other:?}"),
    }
}

/// Answers, with pushes between them.
fn any_stream() -> impl Strategy<Value = (Vec<Message>, Vec<u8>)> {
    let answer = any_value().prop_map(|(value, text)| (Message::Answer(Ok(value)), text));
    let push = prop::collection::vec("[a-z\r\n]{0,6}", 0..4).prop_map(|keys| {
        let text: String = keys.iter().map(|key| format!("${}\r\n{key}\r\n", key.len())).collect();
        let text = format!(">2\r\n$10\r\ninvalidate\r\n*{}\r\n{text}", keys.len());
        (Message::Push(Push::Changed(keys.into_iter().map(String::into_bytes).collect())), text.into_bytes())
    });
    prop::collection::vec(prop_oneof![answer, push], 1..5).prop_map(|messages| {
        let (messages, texts): (Vec<_>, Vec<_>) = messages.into_iter().unzip();
        (messages, texts.concat())
    })
}

proptest! {
    #[test]
    fn a_value_is_what_another_codec_reads((value, text) in any_value()) {
        let (frame, length) = decode_range(&text).unwrap().unwrap();
        prop_assert_eq!(length, text.len());
        prop_assert_eq!(by_codec(&text, frame), value.clone());
        prop_assert_eq!(Message::read(&text), Ok(Message::Answer(Ok(value))));
    }

    /// Each place at which a stream can be cut in two.
    #[test]
    fn a_stream_is_the_same_wherever_it_is_cut((messages, stream) in any_stream()) {
        for cut in 0..=stream.len() {
            prop_assert_eq!(&crate::inbox::testing::messages([&stream[..cut], &stream[cut..]])?, &messages, "cut at {}", cut);
        }
    }

    #[test]
    fn a_stream_is_the_same_byte_by_byte((messages, stream) in any_stream()) {
        let pieces: Vec<&[u8]> = stream.chunks(1).collect();
        prop_assert_eq!(crate::inbox::testing::messages(pieces)?, messages);
    }

    /// Damage is an error, or other messages, and never a panic or an endless search.
    #[test]
    fn a_damaged_stream_is_survived((_, mut stream) in any_stream(), damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4)) {
        for (place, byte) in damage {
            let place = place.index(stream.len());
            stream[place] = byte;
        }
        let _ = crate::inbox::testing::messages([&stream[..]]);
    }
}
