//! From an operation's name to the rule that answers it.

use serde_json::Value;

use super::failure::{Answer, Failure};
use super::given::Given;
use super::input::Input;
use super::state::State;
use super::world::World;
use super::{
    access, batch, cross_account, deletion, labels, listing, password, policy, replication, rotation,
    secrets, tags, validate, versions,
};
use crate::service::shapes;

type Rule = fn(&mut State, Input<'_>, &mut Given<'_>) -> Answer;
type WorldRule = fn(&mut World, Input<'_>, &mut Given<'_>) -> Answer;

/// The operations that look beyond their own account and region, in alphabetical order.
const WORLD_RULES: &[(&str, WorldRule)] = &[
    ("AssociateCrossAccountReplica", cross_account::associate),
    ("BatchGetSecretValue", batch::get),
    ("CreateSecret", replication::create),
    ("DescribeSecret", replication::describe),
    ("DisassociateCrossAccountReplica", cross_account::disassociate),
    ("RemoveRegionsFromReplication", replication::remove),
    ("ReplicateSecretToRegions", replication::replicate),
    ("StopReplicationToReplica", replication::stop),
];

/// The operations that know only their own account and region, in alphabetical order.
const RULES: &[(&str, Rule)] = &[
    ("CancelRotateSecret", rotation::cancel),
    ("DeleteResourcePolicy", policy::delete),
    ("DeleteSecret", deletion::delete),
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

/// Answers one call and changes the world as AWS would. A call that fails changes nothing, but for forgetting the
/// secrets whose recovery window has ended.
///
/// # Errors
/// The service's failures; `service::errors::NOT_MODELLED` for what the reference does not model.
pub fn apply(world: &mut World, operation: &str, input: &Value, given: &mut Given<'_>) -> Answer {
    let Some(shape) = shapes().operation(operation) else {
        return Err(Failure::new("UnknownOperationException", format!("there is no operation {operation}")));
    };
    let Value::Object(members) = input else {
        return Err(validate::unexpected(input, "structure"));
    };
    validate::types(shape.input, members)?;
    validate::limits(shape.input, members)?;
    let input = Input(members);
    let owner = access::owner(world, operation, input, given)?.unwrap_or(given.account);
    let given = &mut Given { account: owner, random: &mut *given.random, ..*given };
    let answer = match (world_rule(operation), rule(operation)) {
        (Some(rule), _) => rule(world, input, given),
        (None, Some(rule)) => rule(world.here(given), input, given),
        (None, None) => Err(Failure::not_modelled(&format!("the operation {operation}"))),
    };
    if answer.is_ok() && !shape.reads {
        replication::follow(world, input, given);
    }
    world.drop_untouched(given.account, given.region);
    answer
}

fn world_rule(operation: &str) -> Option<WorldRule> {
    WORLD_RULES.iter().find(|(name, _)| *name == operation).map(|(_, rule)| *rule)
}

fn rule(operation: &str) -> Option<Rule> {
    RULES.iter().find(|(name, _)| *name == operation).map(|(_, rule)| *rule)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_is_an_operation_and_every_operation_has_one() {
        assert!(
            WORLD_RULES.iter().all(|(name, _)| shapes().operation(name).is_some() && rule(name).is_none())
        );
        assert!(WORLD_RULES.is_sorted_by_key(|(name, _)| *name));
        assert!(RULES.iter().all(|(name, _)| shapes().operation(name).is_some()));
        assert!(RULES.is_sorted_by_key(|(name, _)| *name));
        let has_one = |name: &str| rule(name).is_some() || world_rule(name).is_some();
        assert!(shapes().operations().all(|operation| has_one(&operation.name)));
    }
}
