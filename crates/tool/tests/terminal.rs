//! The command at a terminal: what that is given, and how it is left.

mod common;

use std::fs::File;
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use common::{Place, Scratch, Served};
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};
use sync_backend::Backend;

const NEVER: Duration = Duration::from_secs(60);

/// A command at a terminal of its own.
struct Terminal {
    child: Child,
    master: OwnedFd,
    /// The command's side, which remains when that has ended.
    slave: File,
    output: Receiver<Vec<u8>>,
    /// All that it was given.
    bytes: Vec<u8>,
    screen: vt100::Parser,
}

impl Terminal {
    fn of(command: Command) -> Self {
        Self::sized(command, size(30, 120))
    }

    /// As [`Terminal::of`], of any size that it may tell of.
    fn sized(command: Command, size: Winsize) -> Self {
        let (child, master, slave) = start(command, size);
        let (sender, output) = channel();
        let mut reader = File::from(master.try_clone().unwrap());
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                let Ok(()) = sender.send(buffer[..count].to_vec()) else { return };
            }
        });
        Self { child, master, slave, output, bytes: Vec::new(), screen: vt100::Parser::new(cells(30), cells(120), 0) }
    }

    /// Waits until the screen shows something.
    #[track_caller]
    fn shows(&mut self, what: &str, is_shown: impl Fn(&vt100::Screen) -> bool) {
        let start = Instant::now();
        while !is_shown(self.screen.screen()) {
            match self.output.recv_timeout(NEVER.saturating_sub(start.elapsed())) {
                Ok(bytes) => self.take(&bytes),
                Err(_) => panic!("it never shows {what}:\n{}", self.screen.screen().contents()),
            }
        }
    }

    #[track_caller]
    fn shows_words(&mut self, words: &str) {
        self.shows(words, |screen| screen.contents().contains(words));
    }

    fn take(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        self.screen.process(bytes);
    }

    fn types(&self, keys: &str) {
        File::from(self.master.try_clone().unwrap()).write_all(keys.as_bytes()).unwrap();
    }

    /// Waits until it has ended, and takes all that it has said: its status.
    fn ends(&mut self) -> Option<i32> {
        self.status().code()
    }

    /// As [`Terminal::ends`]: the signal.
    fn ends_by(&mut self) -> Option<i32> {
        common::signal_of(self.status())
    }

    fn status(&mut self) -> ExitStatus {
        let status = self.child.wait().unwrap();
        while let Ok(bytes) = self.output.recv_timeout(Duration::from_millis(100)) {
            self.take(&bytes);
        }
        status
    }

    /// The terminal is as a shell wants it.
    #[track_caller]
    fn is_restored(&self) {
        let screen = self.screen.screen();
        assert!(!screen.alternate_screen() && !screen.hide_cursor());
        let modes = tcgetattr(&self.slave).unwrap().local_modes;
        assert!(modes.contains(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG), "{modes:?}");
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts a command at a terminal of its own: its process, and both sides of that.
fn start(mut command: Command, size: Winsize) -> (Child, OwnedFd, File) {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let name = ptsname(&master, Vec::new()).unwrap();
    let slave = File::options().read(true).write(true).open(name.to_str().unwrap()).unwrap();
    tcsetwinsize(&slave, size).unwrap();
    let side = || Stdio::from(slave.try_clone().unwrap());
    command.stdin(side()).stdout(side()).stderr(side()).env("TERM", "xterm-256color");
    let lead = || {
        rustix::process::setsid()?;
        Ok(rustix::process::ioctl_tiocsctty(rustix::stdio::stdin())?)
    };
    // SAFETY: between fork and exec it makes two system calls, and touches no memory of others.
    unsafe { command.pre_exec(lead) };
    (command.spawn().unwrap(), master, slave)
}

fn size(rows: u16, columns: u16) -> Winsize {
    Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }
}

fn cells(count: u16) -> NonZeroU16 {
    NonZeroU16::new(count).unwrap()
}

