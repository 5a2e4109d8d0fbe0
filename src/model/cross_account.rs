//! Replicas in other accounts: CreateSecret with CrossAccountPrimaryARN, AssociateCrossAccountReplica,
//! DisassociateCrossAccountReplica.
//!
//! Nothing of this is recorded anywhere. The rules are the prose of the service model (aws-docs); every text of a failure
//! is `inferred`, and so are these: the replica has a name, a suffix, tags and a key of its own, and takes over values,
//! versions, labels, description and LastChangedDate; the reference has no organisations and no permissions across
//! accounts, so that ReplicaRestriction and ReplicationRoleARN are taken as they come; no resource policy shows up on the
//! replica.

use serde_json::{Value, json};

use super::failure::{Answer, Failure};
use super::given::Given;
use super::input::Input;
use super::replication::Replication;
use super::secrets;
use super::state::Secret;
use super::world::World;
use crate::service::SecretArn;

/// How a replica stands to its primary in another account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Link {
    /// The primary does not know of it yet.
    Pending,
    /// It follows.
    InSync,
    /// One of the two has parted.
    Detached,
}

/// What a replica knows of its primary.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PrimaryLink {
    arn: String,
    link: Link,
}

/// What a primary knows of its replica.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ReplicaLink {
    arn: String,
    role: Option<String>,
    link: Link,
}

impl Link {
    fn as_str(self) -> &'static str {
        match self {
            Link::Pending => "Pending",
            Link::InSync => "InSync",
            Link::Detached => "Detached",
        }
    }
}

impl PrimaryLink {
    /// `CrossAccountPrimary` of DescribeSecret.
    pub(crate) fn shown(&self) -> Value {
        json!({"PrimarySecretARN": self.arn, "ReplicationStatus": self.link.as_str()})
    }
}

impl ReplicaLink {
    /// An entry of `CrossAccountReplicas` of DescribeSecret.
    pub(crate) fn shown(&self) -> Value {
        let mut entry = json!({"ReplicaSecretARN": self.arn, "ReplicationStatus": self.link.as_str()});
        if let Some(role) = &self.role {
            entry["ReplicationRoleARN"] = role.as_str().into();
        }
        entry
    }
}

/// Checks the ARN of a secret in another account, which must be in the region and partition of the call (aws-docs).
fn elsewhere(arn: &str, member: &str, given: &Given<'_>) -> Result<(), Failure> {
    let wrong = |why: &str| Failure::parameter(format!("Invalid {member}: {why}."));
    let Some(parsed) = SecretArn::parse(arn).filter(|arn| arn.name_and_suffix().is_some()) else {
        return Err(wrong("it is not the ARN of a secret"));
    };
    if (parsed.partition, parsed.region) != (given.partition, given.region) {
        return Err(wrong("the secret must be in the same Region and partition"));
    }
    if parsed.account == given.account {
        return Err(wrong("the secret must be in another account"));
    }
    Ok(())
}

/// CreateSecret with CrossAccountPrimaryARN (aws-docs: it needs a customer managed key and cannot go with a value,
/// Description, AddReplicaRegions or Type). The replica has no version until it is associated.
///
/// `inferred`: the primary is not looked up, since the caller has no rights to it.
pub(crate) fn create(world: &mut World, input: Input<'_>, given: &mut Given<'_>) -> Answer {
    let arn = input.required("CrossAccountPrimaryARN");
    let foreign = ["SecretString", "SecretBinary", "Description", "AddReplicaRegions", "Type"];
    if let Some(member) = foreign.into_iter().find(|member| input.get(member).is_some()) {
        return Err(Failure::parameter(format!("You can't specify {member} with CrossAccountPrimaryARN.")));
    }
    let key = input.text("KmsKeyId").unwrap_or_default();
    if key.is_empty() || key.ends_with("alias/aws/secretsmanager") {
        return Err(Failure::parameter(
            "You must specify a customer managed KMS key with CrossAccountPrimaryARN.",
        ));
    }
    elsewhere(arn, "CrossAccountPrimaryARN", given)?;
    let state = world.here(given);
    let answer = secrets::create(state, input, given)?;
    if let Some(secret) = state.secrets.get_mut(input.required("Name")) {
        secret.replication.cross_primary = Some(PrimaryLink { arn: arn.to_owned(), link: Link::Pending });
    }
    Ok(answer)
}

