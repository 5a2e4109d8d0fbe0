//! What ministack, LocalStack and others do, beside what they share with moto.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::layer::edit_success;
use super::{Fault, How, Source, failed_with, failure};
use crate::judge::Kind;

const LIST: &[&str] = &["ListSecrets"];
const PUT: &[&str] = &["PutSecretValue"];
const PASSWORD: &[&str] = &["GetRandomPassword"];

pub(super) const FAULTS: &[Fault] = &[
    Fault {
        name: "listed-by-name",
        does: "ListSecrets lists by name where SortBy is not given.",
        source: Source::Known("ministack", "reads neither and lists by name"),
        operations: LIST,
        kinds: &[Kind::Value],
        at: "SecretList",
        caught_by: "list-secrets/order-of-creation",
        how: How::Input(LIST, |input| {
            input.entry("SortBy").or_insert_with(|| json!("name"));
        }),
    },
    Fault {
        name: "negation-not-read",
        does: "ListSecrets takes an exclamation mark before the value of a filter for nothing.",
        source: Source::Known("ministack", "does not read a leading exclamation mark"),
        operations: LIST,
        kinds: &[Kind::Member],
        at: "SecretList",
        caught_by: "list-secrets/tag-filters-negated",
        how: How::Input(LIST, |input| {
            for filter in input.get_mut("Filters").and_then(Value::as_array_mut).into_iter().flatten() {
                for value in filter.get_mut("Values").and_then(Value::as_array_mut).into_iter().flatten() {
                    if let Some(rest) = value.as_str().and_then(|text| text.strip_prefix('!')) {
                        *value = rest.into();
                    }
                }
            }
        }),
    },
    Fault {
        name: "restore-wants-a-deleted-secret",
        does: "RestoreSecret is refused for a secret that is not deleted.",
        source: Source::Known("ministack", "ministack answers InvalidRequestException."),
        operations: &["RestoreSecret"],
        kinds: &[Kind::Outcome],
        at: "",
        caught_by: "restore-secret/live-secret",
        how: How::Other(|ask| {
            let described = ask.next.call("DescribeSecret", &json!({"SecretId": ask.secret()}));
            let live = described.is_some_and(|body| body.get("DeletedDate").is_none());
            if ask.is(&["RestoreSecret"]) && live {
                return failure("InvalidRequestException", "Secret is not scheduled for deletion.");
            }
            ask.pass()
        }),
    },
    Fault {
        name: "bytes-decoded-twice",
        does: "PutSecretValue and UpdateSecret decode SecretBinary once too often, and end in status 500 where that fails.",
        source: Source::Known(
            "localemu",
            "decodes them once too often, and answers other bytes or InternalError",
        ),
        operations: &["PutSecretValue", "UpdateSecret"],
        kinds: &[Kind::Outcome],
        at: "",
        caught_by: "get-secret-value/binary-after-string",
        how: How::Other(|ask| {
            let binary = ask.text("SecretBinary").filter(|_| ask.is(&["PutSecretValue", "UpdateSecret"]));
            let Some(bytes) = binary.and_then(|text| STANDARD.decode(text).ok()) else { return ask.pass() };
            match STANDARD.decode(&bytes) {
                Ok(_) => {
                    let mut input = ask.input.clone();
                    input["SecretBinary"] = String::from_utf8_lossy(&bytes).into_owned().into();
                    ask.pass_with(&input)
                }
                Err(_) => failure("InternalError", "exception while calling secretsmanager"),
            }
        }),
    },
    Fault {
        name: "replayed-put-tells-no-labels",
        does: "A repeated PutSecretValue answers without VersionStages.",
        source: Source::Known("localstack", "LocalStack leaves VersionStages out of that answer"),
        operations: PUT,
        kinds: &[Kind::Member],
        at: "VersionStages",
        caught_by: "idempotency/put-again-with-same-token-and-value",
        how: How::Other(|ask| {
            let token = ask.text("ClientRequestToken").filter(|_| ask.is(PUT));
            let there = ask.next.labels(&ask.secret());
            let replayed = token.is_some_and(|token| there.values().any(|version| version == token));
            let mut response = ask.pass();
            if replayed {
                edit_success(&mut response, |body| {
                    body.remove("VersionStages");
                });
            }
            response
        }),
    },
    Fault {
        name: "reused-token-without-full-stop",
        does: "The message about a token that is in use has no full stop.",
        source: Source::Known("localstack", "a reused token with a full stop; LocalStack leaves it out"),
        operations: PUT,
        kinds: &[Kind::Message],
        at: "",
        caught_by: "idempotency/put-again-with-same-token-other-value",
        how: How::Failure(PUT, |failed| {
            if failed.message.contains("already in use") {
                failed.message = failed.message.trim_end_matches('.').to_owned();
            }
        }),
    },
    Fault {
        name: "version-without-a-value",
        does: "PutSecretValue without a value stores a version without one.",
        source: Source::Known("ministack", "ministack stores a version without a value"),
        operations: PUT,
        kinds: &[Kind::Outcome],
        at: "",
        caught_by: "put-secret-value/no-value",
        how: How::Other(|ask| {
            let response = ask.pass();
            let none = failed_with(&response, "InvalidRequestException", "You must provide either");
            if ask.is(PUT) && none { ask.succeed() } else { response }
        }),
    },
    Fault {
        name: "emptied-type-left-out",
        does: "GetRandomPassword does without a required type that ExcludeCharacters emptied.",
        source: Source::Known("ministack", "emptied; ministack does without it"),
        operations: PASSWORD,
        kinds: &[Kind::Outcome],
        at: "",
        caught_by: "get-random-password/required-type-emptied",
        how: How::Other(|ask| {
            let response = ask.pass();
            if !(ask.is(PASSWORD)
                && failed_with(&response, "InvalidParameterException", "of the desired type"))
            {
                return response;
            }
            let mut input = ask.input.clone();
            input["RequireEachIncludedType"] = false.into();
            ask.pass_with(&input)
        }),
    },
    Fault {
        name: "failures-as-plain-json",
        does: "Failures are labelled application/json.",
        source: Source::Known("localstack", "LocalStack answers failures as application/json"),
        operations: &[],
        kinds: &[Kind::Wire],
        at: "header.content-type",
        caught_by: "describe-secret/unknown-secret",
        how: How::Wire(|response| {
            if !response.succeeded() {
                super::wire::set_header(response, "content-type", "application/json");
            }
        }),
    },
    Fault {
        name: "replicated-at-once",
        does: "ReplicateSecretToRegions tells that the replica is in sync already.",
        source: Source::Noted("ReplicateSecretToRegions.ok", "moto and fakecloud answer InSync immediately"),
        operations: &["ReplicateSecretToRegions"],
        kinds: &[Kind::Value],
        at: "ReplicationStatus",
        caught_by: "replicate-secret-to-regions/in-progress-at-first",
        how: How::Output(&["ReplicateSecretToRegions"], |body| {
            for replica in
                body.get_mut("ReplicationStatus").and_then(Value::as_array_mut).into_iter().flatten()
            {
                replica["Status"] = "InSync".into();
            }
        }),
    },
    Fault {
        name: "replicas-without-full-stop",
        does: "The refusal to delete a secret with replicas joins the regions by commas alone, without a full stop.",
        source: Source::Noted("DeleteSecret.has-replicas", "moto joins with ',' without period"),
        operations: &["DeleteSecret"],
        kinds: &[Kind::Message],
        at: "",
        caught_by: "delete-secret/primary-with-replicas",
        how: How::Failure(&["DeleteSecret"], |failed| {
            if failed.message.contains("replica regions") {
                failed.message = failed.message.replace(", ", ",").trim_end_matches('.').to_owned();
            }
        }),
    },
];
