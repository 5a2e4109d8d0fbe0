//! `smcheck coverage` and `explain`: what the scenarios check, and what AWS is known to do.

use std::path::Path;

use serde_json::{Value, json};

use super::args::{CoverageArgs, ExplainArgs};
use super::exit::{Exit, Failure};
use super::{output, settings};
use crate::scenario::Scenario;
use crate::scenario::coverage::{Coverage, Dimension, Item};
use crate::scenario::nearest::nearest;
use crate::scenario::register::{Register, Rule, page};
use crate::suite::catalogue;

fn register() -> Result<Register, Failure> {
    catalogue::rules(Path::new(".")).map_err(Failure::usage)
}

/// Shows what the scenarios check of what the service has, and what none does.
pub(super) fn coverage(args: &CoverageArgs) -> Result<Exit, Failure> {
    let scenarios = settings::load(&args.select)?;
    let coverage = Coverage::of(&scenarios, &register()?);
    if args.json {
        output::line(&format!("{:#}", as_json(&coverage)));
    } else {
        output::print(&as_text(&coverage, args.all));
    }
    Ok(Exit::Expected)
}

fn as_text(coverage: &Coverage, all: bool) -> String {
    let mut text = String::new();
    for dimension in Dimension::ALL {
        let share = coverage.share(dimension);
        let counts = format!("{} of {}", share.checked, share.checkable);
        let percent = format!("{:.1} %", share.percent());
        let exempt = match share.exempt {
            0 => String::new(),
            count => format!("   and {count} that no scenario can check"),
        };
        text.push_str(&format!("{:18} {counts:>12} {percent:>9}{exempt}\n", dimension.as_str()));
    }
    for dimension in Dimension::ALL {
        let shown: Vec<&Item> = coverage
            .items(dimension)
            .iter()
            .filter(|item| all || (item.scenarios == 0 && item.exempt.is_none()))
            .collect();
        if shown.is_empty() {
            continue;
        }
        let heading = if all { "" } else { ", checked by no scenario" };
        text.push_str(&format!("\n{}{heading}\n", dimension.as_str()));
        for item in shown {
            let count = match &item.exempt {
                Some(why) if item.scenarios == 0 => format!("none: {why}"),
                _ if all => item.scenarios.to_string(),
                _ => String::new(),
            };
            text.push_str(format!("  {:60} {count}", named(dimension, item)).trim_end());
            text.push('\n');
        }
    }
    for (scenario, rule) in &coverage.unknown_rules {
        text.push_str(&format!("\n{scenario} names the rule {rule}, which the register does not have\n"));
    }
    text
}

fn named(dimension: Dimension, item: &Item) -> String {
    match dimension {
        Dimension::Rules | Dimension::LabelTransitions => item.name.clone(),
        Dimension::Operations => item.operation.clone(),
        _ => format!("{} {}", item.operation, item.name),
    }
}

fn as_json(coverage: &Coverage) -> Value {
    let dimensions: serde_json::Map<String, Value> = Dimension::ALL
        .into_iter()
        .map(|dimension| {
            let share = coverage.share(dimension);
            let item = |item: &Item| {
                json!({"operation": item.operation, "name": item.name, "scenarios": item.scenarios, "exempt": item.exempt})
            };
            let entry = json!({
                "checked": share.checked,
                "checkable": share.checkable,
                "exempt": share.exempt,
                "percent": share.percent(),
                "items": coverage.items(dimension).iter().map(item).collect::<Vec<_>>(),
            });
            (dimension.as_str().replace(' ', "-"), entry)
        })
        .collect();
    json!({"schema": 1, "coverage": dimensions})
}

/// Shows rules with their evidence and the scenarios that check them.
pub(super) fn explain(args: &ExplainArgs) -> Result<Exit, Failure> {
    let register = register()?;
    let scenarios = settings::load(&args.select())?;
    if args.page {
        output::print(&page(&register, &scenarios));
        return Ok(Exit::Expected);
    }
    let wanted = args.rule.as_deref().unwrap_or_default();
    let exact = register.rule(wanted).into_iter();
    let lower = wanted.to_lowercase();
    let alike = register.rules().filter(|rule| rule.id.to_lowercase().contains(&lower));
    let mut found: Vec<&Rule> = exact.collect();
    if found.is_empty() {
        found = alike.collect();
    }
    // The rules of one scenario, where that is what was named.
    if found.is_empty()
        && let Some(scenario) = scenarios.iter().find(|scenario| scenario.id == wanted)
    {
        found = scenario.rules.iter().filter_map(|id| register.rule(id)).collect();
        if found.is_empty() {
            return Err(Failure::usage(format!("{wanted} is a scenario, and names no rule")));
        }
    }
    if found.is_empty() {
        let near = nearest(wanted, register.rules().map(|rule| rule.id.as_str()));
        let hint = near.map_or_else(
            || "`smcheck coverage --all` lists all rules".to_owned(),
            |near| format!("did you mean `{near}`?"),
        );
        return Err(Failure::usage(format!("no rule has an id with `{wanted}`; {hint}")));
    }
    let texts: Vec<String> = found.iter().map(|rule| explained(rule, &scenarios)).collect();
    output::print(&texts.join("\n"));
    Ok(Exit::Expected)
}

/// Where the values begin in what [`explained`] says.
const INDENT: usize = 15;

fn explained(rule: &Rule, scenarios: &[std::sync::Arc<Scenario>]) -> String {
    let mut text = format!("{}\n", rule.id);
    let mut line = |name: &str, value: &str| {
        let indent = " ".repeat(INDENT);
        let value = output::wrap(value, output::width().saturating_sub(INDENT)).join(&format!("\n{indent}"));
        text.push_str(&format!("  {name:12} {value}\n"));
    };
    let one_line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    line("rule", &one_line(&rule.rule));
    let date = rule.evidence.date.as_ref().map_or_else(String::new, |date| format!(", {date}"));
    line("evidence", &format!("{}{date}", rule.evidence.kind.as_str()));
    line("source", &one_line(&rule.evidence.source));
    if let Some(reference) = &rule.reference {
        line("documented", &one_line(reference));
    }
    if let Some(conflict) = &rule.conflict {
        line("conflict", &one_line(conflict));
    }
    if let Some(why) = &rule.untestable {
        line("untestable", &one_line(why));
    }
    for scenario in scenarios.iter().filter(|scenario| scenario.rules.contains(&rule.id)) {
        line("checked by", &scenario.id);
    }
    text
}
