//! What to do about an error, where its own text does not say it: one place, so that no command forgets it.

use clap::CommandFactory;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::args::Cli;
use crate::scenario::nearest::nearest;

/// What the system says, and what can be done about it. Errors reach us as sentences, in which the system's own words
/// stand as they are.
const HINTS: &[(&str, &str)] = &[
    ("No such file or directory", "check the path, which is taken from the folder that smcheck runs in"),
    ("Permission denied", "look at who owns it and may write there (`ls -ld`), or name another"),
    ("Read-only file system", "name a folder that can be written to"),
    ("Is a directory", "name a file in it"),
    ("Not a directory", "a part of the path is a file; name another"),
    ("No space left on device", "make room, or name another folder"),
    ("Address already in use", "another program listens there; `--port 0` picks a free port"),
    ("Connection refused", "start the server, or let `smcheck doctor -t TARGET` look closer"),
    (
        "did not answer within",
        "give it longer with `--timeout`, or let `smcheck doctor -t TARGET` look closer",
    ),
    ("broke off", "does it speak HTTP on this port? `smcheck doctor -t TARGET` looks closer"),
];

/// The message, with what to do about it.
pub(super) fn with_hint(message: &str) -> String {
    let Some((_, hint)) = HINTS.iter().find(|(words, _)| message.contains(words)) else {
        return message.to_owned();
    };
    // The last output of a process follows after a line feed; the hint belongs to the sentence before it.
    match message.split_once('\n') {
        Some((first, rest)) => format!("{first}; {hint}\n{rest}"),
        None => format!("{message}; {hint}"),
    }
}

/// An error of the arguments, with the command that was meant where clap finds none that is near enough.
pub(super) fn with_command(mut why: clap::Error) -> clap::Error {
    if why.kind() != ErrorKind::InvalidSubcommand || why.get(ContextKind::SuggestedSubcommand).is_some() {
        return why;
    }
    if let Some(ContextValue::String(typed)) = why.get(ContextKind::InvalidSubcommand) {
        let program = Cli::command();
        let near = nearest(typed, program.get_subcommands().map(clap::Command::get_name));
        if let Some(near) = near.map(str::to_owned) {
            why.insert(ContextKind::SuggestedSubcommand, ContextValue::Strings(vec![near]));
        }
    }
    why
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_stands_at_the_end_of_the_sentence() {
        let said = with_hint("cannot read x: No such file or directory (os error 2)");
        assert!(
            said.starts_with("cannot read x: No such file or directory (os error 2); check the path"),
            "{said}"
        );
        assert_eq!(with_hint("something else"), "something else");
        let said = with_hint("cannot connect to x: Connection refused\nits last output:\n  y");
        assert!(said.ends_with("look closer\nits last output:\n  y"), "{said}");
    }
}
