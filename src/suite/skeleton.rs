//! The beginning of a scenario: operations with the inputs that they need, and what must be there before them. It lints,
//! and with one operation it passes on the reference; of several a later one may be refused for what an earlier one did,
//! and that is what its author may want to see. What the answers must be is left to them.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::scenario::yaml::{map, text};
use crate::scenario::{Evidence, EvidenceKind, Need, document};
use crate::service::redact::Tree;
use crate::service::shapes;

/// What is known of a scenario that is to be written.
#[derive(Clone, Debug, Default)]
pub struct Wishes {
    /// One sentence that states the behaviour.
    pub title: Option<String>,
    /// Why it is believed.
    pub evidence: Option<Evidence>,
    /// The operations to call, in order; each exists in the service model.
    pub operations: Vec<String>,
}

/// Text that stands where the author has something to say.
pub const TO_SAY: &str = "say here where AWS does so, then choose the kind that fits";

/// Writes the file of a scenario. `schema` is where editors find the schema, seen from the file.
pub fn skeleton(wishes: &Wishes, schema: &str) -> String {
    let mut making = Making::default();
    let asked: Vec<&str> = match wishes.operations.as_slice() {
        [] => vec!["CreateSecret", "GetSecretValue"],
        operations => operations.iter().map(String::as_str).collect(),
    };
    let needs_secret = |operation: &str| {
        let input = shapes().operation(operation).map(|operation| operation.input);
        input.is_some_and(|input| shapes().member(input, "SecretId").is_some_and(|member| member.required))
            || ["BatchGetSecretValue", "ListSecrets"].contains(&operation)
    };
    for operation in &asked {
        if needs_secret(operation) {
            making.there("CreateSecret");
        }
        making.before(operation);
        making.call(operation);
    }
    let mut head = Vec::new();
    let title = wishes.title.clone().unwrap_or_else(|| {
        let verb = if asked.len() == 1 { "does" } else { "do" };
        format!("What {} {verb}", asked.join(" and "))
    });
    if wishes.title.is_none() {
        head.push("Say in the title what AWS does, in one sentence.".to_owned());
    }
    let mut entries = vec![("title".to_owned(), text(&title)), ("evidence".to_owned(), evidence(wishes))];
    let list = |names: &[String]| Tree::List(names.iter().map(|name| text(name)).collect());
    if !making.secrets.is_empty() {
        entries.push(("secrets".to_owned(), list(&making.secrets)));
    }
    if !making.versions.is_empty() {
        entries.push(("versions".to_owned(), list(&making.versions)));
    }
    if !making.needs.is_empty() {
        let needs: Vec<String> = making.needs.iter().map(|need| need.as_str().to_owned()).collect();
        entries.push(("needs".to_owned(), list(&needs)));
    }
    entries.push(("steps".to_owned(), Tree::List(making.steps)));
    document::write(schema, &head, &Tree::Map(entries))
}

fn evidence(wishes: &Wishes) -> Tree {
    let Some(evidence) = &wishes.evidence else {
        return map([("kind", text(EvidenceKind::Inferred.as_str())), ("source", text(TO_SAY))]);
    };
    let mut members = vec![
        ("kind".to_owned(), text(evidence.kind.as_str())),
        ("source".to_owned(), text(&evidence.source)),
    ];
    members.extend(evidence.date.as_ref().map(|date| ("date".to_owned(), text(date))));
    Tree::Map(members)
}

#[derive(Default)]
struct Making {
    steps: Vec<Tree>,
    called: BTreeSet<String>,
    secrets: Vec<String>,
    versions: Vec<String>,
    needs: BTreeSet<Need>,
}

impl Making {
    /// A step that an operation stands on, unless it is there already.
    fn there(&mut self, operation: &str) {
        if !self.called.contains(operation) {
            self.call(operation);
        }
    }

    fn before(&mut self, operation: &str) {
        match operation {
            "CancelRotateSecret" => self.there("RotateSecret"),
            "RestoreSecret" => self.there("DeleteSecret"),
            "RemoveRegionsFromReplication" | "StopReplicationToReplica" => {
                self.there("ReplicateSecretToRegions");
            }
            "AssociateCrossAccountReplica" => self.copy(),
            "DisassociateCrossAccountReplica" => {
                self.copy();
                self.there("AssociateCrossAccountReplica");
            }
            "UntagResource" => self.there("TagResource"),
            "DeleteResourcePolicy" | "GetResourcePolicy" | "ListResourcePolicies" => {
                self.there("PutResourcePolicy");
            }
            _ => {}
        }
    }

