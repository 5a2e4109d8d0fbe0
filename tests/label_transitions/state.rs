//! Where labels stand: the classes of label state.

use std::fmt::Write as _;

/// The label that stands for every label without a meaning of its own.
pub(crate) const CUSTOM: &str = "blue";

/// The labels, in the order in which states are told.
pub(crate) const LABELS: [Label; 4] = [Label::Current, Label::Previous, Label::Pending, Label::Custom];

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Label {
    Current,
    Previous,
    Pending,
    Custom,
}

impl Label {
    /// As it goes over the wire.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Label::Current => smcheck::service::AWSCURRENT,
            Label::Previous => smcheck::service::AWSPREVIOUS,
            Label::Pending => smcheck::service::AWSPENDING,
            Label::Custom => CUSTOM,
        }
    }

    /// As it stands in the names of files.
    pub(crate) fn short(self) -> &'static str {
        match self {
            Label::Current => "current",
            Label::Previous => "previous",
            Label::Pending => "pending",
            Label::Custom => "custom",
        }
    }

    pub(crate) fn of(text: &str) -> Self {
        LABELS.into_iter().find(|label| label.text() == text).expect("only these four labels are sent")
    }
}

/// The labels of one version.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Set(pub(crate) Vec<Label>);

impl Set {
    pub(crate) fn has(&self, label: Label) -> bool {
        self.0.contains(&label)
    }

    pub(crate) fn is_bare(&self) -> bool {
        self.0.is_empty()
    }

    /// `current-pending`; `deprecated` without a label.
    pub(crate) fn name(&self) -> String {
        if self.is_bare() {
            return "deprecated".to_owned();
        }
        self.0.iter().map(|label| label.short()).collect::<Vec<_>>().join("-")
    }

    /// `[AWSCURRENT, AWSPENDING]`.
    pub(crate) fn brackets(&self) -> String {
        format!("[{}]", self.0.iter().map(|label| label.text()).collect::<Vec<_>>().join(", "))
    }

    /// `AWSCURRENT and AWSPENDING`; `no label`.
    pub(crate) fn words(&self) -> String {
        if self.is_bare() { "no label".to_owned() } else { list(&texts(&self.0)) }
    }
}

pub(crate) fn texts(labels: &[Label]) -> Vec<String> {
    labels.iter().map(|label| label.text().to_owned()).collect()
}

/// `a`, `a and b`, `a, b and c`.
pub(crate) fn list(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// `a`, `a, and b`, `a, b, and c`: where the words have an `and` of their own.
pub(crate) fn enumeration(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{}, and {last}", first.join(", ")),
    }
}

/// What there is of the secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Presence {
    Nothing,
    Live,
    Scheduled,
}

/// A secret's versions, in the order in which they were made, with their labels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Situation {
    pub(crate) presence: Presence,
    pub(crate) versions: Vec<Set>,
}

impl Situation {
    pub(crate) fn holder(&self, label: Label) -> Option<usize> {
        self.versions.iter().position(|set| set.has(label))
    }

    /// The same as if the label did not exist.
    pub(crate) fn without(&self, label: Label) -> Self {
        let mut out = self.clone();
        out.versions.iter_mut().for_each(|set| set.0.retain(|found| *found != label));
        out
    }

    /// How many of the labels stand somewhere.
    pub(crate) fn labels(&self) -> usize {
        self.versions.iter().map(|set| set.0.len()).sum()
    }

    /// The versions without regard to their order: by their first label, deprecated ones last. Two situations with
    /// the same sets in this order are one class: they differ in the names of versions only.
    pub(crate) fn sets(&self) -> Vec<Set> {
        let mut sets = self.versions.clone();
        sets.sort_by_key(|set| (set.is_bare(), set.clone()));
        sets
    }

    /// The class, as it stands in names: `current-pending--previous--deprecated`.
    pub(crate) fn name(&self) -> String {
        let mut name = self.sets().iter().map(Set::name).collect::<Vec<_>>().join("--");
        if name.is_empty() {
            name.push_str(if self.presence == Presence::Nothing { "no-secret" } else { "no-value" });
        }
        if self.presence == Presence::Scheduled {
            name.push_str("--scheduled");
        }
        name
    }

    /// `[AWSCURRENT, AWSPENDING] [AWSPREVIOUS]`, for the table.
    pub(crate) fn brackets(&self) -> String {
        let sets: Vec<String> = self.sets().iter().map(Set::brackets).collect();
        let mut out = match (sets.is_empty(), self.presence) {
            (true, Presence::Nothing) => "no secret".to_owned(),
            (true, _) => "no version".to_owned(),
            _ => sets.join(" "),
        };
        if self.presence == Presence::Scheduled {
            out.push_str(", scheduled for deletion");
        }
        out
    }

    /// `Where one version has AWSCURRENT and another AWSPREVIOUS`; nothing where there is no secret.
    pub(crate) fn place(&self) -> String {
        if self.presence == Presence::Nothing {
            return String::new();
        }
        let sets = self.sets();
        let mut out = String::new();
        match sets.as_slice() {
            [] => out.push_str("In a secret without a value"),
            [only] => {
                let _ = write!(out, "Where the only version has {}", only.words());
            }
            [first, rest @ ..] => {
                let mut parts = vec![format!("one version has {}", first.words())];
                parts.extend(rest.iter().map(|set| format!("another {}", set.words())));
                let crowded = sets.iter().any(|set| set.0.len() > 1);
                let parts = if crowded && parts.len() > 1 { enumeration(&parts) } else { list(&parts) };
                let _ = write!(out, "Where {parts}");
            }
        }
        if self.presence == Presence::Scheduled {
            out.push_str(" and the secret is scheduled for deletion");
        }
        out
    }
}
