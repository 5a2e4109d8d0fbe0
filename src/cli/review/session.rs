//! One change after the other: what is on the screen, and what a key does.

use std::io;

use anstyle::{AnsiColor, Style};

use super::look::{Look, Scenarios};
use super::screen::{Input, Screen};
use crate::cli::exit::{Exit, Failure};
use crate::cli::output;
use crate::report::change::Shown;
use crate::report::{counted, cut, plain, width};
use crate::store::{PendingChange, Stamp};

/// What was decided about a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    Accept,
    Reject,
}

impl Decision {
    fn word(self) -> &'static str {
        match self {
            Decision::Accept => "accept",
            Decision::Reject => "reject",
        }
    }
}

/// What the keys mean at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Looking,
    /// All that is left is to be decided so, if the next key is `y`.
    Asking(Decision),
    Helping,
}

/// Whether to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    Goes,
    Ends,
}

struct Session<'a> {
    queue: Vec<(PendingChange, Stamp)>,
    scenarios: &'a Scenarios,
    at: usize,
    look: Option<Look>,
    shown: Shown,
    mode: Mode,
    scroll: usize,
    message: String,
    /// Who was decided how, in order.
    decided: Vec<(Decision, String)>,
    /// How many were left as they are.
    left: usize,
    colour: bool,
}

/// Asks about the changes, one at a time. What is decided is done at once, so that an end at any time loses nothing.
pub(super) fn run(pending: Vec<PendingChange>, scenarios: &Scenarios) -> Result<Exit, Failure> {
    let no_terminal = |why: io::Error| {
        Failure::usage(format!("the terminal cannot be used: {why}; `smcheck review --list` does without"))
    };
    let screen = Screen::take().map_err(no_terminal)?;
    let mut session = Session::new(pending, scenarios, screen.colour);
    session.open();
    let mut ended = None;
    while session.at < session.queue.len() {
        let (columns, rows) = screen.size();
        let frame = session.frame(columns, rows);
        if screen.draw(&frame).is_err() {
            ended = Some(Exit::Hangup);
            break;
        }
        match screen.input() {
            Input::Ended(exit) => {
                ended = Some(exit);
                break;
            }
            Input::Nothing => session.look_again(),
            input => {
                if session.key(input, columns, rows) == Next::Ends {
                    break;
                }
            }
        }
    }
    drop(screen);
    let waits = session.left + session.queue.len().saturating_sub(session.at);
    if ended != Some(Exit::Hangup) {
        session.tell(waits);
    }
    Ok(ended.unwrap_or(if waits > 0 { Exit::Deviations } else { Exit::Expected }))
}

impl<'a> Session<'a> {
    fn new(pending: Vec<PendingChange>, scenarios: &'a Scenarios, colour: bool) -> Self {
        let queue = pending
            .into_iter()
            .map(|change| {
                let stamp = change.stamp();
                (change, stamp)
            })
            .collect();
        Session {
            queue,
            scenarios,
            at: 0,
            look: None,
            shown: Shown { info: true, context: false },
            mode: Mode::Looking,
            scroll: 0,
            message: String::new(),
            decided: Vec::new(),
            left: 0,
            colour,
        }
    }

    /// Reads the change at hand, and passes over those that somebody else has taken meanwhile.
    fn open(&mut self) {
        self.scroll = 0;
        self.look = None;
        while let Some((change, stamp)) = self.queue.get_mut(self.at) {
            if let Some(look) = Look::at(change, self.scenarios) {
                *stamp = look.stamp;
                self.look = Some(look);
                return;
            }
            self.message = format!("{} no longer waits: another program has decided", plain(&change.id));
            self.at += 1;
        }
    }

    /// Looks whether the files at hand are still those that are shown.
    fn look_again(&mut self) {
        let Some((change, stamp)) = self.queue.get(self.at) else { return };
        if change.stamp() != *stamp {
            let (before, scroll) = (self.at, self.scroll);
            self.mode = Mode::Looking;
            self.message = "its files changed on disk just now; this is what they are".to_owned();
            self.open();
            if self.at == before {
                self.scroll = scroll;
            }
        }
    }

