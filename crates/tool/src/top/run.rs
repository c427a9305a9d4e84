//! The screen: taking it, keeping it up to date, and giving it back however that ends.

use std::ffi::OsStr;
use std::io::{IsTerminal, Write, stdout};
use std::os::unix::ffi::OsStrExt;
use std::time::{Duration, Instant};

use ratatui::backend::{CrosstermBackend, TestBackend};
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::EnterAlternateScreen;
use ratatui::layout::Rect;
use ratatui::{Terminal, TerminalOptions, Viewport};

use super::bounded::Bounded;
use super::sample::{Sample, Sampler};
use super::view::{Shown, draw};
use crate::file::Opened;
use crate::followed::Followed;
use crate::location::{Location, with_store};
use crate::memory;
use crate::outcome::{Failure, Outcome, Status};
use crate::output::{Output, reported_size, screen_size};
use crate::stop::{Stop, end_with};

/// The longest wait for a key: a signal is noticed afterwards.
const SLICE: Duration = Duration::from_millis(250);
/// Lines of a page.
const PAGE: isize = 20;

/// Shows a store, live; or once.
pub fn top(location: &Location, prefix: &OsStr, interval: Duration, once: bool) -> Outcome {
    if once {
        location.must_exist()?;
    }
    let title = format!("syncctl top {}", location.printable());
    with_store!(location.followed()?, store => follow(&store, &title, prefix, interval, once))
}

fn follow<B: Followed>(store: &Opened<B>, title: &str, prefix: &OsStr, interval: Duration, once: bool) -> Outcome {
    let mut sampler = Sampler::new(&**store, prefix.as_bytes());
    // Failures are told before the screen is taken.
    sampler.look()?;
    store.tell_early();
    if once {
        std::thread::sleep(interval.min(SLICE));
        let printed = print(title, sampler.look_at_all()?);
        sampler.tell_unread();
        return printed;
    }
    if !stdout().is_terminal() {
        return Err(Failure::new(Status::Usage, "top needs a terminal; top --once prints one frame."));
    }
    let of_terminal = |error| Failure::of_terminal(&error);
    let stop = Stop::new().map_err(of_terminal)?;
    memory::keep_terminal();
    end_with(rustix::stdio::stdout(), Status::CannotOpen as i32).map_err(of_terminal)?;
    // (A panic gives it back as well, before it says anything. The screen that this would make is as large as the terminal says.)
    let no_size = TerminalOptions { viewport: Viewport::Fixed(Rect::ZERO) };
    drop(ratatui::try_init_with_options(no_size).map_err(of_terminal)?);
    // (With options, ratatui leaves that to its caller.)
    execute!(stdout(), EnterAlternateScreen).map_err(of_terminal)?;
    let outcome = Terminal::new(Bounded(CrosstermBackend::new(stdout())))
        .map_err(of_terminal)
        .and_then(|mut terminal| show(&mut terminal, title, &mut sampler, interval, &stop));
    ratatui::try_restore().map_err(of_terminal)?;
    sampler.tell_unread();
    stop.obey();
    outcome
}

/// Prints one frame as text.
fn print(title: &str, sample: &Sample) -> Outcome {
    let number = |name| std::env::var(name).ok().and_then(|number| number.parse().ok()).unwrap_or(0);
    let either = |said, reported| if said == 0 { reported } else { said };
    let (columns, rows) = reported_size();
    let (width, height) = screen_size(either(number("COLUMNS"), columns), either(number("LINES"), rows));
    let Ok(mut screen) = Terminal::new(TestBackend::new(width, height));
    let Ok(_) = screen.draw(|frame| draw(frame, title, sample, Shown::default()));
    let mut out = Output::new();
    for line in screen.backend().buffer().content().chunks(usize::from(width)) {
        let line: String = line.iter().map(|cell| cell.symbol()).collect();
        writeln!(out, "{}", line.trim_end())?;
    }
    out.flush()?;
    Ok(Status::Fine)
}

fn show<B: Followed>(
    terminal: &mut Terminal<Bounded>,
    title: &str,
    sampler: &mut Sampler<B>,
    interval: Duration,
    stop: &Stop,
) -> Outcome {
    let mut shown = Shown::default();
    loop {
        let sample = sampler.look()?;
        let next = Instant::now() + interval;
        loop {
            terminal.draw(|frame| draw(frame, title, sample, shown)).map_err(|error| Failure::of_terminal(&error))?;
            if !wait_for_key(sample, &mut shown, next, stop)? {
                return Ok(Status::Fine);
            }
            if Instant::now() >= next {
                break;
            }
        }
    }
}

/// Waits until the screen has to be drawn anew. False: the user wants to leave.
fn wait_for_key(sample: &Sample, shown: &mut Shown, next: Instant, stop: &Stop) -> Outcome<bool> {
    let rows = if shown.grouped { sample.names.groups.len() } else { sample.names.largest.len() };
    while !stop.is_due() {
        let left = next.saturating_duration_since(Instant::now());
        if !event::poll(left.min(SLICE)).map_err(|error| Failure::of_terminal(&error))? {
            if left.is_zero() {
                return Ok(true);
            }
            continue;
        }
        let key = match event::read().map_err(|error| Failure::of_terminal(&error))? {
            Event::Key(key) if key.kind != KeyEventKind::Release => key,
            Event::Resize(..) => return Ok(true),
            _ => continue,
        };
        match key {
            KeyEvent { code: KeyCode::Char('q') | KeyCode::Esc, .. } => return Ok(false),
            KeyEvent { code: KeyCode::Char('c'), modifiers, .. } if modifiers.contains(KeyModifiers::CONTROL) => {
                stop.interrupt();
                return Ok(false);
            }
            KeyEvent { code: KeyCode::Char('g'), .. } => *shown = Shown { grouped: !shown.grouped, from: 0 },
            KeyEvent { code: KeyCode::Down, .. } => shown.scroll(1, rows),
            KeyEvent { code: KeyCode::Up, .. } => shown.scroll(-1, rows),
            KeyEvent { code: KeyCode::PageDown, .. } => shown.scroll(PAGE, rows),
            KeyEvent { code: KeyCode::PageUp, .. } => shown.scroll(-PAGE, rows),
            #[cfg(debug_assertions)]
            KeyEvent { code: KeyCode::Char('!'), .. } => panic!("a test asks for it"),
            _ => continue,
        }
        return Ok(true);
    }
    Ok(false)
}
