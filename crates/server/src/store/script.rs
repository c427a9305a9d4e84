//! The scripts that a server runs: each is one moment.

use std::cell::OnceCell;

/// A script. (Its text goes to the server once, which gives it its digest.)
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Script {
    /// Changes of values.
    Change,
    /// A change of one value, in the usual case.
    One,
    /// The lock of the whole, and holds on writers.
    Hold,
    /// The line of those that wait for these.
    Line,
    /// Named locks.
    Named,
    /// Everything at one moment, for those who cannot get it otherwise.
    All,
    /// The names that have changed, for those who follow all.
    Changes,
    /// The end of a store.
    Destroy,
    /// The first connection to another run of the server.
    Run,
}

/// All of them, as they are counted.
pub const SCRIPTS: [Script; 9] = [
    Script::Change,
    Script::One,
    Script::Hold,
    Script::Line,
    Script::Named,
    Script::All,
    Script::Changes,
    Script::Destroy,
    Script::Run,
];

/// Behind `common.lua`, where a script asks for the time: in tests it may be that of their clock, which comes as the last word.
#[cfg(feature = "testing")]
macro_rules! clock {
    () => {
        "local shown = tonumber(table.remove(ARGV))\nif shown then time_now = function() return shown end end\n"
    };
}
#[cfg(not(feature = "testing"))]
macro_rules! clock {
    () => {
        ""
    };
}

impl Script {
    /// Whether it changes nothing.
    pub fn only_reads(self) -> bool {
        matches!(self, Self::All | Self::Changes)
    }

    /// Its text.
    pub fn text(self) -> &'static str {
        match self {
            Self::Change => {
                concat!(include_str!("common.lua"), clock!(), include_str!("queue.lua"), include_str!("change.lua"))
            }
            Self::One => {
                concat!(
                    include_str!("add.lua"),
                    include_str!("common.lua"),
                    include_str!("queue.lua"),
                    include_str!("one.lua")
                )
            }
            Self::Hold => concat!(include_str!("common.lua"), include_str!("hold.lua")),
            Self::Line => include_str!("line.lua"),
            Self::Named => concat!(include_str!("common.lua"), include_str!("named.lua")),
            Self::All => include_str!("all.lua"),
            Self::Changes => concat!(include_str!("common.lua"), clock!(), include_str!("changes.lua")),
            Self::Destroy => include_str!("destroy.lua"),
            Self::Run => include_str!("run.lua"),
        }
    }
}

/// The digests that a server has given scripts.
#[derive(Debug, Default)]
pub struct Digests([OnceCell<Vec<u8>>; SCRIPTS.len()]);

impl Digests {
    fn cell(&self, script: Script) -> &OnceCell<Vec<u8>> {
        &self.0[script as usize]
    }

    /// The digest of a script, if it is known.
    pub fn of(&self, script: Script) -> Option<&[u8]> {
        self.cell(script).get().map(|digest| &digest[..])
    }

    /// The server has given a script its digest, which never changes.
    pub fn set(&self, script: Script, digest: Vec<u8>) {
        let _ = self.cell(script).set(digest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::Connection;
    use crate::message::Value;
    use crate::store::order::score_in;
    use crate::store::{ServerStore, ServerVersion};
    use crate::testing::Redis;
    use sync_backend::Backend;

    fn ask(connection: &mut Connection, words: &[&[u8]]) -> Value {
        connection.ask(words, &mut |_| ()).unwrap()
    }

    /// An answer is lost, the request is sent again over another connection, and answered: only then the first one arrives.
    #[test]
    fn a_request_that_arrives_behind_a_later_one_of_its_process_changes_nothing() {
        let redis = Redis::start(&[]);
        let store = ServerStore::new(&redis.address("", "?prefix=app"), || 0);
        let mut version = ServerVersion::default();
        store.put(b"n", &[0], &mut version).unwrap();
        for sum in 1..=3 {
            assert_eq!(store.add_number(b"n", 1, &mut version).unwrap(), Some(sum));
        }
        let mut connection = redis.connect();
        let Value::List(keys) = ask(&mut connection, &[b"KEYS", b"{app}:process:*"]) else { panic!() };
        let own = keys[0].text().unwrap().to_vec();
        let last = ask(&mut connection, &[b"GET", &own]);
        let last = last.text().unwrap();
        let number: u64 =
            std::str::from_utf8(last.split(|byte| *byte == b' ').next().unwrap()).unwrap().parse().unwrap();
        let (long, short) = (Script::Change.text().as_bytes(), Script::One.text().as_bytes());
        let mut arrives = |number: u64| {
            let number = number.to_string().into_bytes();
            // (First how long the record of a request is kept.)
            let long_step: [&[u8]; 10] = [b"1000", b"add", b"n", b"", b"0", b"", b"", b"0", b"", b"1"];
            let head: [&[u8]; 11] =
                [b"EVAL", long, b"3", b"{app}:lock", b"{app}:life", b"{app}:v:n", &number, b"", b"{app}:", b"m", &own];
            // (And the word of the tests' clock.)
            ask(&mut connection, &[&head[..], &long_step, &[b""]].concat());
            let head: [&[u8]; 8] = [b"EVAL", short, b"1", b"{app}:v:n", b"{app}:", b"n", &number, &own];
            ask(&mut connection, &[&head[..], &[b"", b"add", b"", b"0", b"1", b"", b"", b"1000"]].concat());
            ask(&mut connection, &[b"GET", b"{app}:v:n"])
        };
        for late in [number, number - 1] {
            assert_eq!(arrives(late), Value::Text(b"3".to_vec()), "request {late} of {number}");
        }
        // Both are what they would be in time.
        assert_eq!(arrives(number + 1), Value::Text(b"4".to_vec()));
    }

    #[test]
    fn a_request_that_is_sent_again_gives_a_value_no_longer_life() {
        let redis = Redis::start(&[]);
        let mut connection = redis.connect();
        // A value that is to live for 5 seconds, by a clock that shows another time than the server's.
        let mut arrives = |number: &[u8], shown: &[u8]| {
            let words: [&[u8]; 12] = [
                b"EVAL",
                Script::Change.text().as_bytes(),
                b"3",
                b"{app}:lock",
                b"{app}:life",
                b"{app}:v:n",
                number,
                b"",
                b"{app}:",
                b"m",
                b"{app}:process:me",
                b"1000000",
            ];
            let step: [&[u8]; 9] = [b"put", b"n", b"", b"0", b"\xa1x", b"", b"55000 50000", b"", b""];
            let Value::List(answer) = ask(&mut connection, &[&words[..], &step, &[shown]].concat()) else { panic!() };
            let due = score_in(&ask(&mut connection, &[b"ZSCORE", b"{app}:due", b"n"]));
            assert_eq!(answer.last().and_then(score_in), due);
            due
        };
        assert_eq!([arrives(b"1", b"100000"), arrives(b"1", b"102000")], [Some(105_000); 2]);
        assert_eq!(arrives(b"2", b"102000"), Some(107_000));
        // Here it is only late.
        assert_eq!(arrives(b"3", b"50090"), Some(55_000));
    }
}
