//! From an operation's name to the rule that answers it.

use serde_json::Value;

use super::failure::{Answer, Failure};
use super::given::Given;
use super::input::Input;
use super::state::State;
use super::{
    batch, deletion, labels, listing, password, policy, rotation, secrets, tags, validate, versions,
};
use crate::service::shapes;

type Rule = fn(&mut State, Input<'_>, &mut Given<'_>) -> Answer;

/// The operations that the reference models, in alphabetical order.
const RULES: &[(&str, Rule)] = &[
    ("BatchGetSecretValue", batch::get),
    ("CancelRotateSecret", rotation::cancel),
    ("CreateSecret", secrets::create),
    ("DeleteResourcePolicy", policy::delete),
    ("DeleteSecret", deletion::delete),
    ("DescribeSecret", secrets::describe),
    ("GetRandomPassword", password::generate),
    ("GetResourcePolicy", policy::get),
    ("GetSecretValue", versions::get),
    ("ListResourcePolicies", policy::list),
    ("ListSecretVersionIds", versions::list),
    ("ListSecrets", listing::list),
    ("PutResourcePolicy", policy::put),
    ("PutSecretValue", versions::put),
    ("RestoreSecret", deletion::restore),
    ("RotateSecret", rotation::rotate),
    ("TagResource", tags::tag),
    ("UntagResource", tags::untag),
    ("UpdateSecret", secrets::update),
    ("UpdateSecretVersionStage", labels::update),
    ("ValidateResourcePolicy", policy::validate),
];

/// Members that belong to something the reference does not model: replication and secrets managed by
/// partners. A request that uses one is told so, because an answer that ignores it would be wrong.
const NOT_MODELLED: &[(&str, &str)] = &[
    ("CreateSecret", "AddReplicaRegions"),
    ("CreateSecret", "CrossAccountPrimaryARN"),
    ("CreateSecret", "Type"),
    ("RotateSecret", "ExternalSecretRotationMetadata"),
    ("RotateSecret", "ExternalSecretRotationRoleArn"),
    ("UpdateSecret", "Type"),
];

/// Whether the reference models the operation.
pub fn modelled(operation: &str) -> bool {
    rule(operation).is_some()
}

/// Answers one call and changes the state as AWS would. A call that fails changes nothing, but for forgetting the
/// secrets whose recovery window has ended.
///
/// # Errors
/// The service's failures; `service::errors::NOT_MODELLED` for what the reference does not model.
pub fn apply(state: &mut State, operation: &str, input: &Value, given: &mut Given<'_>) -> Answer {
    let Some(shape) = shapes().operation(operation) else {
        return Err(Failure::new("UnknownOperationException", format!("there is no operation {operation}")));
    };
    let Value::Object(members) = input else {
        return Err(validate::unexpected(input, "structure"));
    };
    validate::types(shape.input, members)?;
    let Some(rule) = rule(operation) else {
        return Err(Failure::not_modelled(&format!("the operation {operation}")));
    };
    validate::limits(shape.input, members)?;
    let input = Input(members);
    let foreign = NOT_MODELLED.iter().find(|(of, member)| *of == operation && input.get(member).is_some());
    if let Some((_, member)) = foreign {
        return Err(Failure::not_modelled(&format!("the member {member} of {operation}")));
    }
    state.forget_ended(given.now);
    rule(state, input, given)
}

fn rule(operation: &str) -> Option<Rule> {
    RULES.iter().find(|(name, _)| *name == operation).map(|(_, rule)| *rule)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_is_an_operation_and_five_are_left() {
        assert!(RULES.iter().all(|(name, _)| shapes().operation(name).is_some()));
        assert!(RULES.is_sorted_by_key(|(name, _)| *name));
        assert_eq!(shapes().operations().filter(|operation| !modelled(&operation.name)).count(), 5);
    }

    #[test]
    fn every_foreign_member_is_a_member() {
        for (operation, member) in NOT_MODELLED {
            let shape = shapes().operation(operation).expect("it is an operation");
            assert!(shapes().member(shape.input, member).is_some(), "{operation} {member}");
        }
    }
}
