//! A model of reading without a lock: one reader and a writer that overwrites the same key, frees
//! the segment that held the old value and writes the next one into it; it may die between any two
//! steps. Every order of their steps is tried, and each check that a reader makes is taken away
//! once, to see that it is needed.
//!
//! Steps are taken one after the other here, as if memory were sequentially consistent. That they
//! are seen in this order is the business of the fences beside them: everything before `commit` is
//! released by it, a generation is released (by a fence) before what is written after it, and a
//! reader's copy lies between an acquiring load and an acquire fence. `tests/loom.rs` checks them.

use crate::lock::model::explore;

/// The searches below go through more states than this; one that does not has lost its processes.
const LEAST: usize = 1_000;

/// How many values are written.
const VALUES: u8 = 4;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Without {
    Nothing,
    /// Looking at the generation after copying.
    Generation,
    /// Looking again at the slot after the generation was loaded.
    SlotAgain,
    /// Looking again at `indexed` after a record was found that the index does not know.
    IndexedAgain,
    /// Looking among the records that the index does not know.
    Pending,
}

/// A segment that holds one record: its generation, and the record's first and last word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Segment {
    generation: u8,
    position: u8,
    value: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Write {
    NewSegment,
    Position,
    Value,
    Pending,
    Publish,
    Point,
    Free,
    Settle,
    Over,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Read {
    Commit,
    Indexed,
    IndexedForPending,
    Pending { indexed: u8 },
    PendingPosition { indexed: u8, at: usize },
    PendingGeneration { indexed: u8, at: usize },
    IndexedAgain { indexed: u8, at: usize, generation: u8 },
    Slot,
    Generation { at: usize },
    SlotAgain { at: usize, generation: u8 },
    Position { at: usize, generation: u8 },
    Value { at: usize, generation: u8, position: u8 },
    GenerationAgain { at: usize, generation: u8, position: u8, value: u8 },
    Done { position: u8, value: u8 },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct State {
    commit: u8,
    indexed: u8,
    pending: usize,
    slot: usize,
    segments: [Segment; 2],
    write: Write,
    generation: u8,
    read: Read,
    /// The reader's load of `commit`, first of all.
    seen: u8,
}

impl State {
    fn start() -> Self {
        let segment = |generation| Segment { generation, position: 0, value: 0 };
        Self {
            commit: 0,
            indexed: 0,
            pending: 0,
            slot: 0,
            segments: [segment(1), segment(0)],
            write: Write::NewSegment,
            generation: 1,
            read: Read::Commit,
            seen: 0,
        }
    }

    fn is_end(&self) -> bool {
        self.write == Write::Over && matches!(self.read, Read::Done { .. })
    }

    /// The segment that the writer's record is in, and its number.
    fn writers(&mut self) -> (&mut Segment, usize, u8) {
        // Until the index is pointed to it, that is the one that the index does not name.
        let at = if matches!(self.write, Write::Free | Write::Settle) { self.slot } else { 1 - self.slot };
        let number = if self.write == Write::Free || self.write == Write::Settle || self.write == Write::Point {
            self.commit
        } else {
            self.commit + 1
        };
        (&mut self.segments[at], at, number)
    }

    fn write_step(mut self) -> Self {
        let step = self.write;
        let generation = self.generation + 1;
        let (segment, at, number) = self.writers();
        self.write = match step {
            Write::NewSegment => {
                segment.generation = generation;
                self.generation = generation;
                Write::Position
            }
            Write::Position => {
                segment.position = number;
                Write::Value
            }
            Write::Value => {
                segment.value = number;
                Write::Pending
            }
            Write::Pending => {
                self.pending = at;
                Write::Publish
            }
            Write::Publish => {
                self.commit = number;
                Write::Point
            }
            Write::Point => {
                self.slot = at;
                Write::Free
            }
            Write::Free => {
                self.segments[1 - at].generation = 0;
                Write::Settle
            }
            Write::Settle => {
                self.indexed = number;
                if number == VALUES { Write::Over } else { Write::NewSegment }
            }
            Write::Over => Write::Over,
        };
        self
    }

    fn read_step(mut self, without: Without) -> Self {
        let again = Read::Commit;
        self.read = match self.read {
            Read::Commit => {
                self.seen = self.commit;
                if without == Without::Pending { Read::Slot } else { Read::Indexed }
            }
            Read::Indexed if self.indexed >= self.seen => Read::Slot,
            Read::Indexed => Read::IndexedForPending,
            Read::IndexedForPending if self.indexed >= self.seen => Read::Slot,
            Read::IndexedForPending => Read::Pending { indexed: self.indexed },
            Read::Pending { indexed } => Read::PendingPosition { indexed, at: self.pending },
            // The first record behind what is indexed has the next number.
            Read::PendingPosition { indexed, at } if self.segments[at].position != indexed + 1 => again,
            Read::PendingPosition { indexed, at } => Read::PendingGeneration { indexed, at },
            Read::PendingGeneration { indexed, at } => {
                let generation = self.segments[at].generation;
                match without {
                    Without::IndexedAgain => Read::Position { at, generation },
                    _ => Read::IndexedAgain { indexed, at, generation },
                }
            }
            Read::IndexedAgain { indexed, .. } if self.indexed != indexed => again,
            Read::IndexedAgain { at, generation, .. } => Read::Position { at, generation },
            Read::Slot => Read::Generation { at: self.slot },
            Read::Generation { at } => match self.segments[at].generation {
                0 => again,
                generation if without == Without::SlotAgain => Read::Position { at, generation },
                generation => Read::SlotAgain { at, generation },
            },
            Read::SlotAgain { at, .. } if self.slot != at => again,
            Read::SlotAgain { at, generation } => Read::Position { at, generation },
            Read::Position { at, generation } => Read::Value { at, generation, position: self.segments[at].position },
            Read::Value { at, generation, position } => {
                let value = self.segments[at].value;
                match without {
                    Without::Generation => Read::Done { position, value },
                    _ => Read::GenerationAgain { at, generation, position, value },
                }
            }
            Read::GenerationAgain { at, generation, .. } if self.segments[at].generation != generation => again,
            Read::GenerationAgain { position, value, .. } => Read::Done { position, value },
            done @ Read::Done { .. } => done,
        };
        self
    }

    fn check(&self) -> Result<(), String> {
        match self.read {
            Read::Done { position, value } if position != value => Err("half of one value, half of another".into()),
            Read::Done { value, .. } if value < self.seen => Err("an old value".into()),
            Read::Done { value, .. } if value > self.commit => Err("a value before it was published".into()),
            _ => Ok(()),
        }
    }
}

fn search(without: Without) -> Result<usize, String> {
    let steps = |state: &State, next: &mut Vec<State>| {
        state.check()?;
        if state.write != Write::Over {
            next.push(state.write_step());
            // The writer dies.
            next.push(State { write: Write::Over, ..*state });
        }
        if !matches!(state.read, Read::Done { .. }) {
            next.push(state.read_step(without));
        }
        Ok(())
    };
    explore(State::start(), steps, State::is_end)
}

#[test]
fn a_reader_gets_a_whole_value_at_least_as_new_as_when_it_came_and_always_gets_one() {
    let states = search(Without::Nothing).unwrap_or_else(|trace| panic!("{trace}"));
    println!("{states} states");
    assert!(states > LEAST, "only {states} states");
}

#[test]
fn without_any_of_its_looks_it_would_not() {
    for (without, how) in [
        (Without::Generation, "half of one value, half of another"),
        (Without::SlotAgain, "half of one value, half of another"),
        (Without::IndexedAgain, "half of one value, half of another"),
        (Without::Pending, "an old value"),
    ] {
        let trace = search(without).expect_err(&format!("nothing is wrong without {without:?}"));
        assert!(trace.ends_with(how), "without {without:?} it fails otherwise:\n{trace}");
    }
}

// ---- a look at two keys that another changes under its lock ------------------------------------------

/// The part that is taken away from the numbers of holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Missing {
    Nothing,
    /// The reader's second look at the number.
    NumberAgain,
    /// The reader loads the number before the log's end.
    NumberFirst,
    /// The reader's look for the mark of a hold.
    LookForMark,
    /// The holder sets the mark before it moves the number.
    MarkFirst,
    /// The holder moves the number.
    Number,
}

/// How often the holder takes the lock, changes both keys and gives the lock back.
const SECTIONS: u8 = 3;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Holder {
    Hold,
    Mark,
    Count,
    First,
    Second,
    Unmark,
    End,
    Over,
    Dead,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Look {
    Number,
    Commit,
    /// The mark was there: is there a holder who lives?
    Ask,
    First,
    Second {
        first: u8,
    },
    NumberAgain {
        first: u8,
        second: u8,
    },
    Done {
        first: u8,
        second: u8,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Section {
    hold: bool,
    held: bool,
    holds: u8,
    keys: [u8; 2],
    holder: Holder,
    number: u8,
    look: Look,
}

impl Section {
    fn start() -> Self {
        let (holder, look) = (Holder::Hold, Look::Number);
        Self { hold: false, held: false, holds: 0, keys: [0; 2], holder, number: 0, look }
    }

    fn is_end(&self) -> bool {
        matches!(self.holder, Holder::Over | Holder::Dead) && matches!(self.look, Look::Done { .. })
    }

    fn holder_step(mut self, missing: Missing) -> Self {
        let (mark, count) = match missing {
            Missing::MarkFirst => (Holder::Count, Holder::Mark),
            _ => (Holder::Mark, Holder::Count),
        };
        self.holder = match self.holder {
            Holder::Hold => {
                self.hold = true;
                mark
            }
            step if step == mark || step == count => {
                match step {
                    Holder::Mark => self.held = true,
                    _ if missing == Missing::Number => {}
                    _ => self.holds += 1,
                }
                if step == mark { count } else { Holder::First }
            }
            Holder::First => {
                self.keys[0] += 1;
                Holder::Second
            }
            Holder::Second => {
                self.keys[1] += 1;
                Holder::Unmark
            }
            Holder::Unmark => {
                self.held = false;
                Holder::End
            }
            Holder::End => {
                self.hold = false;
                if self.keys[1] == SECTIONS { Holder::Over } else { Holder::Hold }
            }
            step => step,
        };
        self
    }

    fn look_step(mut self, missing: Missing) -> Self {
        let late = missing == Missing::NumberFirst;
        self.look = match self.look {
            Look::Number => {
                self.number = self.holds;
                if late { Look::First } else { Look::Commit }
            }
            Look::Commit if self.held && missing != Missing::LookForMark => Look::Ask,
            Look::Commit => {
                if late {
                    Look::Number
                } else {
                    Look::First
                }
            }
            // It waits and starts over; the dead keep nobody out.
            Look::Ask if self.hold && self.holder != Holder::Dead => first_look(missing),
            Look::Ask => {
                if late {
                    Look::Number
                } else {
                    Look::First
                }
            }
            Look::First => Look::Second { first: self.keys[0] },
            Look::Second { first } => {
                let second = self.keys[1];
                match missing {
                    Missing::NumberAgain => Look::Done { first, second },
                    _ => Look::NumberAgain { first, second },
                }
            }
            Look::NumberAgain { .. } if self.holds != self.number => first_look(missing),
            Look::NumberAgain { first, second } => Look::Done { first, second },
            done @ Look::Done { .. } => done,
        };
        self
    }

    fn check(&self) -> Result<(), String> {
        match self.look {
            // A section that death has cut off is as long as it is.
            Look::Done { first, second }
                if first != second && (self.holder, [first, second]) != (Holder::Dead, self.keys) =>
            {
                Err("the middle of a section".into())
            }
            _ => Ok(()),
        }
    }
}

fn first_look(missing: Missing) -> Look {
    if missing == Missing::NumberFirst { Look::Commit } else { Look::Number }
}

fn search_sections(missing: Missing) -> Result<usize, String> {
    let steps = |state: &Section, next: &mut Vec<Section>| {
        state.check()?;
        if !matches!(state.holder, Holder::Over | Holder::Dead) {
            next.push(state.holder_step(missing));
            next.push(Section { holder: Holder::Dead, ..*state });
        }
        if !matches!(state.look, Look::Done { .. }) {
            next.push(state.look_step(missing));
        }
        Ok(())
    };
    explore(Section { look: first_look(missing), ..Section::start() }, steps, Section::is_end)
}

#[test]
fn a_look_sees_nothing_of_the_middle_of_a_section_and_comes_to_an_end() {
    let states = search_sections(Missing::Nothing).unwrap_or_else(|trace| panic!("{trace}"));
    println!("{states} states");
    assert!(states > LEAST, "only {states} states");
}

#[test]
fn without_any_part_of_the_number_of_holds_it_would() {
    for missing in
        [Missing::NumberAgain, Missing::NumberFirst, Missing::LookForMark, Missing::MarkFirst, Missing::Number]
    {
        let trace = search_sections(missing).expect_err(&format!("nothing is wrong without {missing:?}"));
        assert!(trace.ends_with("the middle of a section"), "without {missing:?} it fails otherwise:\n{trace}");
    }
}

// ---- a key that is removed without a record ----------------------------------------------------------

/// The look that is taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unseen {
    Nothing,
    /// The reader's look at what is pending.
    Pending,
    /// The reader goes on with the index where the record that is pending as removed is gone. (It starts over.)
    Gone,
    /// The writer takes the key out of the index before it frees the record.
    Order,
}

const A: u8 = 1;
const B: u8 = 2;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Removal {
    Pending,
    Publish,
    Delete,
    Free,
    Punch,
    Settle,
    /// Another key's record comes to lie there.
    Reuse,
    Begin,
    Over,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Seek {
    Commit,
    Indexed,
    Pending { indexed: u8 },
    IndexedAgain { indexed: u8, removed: bool },
    Slot,
    Generation,
    SlotAgain { generation: u8 },
    Key { generation: u8 },
    GenerationAgain { generation: u8, found: bool },
    Done { found: bool },
}

/// The segment that A's record is in, alone; the slot that names that; the reader of A.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Removing {
    commit: u8,
    indexed: u8,
    pending: bool,
    slot: bool,
    generation: u8,
    key: u8,
    write: Removal,
    seek: Seek,
    seen: u8,
}

impl Removing {
    fn start() -> Self {
        Self {
            commit: 0,
            indexed: 0,
            pending: false,
            slot: true,
            generation: 1,
            key: A,
            write: Removal::Pending,
            seek: Seek::Commit,
            seen: 0,
        }
    }

    fn is_end(&self) -> bool {
        self.write == Removal::Over && matches!(self.seek, Seek::Done { .. })
    }

    fn write_step(mut self, unseen: Unseen) -> Self {
        let late = unseen == Unseen::Order;
        self.write = match self.write {
            Removal::Pending => {
                self.pending = true;
                Removal::Publish
            }
            Removal::Publish => {
                self.commit = 1;
                if late { Removal::Free } else { Removal::Delete }
            }
            Removal::Delete => {
                self.slot = false;
                if late { Removal::Settle } else { Removal::Free }
            }
            Removal::Free => {
                self.generation = 0;
                Removal::Punch
            }
            Removal::Punch => {
                self.key = 0;
                if late { Removal::Delete } else { Removal::Settle }
            }
            Removal::Settle => {
                self.indexed = 1;
                Removal::Reuse
            }
            Removal::Reuse => {
                self.key = B;
                Removal::Begin
            }
            Removal::Begin => {
                self.generation = 2;
                Removal::Over
            }
            Removal::Over => Removal::Over,
        };
        self
    }

    fn seek_step(mut self, unseen: Unseen) -> Self {
        let again = Seek::Commit;
        self.seek = match self.seek {
            Seek::Commit => {
                self.seen = self.commit;
                if unseen == Unseen::Pending { Seek::Slot } else { Seek::Indexed }
            }
            Seek::Indexed if self.indexed >= self.seen => Seek::Slot,
            Seek::Indexed => Seek::Pending { indexed: self.indexed },
            Seek::Pending { indexed } => {
                let is_gone = self.generation == 0 || self.key == 0;
                match unseen {
                    Unseen::Gone if is_gone => again,
                    _ => Seek::IndexedAgain { indexed, removed: self.pending && self.key == A },
                }
            }
            Seek::IndexedAgain { indexed, .. } if self.indexed != indexed => again,
            Seek::IndexedAgain { removed: true, .. } => Seek::Done { found: false },
            Seek::IndexedAgain { .. } => Seek::Slot,
            Seek::Slot if !self.slot => Seek::Done { found: false },
            Seek::Slot => Seek::Generation,
            Seek::Generation if self.generation == 0 => again,
            Seek::Generation => Seek::SlotAgain { generation: self.generation },
            Seek::SlotAgain { .. } if !self.slot => again,
            Seek::SlotAgain { generation } => Seek::Key { generation },
            Seek::Key { generation } => Seek::GenerationAgain { generation, found: self.key == A },
            Seek::GenerationAgain { generation, .. } if self.generation != generation => again,
            Seek::GenerationAgain { found, .. } => Seek::Done { found },
            done @ Seek::Done { .. } => done,
        };
        self
    }

    fn check(&self) -> Result<(), String> {
        match self.seek {
            Seek::Done { found: true } if self.seen == 1 => Err("an old value".into()),
            Seek::Done { found: false } if self.commit == 0 => Err("missing before it was removed".into()),
            _ => Ok(()),
        }
    }
}

fn search_removal(unseen: Unseen) -> Result<usize, String> {
    let steps = |state: &Removing, next: &mut Vec<Removing>| {
        state.check()?;
        if state.write != Removal::Over {
            next.push(state.write_step(unseen));
            // The writer dies.
            next.push(Removing { write: Removal::Over, ..*state });
        }
        if !matches!(state.seek, Seek::Done { .. }) {
            next.push(state.seek_step(unseen));
        }
        Ok(())
    };
    explore(Removing::start(), steps, Removing::is_end)
}

#[test]
fn a_key_that_is_removed_without_a_record_is_missing_from_then_on_and_every_reader_finds_out() {
    let states = search_removal(Unseen::Nothing).unwrap_or_else(|trace| panic!("{trace}"));
    println!("{states} states");
    assert!(states > 100, "only {states} states");
}

#[test]
fn without_a_part_of_that_it_would_not_be_or_a_reader_would_not_find_out() {
    let trace = search_removal(Unseen::Pending).expect_err("nothing is wrong without looking at what is pending");
    assert!(trace.ends_with("an old value"), "it fails otherwise:\n{trace}");
    for unseen in [Unseen::Gone, Unseen::Order] {
        // After a death in the middle it starts over for ever.
        search_removal(unseen).expect_err(&format!("nothing is wrong without {unseen:?}"));
    }
}
