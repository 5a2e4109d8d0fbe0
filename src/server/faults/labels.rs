//! Labels that end where AWS does not put them.

use serde_json::{Value, json};

use super::layer::{Labels, texts};
use super::{Ask, Fault, How, Source, failed_with};
use crate::judge::Kind;
use crate::service::{AWSCURRENT, AWSPENDING, AWSPREVIOUS, WireResponse};

const UPDATE_STAGE: &[&str] = &["UpdateSecretVersionStage"];
const PUT: &[&str] = &["PutSecretValue"];

pub(super) const FAULTS: &[Fault] = &[
    Fault {
        name: "previous-stays-behind",
        does: "UpdateSecretVersionStage moves AWSCURRENT, and AWSPREVIOUS does not follow it.",
        source: Source::Moto(
            "remembers the version last written as current, and UpdateSecretVersionStage does not tell it",
        ),
        operations: UPDATE_STAGE,
        kinds: &[Kind::Labels],
        at: "labels.",
        caught_by: "labels/move-current-back",
        how: How::Other(|ask| after(ask, UPDATE_STAGE, |before, after| back(before, after, AWSPREVIOUS))),
    },
    Fault {
        name: "put-leaves-previous",
        does: "PutSecretValue moves AWSCURRENT and leaves AWSPREVIOUS where it was.",
        source: Source::Read(
            "moto 3.1.0",
            "secretsmanager/models.py, reset_default_version: so after a move by hand, since the version last written gets the label",
        ),
        operations: PUT,
        kinds: &[Kind::Labels],
        at: "labels.",
        caught_by: "concurrency/one-token-two-values",
        how: How::Other(|ask| after(ask, PUT, |before, after| back(before, after, AWSPREVIOUS))),
    },
    Fault {
        name: "previous-on-two-versions",
        does: "UpdateSecretVersionStage puts AWSPREVIOUS on the version that lost AWSCURRENT and leaves it where it was, too.",
        source: Source::Read(
            "localstack-core 4.2.0",
            "services/secretsmanager/provider.py, backend_update_secret_version_stage: a patch of moto that does so",
        ),
        operations: &[],
        kinds: &[Kind::Invariant],
        at: "",
        caught_by: "labels/move-current-back",
        how: How::Other(|ask| twice(ask, UPDATE_STAGE, |label| label == AWSPREVIOUS)),
    },
    Fault {
        name: "put-leaves-labels-on-both",
        does: "PutSecretValue puts a label on the new version and leaves it where it was, too.",
        source: Source::Known("ministack", "leaves each label on the old version too"),
        operations: &[],
        kinds: &[Kind::Invariant],
        at: "",
        caught_by: "labels/put-takes-custom-labels-from-another-version",
        how: How::Other(|ask| twice(ask, PUT, |label| !label.starts_with("AWS"))),
    },
    Fault {
        name: "put-drops-labels-beside-current",
        does: "PutSecretValue drops the other labels of the request where AWSCURRENT is among them.",
        source: Source::Known("ministack", "drops the other labels where AWSCURRENT is among them"),
        operations: PUT,
        kinds: &[Kind::Labels],
        at: "labels.",
        caught_by: "labels/put-current-with-custom-label",
        how: How::Input(PUT, |input| {
            if texts(input.get("VersionStages")).iter().any(|label| label == AWSCURRENT) {
                input.insert("VersionStages".to_owned(), json!([AWSCURRENT]));
            }
        }),
    },
    Fault {
        name: "pending-not-stripped",
        does: "PutSecretValue leaves AWSPENDING on the version that loses AWSCURRENT.",
        source: Source::Moto(
            "remembers the version last written as current, and UpdateSecretVersionStage does not tell it",
        ),
        operations: PUT,
        kinds: &[Kind::Labels],
        at: "labels.",
        caught_by: "labels/put-current-and-pending-together",
        how: How::Other(|ask| {
            after(ask, PUT, |before, after| {
                let demoted = before.get(AWSCURRENT)? != after.get(AWSCURRENT)?;
                if demoted { back(before, after, AWSPENDING) } else { None }
            })
        }),
    },
    Fault {
        name: "put-drops-custom-labels",
        does: "PutSecretValue takes all labels from the version that loses AWSCURRENT and leaves it AWSPREVIOUS alone.",
        source: Source::Moto("sets its labels to AWSPREVIOUS alone"),
        operations: PUT,
        kinds: &[Kind::Labels],
        at: "labels.",
        caught_by: "labels/put-leaves-custom-labels-on-the-demoted-version",
        how: How::Other(|ask| {
            after(ask, PUT, |_, after| {
                let demoted = after.get(AWSPREVIOUS)?.clone();
                let mut kept = after.clone();
                kept.retain(|label, version| label == AWSPREVIOUS || *version != demoted);
                Some(kept)
            })
        }),
    },
    Fault {
        name: "pending-put-demotes-current",
        does: "PutSecretValue with other labels than AWSCURRENT makes the version before AWSPREVIOUS all the same.",
        source: Source::Read("moto 1.3.16", "secretsmanager/models.py, _add_secret"),
        operations: PUT,
        kinds: &[Kind::Labels],
        at: "labels.",
        caught_by: "versions/get-by-version-id",
        how: How::Other(|ask| {
            after(ask, PUT, |before, after| {
                let mut labels = after.clone();
                let current =
                    before.get(AWSCURRENT).filter(|version| after.get(AWSCURRENT) == Some(version))?;
                labels.insert(AWSPREVIOUS.to_owned(), current.clone());
                Some(labels)
            })
        }),
    },
    Fault {
        name: "label-moved-unasked",
        does: "UpdateSecretVersionStage moves a label although RemoveFromVersionId does not name the version that has it.",
        source: Source::Moto("asks that of AWSCURRENT only, and leaves any other label on two versions"),
        operations: UPDATE_STAGE,
        kinds: &[Kind::Outcome],
        at: "",
        caught_by: "labels/move-custom-label-without-remove-from",
        how: How::Other(|ask| {
            let response = ask.pass();
            let custom = ask.text("VersionStage").is_some_and(|label| label != AWSCURRENT);
            if !(ask.is(UPDATE_STAGE)
                && custom
                && failed_with(&response, "InvalidParameterException", "can't be empty"))
            {
                return response;
            }
            let label = ask.text("VersionStage").unwrap_or_default();
            let mut input = ask.input.clone();
            input["RemoveFromVersionId"] = json!(ask.next.labels(&ask.secret()).get(label));
            ask.pass_with(&input)
        }),
    },
    Fault {
        name: "current-can-be-removed",
        does: "UpdateSecretVersionStage takes AWSCURRENT off a secret if no MoveToVersionId is given.",
        source: Source::Moto("removes it if no MoveToVersionId is given"),
        operations: UPDATE_STAGE,
        kinds: &[Kind::Outcome],
        at: "",
        caught_by: "labels/remove-current-is-refused",
        how: How::Other(|ask| {
            let response = ask.pass();
            let removes = ask.text("VersionStage") == Some(AWSCURRENT)
                && ask.text("RemoveFromVersionId").is_some()
                && ask.text("MoveToVersionId").is_none();
            if ask.is(UPDATE_STAGE) && removes && !response.succeeded() { ask.succeed() } else { response }
        }),
    },
    Fault {
        name: "labels-not-counted",
        does: "More than 20 labels on a secret are taken.",
        source: Source::Moto("counts none"),
        operations: &["PutSecretValue", "UpdateSecretVersionStage"],
        kinds: &[Kind::Outcome],
        at: "",
        caught_by: "limits/twenty-first-label",
        how: How::Other(|ask| {
            let response = ask.pass();
            let refused = failed_with(&response, "LimitExceededException", "staging labels");
            if refused { ask.succeed() } else { response }
        }),
    },
    Fault {
        name: "unlabelled-versions-in-the-map",
        does: "DescribeSecret lists versions without a label in VersionIdsToStages, with an empty list.",
        source: Source::Moto("keeps every version in it, with an empty list"),
        operations: &["DescribeSecret"],
        kinds: &[Kind::Member],
        at: "VersionIdsToStages",
        caught_by: "labels/second-update-deprecates-the-oldest",
        how: How::Other(|ask| {
            let mut response = ask.pass();
            if ask.is(&["DescribeSecret"]) {
                let asked = json!({"SecretId": ask.secret(), "IncludeDeprecated": true});
                let listed = ask.next.call("ListSecretVersionIds", &asked).unwrap_or_default();
                super::layer::edit_success(&mut response, |body| {
                    let versions = listed.get("Versions").and_then(Value::as_array);
                    if let Some(Value::Object(map)) = body.get_mut("VersionIdsToStages") {
                        for id in versions
                            .into_iter()
                            .flatten()
                            .filter_map(|version| version.get("VersionId")?.as_str())
                        {
                            map.entry(id).or_insert_with(|| json!([]));
                        }
                    }
                });
            }
            response
        }),
    },
    Fault {
        name: "empty-stages-of-deprecated-versions",
        does: "ListSecretVersionIds writes an empty VersionStages for versions without a label.",
        source: Source::Moto("writes an empty list and stores any label"),
        operations: &["ListSecretVersionIds"],
        kinds: &[Kind::Value],
        at: "VersionStages",
        caught_by: "labels/remove-last-label-deprecates-the-version",
        how: How::Output(&["ListSecretVersionIds"], |body| {
            for version in body.get_mut("Versions").and_then(Value::as_array_mut).into_iter().flatten() {
                if let Value::Object(version) = version {
                    version.entry("VersionStages").or_insert_with(|| json!([]));
                }
            }
        }),
    },
    Fault {
        name: "empty-stages-of-a-read-version",
        does: "GetSecretValue of a version without a label has an empty VersionStages.",
        source: Source::Moto("and so probably here; moto writes an empty list"),
        operations: &["GetSecretValue"],
        kinds: &[Kind::Member],
        at: "VersionStages",
        caught_by: "versions/get-deprecated-version-by-id",
        how: How::Output(&["GetSecretValue"], |body| {
            body.entry("VersionStages").or_insert_with(|| json!([]));
        }),
    },
    Fault {
        name: "deprecated-versions-always-listed",
        does: "ListSecretVersionIds lists versions without a label whether or not IncludeDeprecated asks for them.",
        source: Source::Moto("lists all versions always, at once"),
        operations: &["ListSecretVersionIds"],
        kinds: &[Kind::Member],
        at: "Versions",
        caught_by: "versions/list-hides-deprecated",
        how: How::Input(&["ListSecretVersionIds"], |input| {
            input.insert("IncludeDeprecated".to_owned(), true.into());
        }),
    },
    Fault {
        name: "deprecated-versions-are-deleted",
        does: "A version that loses its last label is gone, instead of deprecated.",
        source: Source::Read(
            "localstack-core 4.2.0",
            "services/secretsmanager/provider.py, backend_update_secret_version_stage",
        ),
        operations: &["ListSecretVersionIds"],
        kinds: &[Kind::Member],
        at: "Versions",
        caught_by: "versions/list-in-pages[of-all]",
        how: How::Input(&["ListSecretVersionIds"], |input| {
            input.remove("IncludeDeprecated");
        }),
    },
    Fault {
        name: "versions-newest-first",
        does: "ListSecretVersionIds lists the newest version first.",
        source: Source::Read(
            "localstack-core 4.2.0",
            "services/secretsmanager/provider.py, moto_smb_list_secret_version_ids",
        ),
        operations: &["ListSecretVersionIds"],
        kinds: &[Kind::Value],
        at: "Versions",
        caught_by: "versions/list-oldest-first",
        how: How::Output(&["ListSecretVersionIds"], |body| {
            if let Some(Value::Array(versions)) = body.get_mut("Versions") {
                versions.reverse();
            }
        }),
    },
    Fault {
        name: "put-again-labels-again",
        does: "PutSecretValue with a token and value that a version has already puts the labels of the request on it.",
        source: Source::Moto("carries it out again while that version has AWSPENDING"),
        operations: PUT,
        kinds: &[Kind::Labels],
        at: "labels.",
        caught_by: "idempotency/put-again-with-other-labels",
        how: How::Other(|ask| {
            let known = |labels: &Labels, token: &str| labels.values().any(|version| version == token);
            after(ask, PUT, |before, after| {
                let token = ask.text("ClientRequestToken")?;
                let mut labels = after.clone();
                for label in
                    texts(ask.input.get("VersionStages")).into_iter().filter(|_| known(before, token))
                {
                    labels.insert(label, token.to_owned());
                }
                Some(labels)
            })
        }),
    },
];

