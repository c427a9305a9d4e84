//! A JSON object, member by member, as it comes: no more of it is in memory than the member at hand.
//!
//! This only finds where names and values end; `serde_json` reads them, and refuses all that is no JSON.

use std::io::{ErrorKind, Read};

use memchr::{memchr_iter, memrchr};

use crate::json::{self, length_of_string};
use crate::outcome::{Failure, Outcome, Status};
use crate::printable::Printable;
use crate::value::Value;

/// So much is read at once, at most, but for a member that is longer.
const CHUNK: usize = 1 << 20;

/// The members of an object that is being read.
pub struct Members<R> {
    input: R,
    buffer: Vec<u8>,
    /// The part of the buffer that was read, and not passed yet.
    at: usize,
    end: usize,
    /// The lines that were passed, and the bytes of the last one.
    lines: usize,
    column: usize,
    has_begun: bool,
}

impl<R: Read> Members<R> {
    pub fn new(input: R) -> Self {
        Self { input, buffer: Vec::new(), at: 0, end: 0, lines: 0, column: 0, has_begun: false }
    }

    /// Reads the next name and its value. `None`: the object has ended, and the input with it.
    pub fn next(&mut self) -> Outcome<Option<(Vec<u8>, Value<'_>)>> {
        let is_first = !self.has_begun;
        if is_first && self.peek()? != Some(b'{') {
            return Err(self.error("an object of names and values begins with `{`"));
        }
        if is_first {
            self.pass(1);
            self.has_begun = true;
        }
        match self.peek()? {
            Some(b'}') => {
                self.pass(1);
                let is_over = self.peek()?.is_none();
                return if is_over { Ok(None) } else { Err(self.error("trailing characters")) };
            }
            Some(b',') if !is_first => {
                self.pass(1);
                self.peek()?;
            }
            Some(_) if is_first => {}
            _ => return Err(self.error("expected `,` or `}`")),
        }
        let Value::String(name) = self.value()? else { return Err(self.error("a name is a string")) };
        let name = name.into_owned();
        if self.peek()? != Some(b':') {
            return Err(self.error("expected `:`"));
        }
        self.pass(1);
        self.peek()?;
        match self.value() {
            Ok(value) => Ok(Some((name, value))),
            Err(Failure { status, text }) => {
                Err(Failure::new(status, format!("{text}, in the value of '{}'", Printable(&name))))
            }
        }
    }

    /// Reads the value that begins here.
    fn value(&mut self) -> Outcome<Value<'_>> {
        let length = loop {
            match length_of_value(&self.buffer[self.at..self.end]) {
                Some(length) => break length,
                None if self.fill()? => {}
                None => return Err(self.error("it ends too early")),
            }
        };
        let (from, lines, column) = (self.at, self.lines, self.column);
        self.pass(length);
        json::parse(&mut self.buffer[from..from + length]).map_err(|error| {
            let text = json::told(&error);
            let text = text.rsplit_once(" at line ").map_or(text.as_str(), |(text, _)| text);
            let column = if error.line() <= 1 { column + error.column() } else { error.column() };
            place(text, lines + error.line().max(1) - 1, column)
        })
    }

    /// Passes white space; gives the byte behind it.
    fn peek(&mut self) -> Outcome<Option<u8>> {
        loop {
            let rest = &self.buffer[self.at..self.end];
            let spaces = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r')).count();
            let next = rest.get(spaces).copied();
            self.pass(spaces);
            if next.is_some() || !self.fill()? {
                return Ok(next);
            }
        }
    }

    fn pass(&mut self, count: usize) {
        let passed = &self.buffer[self.at..self.at + count];
        match memrchr(b'\n', passed) {
            Some(last) => {
                self.lines += memchr_iter(b'\n', passed).count();
                self.column = count - last - 1;
            }
            None => self.column += count,
        }
        self.at += count;
    }

    /// Reads more: as much again as is not passed yet, at least, so that no long value is gone through time and again. False: there is no more.
    fn fill(&mut self) -> Outcome<bool> {
        self.buffer.copy_within(self.at..self.end, 0);
        (self.at, self.end) = (0, self.end - self.at);
        let least = 2 * self.end;
        self.buffer.resize((self.end + CHUNK).max(least), 0);
        let before = self.end;
        loop {
            match self.input.read(&mut self.buffer[self.end..]) {
                Ok(0) => return Ok(self.end > before),
                Ok(count) => self.end += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(Failure::of_input(&error)),
            }
            if self.end >= least {
                return Ok(true);
            }
        }
    }

    fn error(&self, text: &str) -> Failure {
        place(text, self.lines, self.column)
    }
}

