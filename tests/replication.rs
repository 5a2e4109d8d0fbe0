//! Replication: laws of the model over generated sequences, and what a run leaves behind in two regions and accounts.

use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value, json};
use smcheck::model::{Answer, Given, Random, World, apply};
use smcheck::run::caller::Guard;
use smcheck::run::{Caller, Names, Plan, ProbeLevel, Second, Settings, execute, stop};
use smcheck::scenario::{self, Side};
use smcheck::server::{Reference, ReferenceOptions, Server};
use smcheck::service::time::Timestamp;
use smcheck::target::{Client, Isolation};
use smcheck::trace::End;

const ACCOUNT: &str = "123456789012";
const REGIONS: [&str; 2] = ["us-east-1", "eu-west-1"];

struct Dice(u64);

impl Random for Dice {
    fn below(&mut self, bound: u32) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % u64::from(bound.max(1))) as u32
    }
}

struct Regions {
    world: World,
    now: i64,
    dice: Dice,
}

impl Regions {
    fn call(&mut self, region: &str, operation: &str, input: &Value) -> Answer {
        let mut given = Given {
            now: Timestamp(self.now),
            account: ACCOUNT,
            region,
            partition: "aws",
            functions: &[],
            random: &mut self.dice,
        };
        apply(&mut self.world, operation, input, &mut given)
    }

    fn body(&mut self, region: &str, operation: &str, input: &Value) -> Value {
        self.call(region, operation, input).expect("the call succeeds").expect("it has a body")
    }

    fn names(&self, region: &str) -> Vec<String> {
        let state = self.world.region(ACCOUNT, region);
        state
            .into_iter()
            .flat_map(smcheck::model::State::secrets)
            .map(|secret| secret.name().to_owned())
            .collect()
    }
}

fn token(number: u8) -> String {
    format!("00000000-0000-4000-8000-{number:012}")
}

/// A region, and a call there.
fn call() -> impl Strategy<Value = (usize, &'static str, Value)> {
    let name = || prop::sample::select(vec!["a", "b"]);
    let one = move |(kind, name, number, region, force): (u8, &'static str, u8, usize, bool)| {
        let id = json!({"SecretId": name});
        let with = |more: Value| {
            let mut input = id.clone();
            input.as_object_mut().expect("a map").extend(more.as_object().expect("a map").clone());
            input
        };
        let value = json!({"ClientRequestToken": token(number), "SecretString": format!("value {number}")});
        let other = REGIONS[1 - region];
        match kind {
            0 | 1 => {
                let mut input = value;
                input["Name"] = name.into();
                if kind == 1 {
                    input["AddReplicaRegions"] = json!([{"Region": other}]);
                    input["ForceOverwriteReplicaSecret"] = force.into();
                }
                ("CreateSecret", input)
            }
            2 => ("PutSecretValue", with(value)),
            3 => ("UpdateSecret", with(json!({"ClientRequestToken": token(number), "Description": "d"}))),
            4 => ("TagResource", with(json!({"Tags": [{"Key": "k", "Value": number.to_string()}]}))),
            5 => ("UntagResource", with(json!({"TagKeys": ["k"]}))),
            6 | 7 => (
                "ReplicateSecretToRegions",
                with(json!({"AddReplicaRegions": [{"Region": other}], "ForceOverwriteReplicaSecret": force})),
            ),
            8 => ("RemoveRegionsFromReplication", with(json!({"RemoveReplicaRegions": [other]}))),
            9 => ("StopReplicationToReplica", id),
            10 => ("DeleteSecret", with(json!({"ForceDeleteWithoutRecovery": force}))),
            11 => ("RestoreSecret", id),
            12 => (
                "UpdateSecretVersionStage",
                with(json!({"VersionStage": "blue", "MoveToVersionId": token(number)})),
            ),
            13 => {
                let policy =
                    r#"{"Statement":{"Effect":"Deny","Principal":"*","Action":"x:y","Resource":"*"}}"#;
                ("PutResourcePolicy", with(json!({"ResourcePolicy": policy})))
            }
            _ => ("GetSecretValue", id),
        }
    };
    (0..15u8, name(), 0..4u8, 0..2usize, any::<bool>()).prop_map(move |drawn| {
        let (operation, input) = one(drawn);
        (drawn.3, operation, input)
    })
}

