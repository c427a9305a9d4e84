//! Looks at a store, one after the other. None of them takes a lock or waits for anybody.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap, VecDeque};
use std::time::{Duration, Instant};

use sync_backend::{BackendError, Expiry, Remedy, Stats};

use crate::facts::Facts;
use crate::followed::{Followed, Shape, Sight};
use crate::outcome::{Failure, Outcome, say_unsound};
use crate::printable::Printable;
use crate::words::{count, name as shown_name};

/// The largest names that are kept.
const LARGEST: usize = 200;
/// The groups of names that are told apart; there may be as many as names.
const GROUPS: usize = 1_000;
/// The queues that are remembered.
const QUEUES: usize = 20;
/// The rates that are remembered.
const RATES: usize = 600;
/// Going through all names takes at most this part of the time, so that the whole stays below a hundredth of a core: of a million they
/// take minutes.
const SURVEY: u32 = 250;
/// The first look takes longer, so that most stores are seen as a whole at once.
const FIRST: Duration = Duration::from_millis(50);

/// A look.
#[derive(Debug, Default)]
pub struct Sample {
    /// Whether there is a store.
    pub is_there: bool,
    /// Whether it is a file.
    pub is_file: bool,
    pub stats: Stats,
    /// Commits in a second, for each look; the last one is the newest.
    pub rates: VecDeque<f64>,
    pub names: Names,
    pub queues: Vec<Queue>,
    /// The number of names that could not be read when all were looked at last.
    pub unread: u64,
}

/// The names, as far as they are known.
#[derive(Debug, Default)]
pub struct Names {
    pub count: u64,
    pub bytes: u64,
    /// The largest first.
    pub largest: Vec<Name>,
    /// The largest first.
    pub groups: Vec<Group>,
    /// When they were looked at.
    pub at: Option<Instant>,
    /// The part of them that has been looked at, while it is the first time: in hundredths.
    pub part: Option<u8>,
}

#[derive(Debug)]
pub struct Name {
    pub name: String,
    pub kind: String,
    pub elements: Option<u64>,
    pub bytes: u64,
    pub expiry: Option<Expiry>,
}

/// Names that begin in the same way.
#[derive(Debug)]
pub struct Group {
    pub prefix: String,
    pub names: u64,
    pub bytes: u64,
}

/// A list from which items are consumed.
#[derive(Debug)]
pub struct Queue {
    pub name: String,
    pub elements: Option<u64>,
    /// The processes that have an item of it.
    pub consumers: Vec<Option<u32>>,
}

/// Looks at a store.
pub struct Sampler<'s, B> {
    store: &'s B,
    prefix: &'s [u8],
    sample: Sample,
    /// When the commits were so many.
    last: Option<(Instant, u64)>,
    /// The names that have been counted, and where to go on.
    counted: Counted,
    looked_at: u64,
    unread: u64,
    next: u64,
    /// The time that the next look may take to go on.
    budget: Duration,
    /// Names of lists from which items have been consumed.
    queues: BTreeMap<Vec<u8>, ()>,
}

impl<'s, B: Followed> Sampler<'s, B> {
    /// For a store, of which the names that begin with a prefix are told one by one.
    pub fn new(store: &'s B, prefix: &'s [u8]) -> Self {
        let queues = BTreeMap::new();
        let counted = Counted::default();
        let sample = Sample { is_file: B::IS_FILE, ..Sample::default() };
        Self { store, prefix, sample, last: None, counted, looked_at: 0, unread: 0, next: 0, budget: FIRST, queues }
    }

    /// Looks once more.
    pub fn look(&mut self) -> Outcome<&Sample> {
        let Some(stats) = unhindered(self.store.glance())? else { return Ok(&self.sample) };
        self.sample.is_there = self.store.enter() != 0;
        let now = Instant::now();
        if let Some((before, commits)) = self.last {
            // Time that a look has not used up is for the next ones.
            self.budget = (self.budget + (now - before) / SURVEY).min(FIRST);
            let rate = stats.commits.saturating_sub(commits) as f64 / (now - before).as_secs_f64().max(1e-3);
            self.sample.rates.push_back(rate);
            if self.sample.rates.len() > RATES {
                self.sample.rates.pop_front();
            }
        }
        self.last = Some((now, stats.commits));
        self.sample.stats = stats;
        self.look_at_queues()?;
        self.survey(false)?;
        Ok(&self.sample)
    }

