//! Two reports compared: what was fixed, what broke, what is new, what is gone.
//!
//! A scenario *fails* when it deviated or could not be judged. What broke is what failed in the new report and did not in
//! the old one. A scenario that is only in the new report broke nothing, whatever became of it: it was never seen to
//! work. One that failed in both is told apart when its deviations changed, and broke nothing either: behind a fault
//! that is mended another may come to light.

use std::collections::BTreeMap;

use serde_json::Value;

use super::deviation;
use super::json::Written;
use super::style::{BAD, FAINT, GOOD, Paint, STRONG, WEAK, counted, cut, plain, thousands};
use crate::judge::{Cause, Deviation, RunVerdict, Status, Verdict};

/// How many entries of a list are shown on a terminal.
const LISTED: usize = 20;

/// What changed from one report to another.
#[derive(Clone, Debug, Default)]
pub struct Trend {
    /// For each target that both reports have.
    pub targets: Vec<TargetTrend>,
    /// Targets that only the old report has.
    pub targets_gone: Vec<String>,
    /// Targets that only the new report has.
    pub targets_new: Vec<String>,
}

/// What changed on one target.
#[derive(Clone, Debug, Default)]
pub struct TargetTrend {
    /// The target, with its version, before and after.
    pub title: String,
    /// Scenarios that failed and do no longer.
    pub fixed: Vec<Change>,
    /// Scenarios that did not fail and do now.
    pub broke: Vec<Change>,
    /// Scenarios that fail in another way than before.
    pub otherwise: Vec<Change>,
    /// Scenarios that did not fail before and do not now, in another status.
    pub changed: Vec<Change>,
    /// How many of these were known to differ and differ no more.
    pub no_longer_differ: usize,
    /// Scenarios that were judged and are skipped now: nothing is known of them any more.
    pub unjudged: Vec<Change>,
    /// Scenarios that only the new report has.
    pub new: Vec<Change>,
    /// Scenarios that only the old report has.
    pub gone: Vec<String>,
    /// Scenarios that failed at first and then did not, in the new report.
    pub flaky: Vec<String>,
    /// Causes that the old report does not have.
    pub causes_new: Vec<String>,
    /// Causes that the new report does not have.
    pub causes_gone: Vec<String>,
    /// Causes of both that affect more scenarios or fewer.
    pub causes_changed: Vec<String>,
    /// What the contract found in the new report only; it counts as broken.
    pub contract_new: Vec<String>,
    /// What the contract found in the old report only.
    pub contract_gone: Vec<String>,
    /// Scenarios that both reports have.
    pub both: usize,
    /// Those of them that do not fail in the new report, and did not in the old one.
    pub good: usize,
    /// Those of them that fail in both.
    pub still: usize,
}

/// What became of one scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Its id.
    pub id: String,
    /// What changed, in a few words.
    pub what: String,
}

impl Trend {
    /// Compares two reports.
    #[must_use]
    pub fn of(old: &Written, new: &Written) -> Self {
        let mut trend = Trend::default();
        // Where each has one run, they are compared whatever the targets are called: an address may have changed.
        if let ([left], [right]) = (old.runs.as_slice(), new.runs.as_slice()) {
            trend.targets.push(target(left, right));
            return trend;
        }
        for right in &new.runs {
            match old.runs.iter().find(|left| left.target.name == right.target.name) {
                Some(left) => trend.targets.push(target(left, right)),
                None => trend.targets_new.push(right.target.name.clone()),
            }
        }
        let there = |name: &str| new.runs.iter().any(|run| run.target.name == name);
        let gone = old.runs.iter().filter(|run| !there(&run.target.name));
        trend.targets_gone = gone.map(|run| run.target.name.clone()).collect();
        trend
    }

    /// Whether anything broke.
    pub fn broke(&self) -> bool {
        self.targets.iter().any(|target| !target.broke.is_empty() || !target.contract_new.is_empty())
    }

