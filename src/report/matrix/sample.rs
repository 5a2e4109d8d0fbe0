//! Small matrices for the tests of this module.

use serde_json::json;

use super::{Column, Matrix};
use crate::judge::{
    About, Deviation, JudgeOptions, Kind, RunVerdict, Sheet, Status, TargetInfo, Verdict, assemble,
};

pub(super) fn target(name: &str) -> TargetInfo {
    TargetInfo { name: name.to_owned(), endpoint: "http://127.0.0.1:5000".to_owned(), version: None }
}

pub(super) fn deviation(kind: Kind, actual: &str) -> Deviation {
    // The kind of evidence is the judge's word; its JSON is the way to it from here.
    let evidence = serde_json::from_value(json!("aws-docs")).expect("a kind of evidence");
    Deviation {
        step: 2,
        operation: "PutSecretValue".to_owned(),
        kind,
        path: "labels.v1".to_owned(),
        cause: String::new(),
        expected: json!(["AWSPREVIOUS"]),
        actual: json!(actual),
        evidence,
        source: "API reference, PutSecretValue".to_owned(),
        line: 12,
    }
}

pub(super) fn verdict(id: &str, status: Status, deviations: Vec<Deviation>) -> Verdict {
    Verdict {
        id: id.to_owned(),
        title: format!("The title of {id}"),
        path: format!("scenarios/{id}.yaml"),
        line: 1,
        status,
        reason: matches!(status, Status::Skipped | Status::Error).then(|| "a reason".to_owned()),
        requests: 2,
        probes: 3,
        millis: 4,
        deviations,
        known: Vec::new(),
        contract: Vec::new(),
        convergence: Vec::new(),
        about: About::default(),
        earlier: Vec::new(),
    }
}

pub(super) fn sheet(id: &str) -> Sheet {
    Sheet {
        id: id.to_owned(),
        title: format!("The title of {id}"),
        file: format!("scenarios/{id}.yaml"),
        evidence: "aws-docs".to_owned(),
        ..Sheet::default()
    }
}

pub(super) fn run(name: &str, verdicts: Vec<Verdict>) -> RunVerdict {
    assemble(target(name), verdicts, None, "2026-11-25", &JudgeOptions::default())
}

/// Ten scenarios of one target, of every sort.
pub(super) fn ten() -> RunVerdict {
    let message = || vec![deviation(Kind::Message, "another message")];
    let wrong = || deviation(Kind::Labels, "AWSCURRENT");
    let mut known = verdict("a/8", Status::Known, Vec::new());
    known.known.push((0, wrong()));
    let mut all: Vec<Verdict> =
        (1..=4).map(|at| verdict(&format!("a/{at}"), Status::Passed, vec![])).collect();
    all.push(verdict("a/5", Status::Near, message()));
    all.push(verdict("a/6", Status::Near, message()));
    all.push(verdict("a/7", Status::Deviated, vec![wrong()]));
    all.push(known);
    all.push(verdict("b/9", Status::Skipped, vec![]));
    all.push(verdict("b/99", Status::Error, vec![]));
    run("moto", all)
}

/// The ten beside a target that is right and one that is not there.
pub(super) fn matrix() -> Matrix {
    let wrong = ten();
    let sheets: Vec<Sheet> = wrong.verdicts.iter().map(|verdict| sheet(&verdict.id)).collect();
    let right = sheets.iter().map(|sheet| verdict(&sheet.id, Status::Passed, vec![])).collect();
    let gone = Column::unusable(target("gone"), "cannot connect", &sheets);
    let mut moto = Column::of(wrong);
    moto.reasons = vec!["moto keeps the label".to_owned()];
    Matrix::new(sheets, vec![Column::of(run("embedded", right)), moto, gone])
}

/// As many scenarios and targets as asked for; every target is wrong in every scenario, and tells long stories.
pub(super) fn large(scenarios: usize, targets: usize) -> Matrix {
    let id = |at: usize| format!("folder-{}/a-scenario-with-a-long-name-{at}[a case with words]", at % 7);
    let sheets: Vec<Sheet> = (0..scenarios).map(|at| sheet(&id(at))).collect();
    let column = |target: usize| {
        let told = "something that is rather long, as real messages are ".repeat(3);
        let wrong = |at: usize| {
            vec![deviation(Kind::Labels, &format!("{told}{}", at % 40)), deviation(Kind::Message, &told)]
        };
        let verdicts = (0..scenarios).map(|at| verdict(&id(at), Status::Deviated, wrong(at))).collect();
        Column::of(run(&format!("a-target-with-a-long-name-{target}"), verdicts))
    };
    Matrix::new(sheets, (0..targets).map(column).collect())
}