    fn look_at_queues(&mut self) -> Outcome<()> {
        for consumer in &self.sample.stats.consuming {
            if self.queues.len() < QUEUES {
                self.queues.insert(consumer.name.clone(), ());
            }
        }
        self.sample.queues.clear();
        for name in self.queues.keys() {
            let elements = unhindered(self.store.elements(name))?.flatten();
            let consumers = self.sample.stats.consuming.iter().filter(|it| it.name == *name);
            self.sample.queues.push(Queue {
                name: shown_name(name),
                elements,
                consumers: consumers.map(|it| it.pid).collect(),
            });
        }
        Ok(())
    }

    /// As [`Sampler::look`], with all names, however long that takes.
    pub fn look_at_all(&mut self) -> Outcome<&Sample> {
        self.look()?;
        self.survey(true)?;
        Ok(&self.sample)
    }

    /// Tells of names that could not be read, though nobody was in the way.
    pub fn tell_unread(&self) {
        if self.sample.unread > 0 {
            let names = count(self.sample.unread, "name", "names");
            say_unsound(&format!("{names} can't be read: the file may not be sound; `syncctl check` says more."));
        }
    }

    /// Goes on through all names, until that has taken its time, or all have been seen.
    fn survey(&mut self, to_the_end: bool) -> Outcome<()> {
        let (start, prefix) = (Instant::now(), self.prefix);
        while to_the_end || start.elapsed() < self.budget {
            let see = |(counted, names): &mut (Counted, u64), sight: Sight| {
                counted.count(prefix, sight);
                *names += 1;
            };
            let Some(((counted, names), part)) = unhindered(self.store.survey_part(self.next, see))? else { break };
            self.counted.add(counted);
            self.looked_at += names;
            self.unread += part.unread;
            self.next = part.next.unwrap_or(0);
            if part.next.is_none() {
                self.looked_at = 0;
                let counted = std::mem::take(&mut self.counted);
                self.sample.unread = std::mem::take(&mut self.unread);
                self.sample.names = self.named(counted)?;
                break;
            }
        }
        if self.sample.names.at.is_none() {
            self.sample.names = self.named(self.counted.clone())?;
            self.sample.names.at = None;
            let part = self.looked_at.saturating_mul(100) / self.sample.stats.keys.max(1);
            self.sample.names.part = Some(part.min(99) as u8);
        }
        self.budget = self.budget.saturating_sub(start.elapsed());
        Ok(())
    }

    fn named(&self, counted: Counted) -> Outcome<Names> {
        let mut largest = counted.largest.into_vec();
        largest.sort_unstable();
        let mut names = Vec::with_capacity(largest.len());
        for (Reverse(bytes), name, expiry, shape) in largest {
            let shape = match shape {
                Some(shape) => Some(shape),
                None => unhindered(Facts::look(self.store, &name))?.flatten().map(Shape::from),
            };
            names.push(Name {
                name: shown_name(beginning(&name)),
                elements: shape.as_ref().and_then(|shape| shape.elements),
                kind: shape.map_or_else(|| "?".into(), |shape| shape.kind),
                bytes,
                expiry,
            });
        }
        let mut groups: Vec<_> = counted
            .groups
            .into_iter()
            .map(|(prefix, (names, bytes))| Group { prefix: Printable(beginning(&prefix)).to_string(), names, bytes })
            .collect();
        groups.sort_by(|one, other| (other.bytes, &one.prefix).cmp(&(one.bytes, &other.prefix)));
        Ok(Names {
            count: counted.count,
            bytes: counted.bytes,
            largest: names,
            groups,
            at: Some(Instant::now()),
            part: None,
        })
    }
}