    fn key(&mut self, input: Input, columns: usize, rows: usize) -> Next {
        self.message.clear();
        match (self.mode, input) {
            (Mode::Asking(decision), Input::Char('y' | 'Y')) => {
                self.mode = Mode::Looking;
                self.decide_all(decision);
            }
            (Mode::Asking(_), _) => {
                self.mode = Mode::Looking;
                self.message = "nothing was decided".to_owned();
            }
            (Mode::Helping, _) => self.mode = Mode::Looking,
            (Mode::Looking, Input::Char('a')) => self.decide(Decision::Accept),
            (Mode::Looking, Input::Char('r')) => self.decide(Decision::Reject),
            (Mode::Looking, Input::Char('s')) => {
                self.left += 1;
                self.at += 1;
                self.open();
            }
            (Mode::Looking, Input::Char('A')) => self.mode = Mode::Asking(Decision::Accept),
            (Mode::Looking, Input::Char('R')) => self.mode = Mode::Asking(Decision::Reject),
            (Mode::Looking, Input::Char('c')) => self.shown.context = !self.shown.context,
            (Mode::Looking, Input::Char('i')) => self.shown.info = !self.shown.info,
            (Mode::Looking, Input::Char('?' | 'h')) => self.mode = Mode::Helping,
            (Mode::Looking, Input::Char('q') | Input::Escape) => return Next::Ends,
            (Mode::Looking, Input::Char(other)) => {
                self.message = format!("`{}` is no key here; ? tells which are", plain(&other.to_string()));
            }
            (Mode::Looking, _) => self.move_by(input, columns, rows),
        }
        Next::Goes
    }

    fn move_by(&mut self, input: Input, columns: usize, rows: usize) {
        let page = body_rows(rows).max(1);
        let last = self.lines(columns).len().saturating_sub(page);
        let at = self.scroll.min(last);
        self.scroll = match input {
            Input::Down => at + 1,
            Input::Up => at.saturating_sub(1),
            Input::PageDown => at + page.saturating_sub(1).max(1),
            Input::PageUp => at.saturating_sub(page.saturating_sub(1).max(1)),
            Input::Home => 0,
            Input::End => last,
            _ => at,
        }
        .min(last);
    }

    fn decide(&mut self, decision: Decision) {
        let Some((change, stamp)) = self.queue.get(self.at) else { return };
        if change.stamp() != *stamp {
            self.look_again();
            return;
        }
        if !self.look.as_ref().is_some_and(|look| look.whole) {
            self.message = "its files cannot be read; s leaves it".to_owned();
            return;
        }
        match done(change, decision) {
            Ok(()) => {
                self.decided.push((decision, named(change)));
                self.at += 1;
                self.open();
            }
            Err(why) => self.message = why,
        }
    }

    /// Decides all that is left, but for what changed since it was looked at or listed.
    fn decide_all(&mut self, decision: Decision) {
        let (mut changed, mut failed) = (0, None);
        for (change, stamp) in self.queue.split_off(self.at.min(self.queue.len())) {
            if change.stamp() != stamp || failed.is_some() {
                changed += usize::from(failed.is_none());
                self.queue.push((change, stamp));
                continue;
            }
            let readable = Look::at(&change, self.scenarios).is_some_and(|look| look.whole);
            match if readable { done(&change, decision) } else { Err(unreadable(&change)) } {
                Ok(()) => self.decided.push((decision, named(&change))),
                Err(why) => {
                    failed = Some(why);
                    self.queue.push((change, stamp));
                }
            }
        }
        self.message = match failed {
            Some(why) => why,
            None if changed > 0 => {
                format!("{changed} changed on disk meanwhile and are still to be looked at")
            }
            None => String::new(),
        };
        self.open();
    }

    fn lines(&self, columns: usize) -> Vec<String> {
        if self.mode == Mode::Helping {
            return HELP.lines().map(|line| cut(line, columns)).collect();
        }
        match (&self.look, self.queue.get(self.at)) {
            (Some(look), Some((change, _))) => {
                look.lines(change, self.scenarios, self.shown, columns, self.colour)
            }
            _ => Vec::new(),
        }
    }

    /// What is on the screen: as many lines as it has rows.
    fn frame(&mut self, columns: usize, rows: usize) -> Vec<String> {
        let lines = self.lines(columns);
        let page = body_rows(rows);
        self.scroll = self.scroll.min(lines.len().saturating_sub(page));
        let from = if self.mode == Mode::Helping { 0 } else { self.scroll };
        let to = (from + page).min(lines.len());
        let mut frame = vec![self.head(columns, from, to, lines.len())];
        if rows >= ROOMY {
            frame.push(self.paint(Style::new().dimmed(), &"─".repeat(columns)));
        }
        frame.extend(lines.get(from..to).unwrap_or_default().iter().cloned());
        frame.resize(rows.saturating_sub(if rows >= ROOMY { 2 } else { 1 }).max(1), String::new());
        if rows >= ROOMY {
            frame.push(self.paint(Style::new().dimmed(), &"─".repeat(columns)));
        }
        if rows > 1 {
            frame.push(self.foot(columns));
        }
        frame
    }

