//! A model of the hold and of the line of those who wait for it, and a search through everything that can happen.
//!
//! The write lock is a box here, which `lock/model.rs` has looked into: one process is in it, and where that dies
//! the next one takes it over. What is done under the lock goes step by step all the same, as others look at the hold,
//! leave the line and take their turns up without it, and as its owner may die between any two steps. The tests at
//! the end take each safeguard away and want the search to notice.

use crate::lock::model::explore;

/// The part that is taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Without {
    Nothing,
    /// Waking the one whose turn has come.
    CallWake,
    /// Waking readers and those who are not in line.
    Broadcast,
    /// Noting that others are left in line.
    Queue,
    /// Calling a waiter before the hold names it: it is given the hold first.
    CallFirst,
    /// Looking again for a hold after one that was over has been ended: it may be somebody's turn.
    LookAgain,
    /// Calling the next when one leaves whose turn has come.
    LeaveCalls,
    /// Passing over a thread that does not come.
    PassOver,
    /// Passing over a turn that has no place.
    PassOverOrphan,
    /// Calling those again who were called and not given the hold.
    CallAgain,
    /// Looking first whether a hold is over, before whether it is one's own.
    OverFirst,
    /// Ending a hold without the lock where that is not to be had.
    LeaveHold,
    /// Taking the places of a dead predecessor away.
    ClearPlaces,
}

const MOST: usize = 3;
const PLACES: usize = 2;

#[derive(Debug, Clone, Copy)]
struct Setting {
    processes: usize,
    /// Operations of each.
    operations: u8,
    kinds: &'static [Op],
    deaths: u8,
    /// How many stop for ever, while they wait.
    stops: u8,
    /// Somebody stops for ever while it has the write lock.
    stops_owner: bool,
    /// Sleepers may wake by themselves, and so come to pass others over.
    timeouts: bool,
    /// Waiters may give up.
    gives_up: bool,
    /// The process with this number may give up in its sleep, too, as its patience is over.
    loses_patience: Option<usize>,
    /// A new process gets a dead one's lease.
    heirs: u8,
    without: Without,
}