/// The result of a look; `None` where it would have to wait for somebody.
fn unhindered<T, E: BackendError + Into<Failure>>(result: Result<T, E>) -> Outcome<Option<T>> {
    match result {
        Ok(done) => Ok(Some(done)),
        Err(error) if matches!(error.remedy(), Remedy::Wait(_) | Remedy::Retry) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Bytes of a value, its name, when it expires, and its shape, if that is known.
type Large = (Reverse<u64>, Box<[u8]>, Option<Expiry>, Option<Shape>);

/// The sums of a survey.
#[derive(Clone, Default)]
struct Counted {
    count: u64,
    bytes: u64,
    /// The smallest is on top.
    largest: BinaryHeap<Large>,
    groups: HashMap<Box<[u8]>, (u64, u64)>,
}

impl Counted {
    fn count(&mut self, prefix: &[u8], sight: Sight) {
        let Some(rest) = sight.name.strip_prefix(prefix) else { return };
        self.count += 1;
        self.bytes += sight.bytes;
        if self.is_large(sight.bytes) {
            self.keep((Reverse(sight.bytes), sight.name.into(), sight.expiry, sight.shape));
        }
        // Up to the first character that people use to divide names.
        let part = rest.iter().position(|byte| b":/.|".contains(byte)).map_or(0, |at| at + 1);
        self.group(&sight.name[..prefix.len() + part], 1, sight.bytes);
    }

    /// Adds others.
    fn add(&mut self, other: Self) {
        self.count += other.count;
        self.bytes += other.bytes;
        for large in other.largest {
            if self.is_large(large.0.0) {
                self.keep(large);
            }
        }
        other.groups.iter().for_each(|(group, &(names, bytes))| self.group(group, names, bytes));
    }

    fn is_large(&self, bytes: u64) -> bool {
        self.largest.len() < LARGEST || self.largest.peek().is_some_and(|least| bytes > least.0.0)
    }

    fn keep(&mut self, large: Large) {
        self.largest.push(large);
        if self.largest.len() > LARGEST {
            self.largest.pop();
        }
    }

    fn group(&mut self, group: &[u8], names: u64, bytes: u64) {
        let group = if self.groups.len() < GROUPS || self.groups.contains_key(group) { group } else { b"" };
        let sums = match self.groups.get_mut(group) {
            Some(sums) => sums,
            None => self.groups.entry(group.into()).or_default(),
        };
        *sums = (sums.0 + names, sums.1 + bytes);
    }
}

/// Of a name that may have megabytes, more than any terminal is wide.
fn beginning(name: &[u8]) -> &[u8] {
    name.get(..1024).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sight(name: &[u8], bytes: u64) -> Sight<'_> {
        Sight { name, bytes, expiry: None, shape: None }
    }

    #[test]
    fn the_largest_are_kept_and_names_are_grouped_by_how_they_begin() {
        let mut counted = Counted::default();
        for n in 0..1_000u64 {
            counted.count(b"", sight(format!("user:{n}").as_bytes(), n));
        }
        counted.count(b"", sight(b"alone", 5_000));
        assert_eq!((counted.count, counted.bytes), (1_001, 499_500 + 5_000));
        let sizes: Vec<u64> = counted.largest.clone().into_sorted_vec().iter().map(|it| it.0.0).collect();
        assert_eq!((sizes.len(), sizes[0], sizes[1], sizes[LARGEST - 1]), (LARGEST, 5_000, 999, 801));
        assert_eq!(counted.groups[b"user:".as_slice()], (1_000, 499_500));
        assert_eq!(counted.groups[b"".as_slice()], (1, 5_000));
    }

    #[test]
    fn there_are_never_more_groups_than_fit() {
        let mut counted = Counted::default();
        for n in 0..3 * GROUPS {
            counted.count(b"x", sight(format!("x{n}/y").as_bytes(), 1));
        }
        counted.count(b"x", sight(b"y", 1));
        let mut twice = counted.clone();
        twice.add(counted.clone());
        assert_eq!((twice.count, twice.bytes, twice.largest.len()), (2 * counted.count, 2 * counted.bytes, LARGEST));
        assert_eq!(twice.groups[b"".as_slice()].0, 2 * counted.groups[b"".as_slice()].0);
        assert!(counted.groups.len() <= GROUPS + 1);
        assert_eq!(counted.groups.values().map(|group| group.0).sum::<u64>(), 3 * GROUPS as u64);
    }
}
