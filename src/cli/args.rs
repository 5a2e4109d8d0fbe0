//! The command line as it is typed. Nothing is opened or resolved here.

mod authoring;
mod examples;
mod exchange;
mod reporting;
mod review;
mod setup;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub use super::compare::CompareArgs;
pub use super::listening::Listening;
pub use super::proxy::ProxyArgs;
pub use authoring::{NewArgs, ReproArgs};
pub use exchange::{ExportArgs, ImportArgs, TypedFormat};
pub use reporting::{
    Flaky, Measure, ReportCommand, ReportDiffArgs, ReportMergeArgs, ReportShowArgs, SchemaArgs, Sharding,
};
pub use review::{AcceptArgs, ReviewArgs};
pub use setup::{Ci, CompletionsArgs, DoctorArgs, InitArgs, ManArgs};

/// Checks servers of the AWS Secrets Manager API against what AWS does, and records them for tests.
#[derive(Debug, Parser)]
#[command(name = "smcheck", version, about, max_term_width = 100, disable_help_subcommand = true)]
#[command(after_help = "Exit codes: 0 as expected, 1 deviations, 2 wrong usage or a broken scenario, \
    3 the target could not be reached, started or used.\n\n\
    Examples:\n  \
    smcheck run                            the whole catalogue on the embedded reference\n  \
    smcheck run labels/ -t moto            the scenarios about labels on moto\n  \
    smcheck run -t http://127.0.0.1:4566   on a server that runs already")]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// When to use colour.
    #[arg(long, global = true, value_enum, default_value_t = Colour::Auto, value_name = "WHEN")]
    pub colour: Colour,
}

/// When to use colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Colour {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Begin a project: targets, a first scenario, the schema for editors
    Init(InitArgs),
    /// Say what a target is and can, and what is wrong with it
    Doctor(DoctorArgs),
    /// Run scenarios on a target and judge them
    Run(RunArgs),
    /// Run scenarios on several targets side by side, and show where they differ
    Compare(CompareArgs),
    /// Run scenarios and keep what the target answered, as snapshots and fixtures
    Record(RecordArgs),
    /// Compare with recorded snapshots: a target, or the fixtures offline
    Replay(ReplayArgs),
    /// Show where two targets part, step by step
    Diff(DiffArgs),
    /// Accept or reject changed snapshots one at a time; find those that no scenario owns
    Review(ReviewArgs),
    /// Accept changed snapshots with their fixtures, or reject them
    Accept(AcceptArgs),
    /// Answer SDK clients from recordings, or from the reference model
    Serve(ServeArgs),
    /// Stand between an SDK client and a target, and record what they say
    Proxy(ProxyArgs),
    /// Run the scenarios on servers that are wrong on purpose, to see that they notice
    Selftest(SelftestArgs),
    /// Make the smallest scenario that still shows a deviation, with CLI lines and the text of an issue
    Repro(ReproArgs),
    /// Look for secrets in recordings and in any other file
    Audit(AuditArgs),
    /// Make a recording, or a scenario, of what another tool recorded
    Import(ImportArgs),
    /// Write a recording in the format of another tool
    Export(ExportArgs),
    /// Begin a scenario
    New(NewArgs),
    /// List the scenarios
    List(ListArgs),
    /// Check scenario files and known lists, and say all that is wrong with them
    Lint(LintArgs),
    /// Show which operations, members, errors, label transitions and rules the scenarios check, and which none does
    Coverage(CoverageArgs),
    /// Say what AWS is known to do: a rule, its evidence, and the scenarios that check it
    Explain(ExplainArgs),
    /// Read JSON reports again: compare two, merge parts, show one
    #[command(subcommand)]
    Report(ReportCommand),
    /// Print the JSON Schema of scenario files, or of the JSON report
    #[command(after_help = examples::SCHEMA)]
    Schema(SchemaArgs),
    /// List the targets
    #[command(after_help = examples::TARGETS)]
    Targets,
    /// Work on lists of known deviations
    #[command(subcommand)]
    Known(KnownCommand),
    /// Delete what a killed run left behind
    Sweep(SweepArgs),
    /// Print what completes commands and options in a shell
    Completions(CompletionsArgs),
    /// Print the manual page, or write one for each command
    Man(ManArgs),
}

