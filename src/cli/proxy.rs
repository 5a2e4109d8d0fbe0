//! `smcheck proxy`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::args::Listening;
use super::exit::{Exit, Failure};
use super::signals::Signals;
use super::{listening, output, settings};
use crate::server::PatientResponder;
use crate::server::proxy::{Guard, Proxy, Summary};
use crate::store::RecordingWriter;
use crate::store::fixture::RecordedFrom;
use crate::store::jsonl::RecordingHeader;
use crate::store::names::NameRules;
use crate::suite::Opened;
use crate::target::resolve;

/// How long requests under way may take when the proxy is told to stop; less than what a signal grants in all.
const GRACE: Duration = Duration::from_secs(4);

/// Arguments of `proxy`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    smcheck proxy --to moto --out recordings --name shop --env-file .env.proxy\n  \
    smcheck proxy --to aws --out recordings --only 'test/*'\n  \
    smcheck proxy --to http://127.0.0.1:4566 --port 0 --out recordings --variable-name 'app-*'")]
pub struct ProxyArgs {
    /// A target of smcheck.toml, `embedded`, `env`, `aws`, or a URL
    #[arg(long, value_name = "TARGET")]
    pub to: String,
    /// The folder for the recording
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// The name of the recording: DIR/NAME.jsonl
    #[arg(long, value_name = "NAME", default_value = "recording")]
    pub name: String,
    /// Replace a recording of that name
    #[arg(long)]
    pub overwrite: bool,
    /// Which operations are passed on [default: `read` to AWS, `write` to any other target]
    #[arg(long, value_enum, value_name = "WHAT")]
    pub allow: Option<Allow>,
    /// Pass on only what is about secrets with such names; as often as wanted
    #[arg(long, value_name = "GLOB")]
    pub only: Vec<String>,
    /// Names that differ from run to run, and so are recorded as variables; as often as wanted
    #[arg(long, value_name = "GLOB")]
    pub variable_name: Vec<String>,
    /// Seconds to wait for the target [default: 30, or what smcheck.toml says]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..=3600))]
    pub timeout: Option<u32>,
    /// Write what SDKs need to find the proxy to a file of environment variables
    #[arg(long, value_name = "FILE")]
    pub env_file: Option<PathBuf>,
    /// Where it listens.
    #[command(flatten)]
    pub listening: Listening,
}

/// Which operations are passed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Allow {
    /// Those that change nothing
    Read,
    /// All
    Write,
}

/// Stands between SDK clients and a target, and records, until it is told to stop.
pub(super) async fn proxy(args: ProxyArgs) -> Result<Exit, Failure> {
    let rules = NameRules::new(&args.variable_name).map_err(Failure::usage)?;
    let allow = args.allow.unwrap_or(if args.to == resolve::AWS { Allow::Read } else { Allow::Write });
    let guard = Guard::new(allow == Allow::Write, &args.only).map_err(Failure::usage)?;
    let listening = listening::prepare(&args.listening)?;
    let target = settings::named(&args.to, &settings::config()?, args.timeout).await?;
    let signals = Signals::of_server().map_err(Failure::target)?;
    let deed = match allow {
        Allow::Read => "This proxy reads",
        Allow::Write => "This proxy lets its clients create, change and delete",
    };
    let opened = settings::open_to(target, deed).await?;
    let result = serve(&args, &opened, (rules, guard), &listening, &signals).await;
    opened.close().await;
    let (path, summary) = result?;
    output::say(&told(&path, &summary));
    match summary.lost {
        Some((lost, why)) => Err(Failure::target(format!("the recording lacks {lost} exchanges: {why}"))),
        None => Ok(signals.exit().unwrap_or(Exit::Expected)),
    }
}

async fn serve(
    args: &ProxyArgs,
    opened: &Opened,
    (rules, guard): (NameRules, Guard),
    listening: &listening::Prepared,
    signals: &Signals,
) -> Result<(PathBuf, Summary), Failure> {
    let upstream = opened.upstream();
    let recorded = RecordedFrom { target: opened.info.name.clone(), version: opened.info.version.clone() };
    let header = RecordingHeader::new(&args.name, recorded, upstream.signer.region());
    // A port that is taken must not cost a recording that is there.
    let bound = listening.bind().await?;
    let writer =
        RecordingWriter::create(&args.out, &header, rules, args.overwrite).map_err(Failure::usage)?;
    let path = writer.path().to_owned();
    if args.allow.is_none() && args.to == resolve::AWS {
        output::say("only operations that change nothing are passed on to AWS; --allow write passes on all");
    }
    let proxy = Arc::new(Proxy::new(upstream, guard, writer));
    let behind: Arc<dyn PatientResponder> = proxy.clone();
    let server = bound.serve(behind);
    let environment = listening.environment(&server, proxy.credentials(), proxy.region());
    if let Some(path) = &args.env_file {
        listening::write_environment(path, &environment)?;
    }
    let lines = listening::exports(&environment);
    output::print(&format!("listening on {}\n{lines}", server.endpoint()));
    signals.stop().wait().await;
    server.stop().await;
    Ok((path, proxy.finish(GRACE).await))
}

/// What was done, for people.
fn told(path: &Path, summary: &Summary) -> String {
    let total: u64 = summary.recorded.values().sum();
    let exchanges = if total == 1 { "exchange" } else { "exchanges" };
    let mut text = format!("recorded {total} {exchanges} in {}", path.display());
    let mut line = |title: &str, counts: Vec<(&str, u64)>| {
        if !counts.is_empty() {
            let counts: Vec<String> =
                counts.into_iter().map(|(name, count)| format!("{name} {count}")).collect();
            let _ = write!(text, "\n  {title}: {}", counts.join(", "));
        }
    };
    line("operations", named(&summary.recorded, "none of the service"));
    line("replaced by stand-ins", named(&summary.replaced, "unknown members"));
    line("refused", named(&summary.refused, "without a code"));
    line("failures of the target", summary.failed.iter().map(|(kind, count)| (*kind, *count)).collect());
    text
}

fn named<'a>(counts: &'a BTreeMap<String, u64>, nameless: &'a str) -> Vec<(&'a str, u64)> {
    counts
        .iter()
        .map(|(name, count)| (if name.is_empty() { nameless } else { name.as_str() }, *count))
        .collect()
}