/// Whether a secret is a replica, by its own words.
fn primary_of(described: &Value, region: &str) -> Option<String> {
    let primary = described.get("PrimaryRegion")?.as_str()?;
    (primary != region).then(|| primary.to_owned())
}

/// What a replica shares with its primary, as both tell it.
fn shared(regions: &mut Regions, region: &str, name: &str) -> Value {
    let id = json!({"SecretId": name});
    let described = regions.body(region, "DescribeSecret", &id);
    let policy = regions.body(region, "GetResourcePolicy", &id);
    let versions = json!({"SecretId": name, "IncludeDeprecated": true});
    let versions = regions.body(region, "ListSecretVersionIds", &versions);
    let version = |entry: &Value| json!([entry["VersionId"], entry.get("VersionStages")]);
    let versions: Vec<Value> = versions["Versions"].as_array().expect("a list").iter().map(version).collect();
    json!({
        "name": described["Name"],
        "suffix": described["ARN"].as_str().and_then(|arn| arn.rsplit(':').next()),
        "changed": described["LastChangedDate"],
        "description": described.get("Description"),
        "tags": described.get("Tags").filter(|tags| tags.as_array().is_some_and(|tags| !tags.is_empty())),
        "policy": policy.get("ResourcePolicy"),
        "versions": versions,
    })
}