/// Which scenarios.
#[derive(Clone, Debug, Args)]
pub struct Select {
    /// Parts of scenario ids; all scenarios where there is none
    #[arg(value_name = "FILTER")]
    pub filters: Vec<String>,
    /// The folder with scenarios, instead of ./scenarios or the catalogue inside the binary (`catalogue` names that)
    #[arg(long, value_name = "DIR")]
    pub scenarios: Option<PathBuf>,
}

/// How scenarios are run.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Running")]
pub struct Running {
    /// How many scenarios run at once
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub jobs: Option<u16>,
    /// What is read after each step that can change state
    #[arg(long, value_enum, default_value_t = Probe::Full, value_name = "LEVEL")]
    pub probe: Probe,
    /// Seconds to wait for a response [default: 30, or what smcheck.toml says]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..=3600))]
    pub timeout: Option<u32>,
    /// Write all exchanges to a file, redacted
    #[arg(long, value_name = "FILE")]
    pub trace: Option<PathBuf>,
    /// Show the exchanges of scenarios that did not pass, redacted
    #[arg(long, short)]
    pub verbose: bool,
}

/// What is read after each step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Probe {
    /// ListSecretVersionIds, DescribeSecret and ListSecrets
    Full,
    /// ListSecretVersionIds
    Labels,
    /// Nothing but what `labels` states
    None,
}

/// How a run is judged.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Judging")]
pub struct Judging {
    /// The list of known deviations, or `none`
    #[arg(long, value_name = "FILE|none")]
    pub known: Option<String>,
    /// Let messages, the wire and inferred expectations fail the run too
    #[arg(long)]
    pub strict: bool,
    /// Fail when an entry of the known list no longer occurs
    #[arg(long)]
    pub strict_known: bool,
    /// Let only evidence of this kind or stronger fail the run
    #[arg(long, value_enum, value_name = "EVIDENCE")]
    pub gate: Option<Gate>,
    /// Write a report; as often as wanted: json=FILE, junit=FILE, markdown=FILE, github, and
    /// without --watch or `record` html=FILE; `-` is stdout
    #[arg(long, value_name = "KIND=FILE")]
    pub report: Vec<String>,
}

/// The kinds of evidence, strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Gate {
    /// From AWS itself
    AwsRecorded,
    /// AWS's documentation
    AwsDocs,
    /// The SDK's machine-readable model
    AwsModel,
    /// Someone else's public recording or issue
    Reported,
    /// Analogy
    Inferred,
}

/// Arguments of `run`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    smcheck run\n  \
    smcheck run -t moto --report junit=moto.xml\n  \
    smcheck run -t moto --partition hash:1/4 --report json=part-1.json\n  \
    smcheck run labels/ versions/ -t embedded -t http://127.0.0.1:4566")]
pub struct RunArgs {
    /// Which scenarios.
    #[command(flatten)]
    pub select: Select,
    /// A target of smcheck.toml, `embedded`, `env`, `aws`, or a URL; as often as wanted
    #[arg(long, short, value_name = "TARGET", default_value = "embedded")]
    pub target: Vec<String>,
    /// How scenarios are run.
    #[command(flatten)]
    pub running: Running,
    /// How they are judged.
    #[command(flatten)]
    pub judging: Judging,
    /// Stop at the first scenario that fails the run
    #[arg(long)]
    pub fail_fast: bool,
    /// What CI needs.
    #[command(flatten)]
    pub sharding: Sharding,
    /// Write what the target answers into the file of one scenario, where it does not state it
    #[arg(long, conflicts_with_all = ["report", "known", "strict", "strict_known", "gate", "fail_fast", "trace", "verbose", "partition", "retries", "flaky", "seed"])]
    pub fill: bool,
    /// With --fill, write what is stated already anew, too
    #[arg(long, requires = "fill")]
    pub all_steps: bool,
    /// Run again what changes, until Ctrl-C
    #[arg(long, conflicts_with_all = ["fail_fast", "fill", "partition", "retries", "flaky", "seed"])]
    pub watch: bool,
}