const SETTING: Setting = Setting {
    processes: 2,
    operations: 2,
    kinds: &[Op::Lock, Op::Write, Op::Read],
    deaths: 1,
    stops: 0,
    stops_owner: false,
    timeouts: true,
    gives_up: true,
    loses_patience: None,
    heirs: 0,
    without: Without::Nothing,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Op {
    Lock,
    Write,
    Read,
    Unlock,
    /// A process does this that has been given a lease.
    Inherit,
}

/// Where the end of a hold leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum After {
    LookForHold,
    Done,
    Again,
    Left,
    Claimed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Next {
    place: u8,
    lease: u8,
    is_last: bool,
}

/// The next step of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Step {
    Idle,
    Own,
    LookForHold,
    Act,
    Hold(u8),
    /// The steps of `end_hold`; who was called, if anybody.
    End(u8, After, Option<Next>),
    ReleaseDone,
    ReleaseHeld,
    ReleaseAgain,
    // ---- reading
    TakeTurn,
    Look,
    // ---- waiting
    Wait,
    SleepUnlined(u8),
    Asleep,
    OwnToLineUp,
    LineUp(u8),
    SleepIn,
    AsleepIn,
    SleepShared(u8),
    AsleepShared,
    OwnToPassOver,
    PassOver,
    // ---- leaving
    Leave,
    OwnToLeave,
    LeftTurn,
    FreePlace,
    LeaveHold(After),
    Broadcast(After),
    Dead,
    Absent,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Process {
    step: Step,
    op: Op,
    left: u8,
    /// Tells it from a predecessor that had the same lease.
    life: u8,
    holding: bool,
    stopped: bool,
    /// The number of its place, and the ticket that it had there.
    place: Option<(u8, u8)>,
    /// The hold is another one than it saw; `hold_ended` has moved since it looked.
    changed: bool,
    moved: bool,
}

const FREE: u8 = 0;
const WAITING: u8 = 1;
const CALLED: u8 = 2;
const READING: u8 = 3;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct PlaceInLine {
    state: u8,
    ticket: u8,
    lease: u8,
    to_read: bool,
}

const NOWHERE: PlaceInLine = PlaceInLine { state: FREE, ticket: 0, lease: 0, to_read: false };

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Strength {
    All,
    Turn,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct State {
    lock: Option<u8>,
    hold: Option<u8>,
    over: bool,
    strength: Strength,
    /// The holder's life, or the number of the place.
    object: u8,
    held: bool,
    queue: bool,
    waiters: bool,
    places: [PlaceInLine; PLACES],
    deaths: u8,
    stops: u8,
    heirs: u8,
    processes: [Process; MOST],
}

/// How a process sees the hold when it looks for a hold.
#[derive(PartialEq, Eq)]
enum Version {
    None,
    Mine,
    MyTurn,
    Over,
    Other,
}

impl Process {
    fn new(operations: u8, life: u8) -> Self {
        Self {
            step: Step::Idle,
            op: Op::Write,
            left: operations,
            life,
            holding: false,
            stopped: false,
            place: None,
            changed: false,
            moved: false,
        }
    }
}

impl State {
    fn start(setting: &Setting) -> Self {
        let processes = std::array::from_fn(|n| match n < setting.processes {
            true => Process::new(setting.operations, 0),
            false => Process { step: Step::Absent, ..Process::new(0, 0) },
        });
        Self {
            lock: None,
            hold: None,
            over: false,
            strength: Strength::All,
            object: 0,
            held: false,
            queue: false,
            waiters: false,
            places: [NOWHERE; PLACES],
            deaths: setting.deaths,
            stops: setting.stops,
            heirs: setting.heirs,
            processes,
        }
    }

    /// Everybody who can has done all that was to be done.
    fn is_end(&self, setting: &Setting) -> bool {
        let lock_is_stuck = self.lock.is_some_and(|owner| self.processes[owner as usize].stopped);
        self.processes.iter().all(|process| match process.step {
            Step::Dead | Step::Absent => true,
            Step::Idle => process.left == 0 && !process.holding,
            // These wait for the lock, as they may: readers and those who end a hold may not.
            Step::Own | Step::OwnToLineUp | Step::OwnToPassOver if setting.stops_owner && lock_is_stuck => {
                process.op != Op::Unlock && process.op != Op::Read
            }
            _ => process.stopped,
        })
    }

    fn lives(&self, lease: u8) -> bool {
        self.processes[lease as usize].step != Step::Dead
    }

    fn seen_by(&self, me: usize, setting: &Setting) -> Version {
        let Some(lease) = self.hold else { return Version::None };
        if self.over && setting.without != Without::OverFirst {
            return Version::Over;
        }
        let mine = lease as usize == me;
        if mine && self.strength == Strength::Turn {
            return Version::MyTurn;
        }
        if mine && self.object == self.processes[me].life {
            return Version::Mine;
        }
        if self.over || (!mine && !self.lives(lease)) {
            return Version::Over;
        }
        Version::Other
    }

    fn has_turn(&self, me: usize) -> bool {
        self.hold == Some(me as u8) && self.strength == Strength::Turn && !self.over
    }

    /// The place of a process, if it is still its own.
    fn place_of(&self, me: usize) -> Option<usize> {
        let (number, ticket) = self.processes[me].place?;
        let place = self.places[number as usize];
        (place.state != FREE && place.ticket == ticket && place.lease as usize == me).then_some(number as usize)
    }

    /// Changes the state of a process's own place.
    fn change(&mut self, me: usize, from: u8, to: u8) -> bool {
        let Some(place) = self.place_of(me).filter(|&n| self.places[n].state == from) else { return false };
        if to == FREE {
            self.places[place] = NOWHERE
        } else {
            self.places[place].state = to
        }
        true
    }

    /// The place whose turn the hold is.
    fn called(&self) -> Option<usize> {
        let place = self.places[usize::from(self.object).min(PLACES - 1)];
        let is_in_it = self.strength == Strength::Turn
            && matches!(place.state, CALLED | READING)
            && Some(place.lease) == self.hold;
        is_in_it.then_some(self.object as usize)
    }

    fn set_hold(&mut self, hold: Option<u8>) {
        (self.hold, self.over) = (hold, false);
        self.hold_changes();
    }

    fn hold_changes(&mut self) {
        self.processes.iter_mut().for_each(|process| process.changed = true);
    }

    /// Wakes readers in line, and those who are not in line.
    fn broadcast(&mut self, setting: &Setting) {
        self.waiters = false;
        for process in &mut self.processes {
            process.moved = true;
            if matches!(process.step, Step::Asleep | Step::AsleepShared) && setting.without != Without::Broadcast {
                process.step = process.again();
            }
        }
    }

    /// Every next state.
    fn steps(&self, setting: &Setting, out: &mut Vec<Self>) -> Result<(), String> {
        self.check()?;
        for me in 0..setting.processes {
            let process = self.processes[me];
            if process.stopped {
                continue;
            }
            self.step(me, setting, out)?;
            let is_at_it = process.step != Step::Idle || process.holding;
            if self.deaths > 0 && is_at_it && process.step != Step::Dead {
                let mut state = *self;
                state.deaths -= 1;
                state.processes[me] = Process { step: Step::Dead, ..Process::new(0, process.life) };
                out.push(state);
            }
            let owns = self.lock == Some(me as u8);
            // (A process that is stopped while it holds the store is waited for.)
            let may_stop = match setting.stops_owner {
                true => owns && self.hold != Some(me as u8),
                false => !owns && !process.holding && is_at_it,
            };
            if self.stops > 0 && may_stop && process.step != Step::Dead {
                let mut state = *self;
                state.stops -= 1;
                state.processes[me].stopped = true;
                out.push(state);
            }
        }
        out.iter_mut().for_each(Self::normalise);
        Ok(())
    }

    /// Tickets by their rank: else no state would ever come again.
    fn normalise(&mut self) {
        let visit = |state: &mut Self, visit: &mut dyn FnMut(&mut u8)| {
            state.places.iter_mut().filter(|place| place.state != FREE).for_each(|place| visit(&mut place.ticket));
            for process in &mut state.processes {
                process.place.iter_mut().for_each(|(_, ticket)| visit(ticket));
            }
        };
        let mut tickets = Vec::new();
        visit(self, &mut |ticket| tickets.push(*ticket));
        tickets.sort_unstable();
        tickets.dedup();
        visit(self, &mut |ticket| *ticket = tickets.binary_search(ticket).expect("it was collected") as u8 + 1);
        for process in &mut self.processes {
            // Nobody looks at these any more.
            let is_about_to_wait = matches!(
                process.step,
                Step::ReleaseHeld
                    | Step::Wait
                    | Step::OwnToLineUp
                    | Step::LineUp(_)
                    | Step::SleepUnlined(_)
                    | Step::OwnToPassOver
                    | Step::PassOver
            );
            process.changed &= is_about_to_wait;
            if !matches!(process.step, Step::SleepUnlined(_) | Step::SleepShared(_)) {
                process.moved = false;
            }
        }
    }

    fn check(&self) -> Result<(), String> {
        let holders = self.processes.iter().filter(|process| process.holding && process.op != Op::Unlock).count();
        if holders > 1 {
            return Err("two holders".into());
        }
        let turn = self.called().filter(|_| !self.over).map(|place| self.places[place].lease as usize);
        if let Some(lease) = turn.filter(|&lease| self.processes[lease].step == Step::Idle) {
            return Err(format!("it is the turn of {lease}, which has not asked for it"));
        }
        for (me, process) in self.processes.iter().enumerate().filter(|(_, process)| process.holding) {
            let is_there = self.hold == Some(me as u8) && self.strength == Strength::All && !self.over;
            if process.op != Op::Unlock && !(is_there && self.held) {
                return Err("a hold has vanished under its holder".into());
            }
        }
        Ok(())
    }

    /// Whether this process may do something now.
    fn check_act(&self, me: usize) -> Result<(), String> {
        if (0..MOST).any(|n| n != me && self.processes[n].holding && self.processes[n].op != Op::Unlock) {
            return Err("somebody goes on while another holds the store".into());
        }
        let others_turn = self.strength == Strength::Turn
            && !self.over
            && self.hold.is_some_and(|lease| lease as usize != me && self.lives(lease));
        if self.hold.is_some() && self.over && self.processes[me].op != Op::Read {
            return Err("a hold that was over has not been ended".into());
        }
        if others_turn && self.processes[me].op != Op::Read {
            return Err("somebody goes on while it is another's turn".into());
        }
        Ok(())
    }

    fn step(&self, me: usize, setting: &Setting, out: &mut Vec<Self>) -> Result<(), String> {
        let mut state = *self;
        let process = self.processes[me];
        let without = setting.without;
        macro_rules! my {
            () => {
                state.processes[me]
            };
        }
        // The lock is free, or its owner has died: the mark may differ from the hold then.
        let own = |state: &mut Self, next: Step| {
            match state.lock {
                // A lock that names a new process's lease is its predecessor's.
                Some(owner) if state.lives(owner) && usize::from(owner) != me => return false,
                Some(_) => state.held = state.hold.is_some() && state.strength == Strength::All,
                None => {}
            }
            state.lock = Some(me as u8);
            state.processes[me].step = next;
            true
        };
        let release = |state: &mut Self, next: Step| {
            state.lock = None;
            state.processes[me].step = next;
        };
        match process.step {
            Step::Absent => return Ok(()),
            Step::Dead => {
                if state.heirs == 0 {
                    return Ok(());
                }
                state.heirs -= 1;
                my!() = Process { op: Op::Inherit, step: Step::Own, ..Process::new(1, process.life + 1) };
            }
            Step::Idle => {
                let ops: &[Op] = match (process.holding, process.left) {
                    (true, _) => &[Op::Unlock],
                    (false, 0) => &[],
                    _ => setting.kinds,
                };
                for &op in ops {
                    let mut state = *self;
                    let my = &mut state.processes[me];
                    my.op = op;
                    my.left -= u8::from(op != Op::Unlock);
                    my.step = my.again();
                    out.push(state);
                }
                return Ok(());
            }
            // ---- under the lock ----------------------------------------------------------------------
            Step::Own => {
                // It may leave its hold where it is; the others then need their looks.
                let leaves = (setting.timeouts || setting.stops_owner) && without != Without::LeaveHold;
                if process.op == Op::Unlock && self.lock.is_some() && leaves {
                    let mut state = *self;
                    state.processes[me].step = Step::LeaveHold(After::Done);
                    out.push(state);
                }
                if !own(&mut state, Step::LookForHold) {
                    return Ok(());
                }
            }
            Step::LookForHold => {
                my!().changed = false;
                let seen = self.seen_by(me, setting);
                my!().step = match (process.op, seen) {
                    (Op::Unlock, Version::Mine) => Step::End(0, After::Done, None),
                    (Op::Unlock, _) => Step::ReleaseDone,
                    (Op::Inherit, _) => {
                        for place in state.places.iter_mut().filter(|place| usize::from(place.lease) == me) {
                            if without != Without::ClearPlaces {
                                *place = NOWHERE;
                            }
                        }
                        let mine = self.hold == Some(me as u8);
                        if mine { Step::End(0, After::Claimed, None) } else { Step::ReleaseDone }
                    }
                    (_, Version::Over) if without == Without::LookAgain => Step::End(0, After::Claimed, None),
                    (_, Version::Over) => Step::End(0, After::LookForHold, None),
                    (_, Version::Other) => Step::ReleaseHeld,
                    (_, Version::None | Version::Mine | Version::MyTurn) => Step::Act,
                };
            }
            Step::Act => {
                self.check_act(me)?;
                my!().step = match process.op {
                    Op::Lock => Step::Hold(0),
                    _ if self.has_turn(me) => Step::End(0, After::Done, None),
                    _ => Step::ReleaseDone,
                };
            }
            Step::Hold(n) => {
                my!().step = Step::Hold(n + 1);
                match n {
                    0 => state.called().into_iter().for_each(|place| state.places[place] = NOWHERE),
                    1 => (state.strength, state.object) = (Strength::All, process.life),
                    2 => state.set_hold(Some(me as u8)),
                    _ => {
                        state.held = true;
                        my!().step = Step::ReleaseDone;
                    }
                }
            }
            Step::End(n, after, next) => {
                my!().step = Step::End(n + 1, after, next);
                match n {
                    0 => state.held = false,
                    1 => state.called().into_iter().for_each(|place| state.places[place] = NOWHERE),
                    2 => {
                        let candidate = |place: &PlaceInLine| {
                            place.state == WAITING || (place.state == CALLED && without != Without::CallAgain)
                        };
                        let all = || (0..PLACES).filter(|&n| candidate(&self.places[n]));
                        let first = all().min_by_key(|&n| self.places[n].ticket).filter(|_| self.queue);
                        match first {
                            Some(first) if !self.lives(self.places[first].lease) => {
                                state.places[first] = NOWHERE;
                                my!().step = process.step;
                            }
                            Some(first) => {
                                let waits = |place: &&PlaceInLine| matches!(place.state, WAITING | CALLED);
                                let all_who_wait = self.places.iter().filter(waits);
                                if all_who_wait
                                    .filter(|place| self.lives(place.lease))
                                    .any(|place| place.ticket < self.places[first].ticket)
                                {
                                    return Err("somebody is called before one that has waited longer".into());
                                }
                                if without != Without::CallFirst {
                                    state.places[first].state = CALLED;
                                }
                                let lease = self.places[first].lease;
                                let next = Next { place: first as u8, lease, is_last: all().count() == 1 };
                                my!().step = Step::End(3, after, Some(next));
                            }
                            None => {}
                        }
                    }
                    3 => {
                        if let Some(next) = next {
                            (state.strength, state.object) = (Strength::Turn, next.place);
                        }
                    }
                    4 => state.set_hold(next.map(|next| next.lease)),
                    5 => {
                        if without == Without::CallFirst
                            && let Some(next) = next
                            && state.places[next.place as usize].state == WAITING
                        {
                            state.places[next.place as usize].state = CALLED;
                        }
                        if next.is_none_or(|next| next.is_last) || without == Without::Queue {
                            state.queue = false;
                        }
                    }
                    _ => {
                        let place = next.map(|next| next.place);
                        let to_read = place.is_some_and(|place| self.places[place as usize].to_read);
                        if to_read || self.waiters {
                            state.broadcast(setting);
                        }
                        for n in 0..MOST {
                            let sleeps = self.processes[n].step == Step::AsleepIn
                                && self.processes[n].place.map(|(place, _)| place) == place;
                            if sleeps && !to_read && without != Without::CallWake {
                                state.processes[n].step = state.processes[n].again();
                            }
                        }
                        my!().step = match after {
                            After::LookForHold => Step::LookForHold,
                            After::Done => Step::ReleaseDone,
                            After::Again => Step::ReleaseAgain,
                            After::Left => Step::FreePlace,
                            After::Claimed if process.op == Op::Inherit => Step::ReleaseDone,
                            After::Claimed => Step::Act,
                        };
                    }
                }
            }
            Step::ReleaseDone => {
                my!().holding = process.op == Op::Lock;
                release(&mut state, Step::Leave);
            }
            Step::ReleaseHeld => release(&mut state, Step::Wait),
            Step::ReleaseAgain => release(&mut state, process.again()),
            // ---- reading -------------------------------------------------------------------------------
            Step::TakeTurn => {
                state.change(me, CALLED, READING);
                my!().step = Step::Look;
            }
            Step::Look => {
                let keeps_out =
                    self.held && self.strength == Strength::All && self.seen_by(me, setting) == Version::Other;
                if keeps_out {
                    my!().changed = false;
                    state.change(me, READING, CALLED);
                    my!().step = Step::Wait;
                } else {
                    self.check_act(me)?;
                    my!().step = Step::Leave;
                }
            }
            // ---- waiting ---------------------------------------------------------------------------------
            Step::Wait => {
                if setting.gives_up {
                    let mut state = *self;
                    state.processes[me].step = Step::Leave;
                    out.push(state);
                }
                match self.place_of(me).map(|place| self.places[place].state) {
                    Some(WAITING) => my!().step = Step::SleepIn,
                    Some(_) => my!().step = Step::OwnToLineUp,
                    None => {
                        let mut state = *self;
                        state.processes[me].step = Step::SleepUnlined(0);
                        out.push(state);
                        my!().step = Step::OwnToLineUp;
                    }
                }
            }
            Step::SleepUnlined(n) => {
                my!().step = Step::SleepUnlined(n + 1);
                match n {
                    0 => my!().moved = false,
                    1 => state.waiters = true,
                    2 if process.changed => my!().step = process.again(),
                    2 => {}
                    _ => my!().step = if process.moved { process.again() } else { Step::Asleep },
                }
            }
            Step::OwnToLineUp => {
                if !own(&mut state, Step::LineUp(0)) {
                    // It waits without a place.
                    my!().step = Step::SleepUnlined(0);
                }
            }
            Step::LineUp(n) => {
                my!().step = Step::LineUp(n + 1);
                let free = (0..PLACES).find(|&n| self.places[n].state == FREE);
                match n {
                    0 => {
                        my!().changed = false;
                        let seen = self.seen_by(me, setting);
                        let waits =
                            seen == Version::Other && (process.op != Op::Read || self.strength == Strength::All);
                        if !waits {
                            my!().step = match seen {
                                Version::Over => Step::End(0, After::Again, None),
                                _ => Step::ReleaseAgain,
                            };
                        }
                    }
                    1 => match (self.place_of(me), free) {
                        (Some(_), _) => {}
                        (None, None) => release(&mut state, Step::SleepUnlined(0)),
                        (None, Some(free)) => {
                            let last = self.places.iter().filter(|place| place.state != FREE).map(|place| place.ticket);
                            let last = last.chain(self.processes.iter().filter_map(|process| Some(process.place?.1)));
                            let ticket = last.max().unwrap_or(0) + 1;
                            my!().place = Some((free as u8, ticket));
                        }
                    },
                    2 => state.queue = true,
                    _ => {
                        let (number, ticket) = process.place.expect("it has just been chosen");
                        let to_read = process.op == Op::Read;
                        state.places[number as usize] =
                            PlaceInLine { state: WAITING, ticket, lease: me as u8, to_read };
                        release(&mut state, Step::SleepIn);
                    }
                }
            }
            Step::SleepIn if process.op == Op::Read => my!().step = Step::SleepShared(0),
            Step::SleepIn => {
                let waits = self.place_of(me).is_some_and(|place| self.places[place].state == WAITING);
                my!().step = if waits { Step::AsleepIn } else { process.again() };
            }
            Step::SleepShared(n) => {
                my!().step = Step::SleepShared(n + 1);
                let waits = self.place_of(me).is_some_and(|place| self.places[place].state == WAITING);
                match n {
                    0 => my!().moved = false,
                    1 if waits => {}
                    1 => my!().step = process.again(),
                    _ => my!().step = if process.moved { process.again() } else { Step::AsleepShared },
                }
            }
            Step::Asleep | Step::AsleepIn | Step::AsleepShared => {
                if setting.loses_patience == Some(me) {
                    let mut state = *self;
                    state.processes[me].step = Step::Leave;
                    out.push(state);
                }
                if !setting.timeouts {
                    return Ok(());
                }
                let passes_over = self.strength == Strength::Turn
                    && self.hold.is_some_and(|lease| usize::from(lease) != me)
                    && without != Without::PassOver;
                if passes_over {
                    let mut state = *self;
                    state.processes[me].changed = false;
                    state.processes[me].step = Step::OwnToPassOver;
                    out.push(state);
                }
                my!().step = process.again();
            }
            Step::OwnToPassOver => {
                if !own(&mut state, Step::PassOver) {
                    my!().step = process.again();
                }
            }
            Step::PassOver => {
                let is_it = !process.changed && self.strength == Strength::Turn;
                my!().step = match self.called() {
                    _ if !is_it => Step::ReleaseAgain,
                    Some(place) => {
                        state.places[place] = NOWHERE;
                        Step::End(0, After::Again, None)
                    }
                    None if without == Without::PassOverOrphan => Step::ReleaseAgain,
                    None => Step::End(0, After::Again, None),
                };
            }
            // ---- leaving ---------------------------------------------------------------------------------
            Step::Leave => {
                my!().step = match self.place_of(me) {
                    None => Step::Idle,
                    Some(_) if state.change(me, WAITING, FREE) => Step::Idle,
                    Some(_) => Step::OwnToLeave,
                };
                if my!().step == Step::Idle {
                    my!().place = None;
                }
            }
            Step::OwnToLeave => {
                if self.lock.is_some() && (setting.timeouts || setting.stops_owner) {
                    let mut state = *self;
                    let turn = self.has_turn(me);
                    state.processes[me].step = if turn { Step::LeaveHold(After::Left) } else { Step::FreePlace };
                    out.push(state);
                }
                if !own(&mut state, Step::LeftTurn) {
                    return Ok(());
                }
            }
            Step::LeftTurn => {
                my!().step = match self.has_turn(me) {
                    true if without != Without::LeaveCalls => Step::End(0, After::Left, None),
                    _ => Step::FreePlace,
                };
            }
            Step::FreePlace => {
                state.change(me, CALLED, FREE);
                state.change(me, READING, FREE);
                my!().place = None;
                my!().step = Step::Idle;
                if self.lock == Some(me as u8) {
                    state.lock = None;
                }
            }
            Step::LeaveHold(after) => {
                if self.hold == Some(me as u8) {
                    state.over = true;
                    state.hold_changes();
                }
                my!().step = Step::Broadcast(after);
            }
            Step::Broadcast(after) => {
                state.broadcast(setting);
                my!().holding = false;
                // The place stays what it is: who ends the hold frees it.
                my!().place = None;
                my!().step = Step::Idle;
                let _ = after;
            }
        }
        out.push(state);
        Ok(())
    }
}

impl Process {
    /// The step with which a process tries again.
    fn again(&self) -> Step {
        if self.op == Op::Read { Step::TakeTurn } else { Step::Own }
    }
}

impl Setting {
    fn explore(&self) -> Result<usize, String> {
        explore(State::start(self), |state, out| state.steps(self, out), |state| state.is_end(self))
    }

    #[track_caller]
    fn holds_up(&self, at_least: usize) {
        match self.explore() {
            Ok(states) => {
                println!("{states} states");
                assert!(states >= at_least, "{self:?}: only {states} states");
            }
            Err(trace) => panic!("{self:?}\n{trace}"),
        }
    }

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
fn two_who_wait_and_give_up_and_die() {
    SETTING.holds_up(100_000);
}

#[test]
fn three_who_wait_and_die() {
    let setting = Setting { processes: 3, operations: 1, gives_up: false, ..SETTING };
    Setting { kinds: &[Op::Lock], ..setting }.holds_up(200_000);
}

#[test]
#[ignore = "millions of states: a minute"]
fn three_who_want_this_and_that_and_die() {
    Setting { processes: 3, operations: 1, gives_up: false, ..SETTING }.holds_up(1_000_000);
}

#[test]
fn three_of_whom_one_stops() {
    let setting = Setting { processes: 3, operations: 1, stops: 1, deaths: 0, gives_up: false, ..SETTING };
    Setting { kinds: &[Op::Lock], ..setting }.holds_up(10_000);
}

#[test]
#[ignore = "millions of states: a minute"]
fn three_of_whom_one_stops_and_one_dies() {
    let setting = Setting { processes: 3, operations: 1, stops: 1, gives_up: false, ..SETTING };
    Setting { kinds: &[Op::Lock, Op::Read], ..setting }.holds_up(1_000_000);
}

#[test]
fn nobody_needs_a_timeout_while_nobody_dies_or_stops() {
    let setting = Setting { operations: 3, deaths: 0, timeouts: false, ..SETTING };
    setting.holds_up(50_000);
    let setting = Setting { processes: 3, operations: 1, ..setting };
    Setting { gives_up: false, ..setting }.holds_up(100_000);
    Setting { kinds: &[Op::Lock, Op::Read], ..setting }.holds_up(50_000);
    Setting { processes: 2, operations: 2, gives_up: false, loses_patience: Some(1), ..setting }.holds_up(10_000);
}

#[test]
fn whoever_ends_a_hold_or_reads_does_not_wait_for_an_owner_that_is_stopped() {
    let setting = Setting { stops: 1, stops_owner: true, deaths: 0, gives_up: false, ..SETTING };
    setting.holds_up(10_000);
    Setting { without: Without::LeaveHold, ..setting }.fails("nobody gets on");
}

#[test]
fn a_process_that_gets_a_dead_ones_lease_gets_no_turn_with_it() {
    let setting = Setting { heirs: 1, operations: 1, ..SETTING };
    setting.holds_up(100_000);
    Setting { without: Without::ClearPlaces, ..setting }.fails("which has not asked for it");
}

#[test]
fn without_waking_somebody_sleeps_for_ever() {
    let setting = Setting { operations: 2, deaths: 0, timeouts: false, gives_up: false, ..SETTING };
    Setting { without: Without::CallWake, ..setting }.fails("nobody gets on");
    Setting { without: Without::Broadcast, ..setting }.fails("nobody gets on");
    Setting { processes: 3, operations: 1, without: Without::Queue, ..setting }.fails("nobody gets on");
}

#[test]
fn without_calling_a_waiter_before_it_is_given_the_hold_one_that_has_left_has_it() {
    let setting = Setting { deaths: 0, timeouts: false, gives_up: false, loses_patience: Some(1), ..SETTING };
    Setting { without: Without::CallFirst, ..setting }.fails("nobody gets on");
}

#[test]
fn without_calling_the_next_when_one_leaves_everybody_waits_for_ever() {
    Setting { deaths: 0, timeouts: false, without: Without::LeaveCalls, ..SETTING }.fails("nobody gets on");
}

#[test]
fn without_passing_over_everybody_waits_for_one_who_does_not_come() {
    let setting = Setting { processes: 3, operations: 1, stops: 1, deaths: 0, gives_up: false, ..SETTING };
    let setting = Setting { kinds: &[Op::Lock], ..setting };
    Setting { without: Without::PassOver, ..setting }.fails("nobody gets on");
}

#[test]
#[ignore = "millions of states: a minute"]
fn without_passing_over_a_turn_that_has_no_place_everybody_waits_for_it() {
    let setting = Setting { processes: 3, operations: 1, stops: 1, gives_up: false, kinds: &[Op::Lock], ..SETTING };
    // A process that passes somebody over dies in the middle, and its successor wants something, too.
    Setting { deaths: 1, heirs: 1, without: Without::PassOverOrphan, ..setting }.fails("nobody gets on");
}

#[test]
fn without_looking_again_somebody_goes_on_out_of_turn() {
    let setting = Setting { processes: 3, operations: 1, gives_up: false, kinds: &[Op::Lock], ..SETTING };
    Setting { without: Without::LookAgain, ..setting }.fails("another's turn");
}

#[test]
fn without_looking_first_whether_it_is_over_a_hold_is_not_ended() {
    Setting { deaths: 0, without: Without::OverFirst, ..SETTING }.fails("has not been ended");
}

#[test]
fn without_calling_again_whoever_was_not_given_the_hold_is_left_behind() {
    let setting = Setting { processes: 3, operations: 1, gives_up: false, kinds: &[Op::Lock], ..SETTING };
    Setting { without: Without::CallAgain, ..setting }.fails("waited longer");
}
