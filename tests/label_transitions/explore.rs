//! Walks through the model, and chooses which transitions are told.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::calls::{Call, Keep, calls};
use super::evidence::{self, Evidence, Kind};
use super::reference::Account;
use super::state::{LABELS, Label, Presence, Set, Situation};

/// How many versions a secret has at most where it is explored further: four labels on versions of their own.
const VERSIONS_MAX: usize = 4;

/// One call on one class of label state, and what came of it.
#[derive(Clone)]
pub(crate) struct Transition {
    pub(crate) call: Call,
    pub(crate) before: Situation,
    pub(crate) after: Situation,
    pub(crate) outcome: Result<Value, (String, String)>,
    /// The shortest way to `before`.
    pub(crate) path: Vec<Transition>,
}

/// What became of one label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It stood nowhere, and does so still.
    Absent,
    /// It stood nowhere, and now on this version.
    Attached(usize),
    Stays(usize),
    Moved(usize, usize),
    Gone(usize),
}

impl Transition {
    pub(crate) fn fate(&self, label: Label) -> Fate {
        match (self.before.holder(label), self.after.holder(label)) {
            (None, None) => Fate::Absent,
            (None, Some(to)) => Fate::Attached(to),
            (Some(from), None) => Fate::Gone(from),
            (Some(from), Some(to)) if from == to => Fate::Stays(from),
            (Some(from), Some(to)) => Fate::Moved(from, to),
        }
    }

    /// The version that the call made.
    pub(crate) fn made(&self) -> Option<usize> {
        (self.after.versions.len() > self.before.versions.len()).then_some(self.before.versions.len())
    }

    /// The version that lost AWSCURRENT.
    pub(crate) fn demoted(&self) -> Option<usize> {
        if let Fate::Moved(from, _) = self.fate(Label::Current) { Some(from) } else { None }
    }

    /// The labels of a version before the call.
    pub(crate) fn had(&self, version: usize) -> Set {
        self.before.versions.get(version).cloned().unwrap_or_default()
    }

    pub(crate) fn name(&self) -> String {
        let mut name = self.before.name();
        if let Some(suffix) = &self.call.suffix {
            name.push_str("--");
            name.push_str(suffix);
        }
        name
    }

    pub(crate) fn id(&self) -> String {
        let suffix = self.call.suffix.as_ref().map(|suffix| format!(".{suffix}")).unwrap_or_default();
        format!("Transition.{}.{}{suffix}", self.call.class, self.before.name())
    }

    /// Where its scenario lies. Classes of which one transition or two are told share a folder, and their name is
    /// enough there.
    pub(crate) fn path(&self) -> String {
        let class = self.call.class.as_str();
        let folder = match self.call.operation {
            _ if is_scheduled(&self.before) || is_scheduled(&self.after) => "deletion",
            "RestoreSecret" => "deletion",
            _ if self.call.keep == Keep::Named && class == "get-by-version-id" => class,
            "GetSecretValue" | "DescribeSecret" | "ListSecretVersionIds" => "reads",
            _ if class.contains("repeated") || class.contains("token-in-use") => "repeated-tokens",
            "CreateSecret" => "create",
            "UpdateSecretVersionStage" if self.outcome.is_err() => "refused-moves",
            "UpdateSecretVersionStage" if self.before == self.after => "moves-to-the-same-version",
            _ => class,
        };
        match self.call.keep {
            Keep::Shortest => format!("{folder}/{class}"),
            _ if folder == class => format!("{folder}/{}", self.name()),
            _ => format!("{folder}/{class}--{}", self.name()),
        }
    }

    /// One label's story, told without the names of versions: where it stood as the call sees it, and where it went.
    pub(crate) fn story(&self, label: Label) -> String {
        let role = |version: usize| match version {
            _ if Some(version) == self.made() => "the new version",
            _ if Some(version) == self.call.named => "the named version",
            _ if Some(version) == self.demoted() => "the demoted version",
            _ => "a version",
        };
        match self.fate(label) {
            Fate::Absent => format!("{label:?} absent"),
            Fate::Attached(to) => format!("{label:?} comes to {}", role(to)),
            Fate::Stays(at) => format!("{label:?} stays on {}", role(at)),
            Fate::Moved(from, to) => format!("{label:?} goes from {} to {}", role(from), role(to)),
            Fate::Gone(from) => format!("{label:?} leaves {}", role(from)),
        }
    }

