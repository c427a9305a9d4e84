//! A model of one named lock and of the line of those who wait for it, and a search through everything that can happen.
//!
//! As in `hold/model.rs`, the write lock is a box: one process is in it, and where that dies the next one takes it over. What is
//! done under it goes step by step, as others leave the line without it, and as its owner may die between any two steps.
//! The tests at the end take each safeguard away and want the search to notice.

use crate::lock::model::explore;

/// The part that is taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Without {
    Nothing,
    /// Waking the one whose turn has come.
    Wake,
    /// Noting that somebody is in line.
    Queue,
    /// Calling a waiter before the lock is its turn.
    CallFirst,
    /// Passing the lock on where one leaves whose turn has come.
    LeavePassesOn,
    /// Passing over a thread that does not take its turn up.
    PassOver,
    /// Passing over a turn whose thread has left its place.
    PassOverEmptyPlace,
    /// Calling those again who were called and not given the lock.
    CallAgain,
    /// Looking whether the owner lives.
    Death,
    /// Ending the locks of the last owner of a lease.
    Inherit,
}

const MOST: usize = 3;
const PLACES: usize = 2;

#[derive(Debug, Clone, Copy)]
struct Setting {
    processes: usize,
    /// How often each of them takes the lock.
    operations: u8,
    deaths: u8,
    /// How many stop for ever, without having the lock or the write lock.
    stops: u8,
    /// A new process gets a dead one's lease.
    heirs: u8,
    /// Sleepers may wake by themselves, and pass a turn over that is not taken up at once.
    timeouts: bool,
    /// Those who may give up when they wait.
    give_up: &'static [usize],
    without: Without,
}

const SETTING: Setting = Setting {
    processes: 2,
    operations: 2,
    deaths: 1,
    stops: 0,
    heirs: 0,
    timeouts: true,
    give_up: &[0, 1, 2],
    without: Without::Nothing,
};

/// Where passing a lock on leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum After {
    /// The process tries to take the lock again: it still has the write lock.
    Take,
    Done,
}

/// The purpose for which a process takes the write lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Purpose {
    Take,
    End,
    EndTurn,
    Inherit,
}

/// The next step of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Step {
    Idle,
    Own(Purpose),
    // ---- under the write lock
    Take,
    LetHave,
    TakenUp,
    Release,
    Stand,
    StandIn(u8),
    ReleaseToSleep,
    End,
    EndTurn,
    ClearPlaces,
    EndAll,
    /// The steps of `pass_on`; who was called, if anybody.
    Uncall(After),
    CallNext(After),
    TakeAway(After),
    Name(After),
    Give(After),
    Wake(After),
    Free(After),
    ReleaseDone,
    // ---- without it
    Sleep,
    Asleep,
    Unlined,
    Leave,
    LeaveTurn,
    Dead,
    Absent,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Process {
    step: Step,
    left: u8,
    /// Tells it from a predecessor that had the same lease: its pid, and its object.
    life: u8,
    holding: bool,
    stopped: bool,
    /// The number of its place, and the ticket that it had there.
    place: Option<(u8, u8)>,
    /// The owner of the lock that it saw.
    seen: Option<u8>,
    /// The one that it calls: number of the place, ticket, and lease.
    next: (u8, u8, u8),
}

const FREE: u8 = 0;
const WAITING: u8 = 1;
const CALLED: u8 = 2;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct PlaceInLine {
    state: u8,
    ticket: u8,
    lease: u8,
}

