//! `smcheck sweep`: deletes what a killed run left behind.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};

use super::args::{Probe, Running, SweepArgs};
use super::exit::{Exit, Failure};
use super::signals::Signals;
use super::{output, settings};
use crate::report::plain;
use crate::run::cleanup::unlink;
use crate::run::plan::NAME_PREFIX;
use crate::run::{Caller, probe};
use crate::target::aws::Ledger;

/// Deletes the secrets that the ledger names or, with `--all`, those with the prefix of our names.
pub(super) async fn sweep(args: SweepArgs) -> Result<Exit, Failure> {
    let config = settings::config()?;
    let running = Running { jobs: None, probe: Probe::None, timeout: None, trace: None, verbose: false };
    let target = settings::target(&args.target, &config, &running).await?;
    let region = target.region.clone();
    let opened = settings::open(target).await?;
    let signals = Signals::listen().map_err(Failure::target)?;
    let caller = opened.own_caller(signals.stop().clone());
    let here = Path::new(".");
    let ledger =
        Ledger::read(here).map_err(|why| Failure::usage(format!("cannot read the ledger: {why}")))?;
    let mut names: BTreeSet<String> =
        ledger.iter().filter(|line| line.region == region).map(|line| line.name.clone()).collect();
    if args.all {
        names.extend(ours(&caller).await?);
    }
    let (mut gone, mut left) = (0, Vec::new());
    for name in &names {
        match look(&caller, name).await? {
            State::Gone => gone += 1,
            State::There if args.dry_run => output::line(&format!("would delete {}", plain(name))),
            State::There => {
                // Its replicas stand in the way, and would be left where no ledger names them.
                unlink(&caller, name).await;
                let input = json!({"SecretId": name, "ForceDeleteWithoutRecovery": true});
                let exchange = caller.call("DeleteSecret", &input).await.map_err(Failure::target)?;
                if exchange.response.succeeded() {
                    output::line(&format!("deleted {}", plain(name)));
                } else {
                    let code = exchange.response.error().map(|error| error.code).unwrap_or_default();
                    left.push(format!("{} ({})", plain(name), plain(&code)));
                }
            }
        }
    }
    output::say(&format!("{} names looked for, {gone} were gone already", names.len()));
    if !left.is_empty() {
        return Err(Failure {
            exit: Exit::Deviations,
            message: format!("could not delete {}", left.join(", ")),
        });
    }
    let elsewhere = ledger.iter().any(|line| line.region != region);
    if elsewhere {
        output::say("the ledger names secrets in other regions too; sweep them with AWS_REGION set");
    } else if !args.dry_run {
        Ledger::forget(here).map_err(|why| Failure::usage(format!("cannot remove the ledger: {why}")))?;
    }
    Ok(Exit::Expected)
}

enum State {
    There,
    Gone,
}

async fn look(caller: &Caller, name: &str) -> Result<State, Failure> {
    let exchange =
        caller.call("DescribeSecret", &json!({"SecretId": name})).await.map_err(Failure::target)?;
    match exchange.response.error() {
        None => Ok(State::There),
        Some(error) if error.code == "ResourceNotFoundException" => Ok(State::Gone),
        Some(error) => Err(Failure::target(format!("DescribeSecret of {name} answered {}", error.code))),
    }
}

/// All secrets whose name begins as ours do.
async fn ours(caller: &Caller) -> Result<Vec<String>, Failure> {
    let filter =
        json!({"Filters": [{"Key": "name", "Values": [NAME_PREFIX]}], "IncludePlannedDeletion": true});
    let pages = probe::pages(caller, "ListSecrets", filter).await.map_err(Failure::target)?;
    let mut names = Vec::new();
    for page in pages {
        if let Some(error) = page.response.error() {
            return Err(Failure::target(format!("ListSecrets answered {}", error.code)));
        }
        let body = page.response.json().unwrap_or_default();
        let entries = body.get("SecretList").and_then(Value::as_array).into_iter().flatten();
        names.extend(entries.filter_map(|entry| entry.get("Name")?.as_str()).map(str::to_owned));
    }
    // A filter may match more loosely than its words say; only names of ours are touched.
    names.retain(|name| name.starts_with(NAME_PREFIX));
    Ok(names)
}
