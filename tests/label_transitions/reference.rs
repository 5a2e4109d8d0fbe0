//! The only place that speaks with the model.

use serde_json::{Map, Value};
use smcheck::model::{Answer, Given, Random, World, apply};
use smcheck::service::time::Timestamp;

use super::calls::{Call, variable};
use super::state::{Label, Presence, Set, Situation};

const NAME: &str = "the-secret";
const VERSIONS: usize = 6;

/// Dice that always fall alike: one secret needs no others.
struct Dice;

impl Random for Dice {
    fn below(&mut self, _bound: u32) -> u32 {
        0
    }
}

/// An account with one secret at most.
#[derive(Clone, Default)]
pub(crate) struct Account(World);

impl Account {
    fn ask(&mut self, operation: &str, input: &Value) -> Answer {
        let mut given = Given {
            now: Timestamp(1_700_000_000_000),
            account: "123456789012",
            region: "us-east-1",
            partition: "aws",
            functions: &[],
            random: &mut Dice,
        };
        apply(&mut self.0, operation, input, &mut given)
    }

    /// Calls, and puts templates for names, ARNs and versions into what is answered.
    pub(crate) fn call(&mut self, call: &Call) -> Result<Value, (String, String)> {
        let input: Map<String, Value> =
            call.input.iter().map(|(member, value)| ((*member).to_owned(), filled(value))).collect();
        match self.ask(call.operation, &input.into()) {
            Ok(body) => Ok(self.templated(&body.unwrap_or_default())),
            Err(failure) => {
                let message = self.templated(&failure.message.into());
                Err((failure.code.to_owned(), message.as_str().unwrap_or_default().to_owned()))
            }
        }
    }

    /// Where the labels stand.
    pub(crate) fn situation(&self) -> Situation {
        let mut account = self.clone();
        let id = serde_json::json!({"SecretId": NAME, "IncludeDeprecated": true});
        let Ok(Some(listed)) = account.ask("ListSecretVersionIds", &id) else {
            return Situation { presence: Presence::Nothing, versions: Vec::new() };
        };
        let described = account.ask("DescribeSecret", &id_only()).ok().flatten().unwrap_or_default();
        let deleted = described.get("DeletedDate").is_some();
        let versions = listed["Versions"].as_array().into_iter().flatten().map(|version| {
            let mut labels: Vec<Label> = version["VersionStages"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .map(Label::of)
                .collect();
            labels.sort();
            Set(labels)
        });
        let presence = if deleted { Presence::Scheduled } else { Presence::Live };
        Situation { presence, versions: versions.collect() }
    }

    fn templated(&self, value: &Value) -> Value {
        let described = self.clone().ask("DescribeSecret", &id_only()).ok().flatten().unwrap_or_default();
        let mut text = value.to_string();
        if let Some(arn) = described["ARN"].as_str() {
            text = text.replace(arn, "${db.arn}");
        }
        text = text.replace(NAME, "${db}");
        for at in 0..VERSIONS {
            text = text.replace(&id(at), &format!("${{{}}}", variable(at)));
        }
        serde_json::from_str(&text).expect("templates have no quotes")
    }
}

fn id(version: usize) -> String {
    format!("00000000-0000-4000-8000-{:012}", version + 1)
}

fn id_only() -> Value {
    serde_json::json!({"SecretId": NAME})
}

fn filled(value: &Value) -> Value {
    let Some(text) = value.as_str() else { return value.clone() };
    let mut text = text.replace("${db}", NAME);
    for at in 0..VERSIONS {
        text = text.replace(&format!("${{{}}}", variable(at)), &id(at));
    }
    text.into()
}