/// Arguments of `record`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    smcheck record                 snapshots/embedded/ and fixtures/embedded/\n  \
    smcheck record -t moto labels/ only the scenarios about labels, from moto")]
pub struct RecordArgs {
    /// Which scenarios.
    #[command(flatten)]
    pub select: Select,
    /// A target of smcheck.toml, `embedded`, `env`, `aws`, or a URL
    #[arg(long, short, value_name = "TARGET", default_value = "embedded")]
    pub target: String,
    /// How scenarios are run.
    #[command(flatten)]
    pub running: Running,
    /// How they are judged.
    #[command(flatten)]
    pub judging: Judging,
    /// Take changed snapshots at once instead of leaving them for review; what agrees with the stored one stays
    #[arg(long)]
    pub accept: bool,
    /// The folder that holds snapshots/ and fixtures/
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub out: PathBuf,
}

/// Arguments of `replay`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    smcheck replay                       play the fixtures back, offline\n  \
    smcheck replay -t moto               run on moto and compare with aws or embedded\n  \
    smcheck replay --against embedded    the fixtures, compared with the reference")]
pub struct ReplayArgs {
    /// Which scenarios.
    #[command(flatten)]
    pub select: Select,
    /// Run on this target instead of playing fixtures back
    #[arg(long, short, value_name = "TARGET")]
    pub target: Option<String>,
    /// The origin whose fixtures are played back [default: the only one, or aws, or embedded]
    #[arg(long, value_name = "ORIGIN", conflicts_with = "target")]
    pub from: Option<String>,
    /// The origin whose snapshots are compared with
    #[arg(long, value_name = "ORIGIN")]
    pub against: Option<String>,
    /// How scenarios are run.
    #[command(flatten)]
    pub running: Running,
    /// The folder that holds snapshots/ and fixtures/
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub out: PathBuf,
}

/// Arguments of `diff`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    smcheck diff embedded moto\n  \
    smcheck diff snapshots/embedded moto labels/")]
pub struct DiffArgs {
    /// A target to run on, or a folder of snapshots to load
    pub left: String,
    /// Another
    pub right: String,
    /// Which scenarios.
    #[command(flatten)]
    pub select: Select,
    /// How scenarios are run.
    #[command(flatten)]
    pub running: Running,
}

/// Arguments of `serve`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    smcheck serve fixtures/checkout --env-file .env    play recordings back, offline\n  \
    smcheck serve fixtures/checkout --mode stateful    and derive reads that were not recorded so\n  \
    smcheck serve --model --port 4566                  answer from the reference model\n  \
    AWS_ENDPOINT_URL_SECRETS_MANAGER=http://127.0.0.1:4566 aws secretsmanager list-secrets")]
pub struct ServeArgs {
    /// A folder of recordings (*.jsonl, *.yaml), or one of them
    #[arg(value_name = "DIR", required_unless_present_any = ["model", "list_faults"], conflicts_with = "model")]
    pub dir: Option<PathBuf>,
    /// Answer from the reference model instead of recordings
    #[arg(long)]
    pub model: bool,
    /// How recordings are played back.
    #[command(flatten)]
    pub playing: Playing,
    /// Answer wrongly in one way; as often as wanted
    #[arg(long, value_name = "NAME", conflicts_with = "dir")]
    pub fault: Vec<String>,
    /// List the ways to answer wrongly, and end
    #[arg(long)]
    pub list_faults: bool,
    /// Where it listens.
    #[command(flatten)]
    pub listening: Listening,
    /// The region that requests must be signed for
    #[arg(long, value_name = "REGION", default_value = "us-east-1")]
    pub region: String,
    /// Whose requests are answered
    #[arg(long, value_enum, default_value_t = Auth::Any, value_name = "WHOSE")]
    pub auth: Auth,
    /// A file with `ACCESS_KEY:SECRET_KEY` lines, for `--auth strict`
    #[arg(long, value_name = "FILE", required_if_eq("auth", "strict"))]
    pub credentials: Option<PathBuf>,
    /// Write endpoint, region and dummy credentials for SDKs to a file of environment variables
    #[arg(long, value_name = "FILE")]
    pub env_file: Option<PathBuf>,
}