    /// Whether there is any scenario that both reports have.
    pub fn is_comparable(&self) -> bool {
        self.targets.iter().any(|target| target.both > 0)
    }
}

fn fails(status: Status) -> bool {
    matches!(status, Status::Deviated | Status::Error)
}

fn target(old: &RunVerdict, new: &RunVerdict) -> TargetTrend {
    let name = |run: &RunVerdict| match &run.target.version {
        Some(version) => format!("{} {version}", run.target.name),
        None => run.target.name.clone(),
    };
    let (before, after) = (name(old), name(new));
    let title = if before == after { after } else { format!("{before} → {after}") };
    let mut trend = TargetTrend { title, ..TargetTrend::default() };
    let olds: BTreeMap<&str, &Verdict> = old.verdicts.iter().map(|one| (one.id.as_str(), one)).collect();
    for right in &new.verdicts {
        if right.is_flaky() {
            trend.flaky.push(right.id.clone());
        }
        match olds.get(right.id.as_str()) {
            Some(left) => scenario(&mut trend, left, right),
            None => trend.new.push(Change { id: right.id.clone(), what: state(right) }),
        }
    }
    let there = |id: &str| new.verdicts.iter().any(|verdict| verdict.id == id);
    trend.gone = old.verdicts.iter().map(|one| one.id.clone()).filter(|id| !there(id)).collect();
    causes(&mut trend, &old.causes, &new.causes);
    let finding =
        |found: &Deviation| format!("{} {}", deviation::operation(&found.operation), deviation::line(found));
    let key = |found: &Deviation| (found.operation.clone(), found.path.clone(), found.kind);
    let only = |these: &[Deviation], those: &[Deviation]| -> Vec<String> {
        let fresh = these.iter().filter(|one| !those.iter().any(|other| key(other) == key(one)));
        fresh.map(finding).collect()
    };
    // What only a scenario met that the old report does not have broke nothing.
    let met_before = |found: &&Deviation| {
        let mut those =
            new.verdicts.iter().filter(|one| one.contract.iter().any(|met| key(met) == key(found)));
        those.clone().next().is_none() || those.any(|one| olds.contains_key(one.id.as_str()))
    };
    let shared: Vec<Deviation> = new.contract.iter().filter(met_before).cloned().collect();
    trend.contract_new = only(&shared, &old.contract);
    trend.contract_gone = only(&old.contract, &new.contract);
    trend
}

fn scenario(trend: &mut TargetTrend, left: &Verdict, right: &Verdict) {
    trend.both += 1;
    let moved =
        || Change { id: right.id.clone(), what: format!("{} → {}", left.status.as_str(), state(right)) };
    match (fails(left.status), fails(right.status)) {
        (_, false) if right.status == Status::Skipped && left.status != Status::Skipped => {
            trend.unjudged.push(moved());
        }
        (true, false) => trend.fixed.push(moved()),
        (false, true) => trend.broke.push(moved()),
        (true, true) => {
            trend.still += 1;
            let count = |these: &Verdict, those: &Verdict| {
                these
                    .deviations
                    .iter()
                    .filter(|one| !those.deviations.iter().any(|other| same(one, other)))
                    .count()
            };
            let (more, fewer) = (count(right, left), count(left, right));
            if more + fewer > 0 || left.status != right.status {
                let what =
                    format!("{} appeared, {} went away", counted(more, "deviation", "deviations"), fewer);
                trend.otherwise.push(Change { id: right.id.clone(), what });
            }
        }
        (false, false) => {
            trend.good += 1;
            if left.status != right.status {
                trend.changed.push(moved());
                trend.no_longer_differ +=
                    usize::from((left.status, right.status) == (Status::Known, Status::Passed));
            }
        }
    }
}

