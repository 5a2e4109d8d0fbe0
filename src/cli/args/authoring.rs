//! Arguments of `repro` and `new`.

use std::path::PathBuf;

use clap::Args;

/// Arguments of `repro`.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 reproduced, 2 nothing to reproduce or wrong usage, 3 the target could not be used.\n\n\
    Examples:\n  \
    smcheck repro labels/move-current-back -t moto --out for-moto\n  \
    smcheck repro 'names-and-arns/name-validation[space]' -t http://127.0.0.1:4566\n  \
    smcheck repro --from-report moto.json --cause c07 -t moto\n\n\
    See docs/repro.md."
)]
pub struct ReproArgs {
    /// The id of a scenario that deviates; of one with cases, with or without the case
    #[arg(value_name = "ID", required_unless_present = "from_report")]
    pub id: Option<String>,
    /// A target of smcheck.toml, `env`, `aws`, or a URL
    #[arg(long, short, value_name = "TARGET")]
    pub target: String,
    /// The deviation of this number: d1, d2 and on as `smcheck repro` lists them; with --from-report c01, c02 and on of the
    /// report [default: d1, the gravest]
    #[arg(long, value_name = "CAUSE")]
    pub cause: Option<String>,
    /// A deviation of this step, counted from 1
    #[arg(long, value_name = "N", conflicts_with = "cause")]
    pub step: Option<usize>,
    /// A JSON report of a run in which to look --cause up, with the scenario that shows it
    #[arg(long, value_name = "FILE", requires = "cause", conflicts_with = "id")]
    pub from_report: Option<PathBuf>,
    /// Write three files into a folder instead of printing them
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// How the server is called in the texts, for example `moto 5.2.5` [default: the target and its version]
    #[arg(long, value_name = "NAME")]
    pub server: Option<String>,
    /// The most runs on the target
    #[arg(long, value_name = "N", default_value_t = 300, value_parser = clap::value_parser!(u32).range(1..))]
    pub budget: u32,
    /// The most seconds to spend on making it smaller
    #[arg(long, value_name = "SECONDS", default_value_t = 120, value_parser = clap::value_parser!(u32).range(1..))]
    pub seconds: u32,
    /// Seconds to wait for a response [default: 30, or what smcheck.toml says]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..=3600))]
    pub timeout: Option<u32>,
    /// The folder with scenarios, instead of ./scenarios or the catalogue inside the binary
    #[arg(long, value_name = "DIR")]
    pub scenarios: Option<PathBuf>,
}

/// Arguments of `new`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    smcheck new versions/put-twice --from-operation PutSecretValue\n  \
    smcheck new tags/remove-one --from-operation TagResource --from-operation UntagResource \\\n      \
    --title 'A tag that is removed is gone'\n\n\
    See docs/authoring.md.")]
pub struct NewArgs {
    /// The id: a path under the scenarios' folder, without .yaml
    #[arg(value_name = "ID")]
    pub id: String,
    /// An operation to call, with the inputs that it needs; as often as wanted
    #[arg(long, value_name = "OPERATION")]
    pub from_operation: Vec<String>,
    /// One sentence that states the behaviour
    #[arg(long, value_name = "SENTENCE")]
    pub title: Option<String>,
    /// Why it is believed
    #[arg(long, value_enum, value_name = "EVIDENCE", requires = "source")]
    pub evidence: Option<super::Gate>,
    /// Where a reader can look that up
    #[arg(long, value_name = "TEXT", requires = "evidence")]
    pub source: Option<String>,
    /// When it was recorded: YYYY-MM-DD, YYYY-MM or YYYY; `aws-recorded` needs it
    #[arg(long, value_name = "DATE", requires = "evidence", required_if_eq("evidence", "aws-recorded"))]
    pub date: Option<String>,
    /// The folder for scenarios [default: ./scenarios]
    #[arg(long, value_name = "DIR")]
    pub scenarios: Option<PathBuf>,
}