/// How `serve` plays recordings back.
#[derive(Debug, Args)]
#[command(next_help_heading = "Playing recordings back")]
pub struct Playing {
    /// Which recorded exchange may answer a request
    #[arg(long, value_enum, default_value_t = Mode::AnyOrder, value_name = "MODE", conflicts_with = "model")]
    pub mode: Mode,
    /// What a request gets whose recorded answers are used up [default: error, or derive with --mode stateful]
    #[arg(long, value_enum, value_name = "WHAT", conflicts_with = "model")]
    pub exhausted: Option<Exhausted>,
    /// Which times are played back
    #[arg(long, value_enum, default_value_t = Dates::Now, value_name = "WHICH", conflicts_with = "model")]
    pub dates: Dates,
    /// Values for secrets, from the environment or files [default: DIR/values.yaml, if there is one]
    #[arg(long, value_name = "FILE", conflicts_with = "model")]
    pub values: Option<PathBuf>,
    /// Exit with 1 when a recorded exchange was never used, and with 0 when none is left
    #[arg(long, conflicts_with = "model")]
    pub fail_on_unused: bool,
}

/// Which recorded exchange may answer a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Mode {
    /// The next one only
    Strict,
    /// Any that fits; equal requests in sequence
    AnyOrder,
    /// Any; reads that were recorded at another state are derived from the state there is
    Stateful,
}

/// What follows the last recorded answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Exhausted {
    /// An error
    Error,
    /// The last answer again
    RepeatLast,
    /// For reads, an answer derived from the state that the recording and the calls so far imply
    Derive,
}

/// Which times are played back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Dates {
    /// As if the first exchange were now
    Now,
    /// As the recording has them
    Keep,
}

/// Arguments of `selftest`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    smcheck selftest                                  every fault\n  \
    smcheck selftest --fault not-found-is-404         one of them\n  \
    smcheck selftest --scenario labels/move-current-back   what this scenario alone notices")]
pub struct SelftestArgs {
    /// Parts of scenario ids; all scenarios where there is none
    #[arg(value_name = "FILTER")]
    pub filters: Vec<String>,
    /// The folder with scenarios, instead of ./scenarios or the catalogue inside the binary
    #[arg(long, value_name = "DIR")]
    pub scenarios: Option<PathBuf>,
    /// Only this fault; as often as wanted
    #[arg(long, value_name = "NAME")]
    pub fault: Vec<String>,
    /// What this scenario alone notices; exit 1 if nothing
    #[arg(long, value_name = "ID", conflicts_with_all = ["filters", "fault", "list", "markdown"])]
    pub scenario: Option<String>,
    /// Every single change of a right server instead: members, failures, requests, labels, the wire
    #[arg(long, conflicts_with = "fault")]
    pub mutations: bool,
    /// With --mutations, tell also those that may survive; with --scenario, all
    #[arg(long, short)]
    pub verbose: bool,
    /// List the faults, and end
    #[arg(long, conflicts_with_all = ["filters", "scenarios", "fault", "mutations", "verbose", "jobs", "json", "markdown"])]
    pub list: bool,
    /// Print the table of docs/selftest.md, and end
    #[arg(long, conflicts_with_all = ["filters", "scenarios", "fault", "mutations", "verbose", "jobs", "json"])]
    pub markdown: bool,
    /// How many servers run at once
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=64))]
    pub jobs: Option<u16>,
    /// Write what was found to a JSON file
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}

