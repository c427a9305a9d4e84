//! A model of the write lock, the leases and `lock()`'s hold, and a search through everything that
//! can happen in it.
//!
//! Why a checker of our own, and not `loom` over the code: what is hard about this lock is not the
//! memory model (each step below is one access to one word, and the words that decide are swapped)
//! but that processes *die* between any two steps, that the kernel frees their leases, and that
//! new processes are given the same numbers; loom's threads cannot die. So processes are small
//! machines here that go through `lock`, `lock_slowly`, `claim_lease`, `inherit`, `check_hold`, `hold`,
//! `end_hold`, `wait_for_hold` and `drop` access by access, with the very words (`taken_by`,
//! `lease_of`) that the code makes; every order of their steps, every death, every time-out and
//! every choice of a free lease is tried. The tests at the end also take parts of the protocol away
//! and want the checker to notice: it is not blind.

use super::{WAITERS, lease_of, taken_by};
use std::collections::HashMap;
use std::fmt::Debug;
use std::hash::{BuildHasherDefault, Hash, Hasher};

// ---- the search ----------------------------------------------------------------------------------

/// A hash of many small numbers, of which a search makes millions.
#[derive(Default)]
struct Quick(u64);

impl Hasher for Quick {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|&byte| self.write_u64(byte.into()));
    }

    fn write_u8(&mut self, number: u8) {
        self.write_u64(number.into());
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = (self.0.rotate_left(5) ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn write_isize(&mut self, number: isize) {
        self.write_u64(number as u64);
    }

    fn finish(&self) -> u64 {
        self.0 ^ self.0 >> 32
    }
}

/// Goes through all states that can be reached and returns how many there are; or how one comes to
/// a state that must not be, or to one from which there is no way to an end.
pub fn explore<S: Copy + Eq + Hash + Debug>(
    start: S,
    steps: impl Fn(&S, &mut Vec<S>) -> Result<(), String>,
    is_end: impl Fn(&S) -> bool,
) -> Result<usize, String> {
    let mut numbers: HashMap<S, u32, BuildHasherDefault<Quick>> = HashMap::default();
    numbers.insert(start, 0);
    let mut states = vec![start];
    // From where each state was first reached, and (backwards) which steps there are.
    let mut origin = vec![0u32];
    let mut edges: Vec<(u32, u32)> = Vec::new();
    let trace = |states: &[S], origin: &[u32], mut at: u32, what: String| {
        let mut lines = vec![what];
        while at != 0 {
            lines.push(format!("{:?}", states[at as usize]));
            at = origin[at as usize];
        }
        lines.reverse();
        lines.join("\n")
    };
    let mut next = Vec::new();
    let mut at = 0;
    while at < states.len() {
        next.clear();
        if let Err(wrong) = steps(&states[at], &mut next) {
            return Err(trace(&states, &origin, at as u32, wrong));
        }
        for state in next.drain(..) {
            let number = *numbers.entry(state).or_insert_with(|| {
                states.push(state);
                origin.push(at as u32);
                states.len() as u32 - 1
            });
            edges.push((number, at as u32));
        }
        at += 1;
    }
    // Backwards from the ends: whatever is not met can never end.
    edges.sort_unstable();
    let before = |n: u32| {
        let first = edges.partition_point(|&(to, _)| to < n);
        edges[first..].iter().take_while(move |&&(to, _)| to == n).map(|&(_, from)| from)
    };
    let mut ends = vec![false; states.len()];
    let mut open: Vec<u32> = (0..states.len() as u32).filter(|&n| is_end(&states[n as usize])).collect();
    open.iter().for_each(|&n| ends[n as usize] = true);
    while let Some(n) = open.pop() {
        for m in before(n) {
            if !std::mem::replace(&mut ends[m as usize], true) {
                open.push(m);
            }
        }
    }
    match ends.iter().position(|end| !end) {
        Some(n) => Err(trace(&states, &origin, n as u32, "from here nobody gets on".into())),
        None => Ok(states.len()),
    }
}

// ---- the model -----------------------------------------------------------------------------------

/// A step that is taken away from the protocol, to see that the checker notices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Without {
    Nothing,
    /// The acquisition counter beside the lease.
    Counter,
    /// The look for a hold after the lock was taken; there is one before.
    LookAfterLocking,
    /// Completing what a dead owner left, by the waiter that takes over.
    Recovery,
    /// Taking over what a number's last owner left, by the process that gets the number: it is
    /// zeroed instead.
    Succession,
    /// Trying again to succeed to a lock whose word has changed: it may be but the waiters' mark.
    SecondTry,
    /// Waking at the end of a write.
    Wake,
    /// Waking at the end of a hold.
    HoldWake,
}

