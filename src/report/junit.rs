//! The JUnit report, for CI servers: a suite for each target, a case for each scenario.
//!
//! What fails the run is a failure, what could not be judged an error, what was skipped is skipped with its
//! reason. What differs without failing is a success that tells so in its output. What the contract found is a
//! case of its own, and so is the list of known deviations where an entry of it did not occur. The causes stand in the
//! output of the suite.
//!
//! The report keeps to the schema of Jenkins' xunit plugin (`tests/junit/`), which other readers' rules are looser than:
//! a case has no attribute `file`, which that schema does not know, so that the file stands in the text.

use std::time::Duration;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestRerun, TestSuite};

use super::deviation;
use super::failing::Failing;
use super::style::{Paint, counted, paragraphs, plain};
use crate::judge::{Attempt, Cause, Deviation, GoneEntry, RunVerdict, Status, Verdict};

/// How wide the text of a failure is. CI servers show it in a box of about this width.
const COLUMNS: usize = 100;
const PLAIN: Paint = Paint { colour: false };

/// The report of one run or several.
pub fn render(runs: &[RunVerdict], failing: &Failing<'_>) -> String {
    let mut report = Report::new("smcheck");
    for run in runs {
        report.add_test_suite(suite(run, failing));
    }
    let text = report.to_string().expect("text is written into memory, which takes it all");
    without_skipped(&text)
}

/// Takes the sum of skipped cases out of the root element, of which Jenkins' schema knows none; the suites have theirs.
fn without_skipped(text: &str) -> String {
    let Some((before, rest)) = text.split_once("<testsuites ") else { return text.to_owned() };
    let Some((root, after)) = rest.split_once('>') else { return text.to_owned() };
    let kept: Vec<&str> = root.split(' ').filter(|part| !part.starts_with("skipped=")).collect();
    format!("{before}<testsuites {}>{after}", kept.join(" "))
}

fn suite(run: &RunVerdict, failing: &Failing<'_>) -> TestSuite {
    let mut suite = TestSuite::new(plain(&run.target.name));
    suite.add_property(("endpoint", plain(&run.target.endpoint).as_str()));
    if let Some(version) = &run.target.version {
        suite.add_property(("version", plain(version).as_str()));
    }
    suite.set_time(Duration::from_millis(run.verdicts.iter().map(|verdict| verdict.millis).sum()));
    suite.add_test_cases(run.verdicts.iter().map(|verdict| scenario(verdict, failing)));
    suite.add_test_case(contract(&run.contract, failing));
    if !run.causes.is_empty() {
        suite.set_system_out(causes(&run.causes));
    }
    if !run.gone.is_empty() {
        suite.add_test_case(gone(&run.gone, failing));
    }
    suite
}

fn scenario(verdict: &Verdict, failing: &Failing<'_>) -> TestCase {
    // A reason may hold the last words of an emulator; its first line is the message, all of it the text.
    let reason = plain(verdict.reason.as_deref().unwrap_or_default().lines().next().unwrap_or_default());
    let fails = (failing.scenario)(verdict);
    let (mut status, output) = match verdict.status {
        Status::Skipped if !fails => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(reason);
            (status, None)
        }
        Status::Error => (failed(NonSuccessKind::Error, "error", &reason, told(verdict)), None),
        Status::Passed if !fails => (TestCaseStatus::success(), None),
        _ if fails => {
            let text = told(verdict);
            let summary = match verdict.deviations.first().or(verdict.known.first().map(|(_, known)| known)) {
                Some(first) => format!("step {}, {}", first.step, deviation::line(first)),
                // Neither: it is flaky, and that was asked to fail.
                None => match verdict.earlier.iter().find_map(|earlier| earlier.deviations.first()) {
                    Some(first) => format!("flaky: at first step {}, {}", first.step, deviation::line(first)),
                    None => reason,
                },
            };
            (failed(NonSuccessKind::Failure, verdict.status.as_str(), &summary, text), None)
        }
        Status::Near
        | Status::Unsure
        | Status::Known
        | Status::Deviated
        | Status::Passed
        | Status::Skipped => (
            TestCaseStatus::success(),
            Some(format!("{}, and no failure\n\n{}", verdict.status.as_str(), told(verdict))),
        ),
    };
    status.add_reruns(verdict.earlier.iter().map(|earlier| rerun(earlier, verdict)));
    let (folder, name) = parts(&verdict.id);
    let mut case = TestCase::new(plain(name), status);
    case.set_classname(plain(folder));
    case.set_time(Duration::from_millis(verdict.millis));
    if let Some(output) = output {
        case.set_system_out(output);
    }
    case
}

