//! Arguments of `review` and `accept`.

use std::path::PathBuf;

use clap::Args;

/// Arguments of `review`.
#[derive(Debug, Args)]
#[command(
    after_help = "On a terminal changes are shown one at a time: a accepts, r rejects, s skips, ? tells the other keys. \
    Elsewhere they are listed, with the commands that decide.\n\n\
    Exit codes: 0 nothing waits any more, 1 something still waits or is unreferenced, 2 wrong usage or a file that \
    cannot be read.\n\n\
    Examples:\n  \
    smcheck review                            decide one at a time\n  \
    smcheck review labels/ --origin moto      only these\n  \
    smcheck review --list                     show, and decide nothing\n  \
    smcheck review --unreferenced             snapshots and fixtures without a scenario\n  \
    smcheck review --unreferenced --delete    remove them, after a question"
)]
pub struct ReviewArgs {
    /// Ids of scenarios, or parts of them; all where there is none
    #[arg(value_name = "FILTER")]
    pub filters: Vec<String>,
    /// Only what was recorded from this target
    #[arg(long, value_name = "ORIGIN")]
    pub origin: Option<String>,
    /// List and show the changes also on a terminal
    #[arg(long, conflicts_with = "unreferenced")]
    pub list: bool,
    /// Find snapshots and fixtures to which no scenario and no case belongs
    #[arg(long)]
    pub unreferenced: bool,
    /// Remove what --unreferenced finds
    #[arg(long, requires = "unreferenced")]
    pub delete: bool,
    /// Remove without asking
    #[arg(long, requires = "delete")]
    pub yes: bool,
    /// The folder with scenarios, instead of ./scenarios or the catalogue inside the binary
    #[arg(long, value_name = "DIR")]
    pub scenarios: Option<PathBuf>,
    /// The folder that holds snapshots/ and fixtures/
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub out: PathBuf,
}

/// Arguments of `accept`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    smcheck accept labels/put-moves-current     this one\n  \
    smcheck accept labels/ --origin moto        all about labels that were recorded from moto\n  \
    smcheck accept --reject                     throw away all that waits")]
pub struct AcceptArgs {
    /// Ids of scenarios, or parts of them; all pending changes where there is none
    #[arg(value_name = "FILTER")]
    pub filters: Vec<String>,
    /// Only what was recorded from this target
    #[arg(long, value_name = "ORIGIN")]
    pub origin: Option<String>,
    /// Throw the pending changes away instead
    #[arg(long)]
    pub reject: bool,
    /// The folder that holds snapshots/ and fixtures/
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub out: PathBuf,
}
