//! The terminal while changes are reviewed: taken over, drawn on, read from, and given back however it ends.

use std::io::{self, Write as _};
use std::sync::Arc;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use crossterm::event::{Event, KeyCode, KeyEventKind, KeyModifiers, poll, read};
use crossterm::terminal::{
    Clear, ClearType, DisableLineWrap, EnableLineWrap, EnterAlternateScreen, LeaveAlternateScreen,
    disable_raw_mode, enable_raw_mode, size,
};
use crossterm::{cursor, execute, queue};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGTSTP};

use crate::cli::exit::Exit;

/// Whether the terminal is ours at the moment.
static TAKEN: AtomicBool = AtomicBool::new(false);
static HOOK: Once = Once::new();

/// How long nothing happens before the files are looked at again.
const TICK: Duration = Duration::from_millis(200);

/// The terminal, ours for as long as this lives.
pub(super) struct Screen {
    signal: Arc<AtomicUsize>,
    /// Whether colours are wanted.
    pub(super) colour: bool,
}

/// What came from the keyboard, or instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Input {
    /// A key that stands for a character.
    Char(char),
    /// A line up, or down.
    Up,
    Down,
    /// A page up, or down.
    PageUp,
    PageDown,
    /// To the beginning, to the end.
    Home,
    End,
    /// What says no to everything.
    Escape,
    /// Nothing for a while, or a window of another size.
    Nothing,
    /// A signal, or Ctrl-C.
    Ended(Exit),
}

impl Screen {
    pub(super) fn take() -> io::Result<Self> {
        let signal = Arc::new(AtomicUsize::new(0));
        for (number, exit) in [(SIGINT, Exit::Interrupt), (SIGTERM, Exit::Terminate), (SIGHUP, Exit::Hangup)]
        {
            signal_hook::flag::register_usize(number, Arc::clone(&signal), usize::from(exit.code()))?;
        }
        // A panic's message must not vanish with the other screen, nor come out in raw mode.
        HOOK.call_once(|| {
            let before = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |panic| {
                give_back();
                before(panic);
            }));
        });
        let colour = anstream::AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never;
        let screen = Screen { signal, colour };
        enter()?;
        Ok(screen)
    }

    /// The window: columns and rows.
    pub(super) fn size(&self) -> (usize, usize) {
        let (columns, rows) = size().unwrap_or((80, 24));
        (usize::from(columns).max(1), usize::from(rows).max(1))
    }

    /// Draws lines from the top; they are as many as the window has.
    pub(super) fn draw(&self, lines: &[String]) -> io::Result<()> {
        let mut bytes = Vec::new();
        for (row, line) in lines.iter().enumerate() {
            let row = u16::try_from(row).unwrap_or(u16::MAX);
            // Before and not after: behind a full line the cursor stands on its last character.
            queue!(bytes, cursor::MoveTo(0, row), Clear(ClearType::CurrentLine))?;
            bytes.extend_from_slice(line.as_bytes());
        }
        let mut out = io::stdout().lock();
        out.write_all(&bytes)?;
        out.flush()
    }

    /// Waits for a key, a signal or the next look at the files.
    pub(super) fn input(&self) -> Input {
        let caught = || {
            let code = self.signal.load(Ordering::SeqCst);
            let ends = [Exit::Interrupt, Exit::Terminate, Exit::Hangup];
            ends.into_iter().find(|exit| usize::from(exit.code()) == code).map(Input::Ended)
        };
        if let Some(ended) = caught() {
            return ended;
        }
        let event = match poll(TICK) {
            Ok(true) => read(),
            Ok(false) => return caught().unwrap_or(Input::Nothing),
            Err(why) => Err(why),
        };
        // A terminal that cannot be read is gone.
        let Ok(event) = event else { return caught().unwrap_or(Input::Ended(Exit::Hangup)) };
        let Event::Key(key) = event else { return Input::Nothing };
        if key.kind == KeyEventKind::Release {
            return Input::Nothing;
        }
        if key.modifiers.contains(KeyModifiers::CONTROL) {
            return match key.code {
                KeyCode::Char('c') => Input::Ended(Exit::Interrupt),
                KeyCode::Char('z') => {
                    sleep();
                    Input::Nothing
                }
                KeyCode::Char('d' | 'f') => Input::PageDown,
                KeyCode::Char('u' | 'b') => Input::PageUp,
                _ => Input::Nothing,
            };
        }
        match key.code {
            KeyCode::Char('j') | KeyCode::Down | KeyCode::Enter => Input::Down,
            KeyCode::Char('k') | KeyCode::Up => Input::Up,
            KeyCode::Char(' ') | KeyCode::PageDown => Input::PageDown,
            KeyCode::Char('b') | KeyCode::PageUp => Input::PageUp,
            KeyCode::Char('g') | KeyCode::Home => Input::Home,
            KeyCode::Char('G') | KeyCode::End => Input::End,
            KeyCode::Char(c) => Input::Char(c),
            KeyCode::Esc => Input::Escape,
            _ => Input::Nothing,
        }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back();
    }
}

fn enter() -> io::Result<()> {
    enable_raw_mode()?;
    TAKEN.store(true, Ordering::SeqCst);
    execute!(io::stdout(), EnterAlternateScreen, DisableLineWrap, cursor::Hide).inspect_err(|_| give_back())
}

/// Gives the terminal back as it was. Nobody is left to be told when that fails.
fn give_back() {
    if TAKEN.swap(false, Ordering::SeqCst) {
        let _ = execute!(io::stdout(), cursor::Show, EnableLineWrap, LeaveAlternateScreen);
        let _ = disable_raw_mode();
    }
}

/// Ctrl-Z: the shell has the terminal until it brings us back.
fn sleep() {
    give_back();
    let _ = signal_hook::low_level::emulate_default_handler(SIGTSTP);
    let _ = enter();
}