/// More processes than any setting has.
const MOST: usize = 3;

#[derive(Debug, Clone, Copy)]
struct Setting {
    processes: usize,
    /// Operations of each process.
    operations: u8,
    deaths: u8,
    /// Whether sleepers may wake by themselves.
    timeouts: bool,
    /// Whether each process has its lease from the start.
    claimed: bool,
    /// Whether processes take holds.
    holds: bool,
    without: Without,
}

const SETTING: Setting = Setting {
    processes: 2,
    operations: 2,
    deaths: 2,
    timeouts: true,
    claimed: false,
    holds: true,
    without: Without::Nothing,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Goal {
    Write,
    Hold,
    EndHold,
    /// The end of a hold that the last owner of the lease left.
    Inherit,
}

/// The next step of a process: one access to shared memory, or one system call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Step {
    /// Between operations.
    Idle,
    Claim,
    LookAtPredecessor,
    SucceedInLock(u64),
    LookForInheritedHold,
    LookForHoldFirst,
    Try,
    Take(u64),
    TrySlowly,
    TakeSlowly(u64),
    Mark(u64),
    Sleep(u32),
    Asleep,
    LookAtOwner,
    AskForOwner(u64),
    TakeOver(u64),
    Recover,
    Own,
    LookForHold,
    AskForHolder(u64),
    ClearHeldMark,
    ClearHold,
    WakeHoldWaiters,
    Act,
    SetHeldMark,
    Index,
    Release {
        done: bool,
    },
    WaitForHold(u64),
    SleepOnHold(u64, u8),
    AsleepOnHold,
    Dead,
    /// There is no such process in this setting.
    Absent,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Process {
    step: Step,
    goal: Goal,
    /// Its aim when it found that it had to end an inherited hold first.
    wanted: Goal,
    lease: Option<u32>,
    slept: bool,
    /// Operations left.
    left: u8,
    /// Its object: no other has the same.
    object: u8,
    /// `lock()` has returned and the hold has not been ended.
    holding: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Shared {
    lock: u64,
    hold: u64,
    hold_object: u8,
    hold_ended: u8,
    hold_waiters: bool,
    /// The mark in `commit`.
    held: bool,
    /// Something is committed and not indexed: every owner sees that.
    undone: bool,
    /// Something else is half done, space taken and not used, say: only who takes over knows that.
    untidy: bool,
    /// The process that has each lease, as the kernel knows.
    leases: [Option<u8>; MOST],
    deaths: u8,
    objects: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct State {
    shared: Shared,
    processes: [Process; MOST],
}

impl Process {
    fn new(operations: u8, object: u8) -> Self {
        Self {
            step: Step::Idle,
            goal: Goal::Write,
            wanted: Goal::Write,
            lease: None,
            slept: false,
            left: operations,
            object,
            holding: false,
        }
    }

    /// Whether it is between taking the lock and giving it back.
    fn owns(&self) -> bool {
        matches!(
            self.step,
            Step::Recover
                | Step::Own
                | Step::LookForHold
                | Step::AskForHolder(_)
                | Step::ClearHeldMark
                | Step::ClearHold
                | Step::WakeHoldWaiters
                | Step::Act
                | Step::SetHeldMark
                | Step::Index
                | Step::Release { .. }
        )
    }
}

impl State {
    fn start(setting: &Setting) -> Self {
        let processes = std::array::from_fn(|n| match n < setting.processes {
            true => Process::new(setting.operations, n as u8 + 1),
            false => Process { step: Step::Absent, ..Process::new(0, 0) },
        });
        let mut state = Self {
            shared: Shared {
                lock: 0,
                hold: 0,
                hold_object: 0,
                hold_ended: 0,
                hold_waiters: false,
                held: false,
                undone: false,
                untidy: false,
                leases: [None; MOST],
                deaths: setting.deaths,
                objects: setting.processes as u8,
            },
            processes,
        };
        for n in (0..setting.processes).filter(|_| setting.claimed) {
            state.shared.leases[n] = Some(n as u8);
            state.processes[n].lease = Some(n as u32);
        }
        state
    }

    /// All is done that was to be done: nobody who lives waits or holds anything.
    fn is_end(&self) -> bool {
        self.processes.iter().all(|process| match process.step {
            Step::Idle => process.left == 0 && !process.holding,
            step => matches!(step, Step::Dead | Step::Absent),
        })
    }

    /// Every next state.
    fn steps(&self, setting: &Setting, out: &mut Vec<Self>) -> Result<(), String> {
        self.check()?;
        for me in 0..setting.processes {
            self.step(me, setting, out)?;
            let step = self.processes[me].step;
            if self.shared.deaths > 0 && step != Step::Dead && (step != Step::Idle || self.processes[me].holding) {
                let mut state = *self;
                state.shared.deaths -= 1;
                state
                    .shared
                    .leases
                    .iter_mut()
                    .filter(|lease| **lease == Some(me as u8))
                    .for_each(|lease| *lease = None);
                state.processes[me] = Process { step: Step::Dead, ..Process::new(0, 0) };
                out.push(state);
            }
        }
        out.iter_mut().for_each(State::normalise);
        Ok(())
    }

    /// Numbers that only ever grow, and are only ever compared for being the same, by their rank
    /// among those that somebody remembers: else no state would ever come again.
    fn normalise(&mut self) {
        let words = |state: &mut Self, visit: &mut dyn FnMut(&mut u64)| {
            visit(&mut state.shared.lock);
            if state.shared.hold != 0 {
                visit(&mut state.shared.hold);
            }
            for process in &mut state.processes {
                use Step::*;
                match &mut process.step {
                    SucceedInLock(word) | Take(word) | TakeSlowly(word) | Mark(word) | AskForOwner(word)
                    | TakeOver(word) | AskForHolder(word) => visit(word),
                    WaitForHold(ticket) | SleepOnHold(ticket, _) if *ticket != 0 => visit(ticket),
                    _ => {}
                }
            }
        };
        let mut counters = Vec::new();
        words(self, &mut |word| counters.push(*word >> 32));
        counters.sort_unstable();
        counters.dedup();
        words(self, &mut |word| {
            let rank = counters.binary_search(&(*word >> 32)).expect("it was collected") as u64;
            *word = (rank << 32) | (*word & u64::from(u32::MAX));
        });
        let ended = std::mem::replace(&mut self.shared.hold_ended, 0);
        for process in &mut self.processes {
            if let Step::SleepOnHold(_, expected) = &mut process.step {
                *expected = u8::from(*expected != ended);
            }
        }
    }

    /// The invariants of every moment.
    fn check(&self) -> Result<(), String> {
        if self.processes.iter().filter(|process| process.owns()).count() > 1 {
            return Err("two owners".into());
        }
        if self.processes.iter().filter(|process| process.holding).count() > 1 {
            return Err("two holders".into());
        }
        for process in self.processes.iter().filter(|process| process.holding) {
            let ending = process.goal == Goal::EndHold && process.owns();
            let holds = self.shared.held && self.shared.hold_object == process.object;
            if !ending && !holds {
                return Err("a hold has vanished under its holder".into());
            }
        }
        Ok(())
    }

    /// The states after the next step of one process: several where the world has a choice.
    fn step(&self, me: usize, setting: &Setting, out: &mut Vec<Self>) -> Result<(), String> {
        let mut state = *self;
        let State { shared, processes } = &mut state;
        let sleepers = |step: Step| -> Vec<usize> {
            (0..self.processes.len()).filter(|&n| self.processes[n].step == step).collect()
        };
        let take = |lease: u32, previous: u64| match setting.without {
            Without::Counter => u64::from(lease + 1),
            _ => taken_by(lease, previous),
        };
        let my = &mut processes[me];
        let mine = my.lease;
        let lease = mine.unwrap_or(u32::MAX);
        // The kernel's answer; one's own number is alive without asking.
        let lives =
            |lease: u32| mine == Some(lease) || self.shared.leases.get(lease as usize).is_some_and(Option::is_some);
        match my.step {
            Step::Absent => return Ok(()),
            Step::Dead => {
                // A new process comes in its place, and may be given the same number.
                if shared.objects < setting.processes as u8 + setting.deaths {
                    shared.objects += 1;
                    *my = Process::new(setting.operations.min(1), shared.objects);
                    out.push(state);
                }
                return Ok(());
            }
            Step::Idle => {
                let goals: &[Goal] = match (my.holding, my.left) {
                    (true, 0) => &[Goal::EndHold],
                    (true, _) => &[Goal::EndHold, Goal::Write],
                    (false, 0) => &[],
                    _ if setting.holds => &[Goal::Write, Goal::Hold],
                    _ => &[Goal::Write],
                };
                for &goal in goals {
                    let mut state = *self;
                    let my = &mut state.processes[me];
                    my.goal = goal;
                    my.left = my.left.saturating_sub(u8::from(goal != Goal::EndHold));
                    my.slept = false;
                    my.step = if my.lease.is_none() { Step::Claim } else { setting.first_step() };
                    out.push(state);
                }
                return Ok(());
            }
            // ---- a lease -----------------------------------------------------------------------
            Step::Claim => {
                for free in (0..setting.processes).filter(|&n| self.shared.leases[n].is_none()) {
                    let mut state = *self;
                    state.shared.leases[free] = Some(me as u8);
                    state.processes[me].lease = Some(free as u32);
                    state.processes[me].step = Step::LookAtPredecessor;
                    out.push(state);
                }
                return Ok(());
            }
            Step::LookAtPredecessor => {
                let word = shared.lock;
                my.step = match lease_of(word) == mine {
                    true => Step::SucceedInLock(word),
                    false => Step::LookForInheritedHold,
                };
            }
            Step::SucceedInLock(word) => {
                if shared.lock == word && setting.without == Without::Succession {
                    shared.lock = 0;
                    my.step = Step::LookForInheritedHold;
                } else if shared.lock == word {
                    shared.lock = take(lease, word) | (word & u64::from(WAITERS));
                    my.wanted = my.goal;
                    my.goal = Goal::Inherit;
                    my.step = Step::Recover;
                } else if setting.without == Without::SecondTry {
                    my.step = Step::LookForInheritedHold;
                } else {
                    my.step = Step::LookAtPredecessor;
                }
            }
            Step::LookForInheritedHold => {
                if lease_of(shared.hold) == mine && !my.holding {
                    my.wanted = my.goal;
                    my.goal = Goal::Inherit;
                    my.step = Step::Try;
                } else {
                    my.step = setting.first_step();
                }
            }
            // ---- own ---------------------------------------------------------------------------
            Step::LookForHoldFirst => {
                // Only in the protocol that looks before it locks, and not after.
                let held = lease_of(shared.hold).is_some_and(lives) && shared.hold_object != my.object;
                my.step = if held { Step::WaitForHold(shared.hold) } else { Step::Try };
            }
            Step::Try => {
                let word = shared.lock;
                my.step = if word as u32 == 0 { Step::Take(word) } else { Step::TrySlowly };
            }
            Step::Take(word) => {
                my.step = if shared.lock == word { Step::Own } else { Step::TrySlowly };
                if my.step == Step::Own {
                    shared.lock = take(lease, word);
                }
            }
            Step::TrySlowly => {
                let word = shared.lock;
                my.step = match word as u32 {
                    0 => Step::TakeSlowly(word),
                    low if low & WAITERS == 0 => Step::Mark(word),
                    low => Step::Sleep(low),
                };
            }
            Step::TakeSlowly(word) => {
                my.step = if shared.lock == word { Step::Own } else { Step::TrySlowly };
                if my.step == Step::Own {
                    shared.lock = take(lease, word) | if my.slept { u64::from(WAITERS) } else { 0 };
                }
            }
            Step::Mark(word) => {
                if shared.lock == word {
                    shared.lock |= u64::from(WAITERS);
                    my.step = Step::Sleep(word as u32 | WAITERS);
                } else {
                    my.step = Step::TrySlowly;
                }
            }
            Step::Sleep(expected) => {
                my.slept = true;
                my.step = if shared.lock as u32 == expected { Step::Asleep } else { Step::TrySlowly };
            }
            Step::Asleep => {
                if !setting.timeouts {
                    return Ok(());
                }
                my.step = Step::LookAtOwner;
            }
            Step::LookAtOwner => {
                let word = shared.lock;
                my.step = if lease_of(word).is_some() { Step::AskForOwner(word) } else { Step::TrySlowly };
            }
            Step::AskForOwner(word) => {
                let dead = lease_of(word).is_some_and(|owner| !lives(owner));
                my.step = if dead { Step::TakeOver(word) } else { Step::TrySlowly };
            }
            Step::TakeOver(word) => {
                if shared.lock == word {
                    shared.lock = take(lease, word) | u64::from(WAITERS);
                    my.step = Step::Recover;
                    if setting.without == Without::Recovery {
                        my.step = Step::LookForHold;
                    }
                } else {
                    my.step = Step::TrySlowly;
                }
            }
            Step::Recover => {
                // It may fail, for want of space: the lock is given back, and the next owner sees
                // that there is something to do. (Where something was published it is tried here.)
                if self.shared.undone && my.goal != Goal::Inherit {
                    let mut state = *self;
                    state.processes[me].step = Step::Release { done: false };
                    out.push(state);
                }
                shared.held = shared.hold != 0;
                (shared.undone, shared.untidy) = (false, false);
                my.step = match my.goal {
                    Goal::Inherit => Step::Release { done: false },
                    _ => Step::LookForHold,
                };
            }
            Step::Own => {
                my.step = if shared.undone { Step::Recover } else { Step::LookForHold };
                if setting.without == Without::Recovery {
                    my.step = Step::LookForHold;
                }
            }
            // ---- as the owner --------------------------------------------------------------------
            Step::LookForHold => {
                let word = shared.hold;
                let is_mine = lease_of(word) == mine && shared.hold_object == my.object;
                my.step = match my.goal {
                    Goal::Inherit if lease_of(word) == mine => Step::ClearHeldMark,
                    Goal::Inherit => Step::Release { done: false },
                    Goal::EndHold if is_mine => Step::ClearHeldMark,
                    Goal::EndHold => return Err("the hold that is to be ended is somebody else's".into()),
                    _ if setting.without == Without::LookAfterLocking => Step::Act,
                    _ if word == 0 || is_mine => Step::Act,
                    _ => Step::AskForHolder(word),
                };
            }
            Step::AskForHolder(word) => {
                let lives = lease_of(word).is_some_and(lives);
                my.step = if lives { Step::Release { done: false } } else { Step::ClearHeldMark };
            }
            Step::ClearHeldMark => {
                shared.held = false;
                my.step = Step::ClearHold;
            }
            Step::ClearHold => {
                shared.hold = 0;
                shared.hold_ended = shared.hold_ended.wrapping_add(1);
                my.step = Step::WakeHoldWaiters;
            }
            Step::WakeHoldWaiters => {
                my.step = match my.goal {
                    Goal::EndHold => Step::Release { done: true },
                    Goal::Inherit => Step::Release { done: false },
                    _ => Step::Act,
                };
                my.holding &= my.goal != Goal::EndHold;
                let waiters = std::mem::replace(&mut shared.hold_waiters, false);
                if waiters && setting.without != Without::HoldWake {
                    for sleeper in sleepers(Step::AsleepOnHold) {
                        processes[sleeper].step = setting.first_step();
                    }
                }
            }
            Step::Act => {
                if shared.undone || shared.untidy {
                    return Err("an owner goes on with what a dead one left undone".into());
                }
                if let Some(other) = (0..self.processes.len()).find(|&n| n != me && self.processes[n].holding) {
                    return Err(format!("{me} goes on while {other} holds the store"));
                }
                if my.goal == Goal::Hold {
                    shared.hold_object = my.object;
                    shared.hold = (shared.lock >> 32 << 32) | u64::from(lease + 1);
                    my.step = Step::SetHeldMark;
                } else {
                    (shared.undone, shared.untidy) = (true, true);
                    my.step = Step::Index;
                }
            }
            Step::SetHeldMark => {
                shared.held = true;
                my.step = Step::Release { done: true };
            }
            Step::Index => {
                shared.undone = false;
                my.step = Step::Release { done: true };
            }
            Step::Release { done } => {
                if lease_of(shared.lock) != mine {
                    return Err("a lock is given back that is somebody else's".into());
                }
                shared.untidy &= !done;
                let waiters = shared.lock as u32 & WAITERS != 0;
                shared.lock &= !u64::from(u32::MAX);
                my.holding |= my.goal == Goal::Hold && done;
                my.step = match (done, my.goal) {
                    (true, _) => Step::Idle,
                    (false, Goal::Inherit) => {
                        my.goal = my.wanted;
                        // A lease that was succeeded to in the lock may have been in the hold, too.
                        Step::LookForInheritedHold
                    }
                    // Somebody else has a hold.
                    (false, _) => Step::WaitForHold(shared.hold),
                };
                if waiters && setting.without != Without::Wake {
                    // One sleeper is woken: the kernel chooses.
                    let asleep = sleepers(Step::Asleep);
                    for &sleeper in &asleep {
                        let mut state = state;
                        state.processes[sleeper].step = Step::TrySlowly;
                        out.push(state);
                    }
                    if !asleep.is_empty() {
                        return Ok(());
                    }
                }
            }
            // ---- waiting for the end of a hold -----------------------------------------------------
            Step::WaitForHold(ticket) => {
                my.step = match ticket {
                    0 => setting.first_step(),
                    _ => Step::SleepOnHold(ticket, shared.hold_ended),
                };
                shared.hold_waiters |= ticket != 0;
            }
            Step::SleepOnHold(ticket, ended) => {
                let sleeps = shared.hold == ticket && shared.hold_ended == ended;
                my.step = if sleeps { Step::AsleepOnHold } else { setting.first_step() };
            }
            Step::AsleepOnHold => {
                if !setting.timeouts {
                    return Ok(());
                }
                my.step = setting.first_step();
            }
        }
        out.push(state);
        Ok(())
    }
}

impl Setting {
    /// The first step of an operation.
    fn first_step(&self) -> Step {
        if self.without == Without::LookAfterLocking { Step::LookForHoldFirst } else { Step::Try }
    }

    fn explore(&self) -> Result<usize, String> {
        explore(State::start(self), |state, out| state.steps(self, out), State::is_end)
    }

    /// Nothing is wrong in any state, of which there are at least so many: a model that comes to see fewer has lost
    /// some of its steps.
    #[track_caller]
    fn holds_up(&self, at_least: usize) {
        match self.explore() {
            Ok(states) => assert!(states >= at_least, "{self:?}: only {states} states"),
            Err(trace) => panic!("{self:?}\n{trace}"),
        }
    }

    /// The protocol without this part of it must fail like that.
    #[track_caller]
    fn fails(&self, how: &str) {
        match self.explore() {
            Ok(states) => panic!("{states} states, and nothing is wrong with {self:?}"),
            Err(trace) => assert!(trace.ends_with(how), "{self:?} fails otherwise:\n{trace}"),
        }
    }
}

// ---- the properties that hold, and that fail without some part of it ---------------------------------------

#[test]
fn two_processes_with_holds_and_a_death() {
    Setting { deaths: 1, ..SETTING }.holds_up(800_000);
}

#[test]
#[ignore = "millions of states: a minute"]
fn two_processes_with_holds_and_two_deaths() {
    SETTING.holds_up(3_400_000);
}

#[test]
fn three_processes_and_a_death() {
    Setting { processes: 3, operations: 1, deaths: 1, claimed: true, holds: false, ..SETTING }.holds_up(270_000);
}

#[test]
fn nobody_needs_a_timeout_while_nobody_dies() {
    Setting { deaths: 0, timeouts: false, ..SETTING }.holds_up(58_000);
    Setting { processes: 3, operations: 1, deaths: 0, claimed: true, timeouts: false, ..SETTING }.holds_up(240_000);
}

#[test]
fn without_the_acquisition_counter_there_are_two_owners() {
    Setting { without: Without::Counter, holds: false, ..SETTING }.fails("two owners");
}

#[test]
fn without_a_look_after_locking_somebody_writes_under_a_hold() {
    Setting { without: Without::LookAfterLocking, deaths: 0, ..SETTING }.fails("holds the store");
}

#[test]
fn without_recovery_a_dead_owners_work_stays_undone() {
    Setting { without: Without::Recovery, ..SETTING }.fails("what a dead one left undone");
}

#[test]
fn without_succession_a_dead_owners_work_stays_undone() {
    Setting { without: Without::Succession, holds: false, ..SETTING }.fails("what a dead one left undone");
}

/// As the code was when this model was first run.
#[test]
fn without_a_second_try_a_successor_waits_for_itself() {
    let setting = Setting { processes: 3, operations: 1, deaths: 1, claimed: true, holds: false, ..SETTING };
    Setting { without: Without::SecondTry, ..setting }.fails("nobody gets on");
}

#[test]
fn without_waking_somebody_sleeps_for_ever() {
    Setting { without: Without::Wake, deaths: 0, timeouts: false, ..SETTING }.fails("nobody gets on");
    Setting { without: Without::HoldWake, deaths: 0, timeouts: false, ..SETTING }.fails("nobody gets on");
}
