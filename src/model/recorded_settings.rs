//! Facts about rotation, policies and filters, held to the letter; like `recorded`.

use serde_json::{Value, json};

use super::World as Accounts;
use super::recorded::{FUNCTION, World, v};

#[test]
fn rotation_is_stored_only_when_its_function_can_be_called() {
    let mut world = World::new();
    let rotate = |function: Value| {
        json!({"SecretId": "db", "ClientRequestToken": v(2), "RotationLambdaARN": function,
            "RotationRules": {"AutomaticallyAfterDays": 1}})
    };
    let before = world.state.clone();
    world.fails(
        "RotateSecret",
        rotate(Value::Null),
        "InvalidRequestException: No Lambda rotation function ARN is associated with this secret.",
    );
    world.fails(
        "RotateSecret",
        rotate(json!("arn:aws:lambda:us-east-1:123456789012:function:missing")),
        "AccessDeniedException: Secrets Manager cannot invoke the specified Lambda function. Ensure that the function \
         policy grants access to the principal secretsmanager.amazonaws.com.",
    );
    world.fails(
        "RotateSecret",
        json!({"SecretId": "db", "ClientRequestToken": v(2),
            "RotationRules": {"AutomaticallyAfterDays": 1, "ScheduleExpression": "rate(10 hours)"}}),
        "InvalidParameterException: You cannot specify both rotation frequency and schedule expression together.",
    );
    assert_eq!(world.state, before);

    assert_eq!(world.ok("RotateSecret", rotate(json!(FUNCTION)))["VersionId"], v(2));
    world.fails(
        "RotateSecret",
        json!({"SecretId": "db", "ClientRequestToken": v(3)}),
        "InvalidRequestException: A previous rotation isn't complete. That rotation will be reattempted.",
    );
    assert_eq!(world.labels(), [r#"["AWSCURRENT"]"#], "a version without a value is not listed");
    world.put(2, &["AWSPENDING"]);
    world.promote(1, 2);
    let described = world.ok("DescribeSecret", json!({"SecretId": "db"}));
    assert_eq!(described["RotationEnabled"], true);
    assert_eq!(described["LastRotatedDate"], json!(world.now as f64 / 1000.0));
    assert!(described.get("NextRotationDate").is_some());
    world.ok("CancelRotateSecret", json!({"SecretId": "db"}));
    let described = world.ok("DescribeSecret", json!({"SecretId": "db"}));
    assert_eq!((&described["RotationEnabled"], described.get("NextRotationDate")), (&json!(false), None));
    assert_eq!(described["RotationLambdaARN"], FUNCTION);
}

#[test]
fn policies_are_read_before_they_are_kept() {
    let mut world = World::new();
    let put = |statement: Value, block: bool| {
        let policy = json!({"Version": "2012-10-17", "Statement": [statement]}).to_string();
        json!({"SecretId": "db", "ResourcePolicy": policy, "BlockPublicPolicy": block})
    };
    let public = json!({"Effect": "Allow", "Principal": "*", "Action": "secretsmanager:GetSecretValue", "Resource": "*"});
    world.fails(
        "PutResourcePolicy",
        put(public.clone(), true),
        "PublicPolicyException: You can't attach a resource-based policy that allows broad access to the secret.",
    );
    let malformed = "MalformedPolicyDocumentException: This resource policy contains";
    for (member, value, what) in [
        ("Effect", json!("AllowSomething"), "a syntax error."),
        ("Verb", json!("x"), "a syntax error."),
        ("Principal", json!({"AWS": "arn:aws:iam::1:user/x"}), "an unsupported principal."),
        ("Principal", json!({"Service": "lambda.example.com"}), "an invalid service principal."),
    ] {
        let mut statement = public.clone();
        statement[member] = value;
        world.fails("PutResourcePolicy", put(statement, false), &format!("{malformed} {what}"));
    }
    let lockout = json!({"Effect": "Deny", "Principal": "*", "Action": "secretsmanager:*", "Resource": "*"});
    world.fails(
        "PutResourcePolicy",
        put(lockout, false),
        "InvalidRequestException: Your requested changes will not allow you to manage this secret in the future.",
    );
    world.ok("PutResourcePolicy", put(public, false));
    let kept = world.ok("GetResourcePolicy", json!({"SecretId": "db"}));
    assert!(kept["ResourcePolicy"].as_str().is_some_and(|text| text.contains("\"Effect\" : \"Allow\"")));
    world.ok("DeleteResourcePolicy", json!({"SecretId": "db"}));
    assert_eq!(world.ok("GetResourcePolicy", json!({"SecretId": "db"})).get("ResourcePolicy"), None);
}

#[test]
fn filters_find_what_they_found_at_aws() {
    let mut world = World { state: Accounts::new(), now: 1_700_000_000_000 };
    let secrets = [
        ("/testing2/two", Some("a secret")),
        ("testing1/one", Some("an secret")),
        ("SecretTwo", Some("asecret")),
        ("uat/COMPANYthings", Some("thesecret")),
        ("plain", None),
    ];
    for (number, (name, description)) in secrets.iter().enumerate() {
        let tags = json!([{"Key": format!("key{number}"), "Value": "Common"}]);
        let input =
            json!({"Name": name, "Description": description, "ClientRequestToken": v(1), "Tags": tags});
        world.ok("CreateSecret", input);
    }
    for (key, values, expected) in [
        ("name", json!(["/"]), vec![0]),
        ("name", json!(["!/"]), vec![1, 2, 3, 4]),
        ("name", json!(["testing1 one"]), vec![]),
        ("name", json!(["plain", "Secret"]), vec![2, 4]),
        ("description", json!(["a"]), vec![0, 1, 2]),
        ("description", json!(["a secret"]), vec![0, 1]),
        ("description", json!(["!a"]), vec![3, 4]),
        ("all", json!(["ythings"]), vec![3]),
        ("all", json!(["company"]), vec![]),
        ("all", json!(["t"]), vec![0, 1, 2, 3]),
        ("all", json!(["COMMON"]), vec![0, 1, 2, 3, 4]),
        ("tag-key", json!(["key3"]), vec![3]),
        ("tag-value", json!(["common"]), vec![]),
        ("owning-service", json!(["rds"]), vec![]),
    ] {
        let found = world.ok("ListSecrets", json!({"Filters": [{"Key": key, "Values": values.clone()}]}));
        let found: Vec<&Value> =
            found["SecretList"].as_array().expect("a list").iter().map(|entry| &entry["Name"]).collect();
        let expected: Vec<&str> = expected.iter().map(|at: &usize| secrets[*at].0).collect();
        assert_eq!(found, expected, "{key} {values}");
    }
}
