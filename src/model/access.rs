//! Calls on a secret of another account: the policy of the secret decides.
//!
//! aws-verified-test: TagResource.cross-account, RestoreSecret.cross-account, ListSecretVersionIds.cross-account,
//! GetResourcePolicy.cross-account (what is no value works under the managed key too). aws-docs, IAM user guide, evaluation
//! logic: some statement must allow, and none may deny.
//!
//! `inferred`: the reference knows accounts and no identities, so that a caller is the root of its account, and a policy
//! that names a user or a role of the account does not speak of it. What is not evaluated (conditions, variables in a
//! resource) never lets anybody in: such a statement allows nothing, and denies as if it held.

use super::failure::Failure;
use super::given::Given;
use super::input::Input;
use super::policy_text::Node;
use super::resolve;
use super::state::Secret;
use super::world::World;
use crate::service::SecretArn;

/// Operations that the account of the secret must call itself (aws-docs for those across accounts; `inferred` for
/// ValidateResourcePolicy, which only looks whether the secret is there).
const BY_THE_OWNER: &[&str] = &[
    "AssociateCrossAccountReplica",
    "DisassociateCrossAccountReplica",
    "StopReplicationToReplica",
    "ValidateResourcePolicy",
];
/// Operations that read or write a value, as far as they name the secret.
const OF_VALUES: &[&str] = &["GetSecretValue", "PutSecretValue"];

/// What a policy says to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Word {
    Allowed,
    Denied,
    Nothing,
}

/// The account whose secret a call means, where it is another than the caller's and lets the caller in. Only an ARN leads
/// there (aws-docs, GetSecretValue, SecretId), one of the same partition and region; every other `SecretId` is the
/// caller's own affair.
///
/// # Errors
/// aws-verified-test: GetSecretValue.cross-account.default-key, PutSecretValue.cross-account.default-key; `inferred` for a
/// value that comes with UpdateSecret, and for the managed key as its new key (aws-docs: it cannot be used).
///
/// `AccessDeniedException` where the policy does not let the caller in (reported: protocol.authz.identity-policy-arn, with
/// another reason; the reasons are `inferred` from the IAM user guide's examples). A secret that does not exist has no
/// policy, and so the same answer, which tells nobody what exists (reported: protocol.authz-before-existence).
pub(crate) fn owner<'a>(
    world: &mut World,
    operation: &str,
    input: Input<'a>,
    given: &Given<'_>,
) -> Result<Option<&'a str>, Failure> {
    let Some(id) = input.text("SecretId") else { return Ok(None) };
    let Some(arn) = SecretArn::parse(id) else { return Ok(None) };
    let near = (arn.partition, arn.region) == (given.partition, given.region);
    let elsewhere = arn.account != given.account && is_account(arn.account);
    let readable = resolve::check_name(arn.resource).is_ok();
    if !(near && elsewhere && readable) || BY_THE_OWNER.contains(&operation) {
        return Ok(None);
    }
    let there = Given { account: arn.account, random: &mut NoDice, ..*given };
    let state = world.existing(arn.account, arn.region, given.now);
    let secret = state.and_then(|state| state.find(input, &there).ok());
    let (word, managed) = secret.map_or((Word::Nothing, false), |secret| {
        (word(secret, operation, given), secret.kms_key.as_deref().is_none_or(is_managed))
    });
    let action = format!("secretsmanager:{operation}");
    let denied = |why: &str| {
        let message = format!(
            "User: arn:{}:iam::{}:root is not authorized to perform: {action} on resource: {id} {why}",
            given.partition, given.account
        );
        Err(Failure::new("AccessDeniedException", message))
    };
    match word {
        Word::Allowed => {}
        Word::Denied => return denied("with an explicit deny in a resource-based policy"),
        Word::Nothing => {
            return denied(&format!("because no resource-based policy allows the {action} action"));
        }
    }
    let updates = operation == "UpdateSecret";
    let value = input.get("SecretString").or(input.get("SecretBinary")).is_some();
    let to_managed = updates && input.text("KmsKeyId").is_some_and(is_managed);
    if to_managed || managed && (OF_VALUES.contains(&operation) || updates && value) {
        return Err(Failure::request(
            "You can't access a secret from a different AWS account if you encrypt the secret with the default KMS \
             service key.",
        ));
    }
    Ok(Some(arn.account))
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_managed(key: &str) -> bool {
    key.is_empty() || key.ends_with("alias/aws/secretsmanager")
}

/// What the policy of a secret says to the calling account about an operation. A denial wins.
fn word(secret: &Secret, operation: &str, given: &Given<'_>) -> Word {
    let Some(policy) = secret.policy.as_deref().and_then(Node::parse) else { return Word::Nothing };
    let action = format!("secretsmanager:{operation}").to_ascii_lowercase();
    let mut said = Word::Nothing;
    for statement in policy.get("Statement").map(Node::elements).unwrap_or_default() {
        let speaks = either(statement, "Principal", |principal| is_named(principal, given))
            && either(statement, "Action", |actions| {
                texts(actions).any(|pattern| fits(pattern.to_ascii_lowercase().as_bytes(), action.as_bytes()))
            });
        if !speaks {
            continue;
        }
        let concerns = either(statement, "Resource", |resources| {
            texts(resources).any(|pattern| fits(pattern.as_bytes(), secret.arn.as_bytes()))
        });
        let open = statement.get("Condition").is_some() || has_variables(statement);
        match statement.get("Effect").and_then(Node::text) {
            Some("Deny") if concerns || has_variables(statement) => return Word::Denied,
            Some("Allow") if concerns && !open => said = Word::Allowed,
            _ => {}
        }
    }
    said
}

