//! Single facts about AWS, held to the letter: what a request gets after a few others. The laws over sequences are in
//! `tests/model_laws.rs`. The words before each case are ids of facts.

use serde_json::{Value, json};

use super::{Answer, Given, Random, World as Accounts, apply};
use crate::service::time::{DAY_MS, Timestamp};

/// The function that may be called.
pub(super) const FUNCTION: &str = "arn:aws:lambda:us-east-1:123456789012:function:rotate";
const DELETED: &str = "You can't perform this operation on the secret because it was marked for deletion.";
const GONE: &str = "Secrets Manager can't find the specified secret.";
const NAME: &str = "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!";
const TOKEN: &str = "You must provide a ClientRequestToken value. We recommend a UUID-type value.";

struct Zero;

impl Random for Zero {
    fn below(&mut self, _: u32) -> u32 {
        0
    }
}

/// An account and its time.
pub(super) struct World {
    pub(super) state: Accounts,
    pub(super) now: i64,
}

impl World {
    /// With a secret `db` whose first version, `v(1)`, holds `one`.
    pub(super) fn new() -> Self {
        let mut world = World { state: Accounts::new(), now: 1_700_000_000_000 };
        world.ok("CreateSecret", json!({"Name": "db", "ClientRequestToken": v(1), "SecretString": "one"}));
        world
    }

    fn call(&mut self, operation: &str, input: &Value) -> Answer {
        let functions = [FUNCTION.to_owned()];
        let mut given = Given {
            now: Timestamp(self.now),
            account: "123456789012",
            region: "us-east-1",
            partition: "aws",
            functions: &functions,
            random: &mut Zero,
        };
        apply(&mut self.state, operation, input, &mut given)
    }

    #[expect(clippy::needless_pass_by_value, reason = "a case reads better without a sign for borrowing")]
    #[track_caller]
    pub(super) fn ok(&mut self, operation: &str, input: Value) -> Value {
        self.call(operation, &input).expect("it succeeds").unwrap_or_default()
    }

    /// Expects `Code: message`.
    #[expect(clippy::needless_pass_by_value, reason = "a case reads better without a sign for borrowing")]
    #[track_caller]
    pub(super) fn fails(&mut self, operation: &str, input: Value, expected: &str) {
        let failure = self.call(operation, &input).expect_err("it fails");
        assert_eq!(format!("{}: {}", failure.code, failure.message), expected);
    }

    pub(super) fn put(&mut self, version: u8, labels: &[&str]) -> Value {
        let text = format!("value {version}");
        let input = json!({"SecretId": "db", "ClientRequestToken": v(version), "SecretString": text,
            "VersionStages": labels});
        self.ok("PutSecretValue", input)
    }

    pub(super) fn promote(&mut self, from: u8, to: u8) {
        let input = json!({"SecretId": "db", "VersionStage": "AWSCURRENT", "RemoveFromVersionId": v(from),
            "MoveToVersionId": v(to)});
        self.ok("UpdateSecretVersionStage", input);
    }

    /// The labels of versions 1, 2, …
    pub(super) fn labels(&mut self) -> Vec<String> {
        let input = json!({"SecretId": "db", "IncludeDeprecated": true});
        let body = self.ok("ListSecretVersionIds", input);
        let versions = body["Versions"].as_array().expect("a list").iter();
        versions.map(|version| version.get("VersionStages").unwrap_or(&json!("-")).to_string()).collect()
    }
}

pub(super) fn v(number: u8) -> String {
    format!("00000000-0000-4000-8000-{number:012}")
}