    /// The copy of the secret in another account.
    fn copy(&mut self) {
        if self.secrets.iter().any(|secret| secret == "copy") {
            return;
        }
        self.secrets.push("copy".to_owned());
        let token = self.version();
        self.needs.extend([Need::SecondAccount, Need::CustomerKmsKey]);
        let with = json!({
            "Name": "${copy}", "ClientRequestToken": token, "KmsKeyId": "${customer-kms-key}",
            "CrossAccountPrimaryARN": "${db.arn}"
        });
        let order = ["Name", "ClientRequestToken", "KmsKeyId", "CrossAccountPrimaryARN"];
        let members =
            order.iter().map(|name| ((*name).to_owned(), Tree::Leaf(with[*name].clone()))).collect();
        self.steps.push(map([
            ("do", text("CreateSecret")),
            ("account", text("second")),
            ("with", Tree::Map(members)),
        ]));
    }

    /// A version that is declared and sent as a token.
    fn version(&mut self) -> String {
        let version = format!("v{}", self.versions.len() + 1);
        self.versions.push(version.clone());
        format!("${{{version}}}")
    }

    fn call(&mut self, operation: &str) {
        self.called.insert(operation.to_owned());
        let Some(found) = shapes().operation(operation) else { return };
        let chosen = chosen(operation);
        let mut with = Vec::new();
        for member in shapes().members(found.input) {
            let wanted = member.required || member.token || chosen.contains(&member.name.as_str());
            if wanted {
                let value = self.value(operation, &member.name);
                with.push((member.name.clone(), tree(&value)));
            }
        }
        let mut step = vec![("do".to_owned(), text(operation))];
        if operation == "StopReplicationToReplica" {
            step.push(("region".to_owned(), text("${second-region}")));
        }
        step.push(("with".to_owned(), Tree::Map(with)));
        if ["StopReplicationToReplica", "RemoveRegionsFromReplication"].contains(&operation) {
            step.push(("eventually".to_owned(), Tree::Leaf(true.into())));
        }
        self.steps.push(Tree::Map(step));
    }

    fn value(&mut self, operation: &str, member: &str) -> Value {
        match member {
            "Name" => {
                // Each CreateSecret makes a secret of its own.
                let made = self.secrets.iter().filter(|secret| *secret != "copy").count();
                let name = match made {
                    0 => "db".to_owned(),
                    1 => "other".to_owned(),
                    _ => format!("other{made}"),
                };
                let value = json!(format!("${{{name}}}"));
                self.secrets.push(name);
                value
            }
            "SecretId" => json!("${db}"),
            "SecretIdList" => json!(["${db}"]),
            "Filters" => json!([{"Key": "name", "Values": ["${db}"]}]),
            "ClientRequestToken" => json!(self.version()),
            "SecretString" if operation == "CreateSecret" => json!("one"),
            "SecretString" => json!("two"),
            "VersionStage" => json!("REVIEWED"),
            "MoveToVersionId" => json!("${v1}"),
            "RecoveryWindowInDays" => json!(7),
            "PasswordLength" => json!(32),
            "Tags" => json!([{"Key": "team", "Value": "blue"}]),
            "TagKeys" => json!(["team"]),
            "ResourcePolicy" => json!(
                r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"secretsmanager:DeleteSecret","Resource":"*"}]}"#
            ),
            "AddReplicaRegions" => {
                self.needs.insert(Need::SecondRegion);
                json!([{"Region": "${second-region}"}])
            }
            "RemoveReplicaRegions" => json!(["${second-region}"]),
            "RotationLambdaARN" => {
                self.needs.insert(Need::RotationLambda);
                json!("${rotation-lambda}")
            }
            "RotationRules" => json!({"AutomaticallyAfterDays": 30}),
            "CrossAccountReplicaARN" => json!("${copy.arn}"),
            "ReplicaRestriction" => json!("NoRestriction"),
            _ => json!("text"),
        }
    }
}

/// Members that the model does not ask for, and without which the call would make little sense.
fn chosen(operation: &str) -> &'static [&'static str] {
    match operation {
        "CreateSecret" | "PutSecretValue" | "UpdateSecret" => &["SecretString"],
        "UpdateSecretVersionStage" => &["MoveToVersionId"],
        "DeleteSecret" => &["RecoveryWindowInDays"],
        "RotateSecret" => &["RotationLambdaARN", "RotationRules"],
        "BatchGetSecretValue" => &["SecretIdList"],
        "ListSecrets" => &["Filters"],
        "GetRandomPassword" => &["PasswordLength"],
        "AssociateCrossAccountReplica" => &["ReplicaRestriction"],
        _ => &[],
    }
}

fn tree(value: &Value) -> Tree {
    match value {
        Value::Array(entries) => Tree::List(entries.iter().map(tree).collect()),
        Value::Object(members) => {
            Tree::Map(members.iter().map(|(key, value)| (key.clone(), tree(value))).collect())
        }
        other => Tree::Leaf(other.clone()),
    }
}