fn place(text: &str, lines: usize, column: usize) -> Failure {
    let text = format!("The input is no whole JSON object: {text} at line {} column {column}", lines + 1);
    Failure::new(Status::Usage, text)
}

/// The length of the value with which these bytes begin, if it has ended.
fn length_of_value(bytes: &[u8]) -> Option<usize> {
    match bytes.first()? {
        b'"' => length_of_string(bytes),
        b'{' | b'[' => length_of_compound(bytes),
        _ => bytes.iter().position(|byte| matches!(byte, b',' | b':' | b'}' | b']' | b' ' | b'\t' | b'\n' | b'\r')),
    }
}

/// Of an array or an object: up to the bracket that closes it, of whichever kind that is.
fn length_of_compound(bytes: &[u8]) -> Option<usize> {
    let (mut at, mut depth) = (0, 0u64);
    loop {
        at += bytes.get(at..)?.iter().position(|byte| matches!(byte, b'"' | b'{' | b'[' | b'}' | b']'))?;
        match bytes[at] {
            b'"' => at += length_of_string(&bytes[at..])? - 1,
            b'{' | b'[' => depth += 1,
            _ => depth -= 1,
        }
        at += 1;
        if depth == 0 {
            return Some(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Gives a few bytes at a time.
    struct Slow<'a>(&'a [u8], usize);

    impl Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let count = self.1.min(self.0.len()).min(buffer.len());
            buffer[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }

    fn all(json: &str, at_once: usize) -> Result<Vec<(String, String)>, String> {
        gather(json, at_once).map_err(|failure| failure.text)
    }

    fn gather(json: &str, at_once: usize) -> Outcome<Vec<(String, String)>> {
        let (mut members, mut all) = (Members::new(Slow(json.as_bytes(), at_once)), Vec::new());
        while let Some((name, value)) = members.next()? {
            all.push((String::from_utf8(name).unwrap(), serde_json::to_string(&value).unwrap()));
        }
        Ok(all)
    }

    #[test]
    fn what_is_no_object_is_refused_as_serde_refuses_it() {
        for json in [
            "",
            " ",
            "[1]",
            "1",
            "{",
            "{}x",
            "{,}",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{\"a\":1 \"b\":2}",
            "{\"a\":1",
            "{\"a\":\"x}",
            "{\"a\":[1}",
            "{\"a\":[1}]}",
            "{1:2}",
            "{\"a\":tru}",
            "{\"a\":01}",
            "{\"a\":\"\n\"}",
            "{a:1}",
            "{\"a\":\"\\x\"}",
            "{\"a\":1:2}",
            "{\"a\":1]",
            "{\"a\":]}",
            "{\"\\ud800\":1}",
            "{\"a\":1}}",
            "{:1}",
            "{\"a\":\u{b}1}",
        ] {
            assert!(serde_json::from_str::<serde_json::Map<_, serde_json::Value>>(json).is_err(), "{json}");
            for at_once in [1, 3, 100] {
                assert!(all(json, at_once).is_err(), "{json}");
            }
        }
    }

    #[test]
    fn a_fault_is_told_with_its_place() {
        let error = all("{\"a\": 1,\n\n  \"b\": [1,\n x]}", 2).unwrap_err();
        assert!(error.ends_with("expected value at line 4 column 2, in the value of 'b'"), "{error}");
        let error = all("{\"a\": 1,\n\"b\" 2}", 5).unwrap_err();
        assert!(error.ends_with("expected `:` at line 2 column 4"), "{error}");
    }

    fn value() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            ".{0,20}".prop_map(Into::into),
            "[\"\\\\{}\\[\\],: \n]{0,9}".prop_map(Into::into),
        ];
        leaf.prop_recursive(4, 40, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(serde_json::Value::from),
                // (Keys that are no numbers, so that they stay keys, in an order that both keep; and some, or it would be an array here.)
                prop::collection::btree_map("k[\"\\\\{}\n]{0,3}", inner, 1..5)
                    .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn an_object_is_read_as_serde_reads_it(
            members in prop::collection::vec((".{0,9}", value()), 0..8),
            pretty: bool,
            at_once in 1usize..40,
        ) {
            let written: Vec<_> = members.iter().map(|(name, value)| {
                let value = if pretty { serde_json::to_string_pretty(value) } else { serde_json::to_string(value) };
                format!("{}:{}", serde_json::to_string(name).unwrap(), value.unwrap())
            }).collect();
            let json = format!("{{{}}}", written.join(if pretty { " ,\r\n" } else { "," }));
            let expected: Vec<_> = members.iter().map(|(name, value)| (name.clone(), value.to_string())).collect();
            prop_assert_eq!(all(&json, at_once).unwrap(), expected);
        }
    }
}
