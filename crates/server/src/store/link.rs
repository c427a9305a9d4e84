//! A connection for a store: to the server that has it, with the invalidations of what is read.

use super::checkup;
use super::layout::{Key, Keys};
use super::mark::{Mark, Owner, visible};
use super::name::name;
use super::script::{Digests, Script};
use crate::address::Address;
use crate::batch::{Batch, Word};
use crate::connection::Connection;
use crate::failure::{Failure, Lost};
use crate::message::{Message, Push, Value};
use crate::refusal::{Reason, Refusal};
use std::time::{Duration, Instant};
use sync_backend::Now;

/// The time between two looks at the server's clock.
const BETWEEN_TIMES: Duration = Duration::from_secs(1);

/// A connection, and what is known of its server.
#[derive(Debug)]
pub struct Link {
    pub connection: Connection,
    /// The number of the connection at the server.
    pub client: i64,
    /// The run of the server: another one after it was started anew.
    pub run: Vec<u8>,
    /// The run, and the history of its data: another one after it was started anew, or has taken another server's place. It may have come back to a former
    /// state then. Empty: the user may not see it.
    pub history: Vec<u8>,
    /// By how many milliseconds the server's clock is before that of this process.
    pub ahead: i64,
    /// When it was asked for the time; `None`: it is to be asked again.
    pub timed: Option<Instant>,
    pub digests: Digests,
    /// For the requests that run scripts: the memory of the last one.
    memory: Batch<'static>,
    /// The items in consumption, of which the server tells from now on. They are taken once.
    pub consumers: Option<Value>,
    /// A warning about the server, which was not told yet.
    pub warning: Option<String>,
    /// Whether the server has refused to list its connections.
    pub hides_clients: bool,
    /// In a cluster: a key of the store that is never there, which each script names. While the slot is on its way to another node, no script runs
    /// on the half of the keys: one is missing on either side.
    guard: Option<Vec<u8>>,
    /// The keys of the script that moves the numbers on, as long as the server has refused that: it comes before the first change.
    unmoved: Option<[Vec<u8>; 3]>,
}

impl Link {
    /// Whether an owner is one by this connection.
    pub fn is_of(&self, owner: &Owner) -> bool {
        (self.client, &self.run) == (owner.client, &owner.run)
    }

    /// Whether the server is a node of a cluster. It does not tell then that a name has got a value that had none, where its slot has moved meanwhile.
    pub fn is_of_cluster(&self) -> bool {
        self.guard.is_some()
    }

