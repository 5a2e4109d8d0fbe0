//! The data of the page: everything that it draws, as one JSON value. It holds nothing but what reports hold, and the
//! names of labels and versions.

use serde::Serialize;
use serde_json::{Value, json};

use super::{Agreement, Matrix};
use crate::judge::{Deviation, Sheet, Status, Timeline, Verdict};

/// The version of the data's shape.
const SCHEMA: u32 = 1;

#[derive(Serialize)]
struct Row<'a> {
    #[serde(flatten)]
    sheet: &'a Sheet,
    expected: Option<&'a Timeline>,
    cells: Vec<Option<Cell<'a>>>,
}

#[derive(Serialize)]
struct Cell<'a> {
    status: Status,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    millis: u64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    deviations: Vec<Shown<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    observed: Option<&'a Timeline>,
}

#[derive(Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    deviation: &'a Deviation,
    line: usize,
    severity: &'static str,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    known: bool,
}

/// The data of a matrix. `made` is when, as `2026-11-25T22:00:00Z`.
#[must_use]
pub fn data(matrix: &Matrix, made: &str) -> Value {
    let targets: Vec<Value> = matrix.columns.iter().map(target).collect();
    let rows: Vec<Row<'_>> = (0..matrix.sheets.len()).map(|at| row(matrix, at)).collect();
    let causes: Vec<Value> = matrix
        .columns
        .iter()
        .enumerate()
        .flat_map(|(target, column)| {
            column.run.causes.iter().map(move |cause| {
                json!({
                    "target": target, "id": cause.id, "operation": cause.operation, "kind": cause.kind,
                    "summary": cause.summary, "evidence": cause.evidence, "source": cause.source,
                    "smallest": cause.example, "scenarios": cause.scenarios,
                })
            })
        })
        .collect();
    json!({
        "schema": SCHEMA, "smcheck": env!("CARGO_PKG_VERSION"), "made": made,
        "targets": targets, "scenarios": rows, "causes": causes,
    })
}

fn target(column: &super::Column) -> Value {
    let agreement = Agreement::of(&column.run);
    let share = |count: usize| {
        // Of nothing there is no share.
        (agreement.judged > 0).then(|| count as f64 / agreement.judged as f64)
    };
    let info = &column.run.target;
    let mut shown = json!({
        "name": info.name, "version": info.version, "endpoint": info.endpoint, "totals": column.run.totals(),
        "agreement": {
            "judged": agreement.judged, "outcomes": share(agreement.right), "all": share(agreement.exact),
        },
    });
    if let Some(reason) = &column.unusable {
        shown["unusable"] = reason.as_str().into();
    }
    shown
}

fn row(matrix: &Matrix, at: usize) -> Row<'_> {
    let sheet = &matrix.sheets[at];
    let cell = |column: usize| Some(cell(&matrix.columns[column], matrix.verdict(at, column)?));
    Row {
        sheet,
        expected: matrix.expected.get(&sheet.id).filter(|timeline| !timeline.secrets.is_empty()),
        cells: (0..matrix.columns.len()).map(cell).collect(),
    }
}

fn cell<'a>(column: &'a super::Column, verdict: &'a Verdict) -> Cell<'a> {
    let own = verdict.deviations.iter().map(|deviation| shown(deviation, false));
    let known = verdict.known.iter().map(|(_, deviation)| shown(deviation, true));
    let observed = column.observed.get(&verdict.id).filter(|timeline| !timeline.secrets.is_empty());
    Cell {
        status: verdict.status,
        reason: verdict.reason.clone().or_else(|| known_reasons(column, verdict)),
        millis: verdict.millis,
        deviations: own.chain(known).collect(),
        observed,
    }
}

/// Why what is known is known: the reasons of the entries, each once.
fn known_reasons(column: &super::Column, verdict: &Verdict) -> Option<String> {
    let mut reasons: Vec<&str> = Vec::new();
    for (entry, _) in &verdict.known {
        if let Some(reason) = column.reasons.get(*entry)
            && !reasons.contains(&reason.as_str())
        {
            reasons.push(reason);
        }
    }
    (!reasons.is_empty()).then(|| reasons.join("; "))
}

fn shown(deviation: &Deviation, known: bool) -> Shown<'_> {
    let severity = deviation.kind.severity().as_str();
    Shown { deviation, line: deviation.line, severity, known }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::matrix::sample;

    #[test]
    fn the_page_gets_every_cell_with_its_deviations_and_reasons() {
        let data = data(&sample::matrix(), "2026-11-25T22:00:00Z");
        assert_eq!(data["targets"][1]["agreement"], json!({"judged": 8, "outcomes": 0.75, "all": 0.5}));
        assert_eq!(data["targets"][2]["unusable"], "cannot connect");
        assert_eq!(data["targets"][2]["agreement"]["outcomes"], Value::Null);
        let of = |id: &str| {
            let rows = data["scenarios"].as_array().expect("a list");
            rows.iter().find(|row| row["id"] == id).expect("it is there").clone()
        };
        let wrong = of("a/7");
        assert_eq!(wrong["cells"][0], json!({"status": "passed", "millis": 4}));
        let found = &wrong["cells"][1]["deviations"][0];
        assert_eq!(
            (&found["severity"], &found["line"], &found["evidence"]),
            (&json!("outcome"), &json!(12), &json!("aws-docs"))
        );
        let cause = found["cause"].as_str().expect("a cause");
        assert!(
            data["causes"]
                .as_array()
                .expect("a list")
                .iter()
                .any(|told| told["id"] == cause && told["target"] == 1)
        );
        assert_eq!(of("a/5")["cells"][1]["deviations"][0]["severity"], "message");
        let known = &of("a/8")["cells"][1];
        assert_eq!(
            (&known["reason"], &known["deviations"][0]["known"]),
            (&json!("moto keeps the label"), &json!(true))
        );
        assert_eq!(of("b/9")["cells"][2]["reason"], "cannot connect");
    }
}