/// Sets a title, moves the cursor, turns text around, in all the ways that there are for it.
const EVIL: &str = "\x1b]0;owned\x07\x1b[2J\x1b[31m\r\u{9b}31m\u{9d}0;x\u{9c}\u{202e}\x7f\x08\t\u{feff}end";

#[test]
fn a_command_at_a_terminal_ends_well_wherever_memory_does() {
    let file = Scratch::new();
    for n in 0..300 {
        file.put(format!("name {n}").as_bytes(), b"\x01");
    }
    let mut statuses = [0; 2];
    for limit in (60_000..=150_000).step_by(3_000) {
        for command in ["check FILE", "compact FILE"] {
            let mut terminal = Terminal::of(file.shell(&format!("ulimit -v {limit}; exec syncctl {command}")));
            let status = terminal.ends();
            let shown = terminal.screen.screen().contents();
            assert!(
                matches!(status, Some(0 | 3)) && !shown.contains("panicked"),
                "{limit} {command}: {status:?} {shown}"
            );
            statuses[usize::from(status == Some(3))] += 1;
        }
    }
    assert!(statuses.iter().all(|&count| count > 3), "{statuses:?}");
}

#[test]
fn a_command_ends_with_its_terminal() {
    let file = Scratch::new();
    file.put(b"x", b"\x01");
    for (command, ignored) in [("top FILE", false), ("top FILE", true), ("watch FILE", false), ("watch FILE", true)] {
        let trap = if ignored { "trap '' HUP" } else { "trap - HUP" };
        let (mut child, master, slave) = start(file.shell(&format!("{trap}; exec syncctl {command}")), size(30, 120));
        // It is at work when it has the file open.
        common::waits_for(|| {
            let links = std::fs::read_dir(format!("/proc/{}/fd", child.id())).into_iter().flatten().flatten();
            links.filter_map(|link| std::fs::read_link(link.path()).ok()).any(|target| target == file.0)
        });
        if command.starts_with("top") {
            let mut shown = [0; 4096];
            File::from(master.try_clone().unwrap()).read_exact(&mut shown[..100]).unwrap();
        }
        drop((master, slave));
        common::waits_for(|| child.try_wait().unwrap().is_some());
        let status = child.wait().unwrap();
        // (The other end is gone a moment before the signal comes, and may be read or written to in between.)
        let is_hung_up = !ignored && common::signal_of(status) == Some(Signal::HUP.as_raw());
        assert!(is_hung_up || matches!(status.code(), Some(0 | 3)), "{command}: {status}");
    }
}

#[test]
fn nothing_that_others_have_made_is_obeyed() {
    let file = Scratch::new();
    let evil = EVIL.as_bytes();
    let string = [&[0xd9, evil.len() as u8][..], evil].concat();
    file.put(evil, &string);
    // An object whose class is called so, and an array with such a key that is no JSON.
    file.put(b"object", &[&[0x92, 0xc7, evil.len() as u8, 1][..], evil, b"\x80"].concat());
    file.put(b"key", &[&[0x81, 0xd9, evil.len() as u8][..], evil, b"\xcb\x7f\xf0\0\0\0\0\0\0"].concat());
    for (command, arguments) in [
        ("ls", &[][..]),
        ("ls", &["--long"]),
        ("ls", &["--null"]),
        ("get", &[EVIL]),
        ("get", &[EVIL, "--raw"]),
        ("get", &[EVIL, "--pretty"]),
        ("get", &["object"]),
        ("get", &["key"]),
        ("get", &["\x1b]0;missing\x07"]),
        ("rm", &["\x1b]0;missing\x07"]),
        ("stat", &[EVIL, "object", "\x1b]0;missing\x07"]),
        ("stat", &[EVIL, "object", "--json"]),
        ("export", &[]),
        ("top", &["--once"]),
    ] {
        let mut terminal = Terminal::of(file.command(command, arguments));
        terminal.ends();
        let shown = String::from_utf8(terminal.bytes.clone()).unwrap();
        // (Each newline comes with a carriage return, and `--null` with its NUL.)
        let is_obeyed =
            |&character: &char| character.is_control() && !matches!(character, '\n' | '\0') || character == '\u{202e}';
        // Nor do the bars count that come and go on stderr.
        let text = shown.replace("\r\n", "\n").replace("\r\x1b[2K", "");
        assert_eq!(text.chars().find(is_obeyed), None, "{command} {arguments:?}: {text:?}");
        assert!(text.contains("end") || text.contains("missing") || text.contains("object"), "{text:?}");
    }
    // In a pipe are the bytes that were asked for.
    assert_eq!(file.run("get", &[EVIL, "--raw"]).stdout, evil);
    let json: String = serde_json::from_slice(&file.run("get", &[EVIL]).stdout).unwrap();
    assert_eq!(json, EVIL);
}