/// AssociateCrossAccountReplica (aws-docs). The replica must exist and must have been made for this primary; a primary has
/// one at most; the same call again succeeds and repairs.
///
/// `inferred`: the code where the replica was made for another primary; a link that the replica has cut does not count as
/// one; the answer says InProgress, as that of ReplicateSecretToRegions does.
pub(crate) fn associate(world: &mut World, input: Input<'_>, given: &mut Given<'_>) -> Answer {
    let arn = input.required("CrossAccountReplicaARN");
    let primary = world.here(given).find_live_mut(input, given)?;
    let (name, primary_arn) = (primary.name.clone(), primary.arn.clone());
    let other = |known: &&ReplicaLink| known.arn != arn && known.link != Link::Detached;
    let taken = primary.replication.cross_replica.as_ref().filter(other).is_some();
    elsewhere(arn, "CrossAccountReplicaARN", given)?;
    let replica = at(world, arn, given).ok_or_else(Failure::no_such_secret)?;
    if replica.replication.cross_primary.as_ref().is_none_or(|link| link.arn != primary_arn) {
        return Err(Failure::request(format!(
            "The secret {arn} was not created as a cross-account replica of {primary_arn}."
        )));
    }
    if taken {
        return Err(Failure::limit("A secret can't have more than 1 cross-account replica."));
    }
    replica.replication.cross_primary = Some(PrimaryLink { arn: primary_arn.clone(), link: Link::InSync });
    let role = input.text("ReplicationRoleARN").map(str::to_owned);
    if let Some(primary) = world.here(given).secrets.get_mut(&name) {
        let link = ReplicaLink { arn: arn.to_owned(), role, link: Link::InSync };
        primary.replication.cross_replica = Some(link);
        let primary = primary.clone();
        follow(world, &primary, given);
    }
    Ok(Some(json!({
        "ARN": primary_arn, "CrossAccountReplicaARN": arn, "ReplicationStatus": "InProgress",
    })))
}

/// DisassociateCrossAccountReplica (aws-docs): the primary forgets the replica, which stays as it is, Detached.
///
/// `inferred`: an ARN that is not the replica's is not found.
pub(crate) fn disassociate(world: &mut World, input: Input<'_>, given: &mut Given<'_>) -> Answer {
    let arn = input.required("CrossAccountReplicaARN");
    let primary = world.here(given).find_live_mut(input, given)?;
    if primary.replication.cross_replica.take_if(|link| link.arn == arn).is_none() {
        return Err(Failure::new(
            "ResourceNotFoundException",
            "Secrets Manager can't find the specified cross-account replica.",
        ));
    }
    let primary_arn = primary.arn.clone();
    if let Some(replica) = at(world, arn, given)
        && let Some(link) = &mut replica.replication.cross_primary
    {
        link.link = Link::Detached;
    }
    Ok(Some(json!({"ARN": primary_arn, "CrossAccountReplicaARN": arn})))
}

/// The replica has cut the link: its primary keeps it as Detached (aws-docs, StopReplicationToReplica).
pub(crate) fn detach(world: &mut World, replica: &str, link: &PrimaryLink, given: &Given<'_>) {
    if let Some(primary) = at(world, &link.arn, given)
        && let Some(known) = &mut primary.replication.cross_replica
        && known.arn == replica
    {
        known.link = Link::Detached;
    }
}

/// Refuses to delete a primary that is associated with a replica (aws-docs, DeleteSecret). `inferred`: a link that the
/// replica has cut does not count; code and text are by analogy to DeleteSecret.has-replicas.
pub(crate) fn check_deletable(secret: &Secret) -> Result<(), Failure> {
    match &secret.replication.cross_replica {
        Some(link) if link.link != Link::Detached => Err(Failure::parameter(format!(
            "You can't delete secret {} that still has a cross-account replica [{}].",
            secret.arn, link.arn
        ))),
        _ => Ok(()),
    }
}

/// Brings the replica of a primary up to date, where they are linked.
pub(crate) fn follow(world: &mut World, primary: &Secret, given: &Given<'_>) {
    let Replication { cross_replica: Some(ReplicaLink { arn, link: Link::InSync, .. }), .. } =
        &primary.replication
    else {
        return;
    };
    if let Some(replica) = at(world, arn, given) {
        replica.take_over(primary);
    }
}

/// The secret with a complete ARN, in whichever account.
fn at<'w>(world: &'w mut World, arn: &str, given: &Given<'_>) -> Option<&'w mut Secret> {
    let place = SecretArn::parse(arn)?;
    let (name, _) = place.name_and_suffix()?;
    let state = world.existing(place.account, place.region, given.now)?;
    state.secrets.get_mut(name).filter(|secret| secret.arn == arn)
}