/// Answers rightly, then changes the labels: `wrong` is told those before and after, and says what they should be.
fn after(
    ask: &Ask<'_>,
    operations: &[&str],
    wrong: impl FnOnce(&Labels, &Labels) -> Option<Labels>,
) -> WireResponse {
    if !ask.is(operations) {
        return ask.pass();
    }
    let secret = ask.secret();
    let before = ask.next.labels(&secret);
    let response = ask.pass();
    if response.succeeded() {
        let there = ask.next.labels(&secret);
        if let Some(wanted) = wrong(&before, &there) {
            let labels: std::collections::BTreeSet<&String> = there.keys().chain(wanted.keys()).collect();
            for label in labels {
                ask.next.put_label(&secret, label, &wanted);
            }
        }
    }
    response
}

/// The labels after a call, with one of them where it was before.
fn back(before: &Labels, after: &Labels, label: &str) -> Option<Labels> {
    let mut labels = after.clone();
    match before.get(label) {
        Some(version) => labels.insert(label.to_owned(), version.clone()),
        None => labels.remove(label),
    };
    Some(labels)
}

/// Remembers, by ARN, where labels should have left, and shows them there, too, in ListSecretVersionIds.
fn twice(ask: &Ask<'_>, operations: &[&str], which: fn(&str) -> bool) -> WireResponse {
    if ask.is(operations) {
        let before = ask.next.labels(&ask.secret());
        let response = ask.pass();
        let after = ask.next.labels(&ask.secret());
        let left = before.iter().filter(|(label, version)| {
            which(label) && after.get(*label).is_some_and(|holder| holder != *version)
        });
        let left: serde_json::Map<String, Value> =
            left.map(|(label, version)| (label.clone(), version.as_str().into())).collect();
        if let (false, Some(arn)) = (left.is_empty(), ask.arn()) {
            ask.memory.keep(&arn, Value::Object(left));
        }
        return response;
    }
    let mut response = ask.pass();
    if ask.is(&["ListSecretVersionIds"]) {
        super::layer::edit_success(&mut response, |body| {
            let left = body.get("ARN").and_then(Value::as_str).and_then(|arn| ask.memory.recall(arn));
            let left = left.as_ref().and_then(Value::as_object);
            super::members::each_version(body, |version| {
                let id = version.get("VersionId").cloned();
                let here = left.into_iter().flatten().filter(|(_, left)| Some(*left) == id.as_ref());
                let mut labels = texts(version.get("VersionStages"));
                let known = labels.len();
                labels.extend(here.map(|(label, _)| label.clone()));
                if labels.len() > known {
                    labels.sort();
                    labels.dedup();
                    version.insert("VersionStages".to_owned(), json!(labels));
                }
            });
        });
    }
    response
}
