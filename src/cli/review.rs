//! `smcheck review` and `accept`: changed snapshots that wait, each with its fixture.

use super::args::{AcceptArgs, ReviewArgs};
use super::exit::{Exit, Failure};
use super::output;
use crate::judge::diff::diff;
use crate::report;
use crate::store::{self, PendingChange};

/// Lists and shows what waits.
pub(super) fn review(args: &ReviewArgs) -> Result<Exit, Failure> {
    let pending = pending(&args.out, &args.filters)?;
    if pending.is_empty() {
        output::line("nothing waits to be accepted");
        return Ok(Exit::Expected);
    }
    for change in &pending {
        let (old, new) = change.texts().map_err(Failure::usage)?;
        let title = format!("{} ({})", change.id, change.origin);
        output::print(&report::difference::render(&title, &diff(&old, &new)));
    }
    output::line(&format!(
        "{} changed; `smcheck accept` takes them, `smcheck accept --reject` throws them away",
        pending.len()
    ));
    Ok(Exit::Deviations)
}

/// Takes what waits, or throws it away.
pub(super) fn accept(args: &AcceptArgs) -> Result<Exit, Failure> {
    let pending = pending(&args.out, &args.filters)?;
    for change in &pending {
        let done = if args.reject { change.reject() } else { change.accept() };
        done.map_err(Failure::usage)?;
        let word = if args.reject { "rejected" } else { "accepted" };
        output::line(&format!("{word} {} ({})", change.id, change.origin));
    }
    if pending.is_empty() {
        output::line("nothing waits to be accepted");
    }
    Ok(Exit::Expected)
}

fn pending(root: &std::path::Path, filters: &[String]) -> Result<Vec<PendingChange>, Failure> {
    let mut all = store::pending(root).map_err(Failure::usage)?;
    if filters.is_empty() || all.is_empty() {
        return Ok(all);
    }
    all.retain(|change| filters.iter().any(|filter| change.id.contains(filter.as_str())));
    if all.is_empty() {
        return Err(Failure::usage(format!("no pending change matches {}", filters.join(" or "))));
    }
    Ok(all)
}