/// Whether two deviations are the same one; values of a run, such as ids, are stand-ins already.
fn same(left: &Deviation, right: &Deviation) -> bool {
    let key = |one: &Deviation| -> (usize, String, crate::judge::Kind, String, Value, Value) {
        (
            one.step,
            one.operation.clone(),
            one.kind,
            one.path.clone(),
            one.expected.clone(),
            one.actual.clone(),
        )
    };
    key(left) == key(right)
}

/// The status, and the first thing that differs.
fn state(verdict: &Verdict) -> String {
    let status = verdict.status.as_str();
    let told = match (&verdict.reason, verdict.deviations.first()) {
        (Some(reason), _) => reason.lines().next().map(plain),
        (None, Some(first)) if fails(verdict.status) => {
            Some(format!("{} {}", deviation::operation(&first.operation), deviation::line(first)))
        }
        _ => None,
    };
    told.map_or_else(|| status.to_owned(), |told| format!("{status}: {told}"))
}

fn causes(trend: &mut TargetTrend, old: &[Cause], new: &[Cause]) {
    let key = |cause: &Cause| (cause.operation.clone(), cause.kind, cause.summary.clone());
    let title =
        |cause: &Cause| format!("{} {}", deviation::operation(&cause.operation), plain(&cause.summary));
    // The number stands first, where no narrow terminal cuts it off.
    let sized =
        |cause: &Cause| format!("{}: {}", counted(cause.scenarios, "scenario", "scenarios"), title(cause));
    for cause in new {
        match old.iter().find(|before| key(before) == key(cause)) {
            None => trend.causes_new.push(sized(cause)),
            Some(before) if before.scenarios != cause.scenarios => trend.causes_changed.push(format!(
                "{} → {}: {}",
                thousands(before.scenarios),
                counted(cause.scenarios, "scenario", "scenarios"),
                title(cause)
            )),
            Some(_) => {}
        }
    }
    let gone = old.iter().filter(|before| !new.iter().any(|cause| key(cause) == key(before)));
    trend.causes_gone = gone.map(sized).collect();
}

/// A list with its heading, and how that is painted.
struct List {
    heading: String,
    style: anstyle::Style,
    rows: Vec<(String, String)>,
}

impl List {
    /// The heading with the number of rows: `3 new causes`, `1 new cause`.
    fn headed(&self) -> String {
        let one = self.rows.len() == 1;
        let heading = match self.heading.as_str() {
            "new causes" if one => "new cause",
            "causes that are gone" if one => "cause that is gone",
            "causes that affect more scenarios or fewer" if one => {
                "cause that affects more scenarios or fewer"
            }
            "no longer break the contract" if one => "no longer breaks the contract",
            "fail in another way than before" if one => "fails in another way than before",
            heading => heading,
        };
        format!("{} {heading}", thousands(self.rows.len()))
    }
}

fn lists(trend: &TargetTrend) -> Vec<List> {
    let changes =
        |all: &[Change]| all.iter().map(|one| (one.id.clone(), one.what.clone())).collect::<Vec<_>>();
    let names = |all: &[String]| all.iter().map(|one| (one.clone(), String::new())).collect::<Vec<_>>();
    let list =
        |heading: &str, style, rows: Vec<(String, String)>| List { heading: heading.to_owned(), style, rows };
    let all = vec![
        list("new causes", BAD, names(&trend.causes_new)),
        list("causes that are gone", GOOD, names(&trend.causes_gone)),
        list("causes that affect more scenarios or fewer", STRONG, names(&trend.causes_changed)),
        list("broke the contract, which no response did before", BAD, names(&trend.contract_new)),
        list("no longer break the contract", GOOD, names(&trend.contract_gone)),
        list("broke", BAD, changes(&trend.broke)),
        list("fixed", GOOD, changes(&trend.fixed)),
        list("fail in another way than before", WEAK, changes(&trend.otherwise)),
        list("judged before, skipped now", WEAK, changes(&trend.unjudged)),
        list("changed without failing", STRONG, changes(&trend.changed)),
        list("flaky: failed at first, then did not", WEAK, names(&trend.flaky)),
        list("only in the new report", STRONG, changes(&trend.new)),
        list("only in the old report", STRONG, names(&trend.gone)),
    ];
    all.into_iter().filter(|list| !list.rows.is_empty()).collect()
}

