//! The classes of calls. To add an operation, add its calls to [`calls`].

use serde_json::{Value, json};

use super::state::{LABELS, Label, Presence, Set, Situation};

/// Which transitions of a class are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keep {
    /// All that show something new about a pair of labels of which one moves.
    Effects,
    /// All that show something new about one label: for a call that does what another, kept by `Effects`, does.
    Labels,
    /// One for each label, and for none, that the named version can have: for calls that move nothing.
    Named,
    /// The shortest: for refusals.
    Shortest,
    /// The one with the most labels: for calls that move nothing, whatever there is.
    Richest,
}

/// One call on one situation. Inputs hold templates of the scenario language, `${db}` and `${v1}`.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// The class, which is the folder of its scenarios.
    pub(crate) class: String,
    /// What tells apart calls of one class on one situation.
    pub(crate) suffix: Option<String>,
    pub(crate) keep: Keep,
    /// In the language of titles, as a subject: `a put without VersionStages`.
    pub(crate) subject: String,
    /// In the language of rules: `PutSecretValue with a fresh token`.
    pub(crate) formal: String,
    pub(crate) operation: &'static str,
    pub(crate) input: Vec<(&'static str, Value)>,
    /// The label that the subject already speaks of.
    pub(crate) label: Option<Label>,
    /// The version that the label is to move to, that a token repeats, or that is read.
    pub(crate) named: Option<usize>,
}

/// The value of the version with this number.
pub(crate) fn value(version: usize) -> &'static str {
    ["one", "two", "three", "four", "five", "six"][version]
}

/// The variable of the version with this number.
pub(crate) fn variable(version: usize) -> String {
    format!("v{}", version + 1)
}

fn template(version: usize) -> Value {
    format!("${{{}}}", variable(version)).into()
}

fn secret() -> (&'static str, Value) {
    ("SecretId", "${db}".into())
}

fn token(version: usize) -> (&'static str, Value) {
    ("ClientRequestToken", template(version))
}

fn string(text: &str) -> (&'static str, Value) {
    ("SecretString", text.into())
}

fn call(class: impl Into<String>, keep: Keep, operation: &'static str, words: (&str, &str)) -> Call {
    Call {
        class: class.into(),
        suffix: None,
        keep,
        subject: words.0.to_owned(),
        formal: words.1.to_owned(),
        operation,
        input: Vec::new(),
        label: None,
        named: None,
    }
}