    /// Where a label stood, as the call sees it: nowhere, on the version that it names, or on another.
    pub(crate) fn place(&self, label: Label) -> &'static str {
        match self.before.holder(label) {
            None => "nowhere",
            Some(at) if Some(at) == self.call.named => "on the named version",
            Some(_) => "on another version",
        }
    }

    pub(crate) fn stand_together(&self, one: Label, other: Label) -> bool {
        self.before.holder(one).is_some() && self.before.holder(one) == self.before.holder(other)
    }

    fn moves(&self, label: Label) -> bool {
        !matches!(self.fate(label), Fate::Absent | Fate::Stays(_))
    }

    /// What this transition shows. One that shows nothing that shorter ones do not is the same behaviour again.
    ///
    /// No rule of the model looks at more than two labels at once, so pairs are enough: the stories of two labels of
    /// which one moves, whether they stood together, and whether a version is left without a label.
    fn shows(&self) -> BTreeSet<String> {
        let outcome =
            self.outcome.as_ref().map_or_else(|failure| failure.0.clone(), |_| "success".to_owned());
        let mut shown = BTreeSet::from([outcome]);
        let alone = |label: Label| {
            self.moves(label)
                && self
                    .before
                    .holder(label)
                    .is_some_and(|from| !self.had(from).is_bare() && self.after.versions[from].is_bare())
        };
        match self.call.keep {
            Keep::Shortest | Keep::Richest => {}
            Keep::Named => {
                let set = self.call.named.map(|version| self.had(version)).unwrap_or_default();
                shown.extend(set.0.iter().map(|label| format!("{label:?} on the named version")));
                if set.is_bare() {
                    shown.insert("no label on the named version".to_owned());
                }
            }
            Keep::Labels => {
                shown.extend(
                    LABELS.into_iter().filter(|label| self.moves(*label)).map(|label| self.story(label)),
                );
            }
            Keep::Effects => {
                for one in LABELS.into_iter().filter(|label| self.moves(*label)) {
                    shown.insert(format!("{}, alone: {}", self.story(one), alone(one)));
                    for other in LABELS.into_iter().filter(|label| *label != one) {
                        let together = self.stand_together(one, other);
                        shown.insert(format!("{}, {}, {together}", self.story(one), self.story(other)));
                    }
                }
                if self.call.named.is_some_and(|named| self.had(named).is_bare()) {
                    shown.insert("the named version was deprecated".to_owned());
                }
            }
        }
        shown.into_iter().map(|what| format!("{}: {what}", self.call.class)).collect()
    }
}

/// What the walk found.
pub(crate) struct Explored {
    /// The classes of label state, from the nearest to the farthest.
    pub(crate) classes: Vec<Situation>,
    /// Every call on every class.
    pub(crate) all: Vec<Transition>,
}

/// Walks from nothing through all classes of label state, the shortest way to each; among ways of equal length the
/// one whose steps have the better evidence.
pub(crate) fn explore() -> Explored {
    type Found = (Account, Vec<Transition>);
    let start: Found = (Account::default(), Vec::new());
    let mut open: BTreeMap<(usize, usize, usize), Found> = BTreeMap::from([((0, 0, 0), start)]);
    let mut seen = BTreeSet::new();
    let (mut classes, mut all) = (Vec::new(), Vec::new());
    let mut count = 0;
    while let Some(((_, doubts, _), (account, path))) = open.pop_first() {
        let before = account.situation();
        if !seen.insert(before.name()) {
            continue;
        }
        for call in calls(&before) {
            let mut then = account.clone();
            let outcome = then.call(&call);
            let after = then.situation();
            let found = Transition { call, before: before.clone(), after, outcome, path: path.clone() };
            let bare = found.after.versions.iter().filter(|set| set.is_bare()).count();
            if found.after.versions.len() <= VERSIONS_MAX && bare <= 1 && !seen.contains(&found.after.name())
            {
                let doubt = match evidence::of(&found).kind {
                    Kind::Recorded => 0,
                    Kind::Docs => 1,
                    Kind::Inferred => 3,
                };
                let mut step = found.clone();
                step.path = Vec::new();
                let mut path = path.clone();
                path.push(step);
                count += 1;
                open.insert((path.len(), doubts + doubt, count), (then, path));
            }
            all.push(found);
        }
        classes.push(before);
    }
    Explored { classes, all }
}

impl Explored {
    /// The transitions that are told, by class and from the shortest to the longest. What was recorded is always among them.
    pub(crate) fn kept(&self) -> Vec<&Transition> {
        let mut order: Vec<&Transition> = self.all.iter().collect();
        order.sort_by_key(|transition| {
            let richness = if transition.call.keep == Keep::Richest { transition.before.labels() } else { 0 };
            let apart = if richness > 0 { transition.before.versions.len() } else { 0 };
            (usize::MAX - richness, usize::MAX - apart, transition.path.len())
        });
        let mut shown = BTreeSet::new();
        let mut kept = Vec::new();
        let recorded = |transition: &Transition| evidence::recorded(transition).is_some();
        let (first, second): (Vec<_>, Vec<_>) = order.into_iter().partition(|found| recorded(found));
        for transition in first.into_iter().chain(second) {
            let shows = transition.shows();
            if recorded(transition) || !shows.is_subset(&shown) {
                // A recording on a poor class does not stand for the richest.
                if transition.call.keep != Keep::Richest || !recorded(transition) {
                    shown.extend(shows);
                }
                kept.push(transition);
            }
        }
        kept.sort_by_key(|found| (found.call.class.clone(), found.path.len(), found.name()));
        kept
    }
}

/// Whether a secret waits for its deletion.
pub(crate) fn is_scheduled(situation: &Situation) -> bool {
    situation.presence == Presence::Scheduled
}

/// The evidence of a transition.
pub(crate) fn evidence_of(transition: &Transition) -> Evidence {
    evidence::of(transition)
}
