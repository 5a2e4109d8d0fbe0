//! Laws of the reference model, over generated sequences of operations.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use serde_json::{Value, json};
use smcheck::model::{Answer, Given, Random, State, World as Accounts, apply};
use smcheck::service::time::{DAY_MS, Timestamp};
use smcheck::service::{AWSCURRENT, AWSPREVIOUS};

const FUNCTION: &str = "arn:aws:lambda:us-east-1:123456789012:function:rotate";
const ACCOUNT: &str = "123456789012";
const REGION: &str = "us-east-1";
const START: Timestamp = Timestamp(1_700_000_000_000);

/// Dice that need no generator: a counter, mixed.
struct Dice(u64);

impl Random for Dice {
    fn below(&mut self, bound: u32) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % u64::from(bound.max(1))) as u32
    }
}

struct World {
    state: Accounts,
    now: Timestamp,
    dice: Dice,
}

impl World {
    fn new() -> Self {
        World { state: Accounts::new(), now: START, dice: Dice(7) }
    }

    fn after(steps: &[Step]) -> Self {
        let mut world = World::new();
        for step in steps {
            world.now = world.now.plus_ms(step.wait);
            let _ = world.call(step.operation, &step.input);
        }
        world
    }

    fn call(&mut self, operation: &str, input: &Value) -> Answer {
        let functions = [FUNCTION.to_owned()];
        let mut given = Given {
            now: self.now,
            account: ACCOUNT,
            region: REGION,
            partition: "aws",
            functions: &functions,
            random: &mut self.dice,
        };
        apply(&mut self.state, operation, input, &mut given)
    }

    fn body(&mut self, operation: &str, input: &Value) -> Value {
        self.call(operation, input).expect("the call succeeds").expect("it has a body")
    }

    /// The state, with what time alone has ended taken away.
    fn settled(&mut self) -> Accounts {
        self.state.forget_ended(self.now);
        self.state.clone()
    }

    fn names(&mut self) -> Vec<String> {
        let accounts = self.settled();
        let secrets = accounts.region(ACCOUNT, REGION).into_iter().flat_map(State::secrets);
        secrets.map(|secret| secret.name().to_owned()).collect()
    }

    fn pages(&mut self, operation: &str, input: &Value, list: &str, size: usize) -> Vec<Value> {
        let mut input = input.clone();
        input["MaxResults"] = size.into();
        let mut all = Vec::new();
        for _ in 0..1000 {
            let page = self.body(operation, &input);
            let entries = page[list].as_array().expect("it is a list");
            assert!(entries.len() <= size);
            all.extend(entries.iter().cloned());
            match page.get("NextToken") {
                Some(token) => input["NextToken"] = token.clone(),
                None => return all,
            }
        }
        panic!("the pages do not end");
    }
}

/// One call, and how much time passes before it.
#[derive(Clone, Debug)]
struct Step {
    operation: &'static str,
    input: Value,
    wait: i64,
}

fn token(number: u8) -> String {
    format!("00000000-0000-4000-8000-{number:012}")
}

fn one_of(words: &'static [&'static str]) -> impl Strategy<Value = Value> {
    prop::sample::select(words).prop_map(Value::from)
}

fn name() -> impl Strategy<Value = Value> {
    one_of(&["a", "b", "c/d-a1b2c3"])
}

fn tokens() -> impl Strategy<Value = Value> {
    (0..6u8).prop_map(|number| token(number).into())
}

fn label() -> impl Strategy<Value = Value> {
    one_of(&["AWSCURRENT", "AWSPREVIOUS", "AWSPENDING", "blue", "green"])
}

fn value() -> impl Strategy<Value = Value> {
    one_of(&["x", "y"])
}

fn optional(strategy: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    prop::option::of(strategy).prop_map(|value| value.unwrap_or(Value::Null))
}

