//! What waits, for a reader without a terminal: each change in full, and the commands that decide.

use anstyle::Style;

use super::Waiting;
use super::look::{Look, Scenarios};
use crate::cli::args::ReviewArgs;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output;
use crate::report::change::Shown;
use crate::report::{counted, plain};

/// Lists and decides nothing.
pub(super) fn list(args: &ReviewArgs, waiting: &Waiting) -> Result<Exit, Failure> {
    if waiting.pending.is_empty() && waiting.loose.is_empty() {
        output::line("nothing waits to be accepted");
        return Ok(Exit::Expected);
    }
    let scenarios = Scenarios::load(args.scenarios.as_deref(), &waiting.pending)?;
    let strong = Style::new().bold();
    let columns = output::width();
    let shown = Shown { info: true, context: false };
    let mut commands = String::new();
    let mut count = 0;
    for change in &waiting.pending {
        let Some(look) = Look::at(change, &scenarios) else { continue };
        output::line(&format!("{strong}{}{strong:#} ({})", plain(&change.id), plain(&change.origin)));
        for line in look.lines(change, &scenarios, shown, columns.saturating_sub(2), true) {
            output::line(format!("  {line}").trim_end());
        }
        output::line("");
        count += 1;
        commands.push_str(&format!(
            "  smcheck accept {}{}\n",
            quoted(&change.id),
            rest(args, &change.origin)
        ));
    }
    if count > 0 {
        output::line(&format!(
            "{} to accept or reject:",
            counted(count, "changed snapshot waits", "changed snapshots wait")
        ));
        output::print(&commands);
        output::line("With --reject these throw the change away; without an id they take all that waits.");
        output::line("`smcheck review` in a terminal asks about one after the other.");
    }
    for fixture in &waiting.loose {
        let why = match fixture.accepted {
            true => "its snapshot was accepted, the fixture still waits",
            false => "its snapshot was rejected, the fixture was left behind",
        };
        output::line(&format!("{} ({}): {why}", plain(&fixture.id), plain(&fixture.origin)));
        output::line(&format!("  smcheck accept {}{}", quoted(&fixture.id), rest(args, &fixture.origin)));
    }
    Ok(Exit::Deviations)
}

/// The options of a command that means the same files.
fn rest(args: &ReviewArgs, origin: &str) -> String {
    let mut text = format!(" --origin {}", quoted(origin));
    if args.out != std::path::Path::new(".") {
        text.push_str(&format!(" --out {}", quoted(&args.out.to_string_lossy())));
    }
    text
}

/// A word as a shell reads it.
fn quoted(text: &str) -> String {
    let safe = |c: char| c.is_ascii_alphanumeric() || "-_./+=:@%".contains(c);
    match !text.is_empty() && text.chars().all(safe) {
        true => text.to_owned(),
        false => format!("'{}'", plain(text).replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_is_one_word_of_a_shell() {
        assert_eq!(quoted("a/b-c"), "a/b-c");
        assert_eq!(quoted("a/b[row]"), "'a/b[row]'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
    }
}
