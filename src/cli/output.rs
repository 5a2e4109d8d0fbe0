//! Where words go: results to stdout, talk to stderr; colour and progress only on a terminal.

use std::io::{IsTerminal, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use anstream::ColorChoice;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::args::Colour;
use super::exit::Failure;
use crate::judge::Verdict;
use crate::report::{paragraphs, terminal};
use crate::store;

/// How wide lines may be where it is not known.
const WIDTH: usize = 100;

/// Applies `--colour`.
pub(super) fn choose_colour(colour: Colour) {
    match colour {
        Colour::Auto => {}
        Colour::Always => ColorChoice::Always.write_global(),
        Colour::Never => ColorChoice::Never.write_global(),
    }
}

/// Whether results were lost because stdout could not be written.
static LOST: AtomicBool = AtomicBool::new(false);

/// Writes a result. Who closes the pipe wants no more of it: all else, such as reports in files, goes on. Anything
/// else that keeps it from being written, such as a full disk, is said once, and ends the program with 2.
pub(super) fn print(text: &str) {
    let mut out = anstream::stdout().lock();
    let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    if let Err(why) = written
        && why.kind() != std::io::ErrorKind::BrokenPipe
        && !LOST.swap(true, Ordering::Relaxed)
    {
        error(&format!("cannot write to stdout: {why}"));
    }
}

/// Whether something that was printed is lost.
pub(super) fn lost() -> bool {
    LOST.load(Ordering::Relaxed)
}

/// Writes a result to a file, whole or not at all, and says so; `-` is stdout.
pub(super) fn deliver(path: &Path, text: &str) -> Result<(), Failure> {
    if path == Path::new("-") {
        print(text);
        return Ok(());
    }
    save(path, text.as_bytes())?;
    say(&format!("wrote {}", path.display()));
    Ok(())
}

/// Writes a file, whole or not at all.
pub(super) fn save(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    store::atomic::write(path, bytes)
        .map_err(|why| Failure::usage(format!("cannot write {}: {why}", path.display())))
}

/// Writes a result and ends the line.
pub(super) fn line(text: &str) {
    print(&format!("{text}\n"));
}

/// Says something beside the results.
pub(super) fn say(text: &str) {
    // Nobody is left to be told when stderr is closed.
    let _ = writeln!(anstream::stderr().lock(), "{text}");
}

/// Says what went wrong.
pub(super) fn error(text: &str) {
    let style = anstyle::AnsiColor::Red.on_default().bold();
    say(&fitted(&format!("{style}error{style:#}: "), "error: ".len(), text));
}

/// Says what should be known, and stops nothing.
pub(super) fn warn(text: &str) {
    let style = anstyle::AnsiColor::Yellow.on_default().bold();
    say(&fitted(&format!("{style}warning{style:#}: "), "warning: ".len(), text));
}

/// A sentence behind a word, with its lines broken between words on a terminal, and as it is in a pipe, where programs
/// look for it. Further lines of the text are lists and output of others: they stay.
fn fitted(lead: &str, lead_width: usize, text: &str) -> String {
    // It may hold what a target or a process said.
    let text = &paragraphs(text);
    let columns = rustix::termios::tcgetwinsize(std::io::stderr()).map_or(0, |size| usize::from(size.ws_col));
    if columns <= lead_width * 2 {
        return format!("{lead}{text}");
    }
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    let mut lines = wrap(first, columns - lead_width).join(&format!("\n{}", " ".repeat(lead_width)));
    if !rest.is_empty() {
        lines = format!("{lines}\n{rest}");
    }
    format!("{lead}{lines}")
}

/// How wide reports may be. They are painted always; anstream takes the colours out where they are not wanted.
pub(super) fn width() -> usize {
    let columns = rustix::termios::tcgetwinsize(std::io::stdout()).map(|size| usize::from(size.ws_col));
    columns.ok().filter(|columns| *columns > 0).unwrap_or(WIDTH)
}

/// Progress while scenarios run: a bar on a terminal, a line for each scenario that did not pass in a pipe.
pub(super) struct Progress {
    bar: Option<ProgressBar>,
    lines: bool,
}

impl Progress {
    /// Progress over a number of scenarios.
    /// `lines`: whether deviations are told as they come where there is no terminal.
    pub(super) fn new(total: usize, target: &str, lines: bool) -> Self {
        if !std::io::stderr().is_terminal() {
            return Progress { bar: None, lines };
        }
        let bar = ProgressBar::with_draw_target(Some(total as u64), ProgressDrawTarget::stderr_with_hz(15));
        // The template is ours and right; if it were not, the default one would do.
        if let Ok(template) = ProgressStyle::with_template("{prefix} [{bar:30}] {pos}/{len} {wide_msg}") {
            bar.set_style(template.progress_chars("=> "));
        }
        bar.set_prefix(target.to_owned());
        Progress { bar: Some(bar), lines }
    }

    /// A scenario has ended.
    pub(super) fn done(&self, verdict: &Verdict) {
        use crate::judge::Status;
        let quiet = matches!(verdict.status, Status::Passed | Status::Known | Status::Skipped);
        match &self.bar {
            Some(bar) => {
                bar.inc(1);
                bar.set_message(verdict.id.clone());
            }
            None if quiet || !self.lines => {}
            None => say(&terminal::scenario_line(verdict, true)),
        }
    }

    /// Says something while the bar stands there.
    pub(super) fn say(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| say(text)),
            None => say(text),
        }
    }

    /// All have ended; the bar goes away.
    pub(super) fn finish(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }
}

/// Breaks a sentence between words, so that each line fits. What a target said is made safe to print.
pub(super) fn wrap(text: &str, columns: usize) -> Vec<String> {
    terminal::wrapped(text, columns)
}
