//! Rotations that fail and leave something behind.

use serde_json::{Value, json};

use super::layer::edit_success;
use super::{Fault, How, Source};
use crate::judge::Kind;

const ROTATE: &[&str] = &["RotateSecret"];

pub(super) const FAULTS: &[Fault] = &[
    Fault {
        name: "failed-rotation-leaves-a-version",
        does: "A rotation that is refused for its function leaves a version with AWSPENDING.",
        source: Source::Moto("adds a version with AWSPENDING before it looks for the function"),
        operations: ROTATE,
        kinds: &[Kind::Labels],
        at: "labels.",
        caught_by: "rotate-secret/malformed-function-arn[other-service]",
        how: How::Other(|ask| {
            let response = ask.pass();
            if ask.is(ROTATE) && !response.succeeded() {
                let put = json!({
                    "SecretId": ask.secret(),
                    "ClientRequestToken": ask.text("ClientRequestToken"),
                    "SecretString": "pending",
                    "VersionStages": ["AWSPENDING"],
                });
                ask.next.call("PutSecretValue", &put);
            }
            response
        }),
    },
    Fault {
        name: "failed-rotation-leaves-a-configuration",
        does: "A rotation that is refused for its function leaves RotationEnabled and the function behind.",
        source: Source::Moto(
            "stores configuration, dates and a pending version before it looks for the function",
        ),
        operations: &["DescribeSecret"],
        kinds: &[Kind::Member],
        at: "Rotation",
        caught_by: "rotate-secret/failed-rotation-leaves-no-configuration",
        how: How::Other(|ask| {
            let mut response = ask.pass();
            let function = ask.input.get("RotationLambdaARN");
            if let (true, Some(function), Some(arn)) =
                (ask.is(ROTATE) && !response.succeeded(), function, ask.arn())
            {
                ask.memory.keep(&arn, function.clone());
            }
            if ask.is(&["DescribeSecret"]) {
                edit_success(&mut response, |body| {
                    let left = body.get("ARN").and_then(Value::as_str).and_then(|arn| ask.memory.recall(arn));
                    if let Some(function) = left {
                        body.insert("RotationEnabled".to_owned(), true.into());
                        body.insert("RotationLambdaARN".to_owned(), function);
                    }
                });
            }
            response
        }),
    },
    Fault {
        name: "zero-days",
        does: "DescribeSecret shows AutomaticallyAfterDays 0 where RotateSecret named no number of days.",
        source: Source::Moto("moto writes 0 if RotateSecret named no number of days"),
        operations: &["DescribeSecret"],
        kinds: &[Kind::Value],
        at: "AutomaticallyAfterDays",
        caught_by: "rotate-secret/rate-in-hours-comes-back-with-days",
        how: How::Output(&["DescribeSecret"], |body| {
            if let Some(Value::Object(rules)) = body.get_mut("RotationRules")
                && rules.contains_key("ScheduleExpression")
            {
                rules.insert("AutomaticallyAfterDays".to_owned(), 0.into());
            }
        }),
    },
];