fn calls() -> impl Strategy<Value = (&'static str, Value)> {
    let create = (name(), tokens(), optional(value())).prop_map(|(name, token, value)| {
        ("CreateSecret", json!({"Name": name, "ClientRequestToken": token, "SecretString": value}))
    });
    let labels = prop::option::of(prop::collection::vec(label(), 1..4));
    let put = (name(), tokens(), value(), labels).prop_map(|(name, token, value, labels)| {
        let input = json!({"SecretId": name, "ClientRequestToken": token, "SecretString": value,
            "VersionStages": labels});
        ("PutSecretValue", input)
    });
    let update = (name(), tokens(), optional(value()), optional(value())).prop_map(
        |(name, token, value, description)| {
            let input = json!({"SecretId": name, "ClientRequestToken": token, "SecretString": value,
                "Description": description});
            ("UpdateSecret", input)
        },
    );
    let stage =
        (name(), label(), optional(tokens()), optional(tokens())).prop_map(|(name, label, from, to)| {
            let input = json!({"SecretId": name, "VersionStage": label, "RemoveFromVersionId": from,
                "MoveToVersionId": to});
            ("UpdateSecretVersionStage", input)
        });
    let get = (name(), optional(tokens()), optional(label())).prop_map(|(name, version, label)| {
        ("GetSecretValue", json!({"SecretId": name, "VersionId": version, "VersionStage": label}))
    });
    let days = optional((6..31i64).prop_map(Value::from));
    let force = optional(any::<bool>().prop_map(Value::from));
    let delete = (name(), days, force).prop_map(|(name, days, force)| {
        let input =
            json!({"SecretId": name, "RecoveryWindowInDays": days, "ForceDeleteWithoutRecovery": force});
        ("DeleteSecret", input)
    });
    let plain = prop::sample::select(vec![
        "RestoreSecret",
        "DescribeSecret",
        "ListSecretVersionIds",
        "CancelRotateSecret",
        "GetResourcePolicy",
        "DeleteResourcePolicy",
        "ListResourcePolicies",
    ]);
    let plain = (plain, name()).prop_map(|(operation, name)| (operation, json!({"SecretId": name})));
    let rotate = (name(), tokens(), any::<bool>(), any::<bool>()).prop_map(|(name, token, known, now)| {
        let function = if known { FUNCTION } else { "arn:aws:lambda:us-east-1:123456789012:function:none" };
        let input = json!({"SecretId": name, "ClientRequestToken": token, "RotationLambdaARN": function,
            "RotationRules": {"AutomaticallyAfterDays": 3}, "RotateImmediately": now});
        ("RotateSecret", input)
    });
    let tag = (name(), prop::collection::vec((value(), value()), 0..3)).prop_map(|(name, tags)| {
        let tags: Vec<Value> = tags.iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect();
        ("TagResource", json!({"SecretId": name, "Tags": tags}))
    });
    let untag = (name(), value())
        .prop_map(|(name, key)| ("UntagResource", json!({"SecretId": name, "TagKeys": [key]})));
    let policy = (name(), any::<bool>()).prop_map(|(name, good)| {
        let good_text = r#"{"Statement":{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}}"#;
        let text = if good { good_text } else { "{}" };
        ("PutResourcePolicy", json!({"SecretId": name, "ResourcePolicy": text}))
    });
    let validate = (name(), any::<bool>()).prop_map(|(name, good)| {
        let text = if good {
            r#"{"Statement":{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*"}}"#
        } else {
            "{}"
        };
        ("ValidateResourcePolicy", json!({"SecretId": name, "ResourcePolicy": text}))
    });
    let batch = prop::collection::vec(name(), 0..4)
        .prop_map(|ids| ("BatchGetSecretValue", json!({"SecretIdList": ids})));
    let list = any::<bool>().prop_map(|planned| ("ListSecrets", json!({"IncludePlannedDeletion": planned})));
    prop_oneof![
        4 => create, 6 => put, 2 => update, 6 => stage, 2 => get, 2 => delete, 3 => plain, 3 => rotate,
        1 => tag, 1 => untag, 1 => policy, 1 => validate, 1 => batch, 1 => list,
    ]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let wait = prop_oneof![8 => Just(0i64), 4 => 1..5000i64, 1 => Just(10 * DAY_MS)];
    let step = (calls(), wait).prop_map(|((operation, input), wait)| Step { operation, input, wait });
    prop::collection::vec(step, 1..40)
}

/// The labels of each version, as ListSecretVersionIds tells them.
fn listed(world: &mut World, name: &str) -> BTreeMap<String, BTreeSet<String>> {
    let input = json!({"SecretId": name, "IncludeDeprecated": true});
    let body = world.body("ListSecretVersionIds", &input);
    let versions = body["Versions"].as_array().expect("it is a list");
    versions
        .iter()
        .map(|version| {
            let labels = version.get("VersionStages").and_then(Value::as_array);
            (text(&version["VersionId"]), labels.into_iter().flatten().map(text).collect())
        })
        .collect()
}

