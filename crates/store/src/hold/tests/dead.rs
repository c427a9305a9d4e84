//! The dead in line: their leavings, made by hand.

use super::*;

/// Somebody in a place, with a ticket.
fn stand_in_line(file: &File, number: u32, ticket: u64, lease: u32, state: u32) {
    if file.lease_slot(number).is_none() {
        Space::of(&file.lock().unwrap()).make_slots().unwrap();
    }
    let place = file.lease_slot(number).unwrap();
    let header = file.map.header();
    header.tickets.set(header.tickets.get().max(ticket));
    place.ticket.set(ticket);
    place.lease.set(u64::from(lease) + 1);
    place.wait.set((ticket << 1) << 32 | u64::from(state));
    header.queue.set(1);
}

/// The lease of another thread that lives for as long as the test.
fn living(path: &TemporaryPath) -> u32 {
    let (send, lease) = channel();
    thread(path, move |store| {
        put(&store, b"y", b"1").unwrap();
        send.send(store.file().my_lease().unwrap()).unwrap();
        std::thread::sleep(Duration::from_secs(3600));
    });
    lease.recv().unwrap()
}

#[test]
fn the_dead_in_line_are_passed_over() {
    let path = TemporaryPath::new();
    let (holder, file) = with_x(&path);
    lock(&holder);
    for n in 0..5 {
        stand_in_line(&file, 300 + n, 1 + u64::from(n), DEAD + n, WAITING);
    }
    let puppet = Puppet::new(&path);
    puppet.lines_up_to(LOCK);
    stand_in_line(&file, 310, 100, DEAD, WAITING);
    holder.unlock();
    assert!(holder.lock(Patience::default()).is_err(), "it is the living one's turn");
    assert!(puppet.may(LOCK));
    // When nobody is left who lives, nobody has it.
    lock(&holder);
    holder.unlock();
    assert_eq!((taken(&file), file.map.header().hold.get(), file.map.header().queue.get()), (0, 0, 0));
}

#[test]
fn somebody_who_dies_when_its_turn_has_come_keeps_nobody_waiting() {
    let path = TemporaryPath::new();
    let (holder, file) = with_x(&path);
    let header = file.map.header();
    for (state, given) in [(CALLED, true), (READING, true), (CALLED, false)] {
        lock(&holder);
        let puppet = Puppet::new(&path);
        puppet.lines_up_to(LOCK);
        stand_in_line(&file, 300, 0, DEAD, state);
        // The hold is the dead one's, or its end broke off before that.
        header.commit.set(header.commit.get() & !HELD);
        header.hold_object.set(300);
        header.hold_strength.set(TURN_GIVEN);
        let lease = if given { DEAD } else { DEAD + 1 };
        header.hold.set(7 << 32 | u64::from(lease + 1));
        assert!(Puppet::new(&path).may(READ));
        assert!(puppet.may(LOCK), "state {state}, given: {given}");
        holder.unlock();
        assert!(puppet.ask(Order::StopWaiting));
        assert_eq!((taken(&file), header.hold.get()), (0, 0));
    }
}

#[test]
fn a_waiter_that_was_called_and_not_given_the_hold_is_called_again() {
    let path = TemporaryPath::new();
    let (holder, file) = with_x(&path);
    let header = file.map.header();
    lock(&holder);
    let puppet = Puppet::new(&path);
    puppet.lines_up_to(LOCK);
    // The holder called it, and died.
    let (_, place) = Line::of(&file).places().find(|(_, place)| place.state() == WAITING).unwrap();
    assert!(place.change(place.mark(), WAITING, CALLED));
    header.hold.set(7 << 32 | u64::from(DEAD + 1));
    let other = Puppet::new(&path);
    assert!(!other.may(LOCK), "it is the waiter's turn");
    assert!(puppet.may(LOCK) && other.may(LOCK));
    assert_eq!(taken(&file), 0);
}

/// The hold names a thread that does not know of it: whoever passed it over died before calling the next.
#[test]
fn a_turn_without_a_place_is_passed_over() {
    let path = TemporaryPath::new();
    let (holder, file) = with_x(&path);
    let header = file.map.header();
    let living = living(&path);
    header.hold_object.set(300);
    header.hold_strength.set(TURN_GIVEN);
    header.hold.set(7 << 32 | u64::from(living + 1));
    assert!(holder.lock(Patience::default()).is_err());
    lock(&holder);
    holder.unlock();
    assert_eq!((taken(&file), header.hold.get()), (0, 0));
}

#[test]
fn a_process_that_is_given_a_dead_ones_lease_does_not_stand_in_line() {
    let path = TemporaryPath::new();
    let (holder, file) = with_x(&path);
    let next = next_lease(&file);
    stand_in_line(&file, 7, 1, next, WAITING);
    lock(&holder);
    let heir = Puppet::new(&path);
    assert!(!heir.may(WRITE));
    assert_eq!(taken(&file), 0);
    holder.unlock();
    assert_eq!(file.map.header().hold.get(), 0);
    assert!(heir.may(WRITE));
}

#[test]
fn where_all_places_are_taken_a_waiter_gets_its_turn_all_the_same() {
    let path = TemporaryPath::new();
    let (holder, file) = with_x(&path);
    let living = living(&path);
    for access in [LOCK, WRITE, READ] {
        lock(&holder);
        for n in 0..LEASE_SLOTS as u32 {
            // Of these nobody comes, and in the end all are dead.
            stand_in_line(&file, n, 1, if n < 2 { living } else { DEAD }, WAITING);
        }
        let waiter = thread(&path, move |store| store.retry(access).unwrap());
        std::thread::sleep(Duration::from_millis(20));
        assert!(!waiter.is_finished());
        holder.unlock();
        waiter.join().unwrap();
        until("an empty line", || {
            holder.retry(LOCK).unwrap();
            taken(&file) == 0
        });
    }
}
