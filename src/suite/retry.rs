//! Running scenarios again that failed, each time under names that nobody used before.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::open::Opened;
use super::session::{Done, RunError, RunOptions, run};
use crate::judge::{Attempt, Verdict};
use crate::run::Stop;
use crate::scenario::Scenario;

/// Runs scenarios as [`run`] does, and those of which `fails` says so up to `retries` times more, when all the others
/// have ended. `each` is told of a scenario once, by its last try; the tries before are in its verdict.
///
/// # Errors
/// As [`run`]. What had failed by then is told of as it was.
pub async fn run_again(
    scenarios: &[Arc<Scenario>],
    opened: &Arc<Opened>,
    options: &RunOptions,
    retries: usize,
    fails: impl Fn(&Verdict) -> bool,
    stop: &Stop,
    mut each: impl FnMut(Done) -> bool,
) -> Result<(), RunError> {
    let mut waiting = scenarios.to_vec();
    // Of each scenario that failed the latest try; the ones before are in its verdict.
    let mut held: BTreeMap<String, Done> = BTreeMap::new();
    for round in 0..=retries {
        let mut refused = false;
        let mut again: BTreeMap<String, Done> = BTreeMap::new();
        let ended = run(&waiting, opened, options, stop, |mut done| {
            if let Some(before) = held.remove(&done.scenario.id) {
                let mut earlier = before.verdict.earlier.clone();
                earlier.push(Attempt::of(&before.verdict));
                done.verdict.earlier = earlier;
                done.left.extend(before.left);
            }
            if round < retries && fails(&done.verdict) {
                again.insert(done.scenario.id.clone(), done);
                return true;
            }
            let goes_on = each(done);
            refused |= !goes_on;
            goes_on
        })
        .await;
        // Nothing that failed may be lost because the run ends early.
        if refused || ended.is_err() {
            for done in held.into_values().chain(again.into_values()) {
                each(done);
            }
            return ended;
        }
        if again.is_empty() {
            return Ok(());
        }
        waiting = again.values().map(|done| Arc::clone(&done.scenario)).collect();
        held = again;
    }
    Ok(())
}
