//! What answers of a service tell of its secrets, put into a world: so that the reference can go on where somebody else's
//! account stands. Nothing here is a rule of the service.

use serde_json::Value;

use super::labels::Labels;
use super::replication::Replication;
use super::state::{Deletion, Secret, SecretValue, State, Version};
use super::world::World;
use crate::service::time::{DAY_MS, Timestamp};

/// The longest recovery window: answers tell when a deletion was asked for, not when it is due.
const WINDOW_DAYS: i64 = 30;

impl World {
    /// Takes over what an answer to an operation tells: names, ARNs, versions, values, labels and dates. A version whose
    /// value it does not tell gets an empty one, which no real version has.
    pub fn learn(&mut self, account: &str, region: &str, operation: &str, output: &Value, now: Timestamp) {
        let state = self.at(account, region, now);
        let list = |member: &str| output.get(member).and_then(Value::as_array).into_iter().flatten();
        match operation {
            "GetSecretValue" => state.learn_value(output, now),
            "BatchGetSecretValue" => list("SecretValues").for_each(|entry| state.learn_value(entry, now)),
            "DescribeSecret" => state.learn_details(output, "VersionIdsToStages", now),
            "ListSecrets" => {
                list("SecretList")
                    .for_each(|entry| state.learn_details(entry, "SecretVersionsToStages", now));
            }
            "ListSecretVersionIds" => state.learn_versions(output, now),
            "DeleteSecret" | "GetRandomPassword" => {}
            _ => state.learn_version(output, now),
        }
        self.drop_untouched(account, region);
    }

    /// Takes over the value of a version that is there and whose value is not known yet.
    pub fn learn_late(&mut self, account: &str, region: &str, output: &Value, now: Timestamp) {
        let state = self.at(account, region, now);
        let text = |member: &str| output.get(member).and_then(Value::as_str);
        let (Some(name), Some(id), Some(value)) = (text("Name"), text("VersionId"), value_of(output)) else {
            return;
        };
        let version = state.secrets.get_mut(name).and_then(|secret| secret.version_mut(id));
        if let Some(version) = version.filter(|version| is_unknown(version.value.as_ref())) {
            version.value = Some(value);
        }
        self.drop_untouched(account, region);
    }
}

fn is_unknown(value: Option<&SecretValue>) -> bool {
    matches!(value, Some(SecretValue::Text(text)) if text.is_empty())
}

fn value_of(output: &Value) -> Option<SecretValue> {
    let text = |member: &str| output.get(member).and_then(Value::as_str);
    let binary = || {
        use base64::Engine as _;
        base64::engine::general_purpose::STANDARD.decode(text("SecretBinary")?).ok()
    };
    let string = text("SecretString").map(|text| SecretValue::Text(text.to_owned()));
    string.or_else(|| binary().map(SecretValue::Binary))
}

fn time(output: &Value, member: &str) -> Option<Timestamp> {
    Timestamp::from_seconds(output.get(member)?.as_f64()?)
}

fn texts(value: Option<&Value>) -> Vec<String> {
    let entries = value.and_then(Value::as_array).into_iter().flatten();
    entries.filter_map(Value::as_str).map(str::to_owned).collect()
}

impl State {
    /// The secret of this name and ARN, made if it is not there.
    fn seen(&mut self, output: &Value, now: Timestamp) -> Option<&mut Secret> {
        let name = output.get("Name")?.as_str()?;
        let arn = output.get("ARN")?.as_str()?;
        let order = self.created + 1;
        if !self.secrets.contains_key(name) {
            self.created = order;
        }
        let secret = self.secrets.entry(name.to_owned()).or_insert_with(|| Secret {
            name: name.to_owned(),
            arn: arn.to_owned(),
            description: None,
            kms_key: None,
            created: now,
            changed: now,
            accessed: None,
            deletion: None,
            tags: None,
            policy: None,
            rotation: None,
            replication: Replication::default(),
            external: None,
            versions: Vec::new(),
            labels: Labels::new(),
            order,
        });
        arn.clone_into(&mut secret.arn);
        Some(secret)
    }

    fn learn_value(&mut self, output: &Value, now: Timestamp) {
        let Some(secret) = self.seen(output, now) else { return };
        let Some(id) = output.get("VersionId").and_then(Value::as_str) else { return };
        let created = time(output, "CreatedDate").unwrap_or(now);
        let version = secret.version_seen(id, created);
        version.created = created;
        if let Some(value) = value_of(output) {
            version.value = Some(value);
        }
        secret.label(id, &texts(output.get("VersionStages")));
        let read = Some(now.day());
        secret.accessed = read;
        if let Some(version) = secret.version_mut(id) {
            version.accessed = read;
        }
    }

    fn learn_version(&mut self, output: &Value, now: Timestamp) {
        let Some(secret) = self.seen(output, now) else { return };
        let Some(id) = output.get("VersionId").and_then(Value::as_str) else { return };
        secret.version_seen(id, now);
        if output.get("VersionStages").is_some() {
            secret.label(id, &texts(output.get("VersionStages")));
        }
    }