/// Whether an element of a statement fits, or its opposite (`NotAction`) does not. A statement without either says
/// nothing.
fn either(statement: &Node, element: &str, fits: impl Fn(&Node) -> bool) -> bool {
    match (statement.get(element), statement.get(&format!("Not{element}"))) {
        (Some(these), _) => fits(these),
        (None, Some(others)) => !fits(others),
        (None, None) => false,
    }
}

fn is_named(principal: &Node, given: &Given<'_>) -> bool {
    let root = format!("arn:{}:iam::{}:root", given.partition, given.account);
    let is = |name: &str| name == "*" || name == given.account || name == root;
    principal.text() == Some("*") || principal.get("AWS").is_some_and(|names| texts(names).any(is))
}

/// Whether a statement names resources by variables of the call, which the reference does not know.
fn has_variables(statement: &Node) -> bool {
    let resources = statement.get("Resource").or_else(|| statement.get("NotResource"));
    resources.is_some_and(|resources| texts(resources).any(|pattern| pattern.contains("${")))
}

fn texts(node: &Node) -> impl Iterator<Item = &str> {
    node.elements().iter().filter_map(Node::text)
}

/// Whether a text fits a pattern of a policy: `*` stands for anything, `?` for one character.
fn fits(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at, mut read) = (0, 0);
    // Where the latest `*` stands, and how far it reaches.
    let mut star: Option<(usize, usize)> = None;
    while read < text.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, read));
                at += 1;
            }
            Some(byte) if *byte == b'?' || *byte == text[read] => {
                at += 1;
                read += 1;
            }
            _ => {
                let Some((stood, reached)) = star else { return false };
                star = Some((stood, reached + 1));
                at = stood + 1;
                read = reached + 1;
            }
        }
    }
    pattern[at..].iter().all(|byte| *byte == b'*')
}

/// Finding a secret rolls no dice.
struct NoDice;

impl super::given::Random for NoDice {
    fn below(&mut self, _: u32) -> u32 {
        0
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn patterns_fit_as_in_a_policy() {
        for (pattern, text, expected) in [
            ("*", "", true),
            ("secretsmanager:*", "secretsmanager:getsecretvalue", true),
            ("secretsmanager:get*value", "secretsmanager:getsecretvalue", true),
            ("secretsmanager:get*", "secretsmanager:putsecretvalue", false),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("*b*b", "abab", true),
            ("*b*c", "abab", false),
        ] {
            assert_eq!(fits(pattern.as_bytes(), text.as_bytes()), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn what_is_not_evaluated_lets_nobody_in() {
        let root = r#""Principal":{"AWS":"arn:aws:iam::210987654321:root"},"Action":"*""#;
        let allow = format!(r#"{{"Effect":"Allow",{root},"Resource":"*"}}"#);
        let one = |effect: &str, rest: &str| format!(r#"{{"Effect":"{effect}",{rest}}}"#);
        let tagged = r#""Resource":"arn:aws:secretsmanager:*:*:secret:${aws:username}-*""#;
        let held = r#""Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"true"}}"#;
        let china = r#""Principal":{"AWS":"arn:aws-cn:iam::210987654321:root"},"Action":"*","Resource":"*""#;
        let user = r#""Principal":{"AWS":"arn:aws:iam::210987654321:user/u"},"Action":"*","Resource":"*""#;
        for (statements, expected) in [
            (allow.clone(), Word::Allowed),
            (one("Allow", &format!("{root},{tagged}")), Word::Nothing),
            (format!("{allow},{}", one("Deny", &format!("{root},{tagged}"))), Word::Denied),
            (one("Allow", &format!("{root},{held}")), Word::Nothing),
            (format!("{allow},{}", one("Deny", &format!("{root},{held}"))), Word::Denied),
            (one("Allow", china), Word::Nothing),
            (one("Allow", user), Word::Nothing),
            (one("Allow", &user.replace("Principal", "NotPrincipal")), Word::Allowed),
        ] {
            assert_eq!(said(&statements), expected, "{statements}");
        }
    }

    fn said(statements: &str) -> Word {
        let mut world = World::new();
        let mut ask = |account: &str, operation: &str, input: serde_json::Value| {
            let mut given = Given {
                now: crate::service::time::Timestamp(1_700_000_000_000),
                account,
                region: "us-east-1",
                partition: "aws",
                functions: &[],
                random: &mut NoDice,
            };
            super::super::apply(&mut world, operation, &input, &mut given)
        };
        let token = "00000000-0000-4000-8000-000000000001";
        let made = ask("123456789012", "CreateSecret", json!({"Name": "db", "ClientRequestToken": token}));
        let arn = made.expect("it is made").expect("it has a body")["ARN"].clone();
        let policy = format!(r#"{{"Version":"2012-10-17","Statement":[{statements}]}}"#);
        ask("123456789012", "PutResourcePolicy", json!({"SecretId": "db", "ResourcePolicy": policy}))
            .expect("it is a policy");
        match ask("210987654321", "DescribeSecret", json!({"SecretId": arn})) {
            Ok(_) => Word::Allowed,
            Err(failure) if failure.message.contains("explicit deny") => Word::Denied,
            Err(_) => Word::Nothing,
        }
    }
}
