//! What a policy of a secret may look like, and what it would let happen.
//!
//! The grammar is that of the IAM user guide, as far as a policy of a secret can go. What needs the rest of AWS is
//! left out: whether a user, role or service that a policy names exists.

use super::failure::Failure;
use super::policy_text::Node;

const TOP: &[&str] = &["Version", "Id", "Statement"];
const VERSIONS: &[&str] = &["2012-10-17", "2008-10-17"];
const STATEMENT: &[&str] = &[
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
];
/// Of each pair a statement has exactly one.
const PAIRS: &[(&str, &str)] =
    &[("Principal", "NotPrincipal"), ("Action", "NotAction"), ("Resource", "NotResource")];
const PRINCIPALS: &[&str] = &["AWS", "Service", "Federated", "CanonicalUser"];

/// Reads a policy and checks its grammar.
///
/// # Errors
/// `MalformedPolicyDocumentException`.
pub(crate) fn parse(text: &str) -> Result<Node, Failure> {
    let policy = Node::parse(text).ok_or_else(syntax)?;
    check(&policy)?;
    Ok(policy)
}

/// Whether the policy opens the secret to everybody.
pub(crate) fn is_broad(policy: &Node) -> bool {
    statements(policy).iter().any(is_public)
}

/// Whether the policy forbids everything to everybody, and so also to whoever would have to change it.
pub(crate) fn shuts_everybody_out(policy: &Node) -> bool {
    statements(policy).iter().any(locks_out)
}

fn statements(policy: &Node) -> &[Node] {
    policy.get("Statement").map(Node::elements).unwrap_or_default()
}

/// reported: PutResourcePolicy.syntax, and .bad-version with an older text.
fn syntax() -> Failure {
    Failure::new("MalformedPolicyDocumentException", "This resource policy contains a syntax error.")
}

fn check(policy: &Node) -> Result<(), Failure> {
    let members = policy.object().ok_or_else(syntax)?;
    let version = policy.get("Version").map(|version| version.text().is_some_and(|v| VERSIONS.contains(&v)));
    let known = members.iter().all(|(name, _)| TOP.contains(&name.as_str()));
    if !known || version == Some(false) || policy.get("Id").is_some_and(|id| id.text().is_none()) {
        return Err(syntax());
    }
    let statements = statements(policy);
    if statements.is_empty() {
        return Err(syntax());
    }
    statements.iter().try_for_each(check_statement)
}

fn check_statement(statement: &Node) -> Result<(), Failure> {
    let members = statement.object().ok_or_else(syntax)?;
    let known = members.iter().all(|(name, _)| STATEMENT.contains(&name.as_str()));
    let effect = statement.get("Effect").and_then(Node::text);
    let pairs =
        PAIRS.iter().all(|(one, other)| statement.get(one).is_some() != statement.get(other).is_some());
    let texts = ["Action", "NotAction", "Resource", "NotResource"]
        .iter()
        .filter_map(|name| statement.get(name))
        .all(|node| !node.elements().is_empty() && node.elements().iter().all(|text| text.text().is_some()));
    let sid = statement.get("Sid").is_none_or(|sid| sid.text().is_some());
    let condition = statement.get("Condition").is_none_or(|condition| condition.object().is_some());
    if !(known && matches!(effect, Some("Allow" | "Deny")) && pairs && texts && sid && condition) {
        return Err(syntax());
    }
    let principal = statement.get("Principal").or_else(|| statement.get("NotPrincipal"));
    principal.map_or(Ok(()), check_principal)
}

fn check_principal(principal: &Node) -> Result<(), Failure> {
    let kinds = match principal {
        Node::Text(text) if text == "*" => return Ok(()),
        Node::Object(kinds) if !kinds.is_empty() => kinds,
        _ => return Err(syntax()),
    };
    for (kind, names) in kinds {
        if !PRINCIPALS.contains(&kind.as_str()) || names.elements().is_empty() {
            return Err(syntax());
        }
        for name in names.elements() {
            let name = name.text().ok_or_else(syntax)?;
            match kind.as_str() {
                "AWS" if !is_aws_principal(name) => return Err(unsupported_principal()),
                "Service" if !is_service(name) => return Err(invalid_service()),
                _ => {}
            }
        }
    }
    Ok(())
}

/// aws-docs: PutResourcePolicy.bad-principal. AWS says it of principals that do not exist; the reference only of those
/// that cannot.
fn unsupported_principal() -> Failure {
    let message = "This resource policy contains an unsupported principal.";
    Failure::new("MalformedPolicyDocumentException", message)
}

/// aws-docs: PutResourcePolicy.bad-service-principal; the same limit.
fn invalid_service() -> Failure {
    let message = "This resource policy contains an invalid service principal.";
    Failure::new("MalformedPolicyDocumentException", message)
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `*`, an account, a unique id of a user or role, or an ARN of IAM or STS.
fn is_aws_principal(name: &str) -> bool {
    let unique_id = name.len() >= 16 && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let parts: Vec<&str> = name.splitn(6, ':').collect();
    let arn = matches!(
        parts.as_slice(),
        ["arn", partition, "iam" | "sts", "", account, resource]
            if partition.starts_with("aws") && is_account(account) && is_identity(resource)
    );
    name == "*" || is_account(name) || unique_id || arn
}

fn is_identity(resource: &str) -> bool {
    let kinds = ["user/", "role/", "assumed-role/", "federated-user/"];
    resource == "root"
        || kinds.iter().any(|kind| resource.strip_prefix(kind).is_some_and(|rest| !rest.is_empty()))
}

fn is_service(name: &str) -> bool {
    let service = name.strip_suffix(".amazonaws.com").or_else(|| name.strip_suffix(".amazonaws.com.cn"));
    service.is_some_and(|service| {
        !service.is_empty()
            && service.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte))
    })
}

/// Whether a statement speaks of everybody.
fn names_everybody(statement: &Node) -> bool {
    match statement.get("Principal") {
        Some(Node::Text(text)) => text == "*",
        Some(principal) => principal
            .get("AWS")
            .is_some_and(|names| names.elements().iter().any(|name| name.text() == Some("*"))),
        None => false,
    }
}

/// `inferred`: any condition counts as narrowing; AWS reasons about what it says. A statement for all but some is
/// public.
fn is_public(statement: &Node) -> bool {
    let allows = statement.get("Effect").and_then(Node::text) == Some("Allow");
    let narrowed =
        statement.get("Condition").and_then(Node::object).is_some_and(|condition| !condition.is_empty());
    allows && !narrowed && (names_everybody(statement) || statement.get("NotPrincipal").is_some())
}

fn locks_out(statement: &Node) -> bool {
    let denies = statement.get("Effect").and_then(Node::text) == Some("Deny");
    let everything = statement.get("Action").is_some_and(|actions| {
        actions.elements().iter().any(|action| matches!(action.text(), Some("*" | "secretsmanager:*")))
    });
    denies && everything && names_everybody(statement) && statement.get("Condition").is_none()
}