    fn learn_versions(&mut self, output: &Value, now: Timestamp) {
        let Some(secret) = self.seen(output, now) else { return };
        for entry in output.get("Versions").and_then(Value::as_array).into_iter().flatten() {
            let Some(id) = entry.get("VersionId").and_then(Value::as_str) else { continue };
            let created = time(entry, "CreatedDate").unwrap_or(now);
            let version = secret.version_seen(id, created);
            version.created = created;
            version.accessed = time(entry, "LastAccessedDate").or(version.accessed);
            secret.label(id, &texts(entry.get("VersionStages")));
        }
    }

    fn learn_details(&mut self, output: &Value, labels: &str, now: Timestamp) {
        let Some(secret) = self.seen(output, now) else { return };
        let text = |member: &str| output.get(member).and_then(Value::as_str).map(str::to_owned);
        secret.description = text("Description");
        secret.kms_key = text("KmsKeyId");
        secret.created = time(output, "CreatedDate").unwrap_or(secret.created);
        secret.changed = time(output, "LastChangedDate").unwrap_or(secret.changed);
        secret.accessed = time(output, "LastAccessedDate");
        secret.deletion = time(output, "DeletedDate")
            .map(|requested| Deletion { requested, due: requested.plus_ms(WINDOW_DAYS * DAY_MS) });
        secret.tags = output.get("Tags").and_then(Value::as_array).map(|tags| {
            let text = |tag: &Value, member: &str| tag.get(member).and_then(Value::as_str).map(str::to_owned);
            tags.iter().filter_map(|tag| Some((text(tag, "Key")?, text(tag, "Value")?))).collect()
        });
        let created = secret.created;
        secret.labels.clear();
        for (id, found) in output.get(labels).and_then(Value::as_object).into_iter().flatten() {
            secret.version_seen(id, created);
            secret.label(id, &texts(Some(found)));
        }
        self.note_ends();
    }
}

impl Secret {
    /// The version of this id, made without a value if it is not there.
    fn version_seen(&mut self, id: &str, created: Timestamp) -> &mut Version {
        if self.version(id).is_none() {
            self.announce(id, Some(SecretValue::Text(String::new())), created);
        }
        let at = self.versions.iter().position(|version| version.id == id).unwrap_or_default();
        &mut self.versions[at]
    }

    /// The labels of a version are these.
    fn label(&mut self, id: &str, found: &[String]) {
        self.labels.retain(|label, holder| holder != id || found.contains(label));
        self.labels.extend(found.iter().map(|label| (label.clone(), id.to_owned())));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: Timestamp = Timestamp(1_700_000_000_000);

    fn learn(world: &mut World, operation: &str, output: &Value) {
        world.learn("123456789012", "us-east-1", operation, output, NOW);
    }

    #[test]
    fn labels_and_values_are_those_of_the_last_answer() {
        let mut world = World::new();
        let get = json!({"ARN": "arn", "Name": "db", "VersionId": "v1", "SecretString": "one",
            "VersionStages": ["AWSCURRENT"], "CreatedDate": 5.5});
        learn(&mut world, "GetSecretValue", &get);
        let put = json!({"ARN": "arn", "Name": "db", "VersionId": "v2", "VersionStages": ["AWSCURRENT"]});
        learn(&mut world, "PutSecretValue", &put);
        let describe = json!({"ARN": "arn", "Name": "db", "Tags": [{"Key": "k", "Value": "v"}],
            "VersionIdsToStages": {"v2": ["AWSCURRENT"], "v1": ["AWSPREVIOUS"], "v3": ["x"]}});
        learn(&mut world, "DescribeSecret", &describe);
        let late = json!({"Name": "db", "VersionId": "v2", "SecretString": "two"});
        world.learn_late("123456789012", "us-east-1", &late, NOW);
        let state = world.region("123456789012", "us-east-1").expect("it was learned");
        let secret = state.secrets().next().expect("it was learned");
        assert_eq!(secret.holder("AWSCURRENT"), Some("v2"));
        assert_eq!(secret.labels_of("v1"), ["AWSPREVIOUS"]);
        let value = |id: &str| secret.version(id).and_then(|version| version.value.clone());
        assert!(value("v1") == Some(SecretValue::Text("one".to_owned())));
        assert!(value("v2") == Some(SecretValue::Text("two".to_owned())));
        assert!(is_unknown(value("v3").as_ref()));
        assert_eq!(secret.tags, Some(vec![("k".to_owned(), "v".to_owned())]));
    }

    #[test]
    fn an_answer_that_tells_of_no_secret_leaves_no_trace() {
        let mut world = World::new();
        learn(&mut world, "GetRandomPassword", &json!({"RandomPassword": "x"}));
        learn(&mut world, "GetSecretValue", &json!({"Name": 5}));
        assert_eq!(world, World::new());
    }
}