#[test]
fn arguments_are_refused_in_these_words() {
    let cases = [
        // CreateSecret.no-client-request-token and its kin, before the secret is looked up.
        ("CreateSecret", json!({"Name": "x", "SecretString": "s"}), "InvalidRequestException", TOKEN),
        ("UpdateSecret", json!({"SecretId": "x", "SecretString": "s"}), "InvalidRequestException", TOKEN),
        (
            "PutSecretValue",
            json!({"SecretId": "x", "SecretString": "s", "Description": "not a member"}),
            "InvalidRequestException",
            TOKEN,
        ),
        ("RotateSecret", json!({"SecretId": "x"}), "InvalidParameterException", TOKEN),
        // DescribeSecret.invalid-name, DeleteSecret.invalid-name.
        ("DescribeSecret", json!({"SecretId": "Inv Name"}), "ValidationException", NAME),
        (
            "DeleteSecret",
            json!({"SecretId": "Inv Name", "ForceDeleteWithoutRecovery": true}),
            "ValidationException",
            NAME,
        ),
        // DescribeSecret.not-found.
        ("DescribeSecret", json!({"SecretId": "missing"}), "ResourceNotFoundException", GONE),
        // PutSecretValue.empty-string.
        (
            "PutSecretValue",
            json!({"SecretId": "db", "ClientRequestToken": v(2), "SecretString": ""}),
            "InvalidRequestException",
            "You must provide either SecretString or SecretBinary.",
        ),
        // DeleteSecret.window-0-and-force, .window-and-force.
        (
            "DeleteSecret",
            json!({"SecretId": "db", "RecoveryWindowInDays": 0, "ForceDeleteWithoutRecovery": true}),
            "InvalidParameterException",
            "The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).",
        ),
        (
            "DeleteSecret",
            json!({"SecretId": "db", "RecoveryWindowInDays": 7, "ForceDeleteWithoutRecovery": true}),
            "InvalidParameterException",
            "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.",
        ),
        // TagResource.system.
        (
            "TagResource",
            json!({"SecretId": "db", "Tags": [{"Key": "aws:cloudformation:stack-name", "Value": "x"}]}),
            "InvalidParameterException",
            "You can't modify system tags. Tag key: 'aws:cloudformation:stack-name'.",
        ),
        // GetRandomPassword.too-short, .type-emptied, .everything-excluded.
        (
            "GetRandomPassword",
            json!({"PasswordLength": 3}),
            "InvalidParameterException",
            "Password length is too short based on the required types.",
        ),
        (
            "GetRandomPassword",
            json!({"ExcludeCharacters": "0123456789"}),
            "InvalidParameterException",
            "All characters of the desired type have been excluded.",
        ),
        (
            "GetRandomPassword",
            json!({"ExcludeLowercase": true, "ExcludeUppercase": true, "ExcludeNumbers": true,
                "ExcludePunctuation": true}),
            "InvalidParameterException",
            "All characters have been excluded from selection.",
        ),
        // ListSecrets.filter.no-key, .no-values; ListSecrets.bad-token.
        (
            "ListSecrets",
            json!({"Filters": [{"Values": ["foo"]}]}),
            "InvalidParameterException",
            "Invalid filter key",
        ),
        (
            "ListSecrets",
            json!({"Filters": [{"Key": "description"}]}),
            "InvalidParameterException",
            "Invalid filter values for key: description",
        ),
        (
            "ListSecrets",
            json!({"NextToken": "x"}),
            "InvalidNextTokenException",
            "The NextToken value is invalid.",
        ),
    ];
    for (operation, input, code, message) in cases {
        World::new().fails(operation, input, &format!("{code}: {message}"));
    }
    let longer = json!({"PasswordLength": 3, "ExcludePunctuation": true});
    assert!(World::new().call("GetRandomPassword", &longer).is_ok(), "excluded types do not count");
}

#[test]
fn names_and_tokens_that_are_taken() {
    let mut world = World::new();
    let arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:db-AAAAAA";
    let again = json!({"Name": "db", "ClientRequestToken": v(1), "SecretString": "one"});
    assert_eq!(world.ok("CreateSecret", again), json!({"ARN": arn, "Name": "db", "VersionId": v(1)}));
    world.fails(
        "CreateSecret",
        json!({"Name": "db", "ClientRequestToken": v(2), "SecretString": "one"}),
        "ResourceExistsException: The operation failed because the secret db already exists.",
    );
    let in_use = format!(
        "ResourceExistsException: You can't use ClientRequestToken {} because that value is already in use for a \
         version of secret {arn}.",
        v(1)
    );
    world.fails(
        "CreateSecret",
        json!({"Name": "db", "ClientRequestToken": v(1), "SecretString": "Hi"}),
        &in_use,
    );
    for operation in ["PutSecretValue", "UpdateSecret"] {
        let other = json!({"SecretId": "db", "ClientRequestToken": v(1), "SecretString": "Hi"});
        world.fails(operation, other, &in_use);
    }
    world.ok("DeleteSecret", json!({"SecretId": "db"}));
    world.fails(
        "CreateSecret",
        json!({"Name": "db", "ClientRequestToken": v(1), "SecretString": "one"}),
        "InvalidRequestException: You can't create this secret because a secret with this name is already scheduled \
         for deletion.",
    );
}