    /// Asks for what has to be known of a server, and for its invalidations.
    pub fn greet(mut connection: Connection, address: &Address, keys: &Keys) -> Result<Self, Failure> {
        let mut batch = Batch::new();
        // A keyed read: a node of a cluster says where the store is.
        batch.add(&[b"GET", keys.kind(Key::Lock)]);
        batch.add(&[b"TIME"]);
        batch.add(&[b"INFO", b"server"]);
        batch.add(&[b"INFO", b"replication"]);
        let name = name(&address.prefix);
        batch.add(&[b"CLIENT", b"SETNAME", name.as_bytes()]);
        batch.add(&[b"HMGET", keys.kind(Key::Counters), b"change", b"run"]);
        if address.caches {
            // A connection is told of others' changes to what it has read; of its own it knows.
            batch.add(&[b"CLIENT", b"TRACKING", b"ON", b"NOLOOP"]);
            batch.add(&[b"HGETALL", keys.kind(Key::Consumers)]);
        }
        let before = Now::read().milliseconds();
        let (mut answers, mut is_told) = (Vec::new(), false);
        connection.ask_all(&batch, &mut |message| match message {
            Message::Answer(answer) => answers.push(answer),
            Message::Push(_) => is_told = true,
        })?;
        let after = Now::read().milliseconds();
        if let Some(refusal) =
            answers.iter().filter_map(|answer| answer.as_ref().err()).find(|refusal| refusal.may_pass())
        {
            // (None of the refusals that are left to the user's rights below.)
            return Err(Failure::Refused(refusal.clone()));
        }
        let mut answers = answers.into_iter();
        let mut next = || answers.next().unwrap_or(Ok(Value::Nil)).map_err(Failure::Refused);
        next()?;
        let time = next()?;
        let info = next();
        let replication = next();
        // (A user without the right to have a name is not seen from outside, and has all else.)
        let _ = next();
        // (Where it is refused, the numbers stay as they are.)
        let counters = next().unwrap_or(Value::Nil);
        next()?;
        // (Where it is refused, those who need it ask again, and hear why.)
        let consumers = next().ok().filter(|_| address.caches);
        let ahead = milliseconds(&time).map_or(0, |time| ahead(time, before, after));
        // (A user may be kept from INFO: then a server that was started anew is taken for the same one.)
        let field = |info: &Result<Value, Failure>, name: &[u8]| {
            info.as_ref().ok().and_then(Value::text).and_then(|info| field(info, name)).unwrap_or_default()
        };
        let run = field(&info, b"run_id:");
        // (That of one which was never another one's copy has a new number as soon as somebody copies it.)
        let was_copy = field(&replication, b"master_replid2:").iter().any(|digit| *digit != b'0');
        let taken_over = if was_copy { field(&replication, b"master_replid:") } else { Vec::new() };
        let history = if run.is_empty() { Vec::new() } else { [&run[..], b" ", &taken_over].concat() };
        let client = connection.greeting().id;
        let guard = (connection.greeting().mode == "cluster").then(|| keys.never().to_vec());
        let warning = checkup::look(&mut connection, address, keys, &run, &mut |_| is_told = true)?;
        let (digests, memory) = Default::default();
        let mut link = Self {
            connection,
            client,
            run,
            history,
            ahead,
            timed: Some(Instant::now()),
            digests,
            memory,
            consumers,
            warning,
            hides_clients: false,
            guard,
            unmoved: None,
        };
        if let Value::List(counters) = counters {
            link.move_numbers_on(keys, &counters, &mut |_| is_told = true)?;
        }
        // (The items are all that the server can tell of by now, and it tells once.)
        link.consumers.take_if(|_| is_told);
        Ok(link)
    }

    /// Ends the lock of the whole that an earlier connection of this process has left, by its number and the run in which it had that. Readers pass it, while its owner would be let in by
    /// its mark, over this connection, until another writer has noticed that its own has ended.
    pub fn end_lock_of(&mut self, keys: &Keys, (client, run): &(i64, Vec<u8>)) -> Result<(), Failure> {
        let mut is_told = false;
        let held = self.connection.ask(&[b"GET", keys.kind(Key::Hold)], &mut |_| is_told = true)?;
        let is_its = |mark: &Mark| {
            let is_own = visible(&mark.machine, mark.process) == Some(std::process::id());
            // (In another run a connection of this process to the same server, by another address, may have that number.)
            mark.all && (mark.owner.client, &mark.owner.run) == (*client, run) && is_own
        };
        if let Some(text) = held.text()
            && Mark::read(text).is_some_and(|mark| is_its(&mark))
        {
            let own = [Key::Lock, Key::Life].map(|key| keys.kind(key));
            let nothing = Word::from(&b""[..]);
            let words = [text.into(), nothing, nothing, nothing, keys.start().into()];
            match self.run_script(Script::Hold, &own, &words, &mut |_| is_told = true) {
                // (A server that takes no writes lets nobody in by the mark either.)
                Ok(_) | Err(Failure::Refused(_)) => {}
                Err(failure) => return Err(failure),
            }
        }
        self.consumers.take_if(|_| is_told);
        Ok(())
    }

    /// Lets the numbers of a store go on behind those that another history of the server's data may have given, and lost. `counters`: the number of its last
    /// change, and the last history that has been connected to.
    fn move_numbers_on(
        &mut self,
        keys: &Keys,
        counters: &[Value],
        pushes: &mut dyn FnMut(Push),
    ) -> Result<(), Failure> {
        let [Value::Text(_), last] = counters else { return Ok(()) };
        if self.history.is_empty() || last.text() == Some(&self.history[..]) {
            return Ok(());
        }
        self.unmoved = Some([keys.kind(Key::Lock), keys.kind(Key::Life), keys.start()].map(<[u8]>::to_vec));
        match self.move_on(pushes) {
            Err(Failure::Refused(refusal)) if !refusal.may_pass() => Ok(()),
            // (Such a server may stay so for long, and those who read need no numbers.)
            Err(Failure::Refused(Refusal { reason: Reason::NoReplicas, .. })) => Ok(()),
            moved => moved,
        }
    }

