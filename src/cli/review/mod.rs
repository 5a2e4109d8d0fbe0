//! `smcheck review` and `accept`: changed snapshots that wait, each with its fixture.

mod list;
mod look;
mod screen;
mod session;
mod unreferenced;

use std::io::IsTerminal as _;
use std::path::Path;

use super::args::{AcceptArgs, ReviewArgs};
use super::exit::{Exit, Failure};
use super::output;
use crate::store::{self, Loose, PendingChange};

use look::Scenarios;

/// Shows what waits: one at a time on a terminal, else as a list.
pub(super) fn review(args: &ReviewArgs) -> Result<Exit, Failure> {
    if args.unreferenced {
        return unreferenced::run(args);
    }
    let waiting = Waiting::find(&args.out, &args.filters, args.origin.as_deref())?;
    let terminal = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    let able = std::env::var_os("TERM").is_none_or(|term| term != "dumb");
    if args.list || !terminal || !able {
        return list::list(args, &waiting);
    }
    mend(&waiting.loose)?;
    if waiting.pending.is_empty() {
        output::line("nothing waits to be accepted");
        return Ok(Exit::Expected);
    }
    let scenarios = Scenarios::load(args.scenarios.as_deref(), &waiting.pending)?;
    session::run(waiting.pending, &scenarios)
}

/// Takes what waits, or throws it away.
pub(super) fn accept(args: &AcceptArgs) -> Result<Exit, Failure> {
    let waiting = Waiting::find(&args.out, &args.filters, args.origin.as_deref())?;
    mend(&waiting.loose)?;
    for change in &waiting.pending {
        let done = if args.reject { change.reject() } else { change.accept() };
        done.map_err(Failure::usage)?;
        let word = if args.reject { "rejected" } else { "accepted" };
        output::line(&format!("{word} {} ({})", change.id, change.origin));
    }
    if waiting.pending.is_empty() && waiting.loose.is_empty() {
        output::line("nothing waits to be accepted");
    }
    Ok(Exit::Expected)
}

/// What waits, as far as it was asked for.
struct Waiting {
    /// Changed snapshots, each with its fixture.
    pending: Vec<PendingChange>,
    /// Fixtures whose snapshot another tool took or threw away.
    loose: Vec<Loose>,
}

impl Waiting {
    fn find(root: &Path, filters: &[String], origin: Option<&str>) -> Result<Self, Failure> {
        let mut pending = store::pending(root).map_err(Failure::usage)?;
        let mut loose = store::loose(root).map_err(Failure::usage)?;
        if pending.is_empty() && loose.is_empty() {
            return Ok(Waiting { pending, loose });
        }
        let of_origin = |found: &str| origin.is_none_or(|origin| origin == found);
        pending.retain(|change| of_origin(&change.origin));
        loose.retain(|fixture| of_origin(&fixture.origin));
        let ids: Vec<String> =
            pending.iter().map(|c| c.id.clone()).chain(loose.iter().map(|l| l.id.clone())).collect();
        pending.retain(|change| chosen(&change.id, filters, &ids));
        loose.retain(|fixture| chosen(&fixture.id, filters, &ids));
        if pending.is_empty() && loose.is_empty() {
            let mut wanted = filters.join(" or ");
            if let Some(origin) = origin {
                wanted = format!("{wanted} of {origin}");
            }
            return Err(Failure::usage(format!(
                "no pending change matches {}; `smcheck review --list` shows all",
                wanted.trim()
            )));
        }
        Ok(Waiting { pending, loose })
    }
}

/// Whether the filters ask for this id. A filter that is an id means that one alone, also where others contain it.
fn chosen(id: &str, filters: &[String], all: &[String]) -> bool {
    let asks =
        |filter: &String| if all.contains(filter) { id == filter } else { id.contains(filter.as_str()) };
    filters.is_empty() || filters.iter().any(asks)
}

/// Lets fixtures follow the snapshots that another tool decided about, and says so.
fn mend(loose: &[Loose]) -> Result<(), Failure> {
    for fixture in loose {
        fixture.mend().map_err(Failure::usage)?;
        let done = match fixture.accepted {
            true => "its snapshot was accepted elsewhere; the fixture followed",
            false => "its snapshot was rejected elsewhere; the fixture that waited was removed",
        };
        output::line(&format!("{} ({}): {done}", fixture.id, fixture.origin));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_that_is_an_id_means_that_one_alone() {
        let all = ["a/put".to_owned(), "a/put-twice".to_owned()];
        let of = |filter: &str| -> Vec<bool> {
            all.iter().map(|id| chosen(id, &[filter.to_owned()], &all)).collect()
        };
        assert_eq!(of("a/put"), [true, false]);
        assert_eq!(of("a/pu"), [true, true]);
        assert_eq!(of("twice"), [false, true]);
        assert!(chosen("x", &[], &all));
    }
}