fn text(value: &Value) -> String {
    value.as_str().expect("it is a text").to_owned()
}

fn without(mut value: Value, members: &[&str]) -> Value {
    if let Some(object) = value.as_object_mut() {
        object.retain(|name, _| !members.contains(&name.as_str()));
    }
    value
}

fn labels_of_map(map: Option<&Value>) -> BTreeMap<String, BTreeSet<String>> {
    let map = map.and_then(Value::as_object).into_iter().flatten();
    map.map(|(id, labels)| (id.clone(), labels.as_array().into_iter().flatten().map(text).collect()))
        .collect()
}

/// What must hold of every secret at every time.
fn check_labels(world: &mut World) {
    for name in world.names() {
        let versions = listed(world, &name);
        let labels: Vec<&String> = versions.values().flatten().collect();
        let different: BTreeSet<&&String> = labels.iter().collect();
        assert_eq!(labels.len(), different.len(), "a label stands on two versions of {name}: {versions:?}");
        let current = versions.values().filter(|labels| labels.contains(AWSCURRENT)).count();
        assert_eq!(current, usize::from(!versions.is_empty()), "AWSCURRENT of {name}: {versions:?}");
        assert!(labels.len() <= 20);
    }
}

/// DescribeSecret, ListSecrets and ListSecretVersionIds tell the same story.
fn check_views(world: &mut World) {
    let list = world.body("ListSecrets", &json!({"IncludePlannedDeletion": true}));
    let entries = list["SecretList"].as_array().expect("it is a list");
    let names = world.names();
    assert_eq!(entries.len(), names.len());
    for name in names {
        let described = world.body("DescribeSecret", &json!({"SecretId": name}));
        let entry = entries.iter().find(|entry| entry["Name"] == name.as_str()).expect("it is listed");
        // DescribeSecret documents that it leaves LastRotatedDate out while rotation is off; ListSecrets does not.
        let off = entry.get("RotationEnabled").is_none_or(|enabled| enabled == false);
        let rotated = if off { "LastRotatedDate" } else { "" };
        assert_eq!(
            without(described.clone(), &["VersionIdsToStages", rotated]),
            without(entry.clone(), &["SecretVersionsToStages", rotated])
        );
        assert_eq!(described.get("VersionIdsToStages"), entry.get("SecretVersionsToStages"));
        let deleted = described.get("DeletedDate").is_some();
        let described = labels_of_map(described.get("VersionIdsToStages"));
        let mut listed = listed(world, &name);
        listed.retain(|_, labels| !labels.is_empty());
        for (id, labels) in &listed {
            assert_eq!(described.get(id), Some(labels));
        }
        // A version that waits for its value is described but not listed.
        for id in described.keys().filter(|id| !listed.contains_key(*id) && !deleted) {
            let failure = world.call("GetSecretValue", &json!({"SecretId": name, "VersionId": id}));
            assert_eq!(failure.expect_err("it has no value").code, "ResourceNotFoundException");
        }
    }
}

fn names_previous(step: &Step) -> bool {
    let labels = step.input.get("VersionStages").and_then(Value::as_array).into_iter().flatten();
    step.input.get("VersionStage").into_iter().chain(labels).any(|label| label == AWSPREVIOUS)
}

/// The secrets whose AWSCURRENT and AWSPREVIOUS stand on one version.
fn together(world: &mut World) -> BTreeSet<String> {
    let state = world.settled();
    let secrets = state.region(ACCOUNT, REGION).into_iter().flat_map(State::secrets);
    let together = secrets.filter(|secret| {
        secret.holder(AWSPREVIOUS).is_some() && secret.holder(AWSPREVIOUS) == secret.holder(AWSCURRENT)
    });
    together.map(|secret| secret.name().to_owned()).collect()
}

/// Runs the steps; after each, `check` is given the world, and the state and the step before it.
fn run(steps: &[Step], mut check: impl FnMut(&mut World, &Accounts, &Step, &Answer)) {
    let mut world = World::new();
    for step in steps {
        world.now = world.now.plus_ms(step.wait);
        let before = world.settled();
        let answer = world.call(step.operation, &step.input);
        check(&mut world, &before, step, &answer);
    }
}

