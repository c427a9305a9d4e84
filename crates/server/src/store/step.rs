//! Changes, as they are sent to the server, and what comes of them.

use crate::batch::Word;
use crate::message::Value;

/// When a value expires.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    #[default]
    Never,
    /// At this time of the server's clock (ms).
    At(u64),
    /// At this time of a clock that showed `now` when the change was sent, which is the server's as far as that is known here. The server goes by its own.
    ByAsker { at: u64, now: u64 },
}

impl Due {
    /// That of a value which the server has told of: at this time; 0: never.
    pub fn at(milliseconds: u64) -> Self {
        if milliseconds == 0 { Self::Never } else { Self::At(milliseconds) }
    }

    /// As `change.lua` takes it.
    fn text(self) -> String {
        match self {
            Self::Never => "0".to_string(),
            Self::At(time) => time.to_string(),
            Self::ByAsker { at, now } => format!("{at} {now}"),
        }
    }
}

/// A change of one name, of those that a script makes at one moment.
#[derive(Debug, Default, Clone)]
pub struct Step<'a> {
    /// `put`, `append`, `next`, `following` (the number that a `next` would take), `remove`, `touch`, `clear`, `keep` or `finish`; and of queues `push`, `shift`, `take` (which is a shift and a keep) and `unshift`.
    pub kind: &'static str,
    pub name: &'a [u8],
    /// The mark of the value that is to be there; `!`: none is to be; empty: any may be.
    pub mark: &'a [u8],
    /// Its stored length. Of a shift: how many bytes an element may have.
    pub length: u64,
    pub bytes: Word<'a>,
    pub note: Option<i64>,
    /// When the value expires.
    pub due: Due,
    /// `a`: the name goes to the end of the order. `n`: it is a number. `k`: it expires when the value before it did. `q`: it is a queue. `r`: it makes
    /// room, and a server without memory is to take it.
    pub flags: &'static str,
    /// Of a put: the value as digits, where that is what it is. Of a `next` and a `following`: the least number. Of a push: how many elements. Of a `take`: the consumer.
    pub more: String,
}

/// The numbers of a step, as they are sent.
#[derive(Debug)]
pub struct Numbers {
    length: String,
    note: Option<[u8; 8]>,
    due: String,
}

impl<'a> Step<'a> {
    /// Its numbers, as they are sent.
    pub fn numbers(&self) -> Numbers {
        let note = self.note.map(i64::to_be_bytes);
        Numbers { length: self.length.to_string(), note, due: self.due.text() }
    }

    /// All of it, as `change.lua` takes it.
    pub fn words(&'a self, numbers: &'a Numbers) -> [Word<'a>; 9] {
        [
            self.kind.as_bytes().into(),
            self.name.into(),
            self.mark.into(),
            numbers.length.as_bytes().into(),
            self.bytes,
            numbers.note.as_ref().map_or(&[][..], |note| note).into(),
            numbers.due.as_bytes().into(),
            self.flags.as_bytes().into(),
            self.more.as_bytes().into(),
        ]
    }

    /// The same of a change of one value in the usual case, as `one.lua` takes it.
    pub fn words_of_one(&'a self, numbers: &'a Numbers) -> [Word<'a>; 6] {
        let [kind, _, mark, length, bytes, note, _, _, more] = self.words(numbers);
        let has_bytes = more.is_empty() || self.kind == "push";
        [kind, mark, length, more, if has_bytes { bytes } else { Word::default() }, note]
    }
}

impl Step<'_> {
    /// Whether it is about the value of its name.
    pub fn is_of_value(&self) -> bool {
        !matches!(self.kind, "next" | "following" | "clear" | "keep" | "finish")
    }
}

/// The outcome of changes.
#[derive(Debug)]
pub enum Changed {
    /// They have been made: under this number (0: no value has changed), with a result for each step.
    Done(u64, Vec<Value>),
    /// There is no store, and none was made.
    NoStore,
    /// None has: a value is not as was believed.
    Differs,
}