    fn head(&self, columns: usize, from: usize, to: usize, all: usize) -> String {
        let Some((change, _)) = self.queue.get(self.at) else { return String::new() };
        let count = format!("{}/{}", self.at + 1, self.queue.len());
        let name = format!("{} ({})", plain(&change.id), plain(&change.origin));
        let place = match (to.saturating_sub(from) < all, to == all) {
            (false, _) => String::new(),
            (true, true) => format!("lines {}-{to}, the end", from + 1),
            (true, false) => format!("lines {}-{to} of {all}", from + 1),
        };
        let left = cut(&format!("{count}  {name}"), columns);
        let room = columns.saturating_sub(width(&left));
        let (count, name) = left.split_at(left.find("  ").unwrap_or(0));
        let left =
            format!("{}{}", self.paint(Style::new().dimmed(), count), self.paint(Style::new().bold(), name));
        match width(&place) + 2 <= room {
            true => format!("{left}{place:>room$}"),
            false => left,
        }
    }

    fn foot(&self, columns: usize) -> String {
        let yellow = AnsiColor::Yellow.on_default();
        if let Mode::Asking(decision) = self.mode {
            let left = self.queue.len().saturating_sub(self.at);
            let question = match left {
                1 => format!("{} this last one? y/n", decision.word()),
                _ => format!("{} all {left} that are left? y/n", decision.word()),
            };
            return self.paint(yellow.bold(), &cut(&question, columns));
        }
        if !self.message.is_empty() {
            return self.paint(yellow, &cut(&self.message, columns));
        }
        if self.mode == Mode::Helping {
            return cut("any key goes back", columns);
        }
        let fits = KEYS.into_iter().find(|keys| width(keys) <= columns);
        fits.map_or_else(|| cut("? help", columns), str::to_owned)
    }

    fn paint(&self, style: Style, text: &str) -> String {
        if self.colour { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }

    /// What was done, for the scroll back of the terminal.
    fn tell(&self, waits: usize) {
        for (decision, name) in &self.decided {
            output::line(&format!("{}ed {name}", decision.word()));
        }
        if !self.message.is_empty() {
            output::line(&self.message);
        }
        let count = |decision| self.decided.iter().filter(|(d, _)| *d == decision).count();
        output::line(&format!(
            "{} accepted, {} rejected, {}",
            count(Decision::Accept),
            count(Decision::Reject),
            counted(waits, "still waits", "still wait")
        ));
    }
}

/// From so many rows on there is room for lines between head, page and foot.
const ROOMY: usize = 10;

/// How many rows of a window show the change.
fn body_rows(rows: usize) -> usize {
    rows.saturating_sub(if rows >= ROOMY { 4 } else { 2 })
}

fn done(change: &PendingChange, decision: Decision) -> Result<(), String> {
    match decision {
        Decision::Accept => change.accept(),
        Decision::Reject => change.reject(),
    }
    .map_err(|why| plain(&why.to_string()))
}

fn named(change: &PendingChange) -> String {
    format!("{} ({})", plain(&change.id), plain(&change.origin))
}

fn unreadable(change: &PendingChange) -> String {
    format!("{} cannot be read and still waits", plain(&change.id))
}

/// The keys, as many as fit.
const KEYS: [&str; 4] = [
    "a accept   r reject   s skip   A accept all the rest   R reject all the rest   c context   i info   arrows, space \
     scroll   q quit   ? help",
    "a accept  r reject  s skip  A/R all the rest  c context  i info  q quit  ? help",
    "a accept  r reject  s skip  q quit  ? help",
    "a r s A R c i q ?",
];

const HELP: &str = "\
a        accept: the snapshot and its fixture take the place of the old ones
r        reject: both are thrown away
s        skip: it waits on
A, R     accept or reject all that are left, after a question
c        all lines of the steps that differ, or only those around
i        the scenario's title, evidence and rules, or not
j, k     a line down or up (arrows too)
space, b a page down or up (PgDn, PgUp too)
g, G     to the beginning, to the end
q, Esc   quit; what was decided stays decided
Ctrl-C   the same, with exit code 130
";