impl Call {
    fn with(mut self, input: impl IntoIterator<Item = (&'static str, Value)>) -> Self {
        self.input.extend(input);
        self
    }

    fn about(mut self, label: Label) -> Self {
        self.label = Some(label);
        self
    }

    fn naming(mut self, version: usize, suffix: String) -> Self {
        self.named = Some(version);
        self.suffix = Some(suffix);
        self
    }
}

fn the_version(set: &Set) -> String {
    if set.is_bare() {
        "a deprecated version".to_owned()
    } else {
        format!("the version with {}", set.words())
    }
}

/// All calls that change labels, might be thought to, or read them, on a situation.
pub(crate) fn calls(on: &Situation) -> Vec<Call> {
    let mut out = Vec::new();
    match on.presence {
        Presence::Nothing => creates(&mut out),
        Presence::Live => {
            writes(on, &mut out);
            repeats(on, &mut out);
            for label in LABELS {
                stages(on, label, &mut out);
            }
            stages_of_no_label(on, &mut out);
            deletion(&mut out);
            reads(on, &mut out);
        }
        Presence::Scheduled => scheduled(on, &mut out),
    }
    out
}

fn creates(out: &mut Vec<Call>) {
    let words = ("creating a secret with a value", "CreateSecret with a value");
    let create = call("create-with-value", Keep::Shortest, "CreateSecret", words);
    out.push(create.with([("Name", "${db}".into()), token(0), string(value(0))]));
    let words = ("creating a secret without a value", "CreateSecret without a value");
    let create = call("create-without-value", Keep::Shortest, "CreateSecret", words);
    out.push(create.with([("Name", "${db}".into()), token(0)]));
}

/// A new version, by PutSecretValue with every kind of VersionStages and by UpdateSecret.
fn writes(on: &Situation, out: &mut Vec<Call>) {
    use Label::{Current, Custom, Pending, Previous};
    let new = on.versions.len();
    let words = ("a put without VersionStages", "PutSecretValue with a fresh token and no VersionStages");
    let put = call("put-default", Keep::Effects, "PutSecretValue", words);
    out.push(put.with([secret(), token(new), string(value(new))]));
    // Where a kind does what others do, it is told by its labels alone.
    let kinds: [(&str, &[Label], Keep); 6] = [
        ("put-current", &[Current], Keep::Labels),
        ("put-pending", &[Pending], Keep::Effects),
        ("put-custom", &[Custom], Keep::Effects),
        ("put-current-and-pending", &[Current, Pending], Keep::Labels),
        ("put-current-and-custom", &[Current, Custom], Keep::Labels),
        ("put-previous", &[Previous], Keep::Effects),
    ];
    for (class, labels, keep) in kinds {
        let set = Set(labels.to_vec());
        let words = (
            &*format!("a put as {}", set.words()),
            &*format!("PutSecretValue with a fresh token and VersionStages {}", set.brackets()),
        );
        let stages = json!(labels.iter().map(|label| label.text()).collect::<Vec<_>>());
        let put = call(class, keep, "PutSecretValue", words);
        out.push(put.with([secret(), token(new), string(value(new)), ("VersionStages", stages)]));
    }
    let words = ("UpdateSecret with a value", "UpdateSecret with a fresh token and a value");
    let update = call("update-value", Keep::Effects, "UpdateSecret", words);
    out.push(update.with([secret(), token(new), string(value(new))]));
    let words = ("UpdateSecret without a value", "UpdateSecret without a value");
    let update = call("update-without-value", Keep::Richest, "UpdateSecret", words);
    out.push(update.with([secret(), token(new), ("Description", "of the database".into())]));
    let words =
        ("CreateSecret with another token", "CreateSecret with a fresh token for a name that is taken");
    let create = call("create-name-taken", Keep::Shortest, "CreateSecret", words);
    out.push(create.with([("Name", "${db}".into()), token(new), string(value(new))]));
}

/// Tokens that a version has already.
fn repeats(on: &Situation, out: &mut Vec<Call>) {
    for (at, set) in on.versions.iter().enumerate() {
        let again = format!("again-{}", set.name());
        let of = the_version(set);
        let named = ("Name", Value::from("${db}"));
        let id = secret();
        let kinds = [
            ("put", "PutSecretValue", "a put", id.clone()),
            ("update", "UpdateSecret", "an update", id),
            ("create", "CreateSecret", "a creation", named),
        ];
        let mut add =
            |class: String, keep, operation, words: (&str, &str), input: Vec<(&'static str, Value)>| {
                out.push(call(class, keep, operation, words).with(input).naming(at, again.clone()));
            };
        for (class, operation, what, id) in kinds {
            let subject = format!("{what} repeated with the token and the value of {of}");
            let formal = format!("{operation} with the token and the value of {of}");
            let input = vec![id.clone(), token(at), string(value(at))];
            add(format!("{class}-repeated"), Keep::Named, operation, (&subject, &formal), input.clone());
            if operation == "PutSecretValue" {
                let labels = json!([Label::Pending.text(), Label::Custom.text()]);
                let with = format!(" and with VersionStages {labels}").replace('"', "").replace(',', ", ");
                let words = (&*(subject + &with), &*(formal + &with));
                let input = input.into_iter().chain([("VersionStages", labels)]).collect();
                add("put-repeated-with-other-labels".to_owned(), Keep::Shortest, operation, words, input);
            }
            let subject = format!("{what} with another value and the token of {of}");
            let formal = format!("{operation} with another value and the token of {of}");
            let input = vec![id, token(at), string("other")];
            add(format!("{class}-token-in-use"), Keep::Shortest, operation, (&subject, &formal), input);
        }
    }
}

/// UpdateSecretVersionStage with one label in all forms.
fn stages(on: &Situation, label: Label, out: &mut Vec<Call>) {
    let stage = ("VersionStage", Value::from(label.text()));
    let (text, short) = (label.text(), label.short());
    let from = |version| ("RemoveFromVersionId", template(version));
    let to = |version| ("MoveToVersionId", template(version));
    let mut add = |class: &str, keep, what: &str, input: Vec<(&'static str, Value)>, named: Option<usize>| {
        let formal = match what.strip_suffix(',') {
            Some(what) => format!("{what}, by UpdateSecretVersionStage"),
            None => format!("{what} by UpdateSecretVersionStage"),
        };
        let mut made = call(class, keep, "UpdateSecretVersionStage", (what, &formal)).about(label);
        if let Some(named) = named {
            made = made.naming(named, format!("to-{}", on.versions[named].name()));
        }
        out.push(made.with([secret(), stage.clone()]).with(input));
    };
    let holder = on.holder(label);
    for (at, set) in on.versions.iter().enumerate() {
        let version = the_version(set);
        match holder {
            None => {
                let what = format!("attaching {text} to {version}");
                add(&format!("attach-{short}"), Keep::Effects, &what, vec![to(at)], Some(at));
                let what = format!("removing {text}, which no version has, from {version}");
                let class = format!("remove-absent-{short}");
                add(&class, Keep::Shortest, &what, vec![from(at)], None);
            }
            Some(holder) if holder == at => {
                let what = format!("moving {text} to the version that has it, without RemoveFromVersionId,");
                add(&format!("attach-again-{short}"), Keep::Shortest, &what, vec![to(at)], None);
                let what = format!("moving {text} from the version that has it to the same");
                add(&format!("move-in-place-{short}"), Keep::Shortest, &what, vec![from(at), to(at)], None);
                let what = format!("removing {text}");
                let class = format!("remove-{short}");
                let keep = if label == Label::Current { Keep::Shortest } else { Keep::Effects };
                add(&class, keep, &what, vec![from(at)], None);
            }
            Some(holder) => {
                let what = format!("moving {text} to {version}");
                let class = format!("move-{short}");
                add(&class, Keep::Effects, &what, vec![from(holder), to(at)], Some(at));
                let what = format!("moving {text} to {version} without RemoveFromVersionId");
                let class = format!("move-{short}-without-remove-from");
                add(&class, Keep::Shortest, &what, vec![to(at)], None);
                let what = format!("moving {text} to {version} with that version as RemoveFromVersionId");
                let class = format!("move-{short}-from-another-version");
                add(&class, Keep::Shortest, &what, vec![from(at), to(at)], None);
                let what = format!("removing {text} from {version}, which does not have it,");
                let class = format!("remove-{short}-from-another-version");
                add(&class, Keep::Shortest, &what, vec![from(at)], None);
            }
        }
    }
}

/// Forms of UpdateSecretVersionStage that are refused whatever the label.
fn stages_of_no_label(on: &Situation, out: &mut Vec<Call>) {
    let label = Label::Custom;
    let stage = ("VersionStage", Value::from(label.text()));
    let mut add = |class: &str, what: &str, input: Vec<(&'static str, Value)>| {
        let formal = format!("UpdateSecretVersionStage {what}");
        let made = call(class, Keep::Shortest, "UpdateSecretVersionStage", (&*formal, &*formal)).about(label);
        out.push(made.with([secret(), stage.clone()]).with(input));
    };
    add("stage-without-a-version", "without RemoveFromVersionId and MoveToVersionId", Vec::new());
    let unknown = vec![("MoveToVersionId", template(on.versions.len()))];
    add("attach-to-an-unknown-version", "with a MoveToVersionId that no version has", unknown);
}

fn deletion(out: &mut Vec<Call>) {
    let words = ("DeleteSecret", "DeleteSecret with a recovery window");
    let delete = call("delete", Keep::Richest, "DeleteSecret", words);
    out.push(delete.with([secret(), ("RecoveryWindowInDays", 7.into())]));
    let words =
        ("RestoreSecret of a secret that is not deleted", "RestoreSecret of a secret that is not deleted");
    out.push(call("restore-live", Keep::Richest, "RestoreSecret", words).with([secret()]));
}

fn reads(on: &Situation, out: &mut Vec<Call>) {
    let words = ("GetSecretValue without VersionId and VersionStage", "GetSecretValue by default");
    let keep = if on.versions.is_empty() { Keep::Shortest } else { Keep::Richest };
    let class = if on.versions.is_empty() { "get-no-value" } else { "get-default" };
    out.push(call(class, keep, "GetSecretValue", words).with([secret()]));
    for label in LABELS {
        let formal = format!("GetSecretValue with VersionStage {}", label.text());
        let (class, keep) = match on.holder(label) {
            Some(_) => (format!("get-by-{}", label.short()), Keep::Richest),
            None => (format!("get-by-absent-{}", label.short()), Keep::Shortest),
        };
        let get = call(class, keep, "GetSecretValue", (&formal, &formal)).about(label);
        out.push(get.with([secret(), ("VersionStage", label.text().into())]));
    }
    for (at, set) in on.versions.iter().enumerate() {
        let formal = format!("GetSecretValue with the VersionId of {}", the_version(set));
        let get = call("get-by-version-id", Keep::Named, "GetSecretValue", (&formal, &formal));
        out.push(get.with([secret(), ("VersionId", template(at))]).naming(at, format!("of-{}", set.name())));
    }
    for operation in ["DescribeSecret", "ListSecretVersionIds"] {
        let class = if operation == "DescribeSecret" { "describe" } else { "list-versions" };
        out.push(call(class, Keep::Richest, operation, (operation, operation)).with([secret()]));
    }
}

/// What can be asked of a secret that waits for its deletion: one call of each kind, since all are refused alike.
fn scheduled(on: &Situation, out: &mut Vec<Call>) {
    let mut writes_alike = Vec::new();
    writes(on, &mut writes_alike);
    for mut write in writes_alike {
        if ["put-default", "update-value", "create-name-taken", "update-without-value"]
            .contains(&&*write.class)
        {
            write.class = match write.operation {
                "CreateSecret" => "create-scheduled".to_owned(),
                _ => format!("{}-scheduled", write.class),
            };
            write.keep = Keep::Shortest;
            out.push(write);
        }
    }
    if !on.versions.is_empty() {
        for label in [Label::Current, Label::Custom] {
            let mut staged = Vec::new();
            stages(on, label, &mut staged);
            staged.retain(|call| {
                ["attach-custom", "move-custom", "move-current", "remove-custom"].contains(&&*call.class)
            });
            for mut call in staged {
                call.class = format!("{}-scheduled", call.class);
                call.keep = Keep::Shortest;
                out.push(call);
            }
        }
    }
    let words = ("RestoreSecret", "RestoreSecret");
    out.push(call("restore", Keep::Richest, "RestoreSecret", words).with([secret()]));
}