#[test]
fn an_arn_leads_to_its_secret_but_for_the_trap() {
    let mut world = World::new();
    let arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:";
    let trap = "Invalid/_+=.@-Name-a1b2c3";
    for name in [trap, "Valid-a1b2", "Valid-a1b2c3-"] {
        world.ok("CreateSecret", json!({"Name": name, "ClientRequestToken": v(1)}));
        let full = world.ok("DescribeSecret", json!({"SecretId": format!("{arn}{name}-AAAAAA")}));
        assert_eq!(full["Name"], name);
        assert_eq!(world.ok("DescribeSecret", json!({"SecretId": name}))["Name"], name);
    }
    for name in ["db", "Valid-a1b2", "Valid-a1b2c3-"] {
        let partial = world.ok("DescribeSecret", json!({"SecretId": format!("{arn}{name}")}));
        assert_eq!(partial["ARN"], format!("{arn}{name}-AAAAAA"));
    }
    let gone = format!("ResourceNotFoundException: {GONE}");
    for id in
        [format!("{arn}{trap}"), format!("{arn}db-BBBBBB"), arn.replace("us-east-1", "eu-west-3") + "db"]
    {
        world.fails("DescribeSecret", json!({"SecretId": id}), &gone);
    }
}

#[test]
fn put_moves_labels_as_recorded() {
    // PutSecretValue.default, .third.
    let mut world = World::new();
    assert_eq!(world.put(2, &["AWSCURRENT"])["VersionStages"], json!(["AWSCURRENT"]));
    assert_eq!(world.labels(), [r#"["AWSPREVIOUS"]"#, r#"["AWSCURRENT"]"#]);
    world.put(3, &["AWSCURRENT"]);
    assert_eq!(world.labels(), [r#""-""#, r#"["AWSPREVIOUS"]"#, r#"["AWSCURRENT"]"#]);
    // .custom-labels.partial-move.
    let mut world = World::new();
    world.put(2, &["one", "two", "three"]);
    world.put(3, &["one", "two", "four"]);
    assert_eq!(world.labels(), [r#"["AWSCURRENT"]"#, r#"["three"]"#, r#"["four","one","two"]"#]);
    // .demotion-drops-pending.
    let mut world = World::new();
    world.put(2, &["AWSPENDING"]);
    world.promote(1, 2);
    assert_eq!(world.labels(), [r#"["AWSPREVIOUS"]"#, r#"["AWSCURRENT","AWSPENDING"]"#]);
    world.put(3, &["AWSCURRENT"]);
    assert_eq!(world.labels(), [r#""-""#, r#"["AWSPREVIOUS"]"#, r#"["AWSCURRENT"]"#]);
}

#[test]
fn moving_labels_keeps_custom_ones() {
    // UpdateSecretVersionStage.cycle2, .demoted-keeps-custom, .previous-lost-custom-stays.
    let mut world = World::new();
    world.put(2, &["AWSSOMETHING", "AWSPENDING", "PUT1"]);
    world.promote(1, 2);
    world.put(3, &["AWSPENDING", "PUT2"]);
    world.promote(2, 3);
    let expected =
        [r#""-""#, r#"["AWSPREVIOUS","AWSSOMETHING","PUT1"]"#, r#"["AWSCURRENT","AWSPENDING","PUT2"]"#];
    assert_eq!(world.labels(), expected);
    // .missing-remove.
    world.fails(
        "UpdateSecretVersionStage",
        json!({"SecretId": "db", "VersionStage": "AWSCURRENT", "MoveToVersionId": v(2)}),
        &format!(
            "InvalidParameterException: The parameter RemoveFromVersionId can't be empty. Staging label AWSCURRENT is \
             currently attached to version {}, so you must explicitly reference that version in RemoveFromVersionId.",
            v(3)
        ),
    );
    // A deprecated version can be labelled again.
    let revive = json!({"SecretId": "db", "VersionStage": "again", "MoveToVersionId": v(1)});
    world.ok("UpdateSecretVersionStage", revive);
    assert_eq!(world.labels()[0], r#"["again"]"#);
}

#[test]
fn labels_and_versions_have_limits() {
    let mut world = World::new();
    let labels: Vec<String> = (0..19).map(|number| format!("l{number}")).collect();
    let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
    world.put(2, &labels);
    let one_more = json!({"SecretId": "db", "VersionStage": "more", "MoveToVersionId": v(1)});
    let failure = world.call("UpdateSecretVersionStage", &one_more).expect_err("there are 20");
    assert_eq!(failure.code, "LimitExceededException");

    let mut world = World::new();
    for version in 2..=100 {
        world.put(version, &["AWSCURRENT"]);
    }
    let next = json!({"SecretId": "db", "ClientRequestToken": v(101), "SecretString": "x"});
    assert_eq!(world.call("PutSecretValue", &next).expect_err("all are new").code, "LimitExceededException");
    world.now += DAY_MS;
    world.ok("PutSecretValue", next);
    let body = world.ok("ListSecretVersionIds", json!({"SecretId": "db", "IncludeDeprecated": true}));
    assert_eq!(body["Versions"].as_array().map(Vec::len), Some(100));
    assert_eq!(body["Versions"][0]["VersionId"], v(2), "the oldest unlabelled version went");
}

#[test]
fn values_that_are_not_there() {
    let mut world = World::new();
    let unknown = "Secrets Manager can't find the specified secret value for";
    world.fails(
        "GetSecretValue",
        json!({"SecretId": "db", "VersionId": v(9)}),
        &format!("ResourceNotFoundException: {unknown} VersionId: {}", v(9)),
    );
    world.fails(
        "GetSecretValue",
        json!({"SecretId": "db", "VersionStage": "AWSPENDING"}),
        &format!("ResourceNotFoundException: {unknown} staging label: AWSPENDING"),
    );
    world.fails(
        "GetSecretValue",
        json!({"SecretId": "db", "VersionId": v(1), "VersionStage": "AWSPREVIOUS"}),
        "InvalidRequestException: You provided a VersionStage that is not associated to the provided VersionId.",
    );
    world.ok("CreateSecret", json!({"Name": "empty", "ClientRequestToken": v(1), "Description": ""}));
    world.fails(
        "GetSecretValue",
        json!({"SecretId": "empty"}),
        &format!("ResourceNotFoundException: {unknown} staging label: AWSCURRENT"),
    );
    let described = world.ok("DescribeSecret", json!({"SecretId": "empty"}));
    let members: Vec<&String> = described.as_object().expect("an object").keys().collect();
    assert_eq!(members, ["ARN", "CreatedDate", "LastChangedDate", "Name"]);
}

#[test]
fn a_deleted_secret_is_described_and_nothing_else() {
    let mut world = World::new();
    let deleted = world.ok("DeleteSecret", json!({"SecretId": "db", "RecoveryWindowInDays": 7}));
    assert_eq!(deleted["DeletionDate"], json!((world.now + 7 * DAY_MS) as f64 / 1000.0));
    let described = world.ok("DescribeSecret", json!({"SecretId": "db"}));
    assert_eq!(described["DeletedDate"], json!(world.now as f64 / 1000.0), "the time of the request");
    let refused = format!("InvalidRequestException: {DELETED}");
    for operation in ["GetSecretValue", "GetResourcePolicy", "DeleteSecret", "CancelRotateSecret"] {
        world.fails(operation, json!({"SecretId": "db"}), &refused);
    }
    world.fails("TagResource", json!({"SecretId": "db", "Tags": [{"Key": "k", "Value": "v"}]}), &refused);
    assert_eq!(world.ok("ListSecrets", json!({})), json!({"SecretList": []}));
    world.ok("DeleteSecret", json!({"SecretId": "db", "ForceDeleteWithoutRecovery": true}));
    world.fails("DescribeSecret", json!({"SecretId": "db"}), &format!("ResourceNotFoundException: {GONE}"));
    // DeleteSecret.force.unknown.
    let unknown = world.ok("DeleteSecret", json!({"SecretId": "never", "ForceDeleteWithoutRecovery": true}));
    assert_eq!(unknown["Name"], "never");
}