#[test]
fn a_watch_shows_nothing_that_is_obeyed() {
    let file = Scratch::new();
    for arguments in [&[][..], &["--json"]] {
        let mut terminal = Terminal::of(file.command("watch", arguments));
        let value = [&[0xd9, EVIL.len() as u8][..], EVIL.as_bytes()].concat();
        for n in 0..3_000u32 {
            file.put(EVIL.as_bytes(), &value);
            if let Ok(bytes) = terminal.output.recv_timeout(Duration::from_millis(20)) {
                terminal.take(&bytes);
                break;
            }
            assert!(n < 2_999, "it says nothing");
        }
        // As by Ctrl-C.
        terminal.types("\x03");
        assert_eq!(terminal.ends_by(), Some(Signal::INT.as_raw()));
        let shown = String::from_utf8(terminal.bytes.clone()).unwrap().replace("\r\n", "\n");
        // (The terminal itself echoes the key.)
        let shown = shown.trim_end_matches("^C");
        assert_eq!(shown.chars().find(|it| it.is_control() && *it != '\n' || *it == '\u{202e}'), None, "{shown:?}");
        assert!(shown.contains("end"), "{shown:?}");
    }
}

#[test]
fn messagepack_is_not_for_a_terminal() {
    let file = Scratch::new();
    file.put(b"x", b"\x01");
    let mut terminal = Terminal::of(file.command("export", &["--msgpack"]));
    assert_eq!(terminal.ends(), Some(2));
    assert!(terminal.screen.screen().contents().contains("not for a terminal"));
}

#[test]
fn top_follows_the_store_the_keys_and_the_size_of_the_terminal() {
    top_follows(&Scratch::new(), "no such file yet", "writers");
}

#[test]
fn top_follows_a_store_on_a_server() {
    for options in ["", "?cache=0"] {
        top_follows(&Served::with(options), "no such store yet", "processes");
    }
}

fn top_follows<P: Place>(place: &P, missing: &str, processes: &str) {
    let mut terminal = Terminal::of(place.command("top", &["--interval", "0.1"]));
    terminal.shows_words(missing);
    place.put(b"user:1", &[0xd9, 3, b'a', b'b', b'c']);
    place.put(format!("user:{EVIL}").as_bytes(), b"\x01");
    let store = place.store();
    store.take_lock(sync_store::LockName::named(b"a-lock"), false).unwrap();
    store.put_first(b"jobs", b"\x93\x01\x02\x03", sync_backend::list_note(3), &mut Default::default()).unwrap();
    store.take(b"jobs", &mut Vec::new()).unwrap();
    terminal.shows_words("user:1");
    terminal.shows_words("\"a-lock\"");
    terminal.shows_words(&std::process::id().to_string());
    terminal.shows_words("user:\\u{1b}]0;owned");
    terminal.shows_words("array of 2");
    terminal.shows_words(processes);
    terminal.shows_words("3 names");
    terminal.types("g");
    terminal.shows_words("user:…");
    tcsetwinsize(&terminal.master, size(40, 60)).unwrap();
    terminal.screen.screen_mut().set_size(cells(40), cells(60));
    terminal.shows("the frame in 60 columns", |screen| {
        let contents = screen.contents();
        let first = contents.lines().next().unwrap_or_default();
        first.starts_with('┌') && first.ends_with('┐') && first.chars().count() == 60
    });
    terminal.types("q");
    assert_eq!(terminal.ends(), Some(0));
    terminal.is_restored();
    assert!(!String::from_utf8_lossy(&terminal.bytes).contains("\x1b]0;"));
}

