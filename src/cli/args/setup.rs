//! Arguments of the commands around a project: `init`, `doctor`, `completions` and `man`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Arguments of `init`.
#[derive(Debug, Args)]
#[command(after_help = "Nothing that is there already is overwritten.\n\n\
    Examples:\n  \
    smcheck init                                   this folder\n  \
    smcheck init checks --target moto --ci github  a new folder, with a workflow\n  \
    smcheck init . --target http://127.0.0.1:5000  for a server that runs already")]
pub struct InitArgs {
    /// The folder of the project
    #[arg(value_name = "DIR", default_value = ".")]
    pub dir: PathBuf,
    /// The server to check: moto, ministack, localstack or a URL; asked for on a terminal
    #[arg(long, short, value_name = "TARGET")]
    pub target: Option<String>,
    /// Make a workflow for continuous integration too
    #[arg(long, value_enum, value_name = "SERVICE")]
    pub ci: Option<Ci>,
}

/// Where continuous integration runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Ci {
    /// .github/workflows/smcheck.yml
    Github,
    /// .gitlab-ci.yml
    Gitlab,
}

/// Arguments of `doctor`.
#[derive(Debug, Args)]
#[command(after_help = "Exit codes: 0 nothing is wrong, 1 something is, 2 wrong usage, 3 the target \
    cannot be reached or started.\n\n\
    Examples:\n  \
    smcheck doctor                           the embedded reference\n  \
    smcheck doctor -t moto                   an emulator that smcheck starts\n  \
    smcheck doctor -t http://127.0.0.1:4566  a server that runs already\n  \
    smcheck doctor --json                    for a program")]
pub struct DoctorArgs {
    /// A target of smcheck.toml, `embedded`, `env`, `aws`, or a URL
    #[arg(long, short, value_name = "TARGET", default_value = "embedded")]
    pub target: String,
    /// Seconds to wait for a response [default: 30, or what smcheck.toml says]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..=3600))]
    pub timeout: Option<u32>,
    /// The list of known deviations, or `none`
    #[arg(long, value_name = "FILE|none")]
    pub known: Option<String>,
    /// Print JSON instead of lines
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `completions`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    smcheck completions bash > ~/.local/share/bash-completion/completions/smcheck\n  \
    smcheck completions zsh > ~/.zfunc/_smcheck\n  \
    smcheck completions fish > ~/.config/fish/completions/smcheck.fish")]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum, value_name = "SHELL")]
    pub shell: clap_complete::Shell,
}

/// Arguments of `man`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    smcheck man > smcheck.1  the page of smcheck itself\n  \
    smcheck man --out man1   that one, and one for each command")]
pub struct ManArgs {
    /// Write smcheck.1 and a page for each command to a folder
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}