fn check(regions: &mut Regions) {
    for (at, region) in REGIONS.into_iter().enumerate() {
        let other = REGIONS[1 - at];
        for name in regions.names(region) {
            let id = json!({"SecretId": name});
            let described = regions.body(region, "DescribeSecret", &id);
            if let Some(primary) = primary_of(&described, region) {
                assert_eq!(primary, other);
                let primary = regions.body(other, "DescribeSecret", &id);
                assert_eq!(primary["ReplicationStatus"][0]["Region"], region, "an orphan");
                assert_eq!(primary["ReplicationStatus"][0]["Status"], "InSync");
                assert_eq!(shared(regions, region, &name), shared(regions, other, &name));
            }
            let status = described.get("ReplicationStatus").and_then(|status| status.get(0));
            if status.is_some_and(|status| status["Status"] == "InSync") {
                let replica = regions.body(other, "DescribeSecret", &id);
                assert_eq!(primary_of(&replica, other).as_deref(), Some(region));
                assert!(described.get("DeletedDate").is_none(), "a primary with replicas is not deleted");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn replicas_are_their_primarys_and_none_is_an_orphan(calls in prop::collection::vec(call(), 1..40)) {
        let mut regions = Regions { world: World::new(), now: 1_700_000_000_000, dice: Dice(7) };
        for (region, operation, input) in calls {
            regions.now += 10;
            let before = regions.world.clone();
            let reads = ["GetSecretValue", "StopReplicationToReplica", "CreateSecret"];
            let id = json!({"SecretId": input.get("SecretId")});
            let described = regions.call(REGIONS[region], "DescribeSecret", &id);
            let replica = matches!(&described, Ok(Some(body)) if primary_of(body, REGIONS[region]).is_some());
            let answer = regions.call(REGIONS[region], operation, &input);
            if let Err(failure) = &answer {
                prop_assert_eq!(&regions.world, &before, "{} {:?}", operation, failure);
            }
            if replica && !reads.contains(&operation) {
                prop_assert!(answer.is_err(), "{operation} changed a replica");
            }
            check(&mut regions);
        }
    }
}

/// Runs a scenario on a server of its own, and says what is left there: in the second region, and of the second account.
async fn left_by(steps: &str) -> (End, Vec<String>) {
    let options = ReferenceOptions { other_regions: vec!["eu-west-1".to_owned()], ..Default::default() };
    let reference = Arc::new(Reference::new(options));
    let server = Server::start(reference.clone(), 0).await.expect("it can listen");
    let client =
        Client::new(&server.endpoint(), Duration::from_secs(2), Duration::from_secs(5)).expect("a URL");
    let (first, second) = (reference.new_account(), reference.new_account());
    let number = reference.account_of(&second.access_key).expect("it was made");
    let beside = Second { region: Some(("eu-west-1".to_owned(), client.clone())), credentials: Some(second) };
    let (_stopper, stop) = stop::pair();
    let caller = Caller::with_second(&client, &first, "us-east-1", &beside, Guard::default(), stop);
    let text = format!(
        "title: t\nevidence: {{kind: inferred, source: a test}}\nsecrets: [db, copy]\nversions: [v1, v2]\n\
         needs: [second-region, second-account, customer-kms-key]\nsteps:\n{steps}"
    );
    let scenarios = scenario::parse("a.yaml", "a", text.as_bytes());
    let scenario = Arc::new(scenarios.expect("it is a scenario").remove(0));
    let provides = [
        ("second-region", json!("eu-west-1")),
        ("second-account", json!(number)),
        ("customer-kms-key", json!("arn:aws:kms:us-east-1:123456789012:key/1")),
    ];
    let provides = provides.into_iter().map(|(need, value)| (need.to_owned(), value)).collect();
    let plan = Plan::new(&scenario, &Names::fresh(), "us-east-1", &provides, &Isolation::None);
    let settings = Settings { probe: ProbeLevel::None, ..Settings::default() };
    let executed = execute(plan.expect("it can run"), &caller, settings).await;
    assert!(executed.left.is_empty(), "{:?}", executed.left);
    let mut left = Vec::new();
    for (second_region, second_account) in [(false, false), (true, false), (false, true), (true, true)] {
        let caller = caller.at(Side { second_region, second_account });
        let input = json!({"IncludePlannedDeletion": true});
        let listed = caller.call("ListSecrets", &input).await.expect("it answers").response.json();
        let listed = listed.expect("it is JSON");
        left.extend(listed["SecretList"].as_array().expect("a list").iter().map(ToString::to_string));
    }
    (executed.trace.end, left)
}

const CREATE: &str = r#"
  - do: CreateSecret
    with: {Name: "${db}", ClientRequestToken: "${v1}", SecretString: one, AddReplicaRegions: [{Region: "${second-region}"}]}
  - do: CreateSecret
    account: second
    with: {Name: "${copy}", ClientRequestToken: "${v2}", KmsKeyId: "${customer-kms-key}", CrossAccountPrimaryARN: "${db.arn}"}
  - do: AssociateCrossAccountReplica
    with: {SecretId: "${db}", CrossAccountReplicaARN: "${copy.arn}", ReplicaRestriction: NoRestriction}
"#;

#[tokio::test]
async fn replicas_and_links_are_taken_down_before_their_secrets() {
    let (end, left) = left_by(CREATE).await;
    assert_eq!((end, left), (End::Completed, Vec::new()));
}

#[tokio::test]
async fn promoted_secrets_and_those_of_a_run_that_stopped_are_deleted() {
    let steps = format!(
        "{CREATE}{}",
        r#"
  - do: StopReplicationToReplica
    region: "${second-region}"
    with: {SecretId: "${db}"}
  - do: GetSecretValue
    with: {SecretId: "${db}"}
    fails: {}
  - do: DeleteSecret
    with: {SecretId: "${copy}"}
"#
    );
    let (end, left) = left_by(&steps).await;
    assert_eq!((end, left), (End::Stopped, Vec::new()));
}

#[tokio::test]
async fn a_region_that_is_not_served_is_refused() {
    let reference = Arc::new(Reference::new(ReferenceOptions::default()));
    let server = Server::start(reference.clone(), 0).await.expect("it can listen");
    let client =
        Client::new(&server.endpoint(), Duration::from_secs(2), Duration::from_secs(5)).expect("a URL");
    let (_stopper, stop) = stop::pair();
    let caller = Caller::new(&client, &reference.new_account(), "eu-west-1", Guard::default(), stop);
    let answer = caller.call("ListSecrets", &json!({})).await.expect("it answers").response;
    assert_eq!(answer.error().expect("it is refused").code, "InvalidSignatureException");
    let elsewhere = Side { second_region: true, second_account: false };
    assert!(caller.at(elsewhere).call("ListSecrets", &json!({})).await.is_err());
}
