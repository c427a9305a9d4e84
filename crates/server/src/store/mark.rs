//! The marks that owners of locks leave at the server.

use std::rc::Rc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use sync_backend::Patience;
use sync_fork::OfProcess;

/// How often somebody who waits for an owner, or uses a list of which an owner has an item, asks whether that one still lives.
pub const ASKS: Duration = Duration::from_millis(10);

/// The machine and its boot, and the part of it in which a process's number means something. Each thread asks the kernel once: a forked child,
/// which may be in another part, asks again.
pub fn machine() -> Rc<str> {
    thread_local! {
        static MACHINE: OfProcess<Option<Rc<str>>> = OfProcess::default();
    }
    let ask = || {
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        let space = std::fs::read_link("/proc/self/ns/pid").unwrap_or_default();
        format!("{}/{}", boot.trim(), space.display()).replace([' ', ':'], "_").into()
    };
    MACHINE.with(|machine| machine.borrow_mut().get_or_insert_with(ask).clone())
}

/// The number of a process, if it means something here: it is one of this machine.
pub fn visible(its_machine: &str, process: u32) -> Option<u32> {
    (*its_machine == *machine()).then_some(process)
}

/// Nanoseconds since 1970.
pub fn wall_clock() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_nanos() as u64)
}

/// An owner: which object of which connection, in which fiber.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// The number of the connection at the server.
    pub client: i64,
    /// The run of the server that gave that number.
    pub run: Vec<u8>,
    /// The object, a number of its process's.
    pub object: u64,
    /// The fiber, a number of its process's.
    pub fiber: u64,
}

impl Owner {
    /// As it is written.
    pub fn text(&self) -> String {
        format!("{}:{}:{}:{}", self.client, String::from_utf8_lossy(&self.run), self.object, self.fiber)
    }

    /// Reads what is written, in bytes.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        Self::read(std::str::from_utf8(bytes).ok()?)
    }

    /// Reads what is written.
    pub fn read(text: &str) -> Option<Self> {
        let mut parts = text.split(':');
        let client = parts.next()?.parse().ok()?;
        let run = parts.next()?.as_bytes().to_vec();
        let (object, fiber) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        parts.next().is_none().then_some(Self { client, run, object, fiber })
    }
}

/// The mark of a hold: the owner, and what others have to know of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    pub owner: Owner,
    /// The process on its machine.
    pub process: u32,
    /// The machine, and the boot of it, for which the process's number means something.
    pub machine: String,
    /// Since when, in nanoseconds since 1970.
    pub since: u64,
    /// No two holds of one owner have the same.
    pub ticket: u64,
    /// Whether it keeps readers out as well.
    pub all: bool,
    pub patience: Patience,
    /// `None`: it was taken without one.
    pub token: Option<u64>,
}

impl Mark {
    /// As it is written, without the token, which the server writes behind it.
    pub fn text(&self) -> String {
        let timeout = self.patience.timeout.map_or("-".into(), |timeout| timeout.as_micros().to_string());
        format!(
            "{} {} {} {} {} {} {timeout} {}",
            self.owner.text(),
            self.process,
            self.machine,
            self.since,
            self.ticket,
            u8::from(self.all),
            self.patience.interval.as_micros(),
        )
    }

    /// The same with the token, if there is one.
    pub fn whole_text(&self) -> String {
        self.token.map_or(self.text(), |token| format!("{} {token}", self.text()))
    }

    /// Reads what is written.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?;
        let mut words = text.split(' ');
        let mut next = || words.next();
        let micros = |word: &str| word.parse().ok().map(Duration::from_micros);
        Some(Self {
            owner: Owner::read(next()?)?,
            process: next()?.parse().ok()?,
            machine: next()?.to_owned(),
            since: next()?.parse().ok()?,
            ticket: next()?.parse().ok()?,
            all: next()? == "1",
            patience: Patience {
                timeout: match next()? {
                    "-" => None,
                    word => Some(micros(word)?),
                },
                interval: micros(next()?)?,
            },
            token: match next() {
                None => None,
                Some(word) => Some(word.parse().ok()?),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_says_all_of_a_hold() {
        let owner = Owner { client: 7, run: b"ab".to_vec(), object: 2, fiber: 0 };
        let mark = Mark {
            owner,
            process: 12,
            machine: "m".into(),
            since: 5,
            ticket: 3,
            all: true,
            patience: Patience::default(),
            token: None,
        };
        assert_eq!(Mark::read(mark.text().as_bytes()), Some(mark.clone()));
        let until = Mark { patience: Patience::until(Duration::from_secs(1)), token: Some(9), ..mark };
        assert_eq!(Mark::read(format!("{} 9", until.text()).as_bytes()), Some(until));
        assert_eq!(Mark::read(b"x"), None);
    }
}