    /// The same, where that has not been yet. (Of its own changes the server does not tell, and it makes none of the items.)
    fn move_on(&mut self, pushes: &mut dyn FnMut(Push)) -> Result<(), Failure> {
        let Some(unmoved) = self.unmoved.take() else { return Ok(()) };
        let (history, [lock, life, start]) = (self.history.clone(), &unmoved);
        match self.run_script(Script::Run, &[lock, life], &[start.into(), (&history).into()], pushes) {
            // One who may only read makes no change.
            Err(Failure::Refused(refusal)) if !refusal.takes_nothing() => Ok(()),
            Err(failure) => {
                self.unmoved = Some(unmoved);
                Err(failure)
            }
            Ok(_) => Ok(()),
        }
    }

    /// Runs a script, which the server is given first if it does not have it. The caller has just looked at the connection.
    pub fn run_script(
        &mut self,
        script: Script,
        keys: &[&[u8]],
        words: &[Word],
        pushes: &mut dyn FnMut(Push),
    ) -> Result<Value, Failure> {
        #[cfg(feature = "testing")]
        let shown = self.shown();
        #[cfg(feature = "testing")]
        let words = &[words, &[shown.as_bytes().into()]].concat()[..];
        if !script.only_reads() {
            self.move_on(pushes).map_err(|failure| match failure {
                Failure::Lost(lost) => Failure::Lost(Lost { answered: 0, sent: 0, ..lost }),
                refused => refused,
            })?;
        }
        let Self { connection, digests, memory, guard, .. } = self;
        let guard = guard.as_deref();
        let mut count = itoa::Buffer::new();
        let count = count.format(keys.len() + usize::from(guard.is_some())).as_bytes();
        for attempt in 0..2 {
            let mut batch = std::mem::take(memory).emptied();
            let digest = digests.of(script).filter(|_| attempt == 0);
            let loads = digest.is_none();
            if loads {
                // (Before the script: behind its answer nothing is read, as that may be about what the script has seen.)
                batch.add(&[b"SCRIPT", b"LOAD", script.text().as_bytes()]);
            }
            let name = digest.map_or([b"EVAL", script.text().as_bytes()], |digest| [&b"EVALSHA"[..], digest]);
            let head = name.into_iter().chain([count]).chain(keys.iter().copied()).chain(guard).map(Word::from);
            batch.add_words(head.chain(words.iter().copied()));
            let (mut left, mut its) = (batch.len(), None);
            let result = connection.ask_all_at_once(&batch, &mut |message| match message {
                Message::Push(push) => pushes(push),
                Message::Answer(answer) => {
                    left -= 1;
                    match answer {
                        answer if left == 0 => its = Some(answer),
                        Ok(Value::Text(digest)) => digests.set(script, digest),
                        _ => {}
                    }
                }
            });
            *memory = batch.emptied();
            match (its, result) {
                (Some(Err(refusal)), Ok(())) if refusal.reason == Reason::NoScript && !loads => {}
                (Some(answer), _) => return answer.map_err(Failure::Refused),
                (None, Err(lost)) => {
                    // The fate of the script alone.
                    let before = usize::from(loads);
                    let (answered, sent) = (lost.answered.saturating_sub(before), lost.sent.saturating_sub(before));
                    return Err(Failure::Lost(Lost { answered, sent, cause: lost.cause }));
                }
                (None, Ok(())) => unreachable!("an exchange without a failure has an answer to each request"),
            }
        }
        unreachable!("EVAL needs no script at the server")
    }
}

impl Link {
    /// The server's time by the clock that tests have set, which scripts go by; empty: they have set none.
    #[cfg(feature = "testing")]
    fn shown(&self) -> String {
        let shown = sync_backend::clock::is_set().then(|| Now::read().milliseconds().saturating_add_signed(self.ahead));
        shown.map_or_else(String::new, |shown| shown.to_string())
    }

