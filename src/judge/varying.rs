//! Scenarios to which a right target has more than one right answer: which request wins a race may be chance, and a
//! calendar's windows depend on the day of the run. Two observations of such a scenario can be held against each other only in part.

use crate::scenario::{Action, Expect, Scenario};

/// Whether two observations of a scenario differ in nothing but what may differ. Of a race whose requests may succeed or
/// fail, all counts that came before it; of a scenario with `varies: date`, how every request ended.
///
/// Two observations that are the same agree anyhow; `false` is the answer for a scenario with one right answer only.
pub fn agree_as_far(scenario: &Scenario, left: &str, right: &str) -> bool {
    let race = scenario.steps.iter().position(|step| is_chance(&step.action));
    match (race, scenario.varies_by_date) {
        (None, false) => left == right,
        (Some(step), varies) => {
            let (left, right) = (before(step + 1, left), before(step + 1, right));
            left == right || (varies && outcomes(left) == outcomes(right))
        }
        (None, true) => outcomes(left) == outcomes(right),
    }
}

/// Whether a step's requests are sent at once and some of them may end either way. Where the end of each is stated, an
/// observation is the same whoever was first.
fn is_chance(action: &Action) -> bool {
    let Action::Parallel(parallel) = action else { return false };
    parallel.calls.iter().any(|call| matches!(call.expect, Expect::Either))
}

/// What an observation says up to a step, counted from 1.
fn before(step: usize, text: &str) -> &str {
    let title = format!("\nstep {step}:");
    text.find(&title).map_or(text, |end| &text[..end])
}

/// How every request ended: the titles of steps and calls, and the lines of statuses, and how the run ended.
fn outcomes(text: &str) -> Vec<&str> {
    let tells = |line: &&str| {
        let indented = line.trim_start();
        line.len() == indented.len() || indented.starts_with("call ") || indented.starts_with("response: ")
    };
    text.lines().filter(tells).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::judge::miniature::{Mini, ok};
    use crate::scenario::{Parallel, ParallelCall};

    const MONDAY: &str = "step 1: CreateSecret\n  response: 200\n    ARN: x\n\n\
                          step 2: parallel\n  call 1: PutSecretValue\n    response: 200\n";

    fn race(expect: Expect) -> Scenario {
        let mut scenario = scenario(false);
        let step = &scenario.steps[1];
        let call = ParallelCall { place: step.place, action: step.action.clone(), expect };
        scenario.steps[1].action = Action::Parallel(Parallel { calls: vec![call], invariant: None });
        scenario
    }

    fn scenario(varies: bool) -> Scenario {
        let step = |mini: Mini| mini.step("DescribeSecret", Expect::Success, ok(&json!({})));
        let mut scenario = step(step(Mini::new())).scenario;
        scenario.varies_by_date = varies;
        scenario
    }

    #[test]
    fn a_race_counts_up_to_where_it_begins() {
        let other_winner =
            MONDAY.replace("    response: 200\n", "    response: 400 InvalidRequestException\n");
        let other_start = MONDAY.replace("ARN: x", "ARN: y");
        assert!(agree_as_far(&race(Expect::Either), MONDAY, &other_winner));
        assert!(!agree_as_far(&race(Expect::Either), MONDAY, &other_start));
        assert!(!agree_as_far(&race(Expect::Success), MONDAY, &other_winner), "each must succeed");
        assert!(!agree_as_far(&scenario(false), MONDAY, &other_winner));
    }

    #[test]
    fn of_another_day_only_the_ends_of_requests_count() {
        let other_body = MONDAY.replace("ARN: x", "ARN: y");
        let other_end = MONDAY.replace("  response: 200\n    ARN", "  response: 500\n    ARN");
        assert!(agree_as_far(&scenario(true), MONDAY, &other_body));
        assert!(!agree_as_far(&scenario(true), MONDAY, &other_end));
    }
}
