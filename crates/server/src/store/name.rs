//! The names of connections at the server, by which it lists them: they tell of the process behind one.

use super::mark::{machine, visible, wall_clock};
use std::fmt::Write;

/// The beginning of each such name.
const START: &str = "sync";

/// The name of a connection that has begun now, for the store with this prefix.
pub fn name(prefix: &[u8]) -> String {
    format!("{START}:{}:{}:{}:{}", std::process::id(), wall_clock(), machine(), readable(prefix))
}

/// A prefix in signs that a name may have.
fn readable(prefix: &[u8]) -> String {
    let mut text = String::with_capacity(prefix.len());
    for byte in prefix {
        match byte {
            b'%' | b':' => write!(text, "%{byte:02x}").expect("a text takes all signs"),
            b'!'..=b'~' => text.push(char::from(*byte)),
            _ => write!(text, "%{byte:02x}").expect("a text takes all signs"),
        }
    }
    text
}

/// A connection, as the server lists it.
#[derive(Debug, PartialEq, Eq)]
pub struct Listed<'l> {
    database: u32,
    name: &'l str,
}

impl<'l> Listed<'l> {
    /// Reads a line of `CLIENT LIST`.
    pub fn read(line: &'l str) -> Option<Self> {
        let field = |name: &str| line.split(' ').find_map(|field| field.strip_prefix(name)?.strip_prefix('='));
        Some(Self { database: field("db")?.parse().ok()?, name: field("name")? })
    }

    /// The process that uses the store with this prefix over it, if one does: its number, if that means something here, and since when.
    pub fn user_of(&self, database: u32, prefix: &[u8]) -> Option<(Option<u32>, u64)> {
        let mut parts = self.name.split(':');
        let (start, process, since) = (parts.next()?, parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        let (its_machine, its_prefix) = (parts.next()?, parts.next()?);
        let is_one = start == START && self.database == database && its_prefix == readable(prefix);
        (is_one && parts.next().is_none()).then(|| (visible(its_machine, process), since))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_of_the_process_and_of_the_store() {
        let before = wall_clock();
        let line =
            |name: &str| format!("id=12 addr=/a b:0 laddr=/a b:0 fd=8 name={name} age=0 idle=0 flags=U db=3 sub=0");
        let own = line(&name(b"a b:%\xff\n"));
        assert!(own.contains(":a%20b%3a%25%ff%0a age="), "{own}");
        let listed = Listed::read(&own).unwrap();
        let (process, since) = listed.user_of(3, b"a b:%\xff\n").unwrap();
        assert_eq!(process, Some(std::process::id()));
        assert!(since >= before && since <= wall_clock());
        assert_eq!((listed.user_of(4, b"a b:%\xff\n"), listed.user_of(3, b"a")), (None, None));
        let elsewhere = line("sync:7:5:another_machine:a");
        assert_eq!(Listed::read(&elsewhere).unwrap().user_of(3, b"a"), Some((None, 5)));
        for name in ["", "sync", "other:7:5:m:a", "sync:7:5:m:a:b", "sync:x:5:m:a"] {
            assert_eq!(Listed::read(&line(name)).unwrap().user_of(3, b"a"), None, "{name}");
        }
        assert_eq!(Listed::read(""), None);
    }
}