/// Arguments of `audit`.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 nothing found, 1 findings, 2 wrong usage or a folder without files, 3 a file that \
    cannot be read.\n\n\
    Examples:\n  \
    smcheck audit                                    this folder and all below it\n  \
    smcheck audit recordings --json audit.json       with a report\n  \
    smcheck audit logs --canary env:PLANTED_PASSWORD whether a planted text got there"
)]
pub struct AuditArgs {
    /// Files and folders [default: this folder]
    #[arg(value_name = "DIR")]
    pub paths: Vec<PathBuf>,
    /// A text that was planted and must be in no file, however it is encoded; @FILE has one a line, env:VAR names an
    /// environment variable; as often as wanted
    #[arg(long, value_name = "TEXT|@FILE|env:VAR")]
    pub canary: Vec<String>,
    /// Write the findings to a JSON file (`-` is stdout)
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Let warnings and allowances that nothing needs fail the audit too
    #[arg(long)]
    pub strict: bool,
}

/// Whose requests are answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Auth {
    /// Anybody's who signs
    Any,
    /// Those signed with a key pair of `--credentials`
    Strict,
}

/// Arguments of `list`.
#[derive(Debug, Args)]
#[command(after_help = examples::LIST)]
pub struct ListArgs {
    /// Which scenarios.
    #[command(flatten)]
    pub select: Select,
    /// Print a JSON array instead of lines
    #[arg(long)]
    pub json: bool,
    /// Print the files of the scenarios, those inside the binary too
    #[arg(long, conflicts_with = "json")]
    pub show: bool,
}

/// Arguments of `coverage`.
#[derive(Debug, Args)]
#[command(after_help = examples::COVERAGE)]
pub struct CoverageArgs {
    /// Which scenarios.
    #[command(flatten)]
    pub select: Select,
    /// List what is checked too, with the number of scenarios
    #[arg(long)]
    pub all: bool,
    /// Print JSON
    #[arg(long, conflicts_with = "all")]
    pub json: bool,
}

/// Arguments of `explain`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    smcheck explain CreateSecret.no-value\n  \
    smcheck explain RotateSecret            all rules of the operation\n  \
    smcheck explain --page                  all rules, as the Markdown page docs/what-aws-does.md")]
pub struct ExplainArgs {
    /// The id of a rule, or a part of the ids of several
    #[arg(value_name = "RULE", required_unless_present = "page")]
    pub rule: Option<String>,
    /// Print all rules as a Markdown page
    #[arg(long, conflicts_with = "rule")]
    pub page: bool,
    /// The folder with scenarios, instead of ./scenarios or the catalogue inside the binary
    #[arg(long, value_name = "DIR")]
    pub scenarios: Option<PathBuf>,
}

impl ExplainArgs {
    /// All scenarios.
    pub fn select(&self) -> Select {
        Select { filters: Vec::new(), scenarios: self.scenarios.clone() }
    }
}

/// Arguments of `lint`.
#[derive(Debug, Args)]
#[command(after_help = examples::LINT)]
pub struct LintArgs {
    /// Files or folders [default: ./scenarios, ./known and ./rules]
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Check again whenever a file changes, until Ctrl-C
    #[arg(long)]
    pub watch: bool,
}

/// Commands of `known`.
#[derive(Debug, Subcommand)]
pub enum KnownCommand {
    /// Run, and write the deviations that occur into the target's list, with a reason to fill in
    Update(KnownUpdateArgs),
}

/// Arguments of `known update`.
#[derive(Debug, Args)]
#[command(after_help = examples::KNOWN)]
pub struct KnownUpdateArgs {
    /// Which scenarios.
    #[command(flatten)]
    pub select: Select,
    /// The target
    #[arg(long, short, value_name = "TARGET")]
    pub target: String,
    /// The file [default: the target's own, or known/TARGET.yaml]
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// How scenarios are run.
    #[command(flatten)]
    pub running: Running,
}

/// Arguments of `sweep`.
#[derive(Debug, Args)]
#[command(after_help = examples::SWEEP)]
pub struct SweepArgs {
    /// The target
    #[arg(long, short, value_name = "TARGET")]
    pub target: String,
    /// Also what the ledger does not name, by the prefix smcheck_
    #[arg(long)]
    pub all: bool,
    /// Only say what would be deleted
    #[arg(long)]
    pub dry_run: bool,
}
