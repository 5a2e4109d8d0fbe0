//! What JSON reports themselves tell of scenarios, for those of which there is no file.

use super::Column;
use crate::judge::Sheet;

/// The scenarios of saved runs: id, title, place, and what newer reports say of evidence, rules and operations.
#[must_use]
pub fn sheets(columns: &[Column]) -> Vec<Sheet> {
    let mut sheets: Vec<Sheet> = columns
        .iter()
        .flat_map(|column| &column.run.verdicts)
        .map(|verdict| Sheet {
            id: verdict.id.clone(),
            title: verdict.title.clone(),
            file: verdict.path.clone(),
            evidence: verdict.about.evidence.map(|kind| kind.as_str().to_owned()).unwrap_or_default(),
            source: verdict.about.source.clone(),
            rules: verdict.about.rules.clone(),
            operations: verdict.about.operations.clone(),
            steps: Vec::new(),
        })
        .collect();
    sheets.sort_by(|a, b| a.id.cmp(&b.id));
    sheets.dedup_by(|a, b| a.id == b.id);
    sheets
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{json, matrix::sample};

    #[test]
    fn a_report_makes_the_column_that_the_run_made() {
        let run = sample::ten();
        let written = json::render(std::slice::from_ref(&run));
        let read = json::read(&written).expect("it is a report");
        let columns: Vec<Column> = read.runs.into_iter().map(Column::of).collect();
        assert_eq!(columns[0].run.totals(), run.totals());
        assert_eq!(columns[0].run.causes, run.causes);
        assert_eq!(sheets(&columns).len(), 10);
    }
}