    /// Whether to ask the server for the time as well, where it is asked for something: clocks are set, and one who only reads hears of that in no other
    /// way.
    pub fn is_to_tell_time(&mut self) -> bool {
        let is_due = self.timed.is_none_or(|timed| timed.elapsed() >= BETWEEN_TIMES);
        // (That of the server is none for one that a test has set.)
        #[cfg(feature = "testing")]
        let is_due = is_due && !sync_backend::clock::is_set();
        if is_due {
            self.timed = Some(Instant::now());
        }
        is_due
    }

    /// The server's clock has shown a time (ms) since ours showed another one. True: the two differ by something else than was known.
    pub fn learn_time(&mut self, time: u64, before: Now) -> bool {
        let (before, after) = (before.milliseconds(), Now::read().milliseconds());
        let is_another = is_another(time.saturating_add_signed(-self.ahead), before, after);
        if is_another {
            self.ahead = ahead(time, before, after);
        }
        is_another
    }
}

/// The milliseconds by which our clock may be late: it moves with the kernel's tick ([`Now`]), of which there are 100 a second at least.
const TICK: u64 = 10;

/// By how many milliseconds a clock is ahead of ours, which it showed this time of between these two of ours. Where it may be the same time, it is
/// taken for that: on a busy machine an answer takes long, and most clocks agree.
fn ahead(time: u64, before: u64, after: u64) -> i64 {
    if (before..=after + TICK).contains(&time) { 0 } else { time as i64 - before.midpoint(after) as i64 }
}

/// Whether a time that a clock showed between these two of ours says that it differs from ours by something else than was known, which this time has
/// without. What was known is as far from the truth as our clock may be late, and as half of an answer's way takes.
fn is_another(time: u64, before: u64, after: u64) -> bool {
    let error = 2 * TICK + (after - before.min(after)).div_ceil(2);
    !(before.saturating_sub(error)..=after + error).contains(&time)
}

/// The milliseconds of an answer to `TIME`.
pub fn milliseconds(time: &Value) -> Option<u64> {
    let Value::List(parts) = time else { return None };
    let number = |at: usize| std::str::from_utf8(parts.get(at)?.text()?).ok()?.parse::<u64>().ok();
    Some(number(0)? * 1000 + number(1)? / 1000)
}

/// The text behind a name, in an answer to `INFO`.
fn field(info: &[u8], name: &[u8]) -> Option<Vec<u8>> {
    let mut lines = info.split(|byte| *byte == b'\n');
    lines.find_map(|line| line.strip_prefix(name)).map(|text| text.trim_ascii().to_vec())
}

#[cfg(test)]
mod tests {
    use super::{ahead, is_another};

    #[test]
    fn clocks_that_may_agree_do() {
        assert_eq!([ahead(1_000, 1_000, 1_000), ahead(1_400, 1_000, 1_500), ahead(1_500, 1_000, 1_500)], [0; 3]);
        // It was asked for late, and ours has not moved on since.
        assert_eq!(ahead(1_504, 1_000, 1_500), 0);
        assert_eq!([ahead(1_600, 1_000, 1_100), ahead(900, 1_000, 1_100)], [550, -150]);
    }

    #[test]
    fn a_clock_that_goes_on_as_before_is_the_same_whatever_the_errors_of_two_looks() {
        // A way of 100 ms, which is longer one way at the first look, and the other way at the second one, with ticks of 10 ms.
        for (there, back) in [(0, 100), (100, 0), (50, 50), (1, 0)] {
            for late in [0, 9] {
                let known = ahead(5_000 + 700_000, 5_000 - there - late, 5_000 + back);
                for (there, back) in [(0, 100), (100, 0), (50, 50)] {
                    let time = (8_000 + 700_000_u64).saturating_add_signed(-known);
                    assert!(!is_another(time, 8_000 - there, 8_000 + back - late), "{there} {back} {late}");
                }
            }
        }
        assert!(is_another(8_000, 8_100, 8_110) && is_another(8_200, 8_100, 8_110));
    }
}
