//! A sample, on a screen.

use std::time::Instant;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::Line;
use ratatui::widgets::{Block, Paragraph, Row, Sparkline, Table};

use super::sample::{Queue, Sample};
use crate::printable::Printable;
use crate::words::{age, bytes, count, lock_name, seconds, seconds_left};

/// On a screen of fewer columns all is in one column.
const WIDE: u16 = 100;

/// The part of the names that is shown, and how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Shown {
    /// Names that begin in the same way are one line.
    pub grouped: bool,
    /// The first line.
    pub from: usize,
}

impl Shown {
    /// Moves so many lines down, or up, of so many.
    pub fn scroll(&mut self, lines: isize, of: usize) {
        self.from = self.from.saturating_add_signed(lines).min(of.saturating_sub(1));
    }
}

/// Draws all of it.
pub fn draw(frame: &mut Frame, title: &str, sample: &Sample, shown: Shown) {
    let area = frame.area();
    let [head, body, foot] =
        Layout::vertical([Constraint::Length(5), Constraint::Min(0), Constraint::Length(1)]).areas(area);
    draw_head(frame, head, title, sample);
    let (names, others) = if area.width >= WIDE {
        let [names, others] = Layout::horizontal([Constraint::Fill(3), Constraint::Fill(2)]).areas(body);
        (names, others)
    } else {
        let [names, others] = Layout::vertical([Constraint::Fill(1), Constraint::Fill(1)]).areas(body);
        (names, others)
    };
    draw_names(frame, names, sample, shown);
    draw_others(frame, others, sample);
    let keys = " q quit   g names by how they begin   ↑ ↓ scroll";
    frame.render_widget(Line::styled(keys, Style::new().add_modifier(Modifier::DIM)), foot);
}

fn draw_head(frame: &mut Frame, area: Rect, title: &str, sample: &Sample) {
    let block = Block::bordered().title(Line::styled(format!(" {title} "), bold()));
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let [text, graph] = Layout::horizontal([Constraint::Min(40), Constraint::Percentage(35)]).areas(inner);
    let stats = &sample.stats;
    let rate = sample.rates.back().map_or("-".into(), |rate| format!("{rate:.0}"));
    let names = count(stats.keys, "name", "names");
    let changes = Line::styled(
        format!(
            "{rate} commits/s   {}   {}",
            count(stats.commits, "commit", "commits"),
            count(stats.waiters, "waiter", "waiters")
        ),
        bold(),
    );
    let lines = match (sample.is_there, sample.is_file) {
        (true, true) => vec![
            Line::from(format!("{names}   {} live   {} dead", bytes(stats.live_bytes), bytes(stats.dead_bytes))),
            Line::from(format!(
                "{} of memory   {} of file   {}",
                bytes(stats.memory_bytes),
                bytes(stats.file_bytes),
                count(stats.compactions, "compaction", "compactions")
            )),
            changes,
        ],
        (true, false) => vec![Line::from(names), changes],
        (false, true) => vec![Line::from("There is no such file yet, or it is empty.")],
        (false, false) => vec![Line::from("There is no such store yet.")],
    };
    frame.render_widget(Paragraph::new(lines), text);
    let width = usize::from(graph.width);
    let rates: Vec<u64> =
        sample.rates.iter().skip(sample.rates.len().saturating_sub(width)).map(|rate| rate.round() as u64).collect();
    frame.render_widget(Sparkline::default().data(&rates), graph);
}

fn draw_names(frame: &mut Frame, area: Rect, sample: &Sample, shown: Shown) {
    let names = &sample.names;
    let age = names.at.map_or(0.0, |at| Instant::now().saturating_duration_since(at).as_secs_f64());
    let mut title = format!(" {}, {} ", count(names.count, "name", "names"), bytes(names.bytes));
    if let Some(part) = names.part {
        title += &format!("(after {part} % of all) ");
    } else if age > 10.0 {
        title += &format!("({} ago) ", seconds(age));
    }
    let block = Block::bordered().title(title);
    let rows = usize::from(area.height);
    let table = if shown.grouped {
        let rows = names.groups.iter().skip(shown.from).take(rows).map(|group| {
            let prefix = if group.prefix.is_empty() { "(others)".into() } else { format!("{}…", group.prefix) };
            Row::new([prefix, group.names.to_string(), bytes(group.bytes)])
        });
        let widths = [Constraint::Fill(1), Constraint::Length(10), Constraint::Length(11)];
        Table::new(rows, widths).header(Row::new(["begins with", "names", "size"]).style(bold()))
    } else {
        let rows = names.largest.iter().skip(shown.from).take(rows).map(|name| {
            let kind = match name.elements {
                Some(elements) => format!("{} of {elements}", name.kind),
                None => name.kind.clone(),
            };
            let left = seconds_left(name.expiry).map_or(String::new(), seconds);
            Row::new([name.name.clone(), kind, bytes(name.bytes), left])
        });
        let widths = [Constraint::Fill(1), Constraint::Length(16), Constraint::Length(11), Constraint::Length(8)];
        Table::new(rows, widths).header(Row::new(["name", "type", "size", "expires"]).style(bold()))
    };
    frame.render_widget(table.block(block), area);
}