/// A try that failed before the one that counts.
fn rerun(earlier: &Attempt, verdict: &Verdict) -> TestRerun {
    let (kind, ty) = match earlier.status {
        Status::Error => (NonSuccessKind::Error, "error"),
        status => (NonSuccessKind::Failure, status.as_str()),
    };
    let mut rerun = TestRerun::new(kind);
    let reason = earlier.reason.as_deref().and_then(|told| told.lines().next()).map(plain);
    let first =
        earlier.deviations.first().map(|first| format!("step {}, {}", first.step, deviation::line(first)));
    rerun.set_type(ty).set_message(first.or(reason).unwrap_or_default());
    let mut blocks: Vec<String> = earlier.reason.iter().map(|reason| paragraphs(reason)).collect();
    for found in &earlier.deviations {
        blocks.push(deviation::block(found, Some(&verdict.path), COLUMNS, PLAIN).join("\n"));
    }
    rerun.set_description(blocks.join("\n\n"));
    rerun
}

/// What there is to mend, for who opens the suite and not a case.
fn causes(causes: &[Cause]) -> String {
    let mut lines = vec![format!("{}, by scenarios affected", counted(causes.len(), "cause", "causes"))];
    for cause in causes {
        let operation = deviation::operation(&cause.operation);
        lines.push(format!(
            "{}  {}  {}  in {}\n  {}\n  evidence  {}: {}\n  smallest  {}",
            cause.id,
            operation,
            cause.kind.as_str(),
            counted(cause.scenarios, "scenario", "scenarios"),
            plain(&cause.summary),
            cause.evidence.as_str(),
            plain(&cause.source),
            plain(&cause.example),
        ));
    }
    lines.join("\n")
}

fn contract(findings: &[Deviation], failing: &Failing<'_>) -> TestCase {
    let blocks: Vec<String> =
        findings.iter().map(|finding| deviation::block(finding, None, COLUMNS, PLAIN).join("\n")).collect();
    let failures = findings.iter().filter(|finding| (failing.contract)(finding)).count();
    let text = blocks.join("\n\n");
    if failures > 0 {
        let summary = format!(
            "{} on responses of this target",
            counted(findings.len(), "contract finding", "contract findings")
        );
        return own_case("contract", failed(NonSuccessKind::Failure, "contract", &summary, text));
    }
    let mut case = own_case("contract", TestCaseStatus::success());
    if !findings.is_empty() {
        case.set_system_out(text);
    }
    case
}

fn gone(entries: &[GoneEntry], failing: &Failing<'_>) -> TestCase {
    let lines: Vec<String> =
        entries.iter().map(|entry| format!("{}: {}", plain(&entry.place), plain(&entry.entry))).collect();
    let summary = format!("{} of the known list did not occur", counted(entries.len(), "entry", "entries"));
    let text = lines.join("\n");
    if failing.gone {
        return own_case("known", failed(NonSuccessKind::Failure, "known", &summary, text));
    }
    let mut case = own_case("known", TestCaseStatus::success());
    case.set_system_out(format!("{summary}\n\n{text}"));
    case
}

/// A case that belongs to the target and to no scenario.
fn own_case(name: &str, status: TestCaseStatus) -> TestCase {
    let mut case = TestCase::new(name, status);
    case.set_classname("smcheck");
    case
}

fn failed(kind: NonSuccessKind, ty: &str, message: &str, text: String) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    status.set_type(ty).set_message(message).set_description(text);
    status
}

/// Everything that a scenario differs in.
fn told(verdict: &Verdict) -> String {
    let mut blocks = vec![format!("{}\n{}:{}", plain(&verdict.title), plain(&verdict.path), verdict.line)];
    if let Some(reason) = &verdict.reason {
        blocks.push(paragraphs(reason));
    }
    let path = Some(verdict.path.as_str());
    for found in &verdict.deviations {
        blocks.push(deviation::block(found, path, COLUMNS, PLAIN).join("\n"));
    }
    for (_, known) in &verdict.known {
        blocks.push(format!("known: {}", deviation::block(known, path, COLUMNS, PLAIN).join("\n")));
    }
    blocks.join("\n\n")
}

/// The folder of a scenario's id, and the rest of it. A case in brackets may hold slashes of its own.
fn parts(id: &str) -> (&str, &str) {
    let file = &id[..id.find('[').unwrap_or(id.len())];
    match file.rfind('/') {
        Some(at) => (&id[..at], &id[at + 1..]),
        None => ("", id),
    }
}

#[cfg(test)]
mod tests {
    use super::parts;

    #[test]
    fn the_folder_ends_before_the_name_of_the_file() {
        assert_eq!(parts("versions/put-moves-current"), ("versions", "put-moves-current"));
        assert_eq!(parts("a/b/names[x/y]"), ("a/b", "names[x/y]"));
        assert_eq!(parts("names[x/y]"), ("", "names[x/y]"));
    }
}
