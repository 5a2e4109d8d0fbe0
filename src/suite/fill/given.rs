//! What was written into a file, and that nothing else in it has changed.

use super::{FillError, OUTCOMES};
use crate::judge::{Deviation, Kind};
use crate::scenario::document::{self, Document};
use crate::service::redact::Tree;

/// What was written where.
pub(super) struct Given<'g> {
    /// The step, counted from 0, and the key.
    pub(super) written: &'g [(usize, String)],
    /// Steps that are aliases.
    pub(super) aliases: Vec<usize>,
}

impl Given<'_> {
    /// Whether a step has got one of these keys.
    fn has(&self, step: usize, keys: &[&str]) -> bool {
        let alias = self.aliases.contains(&step);
        self.written.iter().any(|(at, key)| (alias || *at == step) && keys.contains(&key.as_str()))
    }

    /// Whether a deviation is one from what was written.
    pub(super) fn is_behind(&self, found: &Deviation) -> bool {
        let keys: &[&str] = match found.kind {
            Kind::Labels => &["labels"],
            Kind::Invariant | Kind::Wire => &[],
            _ => &OUTCOMES,
        };
        found.step.checked_sub(1).is_some_and(|step| self.has(step, keys))
    }

    /// An error where the file says anything else than before besides what was written.
    pub(super) fn hold_all_else(
        &self,
        before: &str,
        after: &str,
        (path, id): (&str, &str),
    ) -> Result<(), FillError> {
        let trees = |text: &str| document::documents(path, id, text.as_bytes()).map_err(FillError::Findings);
        match self.without(trees(before)?) == self.without(trees(after)?) {
            true => Ok(()),
            false => Err(FillError::Changes),
        }
    }

    /// The trees of a file without what was written, or gave way to it.
    fn without(&self, mut documents: Vec<Document>) -> Vec<Document> {
        for document in &mut documents {
            let Tree::Map(members) = &mut document.root else { continue };
            let steps = members.iter_mut().find(|(key, _)| key == "steps");
            let Some((_, Tree::List(steps))) = steps else { continue };
            for (at, step) in steps.iter_mut().enumerate() {
                let Tree::Map(members) = step else { continue };
                members.retain(|(key, _)| match key.as_str() {
                    "labels" => !self.has(at, &["labels"]),
                    "returns" | "fails" => !self.has(at, &OUTCOMES),
                    _ => true,
                });
            }
        }
        documents
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_change_anything_else_is_refused() {
        let written = [(0, "returns".to_owned())];
        let given = Given { written: &written, aliases: vec![1] };
        let before = "title: a\nsteps: [{do: A, with: {V: \"two\\n\"}, returns: {}}, {do: B}]\n";
        let hold = |after: &str| given.hold_all_else(before, after, ("a.yaml", "a"));
        assert!(
            hold("title: a\nsteps: [{do: A, with: {V: \"two\\n\"}, fails: {}}, {do: B, returns: {}}]\n")
                .is_ok()
        );
        for bad in [
            before.replace("two\\n", "two"),
            before.replace("do: B", "do: B, note: x"),
            before.replace("returns: {}", "returns: {}, labels: {}"),
            before.replace("title: a", "title: b"),
        ] {
            assert_ne!(bad, before);
            assert!(matches!(hold(&bad), Err(FillError::Changes)), "{bad}");
        }
        assert!(matches!(hold("title: ["), Err(FillError::Findings(_))));
    }
}
