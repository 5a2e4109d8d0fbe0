//! Calls on a secret of another account: the policy of the secret decides.
//!
//! aws-verified-test: TagResource.cross-account, RestoreSecret.cross-account, ListSecretVersionIds.cross-account,
//! GetResourcePolicy.cross-account (what is no value works under the managed key too). `inferred`: the reference knows
//! accounts and no identities, so that a caller is its whole account; a policy that names a user or a role of the account
//! does not let it in; conditions never hold for an Allow, and always for a Deny; who is not let in is told that there is
//! no such secret, where AWS may say AccessDeniedException.

use super::failure::Failure;
use super::given::Given;
use super::input::Input;
use super::policy_text::Node;
use super::state::Secret;
use super::world::World;
use crate::service::SecretArn;

/// Operations that the account of the secret must call itself (aws-docs for those across accounts).
const BY_THE_OWNER: &[&str] =
    &["AssociateCrossAccountReplica", "DisassociateCrossAccountReplica", "StopReplicationToReplica"];
/// Operations that read or write a value, as far as they name the secret.
const OF_VALUES: &[&str] = &["GetSecretValue", "PutSecretValue"];

/// The account whose secret a call means, where it is another than the caller's and lets the caller in. Only an ARN leads
/// there (aws-docs, GetSecretValue, SecretId).
///
/// # Errors
/// aws-verified-test: GetSecretValue.cross-account.default-key, PutSecretValue.cross-account.default-key. `inferred` for a
/// value that comes with UpdateSecret.
pub(crate) fn owner<'a>(
    world: &mut World,
    operation: &str,
    input: Input<'a>,
    given: &Given<'_>,
) -> Result<Option<&'a str>, Failure> {
    let Some(arn) = input.text("SecretId").and_then(SecretArn::parse) else { return Ok(None) };
    let elsewhere = arn.account != given.account;
    if !elsewhere || BY_THE_OWNER.contains(&operation) || arn.region != given.region {
        return Ok(None);
    }
    let Some(state) = world.existing(arn.account, arn.region, given.now) else { return Ok(None) };
    let there = Given { account: arn.account, random: &mut NoDice, ..*given };
    let Ok(secret) = state.find(input, &there) else { return Ok(None) };
    if !admits(secret, operation, given.account) {
        return Ok(None);
    }
    let managed = secret.kms_key.as_deref().is_none_or(|key| key.ends_with("alias/aws/secretsmanager"));
    let value = input.get("SecretString").or(input.get("SecretBinary")).is_some();
    if managed && (OF_VALUES.contains(&operation) || operation == "UpdateSecret" && value) {
        return Err(Failure::request(
            "You can't access a secret from a different AWS account if you encrypt the secret with the default KMS \
             service key.",
        ));
    }
    Ok(Some(arn.account))
}

/// Whether the policy of a secret lets an account call an operation: some statement allows it and none denies it.
fn admits(secret: &Secret, operation: &str, account: &str) -> bool {
    let Some(policy) = secret.policy.as_deref().and_then(Node::parse) else { return false };
    let statements = policy.get("Statement").map(Node::elements).unwrap_or_default();
    let of = |effect: &'static str| {
        let speaks = move |statement: &&Node| {
            statement.get("Effect").and_then(Node::text) == Some(effect)
                && names(statement, account)
                && covers(statement, operation)
                && concerns(statement, &secret.arn)
        };
        statements.iter().filter(speaks)
    };
    of("Allow").any(|statement| statement.get("Condition").is_none()) && of("Deny").next().is_none()
}

fn names(statement: &Node, account: &str) -> bool {
    let root = format!(":iam::{account}:root");
    let is =
        |name: &Node| name.text().is_some_and(|name| name == "*" || name == account || name.ends_with(&root));
    let any = |principal: &Node| {
        principal.text() == Some("*")
            || principal.get("AWS").is_some_and(|names| names.elements().iter().any(is))
    };
    match (statement.get("Principal"), statement.get("NotPrincipal")) {
        (Some(principal), _) => any(principal),
        (None, Some(others)) => !any(others),
        (None, None) => false,
    }
}

fn covers(statement: &Node, operation: &str) -> bool {
    let action = format!("secretsmanager:{operation}").to_ascii_lowercase();
    let any = |actions: &Node| {
        let texts = actions.elements().iter().filter_map(Node::text);
        texts.map(str::to_ascii_lowercase).any(|pattern| fits(pattern.as_bytes(), action.as_bytes()))
    };
    match (statement.get("Action"), statement.get("NotAction")) {
        (Some(actions), _) => any(actions),
        (None, Some(others)) => !any(others),
        (None, None) => false,
    }
}

fn concerns(statement: &Node, arn: &str) -> bool {
    let any = |resources: &Node| {
        resources
            .elements()
            .iter()
            .filter_map(Node::text)
            .any(|pattern| fits(pattern.as_bytes(), arn.as_bytes()))
    };
    match (statement.get("Resource"), statement.get("NotResource")) {
        (Some(resources), _) => any(resources),
        (None, Some(others)) => !any(others),
        (None, None) => false,
    }
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
}