const NOWHERE: PlaceInLine = PlaceInLine { state: FREE, ticket: 0, lease: 0 };

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Owner {
    Nobody,
    Has(u8),
    Called(u8),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct State {
    write_lock: Option<u8>,
    owner: Owner,
    object: u8,
    pid: u8,
    /// The number and the ticket of the place that was called.
    called: (u8, u8),
    queue: bool,
    places: [PlaceInLine; PLACES],
    deaths: u8,
    stops: u8,
    heirs: u8,
    processes: [Process; MOST],
}

impl Process {
    fn new(operations: u8, life: u8) -> Self {
        Self {
            step: Step::Idle,
            left: operations,
            life,
            holding: false,
            stopped: false,
            place: None,
            seen: None,
            next: (0, 0, 0),
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
            write_lock: None,
            owner: Owner::Nobody,
            object: 0,
            pid: 0,
            called: (0, 0),
            queue: false,
            places: [NOWHERE; PLACES],
            deaths: setting.deaths,
            stops: setting.stops,
            heirs: setting.heirs,
            processes,
        }
    }

    /// Everybody who can has done all that was to be done.
    fn is_end(&self) -> bool {
        self.processes.iter().all(|process| match process.step {
            Step::Dead | Step::Absent => true,
            Step::Idle => process.left == 0 && !process.holding,
            _ => process.stopped,
        })
    }

    fn lives(&self, lease: u8) -> bool {
        self.processes[lease as usize].step != Step::Dead
    }

    /// The place of a process, if it is still its own.
    fn place_of(&self, me: usize) -> Option<usize> {
        let (number, ticket) = self.processes[me].place?;
        self.place(number, ticket)
    }

    /// A place, in this use of it.
    fn place(&self, number: u8, ticket: u8) -> Option<usize> {
        let place = self.places[number as usize];
        (place.state != FREE && place.ticket == ticket).then_some(number as usize)
    }

    /// Changes the state of a process's own place.
    fn change(&mut self, me: usize, from: u8, to: u8) -> bool {
        let Some(place) = self.place_of(me).filter(|&n| self.places[n].state == from) else { return false };
        self.set_place(place, to);
        true
    }

    fn set_place(&mut self, place: usize, to: u8) {
        if to == FREE {
            self.places[place] = NOWHERE;
        } else {
            self.places[place].state = to;
        }
    }

    /// Whether it is the turn of this process's place.
    fn has_turn(&self, me: usize) -> bool {
        self.owner == Owner::Called(me as u8) && self.processes[me].place == Some(self.called)
    }

    /// Whether nobody that lives has the lock, nor is about to take it up.
    fn is_over(&self, lease: u8, without: Without) -> bool {
        let is_gone = !self.lives(lease) || self.processes[lease as usize].life != self.pid;
        let (number, ticket) = self.called;
        let is_called = self.place(number, ticket).is_some_and(|place| self.places[place].state == CALLED);
        is_gone && without != Without::Death
            || matches!(self.owner, Owner::Called(_)) && !is_called && without != Without::PassOverEmptyPlace
    }

    /// Every next state.
    fn steps(&self, setting: &Setting, out: &mut Vec<Self>) -> Result<(), String> {
        self.check()?;
        for me in 0..setting.processes {
            let process = self.processes[me];
            if process.stopped {
                continue;
            }
            self.step(me, setting, out);
            let is_at_it = process.step != Step::Idle || process.holding;
            if self.deaths > 0 && is_at_it && process.step != Step::Dead {
                let mut state = *self;
                state.deaths -= 1;
                state.processes[me] = Process { step: Step::Dead, ..Process::new(0, process.life) };
                out.push(state);
            }
            let may_stop = self.write_lock != Some(me as u8) && !process.holding && is_at_it;
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
        let is_naming = |step| matches!(step, Step::Give(_) | Step::Wake(_));
        if !matches!(self.owner, Owner::Called(_)) && !self.processes.iter().any(|process| is_naming(process.step)) {
            self.called = (0, 0);
        }
        for process in &mut self.processes {
            // Nobody looks at these any more.
            if !matches!(
                process.step,
                Step::Stand | Step::StandIn(_) | Step::ReleaseToSleep | Step::Sleep | Step::Asleep
            ) {
                process.seen = None;
            }
            if !matches!(process.step, Step::TakeAway(_) | Step::Name(_) | Step::Give(_) | Step::Wake(_)) {
                process.next = (0, 0, 0);
            }
        }
        let visit = |state: &mut Self, visit: &mut dyn FnMut(&mut u8)| {
            state.places.iter_mut().filter(|place| place.state != FREE).for_each(|place| visit(&mut place.ticket));
            visit(&mut state.called.1);
            for process in &mut state.processes {
                process.place.iter_mut().for_each(|(_, ticket)| visit(ticket));
                visit(&mut process.next.1);
            }
        };
        let mut tickets = vec![0];
        visit(self, &mut |ticket| tickets.push(*ticket));
        tickets.sort_unstable();
        tickets.dedup();
        visit(self, &mut |ticket| *ticket = tickets.binary_search(ticket).expect("it was collected") as u8);
    }

    fn check(&self) -> Result<(), String> {
        let holders = self.processes.iter().filter(|process| process.holding).count();
        if holders > 1 {
            return Err("two have the lock".into());
        }
        Ok(())
    }

    fn step(&self, me: usize, setting: &Setting, out: &mut Vec<Self>) {
        let (lease, without) = (me as u8, setting.without);
        let mut state = *self;
        let process = self.processes[me];
        macro_rules! my {
            () => {
                state.processes[me]
            };
        }
        // A state in which this process goes on in another way than the one at the end.
        let mut instead = |step: Step| {
            let mut other = *self;
            other.processes[me].step = step;
            out.push(other);
        };
        my!().step = match process.step {
            Step::Absent => return,
            Step::Dead if state.heirs == 0 => return,
            Step::Dead => {
                state.heirs -= 1;
                my!() = Process::new(1, process.life + 1);
                Step::Own(Purpose::Inherit)
            }
            Step::Idle if process.holding => Step::Own(Purpose::End),
            Step::Idle if process.left == 0 => return,
            Step::Idle => {
                my!().left -= 1;
                Step::Own(Purpose::Take)
            }
            Step::Own(purpose) => {
                // The write lock is free, or its owner has died. (One that names a new process's lease is its predecessor's.)
                if state.write_lock.is_some_and(|owner| state.lives(owner) && owner != lease) {
                    return;
                }
                state.write_lock = Some(lease);
                match purpose {
                    Purpose::Take => Step::Take,
                    Purpose::End => Step::End,
                    Purpose::EndTurn => Step::EndTurn,
                    Purpose::Inherit => Step::ClearPlaces,
                }
            }
            Step::Take => match state.owner {
                Owner::Nobody => Step::LetHave,
                Owner::Has(its) if its == lease && state.object == process.life => Step::Release,
                Owner::Called(_) if state.has_turn(me) => Step::TakenUp,
                Owner::Has(its) | Owner::Called(its) if state.is_over(its, without) => Step::Uncall(After::Take),
                Owner::Has(its) | Owner::Called(its) => {
                    let is_slow = setting.timeouts || state.processes[its as usize].stopped;
                    if matches!(state.owner, Owner::Called(_)) && is_slow && without != Without::PassOver {
                        instead(Step::Uncall(After::Take));
                    }
                    my!().seen = Some(its);
                    Step::Stand
                }
            },
            Step::LetHave | Step::TakenUp => {
                (state.object, state.pid) = (process.life, process.life);
                state.owner = Owner::Has(lease);
                if process.step == Step::TakenUp {
                    state.change(me, CALLED, FREE);
                }
                Step::Release
            }
            Step::Release => {
                state.write_lock = None;
                my!().holding = true;
                // (It may stand in line yet, as one that took the lock without its turn: its place is left then.)
                state.change(me, WAITING, FREE);
                state.change(me, CALLED, FREE);
                my!().place = None;
                Step::Idle
            }
            Step::Stand if state.place_of(me).is_some() => Step::ReleaseToSleep,
            Step::Stand => {
                my!().place = None;
                match state.places.iter().position(|place| place.state == FREE) {
                    None => Step::ReleaseToSleep,
                    Some(free) => {
                        state.queue |= without != Without::Queue;
                        Step::StandIn(free as u8)
                    }
                }
            }
            Step::StandIn(number) => {
                let ticket = 100;
                state.places[number as usize] = PlaceInLine { state: WAITING, ticket, lease };
                my!().place = Some((number, ticket));
                Step::ReleaseToSleep
            }
            Step::ReleaseToSleep => {
                state.write_lock = None;
                if process.place.is_some() { Step::Sleep } else { Step::Unlined }
            }
            Step::Unlined => Step::Own(Purpose::Take),
            Step::Sleep => match state.place_of(me) {
                Some(place) if state.places[place].state == WAITING => Step::Asleep,
                _ => Step::Own(Purpose::Take),
            },
            Step::Asleep => {
                if setting.give_up.contains(&me) {
                    instead(Step::Leave);
                }
                let its = process.seen.unwrap_or(lease);
                let is_lost = !state.lives(its) || state.processes[its as usize].stopped;
                if !(setting.timeouts || is_lost) {
                    return;
                }
                Step::Own(Purpose::Take)
            }
            Step::Leave => {
                if state.change(me, WAITING, FREE) {
                    my!().place = None;
                    Step::Idle
                } else {
                    Step::LeaveTurn
                }
            }
            Step::LeaveTurn => {
                if state.change(me, CALLED, FREE) && without != Without::LeavePassesOn {
                    Step::Own(Purpose::EndTurn)
                } else {
                    my!().place = None;
                    Step::Idle
                }
            }
            Step::EndTurn => {
                if state.has_turn(me) {
                    Step::Uncall(After::Done)
                } else {
                    Step::ReleaseDone
                }
            }
            Step::End => {
                my!().holding = false;
                if state.owner == Owner::Has(lease) && state.object == process.life {
                    Step::Uncall(After::Done)
                } else {
                    Step::ReleaseDone
                }
            }
            Step::ClearPlaces => {
                for place in 0..PLACES {
                    if state.places[place].state != FREE && state.places[place].lease == lease {
                        state.set_place(place, FREE);
                    }
                }
                Step::EndAll
            }
            Step::EndAll => match state.owner {
                Owner::Has(its) | Owner::Called(its) if its == lease && without != Without::Inherit => {
                    Step::Uncall(After::Done)
                }
                _ => Step::ReleaseDone,
            },
            Step::Uncall(after) => {
                let (number, ticket) = state.called;
                let called = state.place(number, ticket).filter(|&place| state.places[place].state == CALLED);
                if let (Owner::Called(_), Some(place)) = (state.owner, called) {
                    state.set_place(place, FREE);
                }
                if state.queue { Step::CallNext(after) } else { Step::Free(after) }
            }
            Step::CallNext(after) => {
                let in_line = (0..PLACES).filter(|&place| match state.places[place].state {
                    WAITING => true,
                    CALLED => without != Without::CallAgain,
                    _ => false,
                });
                match in_line.min_by_key(|&place| state.places[place].ticket) {
                    None => {
                        state.queue = false;
                        Step::Free(after)
                    }
                    Some(place) if !state.lives(state.places[place].lease) => {
                        state.set_place(place, FREE);
                        Step::CallNext(after)
                    }
                    Some(place) => {
                        let PlaceInLine { ticket, lease, .. } = state.places[place];
                        if without != Without::CallFirst {
                            state.places[place].state = CALLED;
                        }
                        my!().next = (place as u8, ticket, lease);
                        Step::TakeAway(after)
                    }
                }
            }
            Step::TakeAway(after) => {
                state.owner = Owner::Nobody;
                Step::Name(after)
            }
            Step::Name(after) => {
                let (number, ticket, its) = process.next;
                state.pid = state.processes[its as usize].life;
                state.called = (number, ticket);
                Step::Give(after)
            }
            Step::Give(after) => {
                state.owner = Owner::Called(process.next.2);
                Step::Wake(after)
            }
            Step::Wake(after) => {
                let (number, ticket, _) = process.next;
                if without == Without::CallFirst
                    && let Some(place) = state.place(number, ticket)
                {
                    state.places[place].state = CALLED;
                }
                for sleeper in &mut state.processes {
                    let is_there = sleeper.place.is_some_and(|(its, _)| its == number);
                    if is_there && sleeper.step == Step::Asleep && without != Without::Wake {
                        sleeper.step = Step::Own(Purpose::Take);
                    }
                }
                after.step()
            }
            Step::Free(after) => {
                state.owner = Owner::Nobody;
                after.step()
            }
            Step::ReleaseDone => {
                state.write_lock = None;
                my!().place = None;
                Step::Idle
            }
        };
        out.push(state);
    }
}

impl After {
    fn step(self) -> Step {
        match self {
            Self::Take => Step::Take,
            Self::Done => Step::ReleaseDone,
        }
    }
}

impl Setting {
    fn explore(&self) -> Result<usize, String> {
        explore(State::start(self), |state, out| state.steps(self, out), State::is_end)
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
    SETTING.holds_up(1_000);
}

#[test]
fn three_who_wait_and_die() {
    Setting { processes: 3, operations: 1, give_up: &[], ..SETTING }.holds_up(1_000);
}

#[test]
fn three_of_whom_one_stops() {
    Setting { processes: 3, operations: 1, deaths: 0, stops: 1, timeouts: false, ..SETTING }.holds_up(1_000);
}

#[test]
fn three_who_give_up_and_die_and_none_wakes_by_itself_while_the_owner_lives() {
    Setting { processes: 3, operations: 1, timeouts: false, ..SETTING }.holds_up(1_000);
}

#[test]
fn nobody_needs_a_timeout_while_nobody_dies_or_stops() {
    let setting = Setting { deaths: 0, timeouts: false, ..SETTING };
    setting.holds_up(100);
    Setting { processes: 3, ..setting }.holds_up(1_000);
    Setting { processes: 3, give_up: &[1], ..setting }.holds_up(1_000);
    Setting { processes: 3, give_up: &[], ..setting }.holds_up(1_000);
}

#[test]
fn a_process_that_gets_a_dead_ones_lease_does_not_get_its_lock() {
    let setting = Setting { heirs: 1, operations: 1, ..SETTING };
    setting.holds_up(1_000);
    Setting { processes: 3, give_up: &[], ..setting }.holds_up(1_000);
    let setting = Setting { timeouts: false, give_up: &[], ..setting };
    Setting { without: Without::Inherit, ..setting }.fails("nobody gets on");
}

#[test]
fn without_waking_somebody_sleeps_for_ever() {
    let setting = Setting { deaths: 0, timeouts: false, give_up: &[], ..SETTING };
    Setting { without: Without::Wake, ..setting }.fails("nobody gets on");
    Setting { without: Without::Queue, ..setting }.fails("nobody gets on");
}

#[test]
fn without_calling_a_waiter_before_the_lock_is_its_turn_others_wait_for_one_that_has_left() {
    let setting = Setting { processes: 3, operations: 1, deaths: 0, timeouts: false, give_up: &[1], ..SETTING };
    Setting { without: Without::CallFirst, ..setting }.fails("nobody gets on");
}

#[test]
fn without_passing_on_when_one_leaves_whose_turn_has_come_the_others_sleep_for_ever() {
    let setting = Setting { processes: 3, operations: 1, deaths: 0, timeouts: false, give_up: &[1], ..SETTING };
    Setting { without: Without::LeavePassesOn, ..setting }.fails("nobody gets on");
}

#[test]
fn without_passing_over_everybody_waits_for_one_who_does_not_come() {
    let setting = Setting { processes: 3, operations: 1, deaths: 0, stops: 1, give_up: &[], ..SETTING };
    Setting { without: Without::PassOver, ..setting }.fails("nobody gets on");
}

#[test]
fn without_looking_for_the_place_everybody_waits_for_one_who_has_left() {
    let setting = Setting { processes: 3, operations: 1, deaths: 1, timeouts: false, give_up: &[1], ..SETTING };
    Setting { without: Without::PassOverEmptyPlace, ..setting }.fails("nobody gets on");
}

#[test]
fn without_calling_again_whoever_was_not_given_the_lock_is_left_behind() {
    let setting = Setting { processes: 3, operations: 1, timeouts: false, give_up: &[], ..SETTING };
    Setting { without: Without::CallAgain, ..setting }.fails("nobody gets on");
}

#[test]
fn without_asking_whether_the_owner_lives_everybody_waits_for_the_dead() {
    Setting { give_up: &[], without: Without::Death, ..SETTING }.fails("nobody gets on");
}