fn sentence(trend: &TargetTrend) -> String {
    let mut text = format!(
        "{} broke, {} fixed, {} still fail, {} still good; {} new, {} gone",
        thousands(trend.broke.len()),
        thousands(trend.fixed.len()),
        thousands(trend.still),
        thousands(trend.good),
        thousands(trend.new.len()),
        thousands(trend.gone.len())
    );
    if trend.no_longer_differ > 0 {
        text.push_str(&format!(
            "; {} known to differ {} no more",
            thousands(trend.no_longer_differ),
            if trend.no_longer_differ == 1 { "does" } else { "do" }
        ));
    }
    if !trend.contract_new.is_empty() || !trend.contract_gone.is_empty() {
        text.push_str(&format!(
            "; of the contract {} new, {} gone",
            counted(trend.contract_new.len(), "finding", "findings"),
            thousands(trend.contract_gone.len())
        ));
    }
    text
}

/// The comparison for a person, `width` columns wide.
pub fn terminal(trend: &Trend, width: usize, colour: bool) -> String {
    let (paint, columns) = (Paint { colour }, width.clamp(80, 200));
    let mut sections = Vec::new();
    for target in &trend.targets {
        let mut lines = vec![paint.text(STRONG, &plain(&target.title))];
        for list in lists(target) {
            lines.push(String::new());
            lines.push(paint.text(list.style, &list.headed()));
            let room = columns - 2;
            for (name, what) in list.rows.iter().take(LISTED) {
                let row = if what.is_empty() { plain(name) } else { format!("{}  {what}", plain(name)) };
                lines.push(format!("  {}", cut(&row, room)));
            }
            if list.rows.len() > LISTED {
                let more =
                    format!("and {} more; `--report markdown=FILE` lists them", list.rows.len() - LISTED);
                lines.push(format!("  {}", paint.text(FAINT, &more)));
            }
        }
        lines.push(String::new());
        lines.push(sentence(target));
        sections.push(lines.join("\n"));
    }
    for (names, which) in [(&trend.targets_new, "new"), (&trend.targets_gone, "old")] {
        if !names.is_empty() {
            sections.push(format!("targets only in the {which} report: {}", plain(&names.join(", "))));
        }
    }
    format!("{}\n", sections.join("\n\n"))
}

/// The comparison as Markdown for a pull request, at most `limit` bytes.
pub fn markdown(trend: &Trend, limit: usize) -> String {
    use super::markdown::{Page, code};
    let mut page = Page::new(limit);
    let verdict = if trend.broke() { "❌ Something broke" } else { "✅ Nothing broke" };
    page.add(&format!("## smcheck: {verdict}\n"));
    for target in &trend.targets {
        page.add(&format!("\n### {}\n\n{}\n", code(&target.title), sentence(target)));
    }
    for target in &trend.targets {
        for list in lists(target) {
            let open =
                list.heading.starts_with("broke") || ["fixed", "new causes"].contains(&list.heading.as_str());
            let mut rows = String::new();
            for (name, what) in &list.rows {
                let what = if what.is_empty() { String::new() } else { format!(": {}", code(what)) };
                rows.push_str(&format!("- {}{what}\n", code(name)));
            }
            let heading = list.headed();
            page.fold(&heading, &rows, open);
        }
    }
    for (names, which) in [(&trend.targets_new, "new"), (&trend.targets_gone, "old")] {
        if !names.is_empty() {
            page.add(&format!("\nTargets only in the {which} report: {}\n", code(&names.join(", "))));
        }
    }
    page.finish()
}
