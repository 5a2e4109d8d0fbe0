//! `smcheck completions` and `man`: made from the same description of the arguments as `--help`.

use std::path::Path;

use clap::CommandFactory;

use super::args::{Cli, CompletionsArgs, ManArgs};
use super::exit::{Exit, Failure};
use super::output;

/// The name of the program, in pages and scripts.
const NAME: &str = "smcheck";

/// Prints the completions of a shell.
pub(super) fn completions(args: &CompletionsArgs) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), NAME, &mut script);
    output::print(&String::from_utf8_lossy(&script));
    Ok(Exit::Expected)
}

/// Prints the page of the program, or writes one for each command.
pub(super) fn man(args: &ManArgs) -> Result<Exit, Failure> {
    let mut command = Cli::command();
    command.build();
    let Some(folder) = &args.out else {
        output::print(&String::from_utf8_lossy(&page(command, NAME)?));
        return Ok(Exit::Expected);
    };
    std::fs::create_dir_all(folder)
        .map_err(|why| Failure::usage(format!("cannot make the folder {}: {why}", folder.display())))?;
    let mut written = 0;
    pages(command, NAME, folder, &mut written)?;
    output::line(&format!("{written} pages in {}; `man -l {}/{NAME}.1`", folder.display(), folder.display()));
    Ok(Exit::Expected)
}

/// The page of a command and, below it, those of its own.
fn pages(command: clap::Command, name: &str, folder: &Path, written: &mut usize) -> Result<(), Failure> {
    let below: Vec<clap::Command> =
        command.get_subcommands().filter(|sub| !sub.is_hide_set()).cloned().collect();
    for sub in below {
        let name = format!("{name}-{}", sub.get_name());
        pages(sub, &name, folder, written)?;
    }
    let path = folder.join(format!("{name}.1"));
    output::save(&path, &page(command, name)?)?;
    *written += 1;
    Ok(())
}

fn page(command: clap::Command, name: &str) -> Result<Vec<u8>, Failure> {
    let mut text = Vec::new();
    // The examples keep their columns: what clap has as one text would be filled.
    let after = command.get_after_help().map(ToString::to_string);
    let command = command.display_name(name.to_owned()).after_help("").after_long_help("");
    let man = clap_mangen::Man::new(command).title(name.to_owned());
    man.render(&mut text).map_err(|why| Failure::usage(format!("cannot make the page: {why}")))?;
    if let Some(after) = after {
        text.extend(notes(&after).into_bytes());
    }
    Ok(text)
}

/// What stands below the options, as a section of its own.
fn notes(after: &str) -> String {
    let mut out = String::from(".SH NOTES\n");
    let mut fixed = false;
    for line in after.lines() {
        if line.starts_with("  ") != fixed {
            fixed = !fixed;
            out.push_str(if fixed { ".RS 2\n.nf\n" } else { ".fi\n.RE\n" });
        }
        match line.trim() {
            "" => out.push_str(".PP\n"),
            "Examples:" => out.push_str(".SH EXAMPLES\n"),
            text => {
                // A dot or an apostrophe at the start of a line would be a request.
                out.push_str("\\&");
                out.push_str(&text.replace('\\', "\\e").replace('-', "\\-"));
                out.push('\n');
            }
        }
    }
    if fixed {
        out.push_str(".fi\n.RE\n");
    }
    out
}