#[test]
fn top_shows_who_holds_a_server_s_lock_and_who_waits_and_goes_on_when_connections_end() {
    let served = Served::new();
    served.put(b"x", b"\x01");
    let mut terminal = Terminal::of(served.command("top", &["--interval", "0.1"]));
    terminal.shows_words("1 name ");
    let mut waiter = served.start("watch", &["x"]);
    terminal.shows_words("1 waiter");
    waiter.kill().unwrap();
    waiter.wait().unwrap();
    terminal.shows_words("0 waiters");
    served.redis.tell(&["CLIENT", "KILL", "TYPE", "normal"]);
    served.put(b"later", b"\x01");
    terminal.shows_words("later");
    // It waits for nobody.
    let store = served.store();
    store.lock(Default::default()).unwrap();
    terminal.shows_words("the whole object");
    store.put(b"inside", b"\x01", &mut Default::default()).unwrap();
    terminal.shows_words("3 names");
    assert!(!terminal.screen.screen().contents().contains("inside"), "the inside of a locked section is seen");
    store.unlock();
    terminal.shows_words("inside");
    terminal.types("q");
    assert_eq!(terminal.ends(), Some(0));
    terminal.is_restored();
    let frame = served.fine("top", &["--once"]);
    assert!(frame.contains("3 names") && frame.contains("commits/s"), "{frame}");
    for of_files in [" dead", " of file", "compaction", "writers"] {
        assert!(!frame.contains(of_files), "{frame}");
    }
    let missing = Served::with("?prefix=nowhere").run("top", &["--once"]);
    common::fails(&missing, 1, "There is no store at 'unix://");
}

#[test]
fn top_gives_the_terminal_back_however_it_ends() {
    let file = Scratch::new();
    file.put(b"x", b"\x01");
    for (key, signal) in [("q", None), ("\x1b", None), ("\x03", Some(Signal::INT.as_raw()))] {
        let mut terminal = Terminal::of(file.command("top", &[]));
        terminal.shows("a frame", |screen| screen.alternate_screen() && screen.contents().contains("commits/s"));
        terminal.types(key);
        assert_eq!(terminal.ends_by(), signal, "{key:?}");
        terminal.is_restored();
    }
    for signal in [Signal::INT, Signal::TERM, Signal::HUP, Signal::QUIT] {
        let mut terminal = Terminal::of(file.command("top", &[]));
        terminal.shows("a frame", |screen| screen.alternate_screen());
        kill_process(Pid::from_child(&terminal.child), signal).unwrap();
        assert_eq!(terminal.ends_by(), Some(signal.as_raw()));
        terminal.is_restored();
    }
    // The file comes to be something else.
    let mut terminal = Terminal::of(file.command("top", &["--interval", "0.1"]));
    terminal.shows("a frame", |screen| screen.alternate_screen());
    let other = Scratch::new();
    std::fs::write(&other.0, b"something else altogether").unwrap();
    std::fs::rename(&other.0, &file.0).unwrap();
    assert_eq!(terminal.ends(), Some(1));
    terminal.is_restored();
    assert!(terminal.screen.screen().contents().contains("is not a Sync store"));
}

/// (A build that is no release panics at a key that asks for it.)
#[test]
#[cfg_attr(not(debug_assertions), ignore = "only a debug build panics on demand")]
fn top_gives_the_terminal_back_when_it_panics() {
    let file = Scratch::new();
    file.put(b"x", b"\x01");
    let mut terminal = Terminal::of(file.command("top", &[]));
    terminal.shows("a frame", |screen| screen.alternate_screen());
    terminal.types("!");
    assert_eq!(terminal.ends(), Some(3));
    terminal.is_restored();
    assert!(terminal.screen.screen().contents().contains("a test asks for it"));
}