fn draw_others(frame: &mut Frame, area: Rect, sample: &Sample) {
    let user = |pid| user(pid, sample.is_file);
    let locks: Vec<_> =
        sample.stats.locks.iter().map(|lock| [lock_name(lock), user(lock.pid), age(lock.since)]).collect();
    let queue = |queue: &Queue| {
        let consumers = match queue.consumers[..] {
            [] => String::new(),
            [one] => user(one),
            [..] => format!("{} processes", queue.consumers.len()),
        };
        [queue.name.clone(), consumers, queue.elements.map_or("?".into(), |elements| elements.to_string())]
    };
    let queues: Vec<_> = sample.queues.iter().map(queue).collect();
    let processes: Vec<_> =
        sample.stats.processes.iter().map(|it| [user(it.pid), String::new(), age(it.since)]).collect();
    let heights = [locks.len(), queues.len(), processes.len()].map(|rows| Constraint::Fill(3 + rows.min(20) as u16));
    let [locks_at, queues_at, processes_at] = Layout::vertical(heights).areas(area);
    draw_list(frame, locks_at, "locks: owner, for", locks);
    draw_list(frame, queues_at, "queues: consumers, elements", queues);
    // (A server knows who is connected, and not who writes.)
    draw_list(frame, processes_at, if sample.is_file { "writers" } else { "processes" }, processes);
}

/// A process, with the name that it has given itself.
fn user(pid: Option<u32>, is_file: bool) -> String {
    let Some(pid) = pid else { return if is_file { "another container" } else { "elsewhere" }.into() };
    match std::fs::read(format!("/proc/{pid}/comm")) {
        Ok(name) => format!("{pid} {}", Printable(name.trim_ascii_end())),
        Err(_) => pid.to_string(),
    }
}

fn draw_list(frame: &mut Frame, area: Rect, title: &str, rows: Vec<[String; 3]>) {
    let block = Block::bordered().title(format!(" {} {title} ", rows.len()));
    let widths = [Constraint::Fill(1), Constraint::Length(16), Constraint::Length(8)];
    frame.render_widget(Table::new(rows.into_iter().map(Row::new), widths).block(block), area);
}

fn bold() -> Style {
    Style::new().add_modifier(Modifier::BOLD)
}

#[cfg(test)]
mod tests {
    use super::super::sample::{Group, Name, Names};
    use super::*;
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;
    use sync_backend::{Connected, HeldLock, Stats};

    fn sample() -> Sample {
        let lock = HeldLock { name: Some(b"report\x1b[31m".to_vec()), pid: Some(4_194_301), since: 1, token: Some(1) };
        let stats = Stats {
            keys: 3,
            commits: 1_234,
            waiters: 2,
            locks: vec![lock],
            processes: vec![Connected { pid: Some(u32::MAX), since: 1 }],
            ..Stats::default()
        };
        let name =
            |name: &str, bytes| Name { name: name.into(), kind: "string".into(), elements: None, bytes, expiry: None };
        Sample {
            is_there: true,
            is_file: true,
            stats,
            rates: [10.0, 20.0, 42.4].into(),
            names: Names {
                count: 3,
                bytes: 300,
                largest: vec![name("large", 200), name("small", 1)],
                groups: vec![Group { prefix: "user:".into(), names: 2, bytes: 250 }],
                at: Some(Instant::now()),
                part: None,
            },
            queues: vec![Queue { name: "jobs".into(), elements: Some(7), consumers: vec![Some(4_194_302)] }],
            unread: 0,
        }
    }

    fn screen(width: u16, height: u16, shown: Shown) -> String {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal.draw(|frame| draw(frame, "/dev/shm/app.sync", &sample(), shown)).unwrap();
        terminal.backend().to_string()
    }

    #[test]
    fn all_of_it_is_on_the_screen() {
        let screen = screen(120, 30, Shown::default());
        for words in [
            "/dev/shm/app.sync",
            "3 names",
            "42 commits/s",
            "1,234 commits",
            "2 waiters",
            "large",
            "200 B",
            "small",
            "1 locks",
            "report\\u{1b}[31m",
            "4194301",
            "1 queues",
            "jobs",
            "7",
            "4194302",
            "1 writers",
        ] {
            assert!(screen.contains(words), "{words}\n{screen}");
        }
        assert!(!screen.contains('\x1b'));
    }

    #[test]
    fn names_are_grouped_and_scrolled() {
        let grouped = screen(120, 30, Shown { grouped: true, from: 0 });
        assert!(grouped.contains("user:…") && !grouped.contains("large"), "{grouped}");
        let mut shown = Shown::default();
        shown.scroll(5, 2);
        assert_eq!(shown.from, 1);
        let scrolled = screen(120, 30, shown);
        assert!(scrolled.contains("small") && !scrolled.contains("large"), "{scrolled}");
        shown.scroll(-9, 2);
        assert_eq!(shown.from, 0);
    }

    #[test]
    fn a_screen_of_any_size_will_do() {
        for (width, height) in [(1, 1), (2, 3), (10, 4), (40, 10), (79, 24), (300, 100), (20, 200)] {
            screen(width, height, Shown::default());
            screen(width, height, Shown { grouped: true, from: 9 });
        }
        let narrow = screen(60, 40, Shown::default());
        assert!(narrow.contains("large") && narrow.contains("jobs"), "{narrow}");
    }
}