/// The generated sequences are worth something only if many of their calls succeed.
#[test]
fn every_operation_succeeds_in_some_generated_sequence() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut seen = BTreeSet::new();
    for _ in 0..200 {
        let steps = steps().new_tree(&mut runner).expect("it generates").current();
        run(&steps, |_, _, step, answer| {
            if answer.is_ok() {
                seen.insert(step.operation);
            }
        });
    }
    // All but GetRandomPassword, which has a law of its own.
    assert_eq!(seen.len(), 20, "{seen:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn labels_keep_their_invariants_and_the_views_agree(steps in steps()) {
        run(&steps, |world, _, _, _| {
            check_labels(world);
            check_views(world);
        });
    }

    #[test]
    fn awsprevious_meets_awscurrent_only_where_it_was_sent(steps in steps()) {
        let mut known = BTreeSet::new();
        run(&steps, |world, _, step, _| {
            let now = together(world);
            if !names_previous(step) {
                assert!(now.is_subset(&known), "{step:?} brought them together");
            }
            known = now;
        });
    }

    #[test]
    fn a_failed_call_changes_nothing(steps in steps()) {
        run(&steps, |world, before, step, answer| {
            if let Err(failure) = answer {
                assert_eq!(&world.state, before, "{step:?}: {failure:?}");
            }
        });
    }

    #[test]
    fn reading_changes_nothing_but_the_day_of_access(steps in steps()) {
        let reads = [
            "DescribeSecret",
            "ListSecretVersionIds",
            "ListSecrets",
            "GetResourcePolicy",
            "ListResourcePolicies",
            "ValidateResourcePolicy",
        ];
        run(&steps, |world, before, step, answer| {
            if reads.contains(&step.operation) {
                assert_eq!(&world.state, before);
            }
            if let ("GetSecretValue", Ok(Some(body))) = (step.operation, answer) {
                let name = json!({"SecretId": body["Name"]});
                let mut old = World { state: before.clone(), now: world.now, dice: Dice(1) };
                for operation in ["DescribeSecret", "GetResourcePolicy"] {
                    let (was, is) = (old.body(operation, &name), world.body(operation, &name));
                    assert_eq!(without(was, &["LastAccessedDate"]), without(is, &["LastAccessedDate"]));
                }
                let accessed = world.body("DescribeSecret", &name)["LastAccessedDate"].clone();
                assert_eq!(accessed, json!(world.now.day().to_seconds()));
                assert_eq!(listed(world, &text(&body["Name"])), listed(&mut old, &text(&body["Name"])));
            }
        });
    }

    #[test]
    fn the_same_request_again_changes_nothing(steps in steps()) {
        let replayed = ["CreateSecret", "PutSecretValue", "UpdateSecret", "RotateSecret"];
        run(&steps, |world, _, step, answer| {
            let makes_version = matches!(answer, Ok(Some(body)) if body.get("VersionId").is_some());
            if makes_version && replayed.contains(&step.operation) {
                let after = world.state.clone();
                assert_eq!(&world.call(step.operation, &step.input), answer, "{step:?}");
                assert_eq!(world.state, after, "{step:?}");
            }
        });
    }

    #[test]
    fn pages_join_to_the_whole(
        steps in steps(),
        size in 1..4usize,
        by in prop::sample::select(vec!["created-date", "last-accessed-date", "last-changed-date", "name"]),
        order in prop::sample::select(vec!["asc", "desc"]),
    ) {
        let mut world = World::after(&steps);
        let input = json!({"IncludePlannedDeletion": true, "SortBy": by, "SortOrder": order});
        let whole = world.body("ListSecrets", &input)["SecretList"].clone();
        prop_assert_eq!(Value::from(world.pages("ListSecrets", &input, "SecretList", size)), whole);
        for name in world.names() {
            let input = json!({"SecretId": name, "IncludeDeprecated": true});
            let whole = world.body("ListSecretVersionIds", &input)["Versions"].clone();
            let pages = world.pages("ListSecretVersionIds", &input, "Versions", size);
            prop_assert_eq!(Value::from(pages), whole);
        }
    }

    #[test]
    fn restoring_undoes_deleting(steps in steps(), days in 7..31i64) {
        let mut world = World::after(&steps);
        for name in world.names() {
            let id = json!({"SecretId": name});
            let before = world.body("DescribeSecret", &id);
            if before.get("DeletedDate").is_some() {
                continue;
            }
            let versions = listed(&mut world, &name);
            world.body("DeleteSecret", &json!({"SecretId": name, "RecoveryWindowInDays": days}));
            prop_assert!(world.call("GetSecretValue", &id).is_err());
            world.body("RestoreSecret", &id);
            // Deleting moves LastChangedDate and switches rotation off; nothing switches it on again.
            let moved = ["LastChangedDate", "RotationEnabled", "LastRotatedDate", "NextRotationDate"];
            let after = world.body("DescribeSecret", &id);
            prop_assert_eq!(without(before, &moved), without(after, &moved));
            prop_assert_eq!(listed(&mut world, &name), versions);
        }
    }

    #[test]
    fn a_secret_is_gone_when_its_window_ends(days in 7..31i64) {
        let mut world = World::new();
        let id = json!({"SecretId": "a"});
        world.body("CreateSecret", &json!({"Name": "a", "ClientRequestToken": token(1), "SecretString": "x"}));
        world.body("DeleteSecret", &json!({"SecretId": "a", "RecoveryWindowInDays": days}));
        world.now = START.plus_ms(days * DAY_MS - 1);
        prop_assert!(world.call("DescribeSecret", &id).is_ok());
        world.now = START.plus_ms(days * DAY_MS);
        prop_assert!(world.call("DescribeSecret", &id).is_err());
        let again = json!({"Name": "a", "ClientRequestToken": token(1), "SecretString": "other"});
        prop_assert!(world.call("CreateSecret", &again).is_ok());
    }

    #[test]
    fn the_last_value_of_a_tag_wins(
        changes in prop::collection::vec((0..4u8, prop::option::of(0..3u8)), 1..20),
    ) {
        let mut world = World::new();
        world.body("CreateSecret", &json!({"Name": "a", "ClientRequestToken": token(1)}));
        let mut expected: BTreeMap<String, String> = BTreeMap::new();
        let mut tagged = false;
        for (key, value) in &changes {
            let key = format!("k{key}");
            let answer = match value {
                Some(value) => {
                    tagged = true;
                    expected.insert(key.clone(), value.to_string());
                    let tags = json!([{"Key": key, "Value": value.to_string()}]);
                    world.call("TagResource", &json!({"SecretId": "a", "Tags": tags}))
                }
                None => {
                    expected.remove(&key);
                    world.call("UntagResource", &json!({"SecretId": "a", "TagKeys": [key]}))
                }
            };
            prop_assert_eq!(answer, Ok(None));
        }
        let described = world.body("DescribeSecret", &json!({"SecretId": "a"}));
        let tags = described.get("Tags").and_then(Value::as_array);
        prop_assert_eq!(tags.is_some(), tagged);
        let found: BTreeMap<String, String> =
            tags.into_iter().flatten().map(|tag| (text(&tag["Key"]), text(&tag["Value"]))).collect();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn a_password_obeys_its_options(
        length in 1..200i64,
        switches in prop::collection::vec(any::<bool>(), 6),
        excluded in "[a-zA-Z0-9!#% ]{0,12}",
    ) {
        let input = json!({
            "PasswordLength": length, "ExcludeCharacters": excluded, "ExcludeLowercase": switches[0],
            "ExcludeUppercase": switches[1], "ExcludeNumbers": switches[2], "ExcludePunctuation": switches[3],
            "IncludeSpace": switches[4], "RequireEachIncludedType": switches[5],
        });
        let kinds: [fn(char) -> bool; 4] = [
            |c| c.is_ascii_lowercase(), |c| c.is_ascii_uppercase(), |c| c.is_ascii_digit(),
            |c| c.is_ascii_punctuation(),
        ];
        let wanted: Vec<_> =
            kinds.iter().zip(&switches).filter(|(_, off)| !**off).map(|(kind, _)| *kind).collect();
        match World::new().call("GetRandomPassword", &input) {
            Ok(body) => {
                let password = text(&body.expect("it has a body")["RandomPassword"]);
                prop_assert_eq!(password.chars().count() as i64, length);
                for letter in password.chars() {
                    prop_assert!(!excluded.contains(letter));
                    let space = letter == ' ' && switches[4];
                    prop_assert!(space || wanted.iter().any(|kind| kind(letter)), "{:?}", letter);
                }
                if switches[5] {
                    prop_assert!(wanted.iter().all(|kind| password.chars().any(kind)));
                }
            }
            Err(failure) => {
                prop_assert_eq!(failure.code, "InvalidParameterException");
                prop_assert!(wanted.is_empty() || (switches[5] && length < wanted.len() as i64), "{:?}", failure);
            }
        }
    }
}