#[test]
fn top_needs_a_terminal_but_for_one_frame() {
    let file = Scratch::new();
    file.put(b"x", b"\x01");
    common::fails(&file.run("top", &[]), 2, "top --once");
    let frame = file.fine("top", &["--once"]);
    assert!(frame.contains("1 name") && frame.contains("commits/s"), "{frame}");
    let narrow = file.command("top", &["--once"]).env("COLUMNS", "50").output().unwrap();
    assert!(common::text(&narrow.stdout).lines().all(|line| line.chars().count() <= 50));
}

#[test]
fn a_terminal_may_tell_of_any_size() {
    let file = Scratch::new();
    for n in 0..2_000 {
        file.put(format!("name {n}").as_bytes(), b"\x01");
    }
    for size in [size(0, 0), size(0, 80), size(30, 0), size(u16::MAX, u16::MAX), size(1, 1)] {
        // (As much as a screen of 1,000 columns and 500 rows needs, and not as one of 65,535 times 65,535.)
        let within = |command: &Command| {
            let mut limited = Command::new("sh");
            limited
                .args(["-c", "ulimit -v 2000000; exec \"$0\" \"$@\""])
                .arg(command.get_program())
                .args(command.get_args());
            limited
        };
        let mut terminal = Terminal::sized(within(&file.command("top", &["--once"])), size);
        assert_eq!(terminal.ends(), Some(0), "{size:?}: {}", common::text(&terminal.bytes));
        let mut terminal = Terminal::sized(within(&file.command("top", &[])), size);
        while !common::text(&terminal.bytes).contains("\x1b[?1049h") {
            let bytes = terminal.output.recv_timeout(NEVER).unwrap();
            terminal.bytes.extend(bytes);
        }
        terminal.types("q");
        assert_eq!(terminal.ends(), Some(0), "{size:?}");
        for (command, arguments) in [("export", &[][..]), ("check", &[]), ("compact", &[]), ("ls", &["--help"])] {
            let mut terminal = Terminal::sized(within(&file.command(command, arguments)), size);
            assert_eq!(terminal.ends(), Some(0), "{command}, {size:?}");
            let shown = common::text(&terminal.bytes).replace("\r\n", "\n");
            let is_clean = size.ws_col == 1 || !shown.contains(['\r', '\x1b']);
            assert!(is_clean || command == "ls", "{command}, {size:?}: {shown:?}");
        }
    }
}

#[test]
fn an_export_to_a_terminal_has_no_bar_in_it() {
    let file = Scratch::new();
    for n in 0..2_000 {
        file.put(format!("name {n}").as_bytes(), b"\x01");
    }
    let mut terminal = Terminal::of(file.command("export", &[]));
    assert_eq!(terminal.ends(), Some(0));
    let shown = common::text(&terminal.bytes).replace("\r\n", "\n");
    assert_eq!(shown, file.fine("export", &[]));
}

#[test]
fn a_copy_at_a_terminal_shows_a_bar_and_takes_it_away() {
    let (from, to) = (Scratch::new(), Scratch::new());
    let names: Vec<_> = (0..20_000).map(|n| format!("\"name {n}\": {n}")).collect();
    from.fine_with("import", &[], format!("{{{}}}", names.join(",")).as_bytes());
    let mut terminal = Terminal::of(from.command("copy", &[to.0.to_str().unwrap()]));
    assert_eq!(terminal.ends(), Some(0));
    let said = common::text(&terminal.bytes);
    assert!(said.contains("of 20,000 names"), "{said:?}");
    assert_eq!(terminal.screen.screen().contents().trim(), "");
    assert_eq!(to.fine("export", &[]), from.fine("export", &[]));
}
