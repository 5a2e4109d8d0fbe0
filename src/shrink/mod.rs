//! Making a scenario smaller, one change after the other.
//!
//! A [`Shrinker`] proposes smaller scenarios and is told which of them still show what they should; it asks nobody and
//! runs nothing. It goes through its passes, large cuts first, until nothing more can be left out. `edits` says which
//! changes there are, `tidy` takes declarations away that nothing uses any more.

mod edits;
mod tidy;

use std::collections::HashSet;

use crate::scenario::yaml::flow;
use crate::service::redact::Tree;
use edits::Edit;

/// Proposes smaller scenarios.
#[derive(Debug)]
pub struct Shrinker {
    best: Tree,
    proposed: Option<Tree>,
    edits: Vec<Edit>,
    /// The next of the edits, and the pass that they belong to.
    at: usize,
    pass: usize,
    /// Whether this round has made it smaller.
    changed: bool,
    /// What was proposed before, so that nothing is asked twice.
    seen: HashSet<String>,
    /// The step that shows it, counted from 0; what follows is left out first.
    focus: usize,
}

impl Shrinker {
    /// Starts from a scenario whose step `focus`, counted from 0, shows what is to be kept.
    pub fn new(root: Tree, focus: usize) -> Self {
        let mut shrinker = Shrinker {
            best: root,
            proposed: None,
            edits: Vec::new(),
            at: 0,
            pass: 0,
            changed: false,
            seen: HashSet::new(),
            focus,
        };
        shrinker.seen.insert(flow(&shrinker.best));
        shrinker.edits = edits::of_pass(0, &shrinker.best, focus);
        shrinker
    }

    /// The next scenario to try; none when no change is left.
    pub fn candidate(&mut self) -> Option<Tree> {
        loop {
            if let Some(edit) = self.edits.get(self.at) {
                self.at += 1;
                let candidate = edit.apply(&self.best).map(tidy::tidy);
                if let Some(candidate) = candidate.filter(|candidate| self.seen.insert(flow(candidate))) {
                    self.proposed = Some(candidate.clone());
                    return Some(candidate);
                }
                continue;
            }
            self.pass += 1;
            if self.pass == edits::PASSES {
                if !std::mem::take(&mut self.changed) {
                    return None;
                }
                self.pass = 0;
            }
            (self.edits, self.at) = (edits::of_pass(self.pass, &self.best, self.focus), 0);
        }
    }

    /// The last candidate still shows it: go on from there.
    pub fn keep(&mut self) {
        let Some(kept) = self.proposed.take() else { return };
        self.best = kept;
        self.changed = true;
        // What was left out is no longer in the list: the edit that follows has its place now.
        self.edits = edits::of_pass(self.pass, &self.best, self.focus);
        self.at = self.at.saturating_sub(1);
    }

    /// The smallest so far.
    pub fn best(&self) -> &Tree {
        &self.best
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::Shrinker;
    use crate::scenario::document::{documents, write};
    use crate::scenario::yaml::flow;

    const LARGE: &str = r#"
title: Much happens
evidence: {kind: inferred, source: a test}
secrets: [db, other]
versions: [v1, v2, v3]
needs: [clock]
isolated: true
note: Nothing.
steps:
  - do: CreateSecret
    with: {Name: "${other}", ClientRequestToken: "${v3}", SecretString: hunter2-of-the-owner}
  - do: CreateSecret
    with: {Name: "${db}", ClientRequestToken: "${v1}", SecretString: one, Description: text, Tags: [{Key: a, Value: b}]}
    returns: {Name: "${db}", VersionId: "${v1}"}
  - do: PutSecretValue
    with: {SecretId: "${db}", ClientRequestToken: "${v2}", SecretString: hunter2-of-the-owner}
    labels: {v1: [AWSPREVIOUS], v2: [AWSCURRENT]}
  - do: GetSecretValue
    with: {SecretId: "${db}"}
"#;

    fn shrink(holds: impl Fn(&str) -> bool) -> String {
        let root = documents("a.yaml", "a", LARGE.as_bytes()).expect("it is YAML").remove(0).root;
        let mut shrinker = Shrinker::new(root, 2);
        let mut asked = 0;
        while let Some(candidate) = shrinker.candidate() {
            asked += 1;
            assert!(asked < 500, "it goes on and on");
            if holds(&write("s", &[], &candidate)) {
                shrinker.keep();
            }
        }
        write("s", &[], shrinker.best())
    }

    #[test]
    fn what_is_not_needed_goes_and_what_nothing_uses_goes_with_it() {
        let small = shrink(|text| text.contains("PutSecretValue") && text.contains("v1: [AWSPREVIOUS]"));
        let expected = "# yaml-language-server: $schema=s\n\
                        title: Much happens\n\
                        evidence: {kind: inferred, source: \"a test\"}\n\
                        versions: [v1, v2]\n\
                        steps:\n  \
                        - do: PutSecretValue\n    labels: {v1: [AWSPREVIOUS], v2: [AWSCURRENT]}\n";
        assert_eq!(small, expected);
    }

    #[test]
    fn a_value_that_may_be_a_secret_is_replaced_everywhere_at_once() {
        let small = shrink(|text| {
            text.matches("SecretString: ").count() >= 3 && text.matches("value-1").count() != 1
        });
        assert!(!small.contains("hunter2"), "{small}");
        assert_eq!(small.matches("value-1").count(), 2, "{small}");
    }

    #[test]
    fn nothing_is_proposed_twice_and_nothing_kept_is_the_whole() {
        let root = documents("a.yaml", "a", LARGE.as_bytes()).expect("it is YAML").remove(0).root;
        let mut shrinker = Shrinker::new(root.clone(), 3);
        let mut seen = HashSet::new();
        while let Some(candidate) = shrinker.candidate() {
            assert!(seen.insert(flow(&candidate)));
        }
        assert!(seen.len() > 20, "{}", seen.len());
        assert_eq!(*shrinker.best(), root);
    }
}
