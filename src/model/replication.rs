//! Replicas in other regions: how they are made, follow their primary, and part from it.
//!
//! A replica is a secret of its own in the other region's state. It has the primary's name and suffix and everything
//! that is the primary's (values, versions, labels, description, tags, policy, LastChangedDate), and of its own a key,
//! a CreatedDate and the days of access (aws-recorded: DescribeSecret.replica-replica). After every call that changes
//! a primary its replicas [`follow`]; nothing but StopReplicationToReplica changes a replica otherwise.
//!
//! `inferred`: the reference replicates at once, so that `InProgress` is seen only in the answer of the call that began
//! it; every region of the partition can be replicated to; the configuration of rotation stays with the primary, and
//! versions without labels and those that a rotation announced are replicated like all others.

use serde_json::{Value, json};

use super::cross_account::{self, PrimaryLink, ReplicaLink};
use super::failure::{Answer, Failure};
use super::given::Given;
use super::input::Input;
use super::secrets;
use super::state::{Secret, State, Version};
use super::world::World;
use crate::service::SecretArn;

/// The key of a replica for which none was named. Unlike a primary's default key it is shown (aws-recorded:
/// DescribeSecret.replica-primary, .replica-replica).
const DEFAULT_KEY: &str = "alias/aws/secretsmanager";

/// What a secret has to do with others.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Replication {
    /// Of a replica: the region of its primary.
    pub(crate) primary: Option<String>,
    /// Of a primary: the regions of its replicas, in the order in which they were asked for (aws-verified-test:
    /// ReplicateSecretToRegions.order).
    pub(crate) replicas: Vec<Replica>,
    /// Of a replica in another account: its primary.
    pub(crate) cross_primary: Option<PrimaryLink>,
    /// Of a primary: its replica in another account.
    pub(crate) cross_replica: Option<ReplicaLink>,
}

/// A region that a primary replicates to.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Replica {
    region: String,
    key: String,
    /// Why there is no replica, where there is none.
    failed: Option<&'static str>,
}

/// aws-docs: the example that the service model gives for a StatusMessage (Replication.failed-status).
const NAME_IS_TAKEN: &str = "Secret with this name already exists in this region";

impl Secret {
    /// The region of the primary, which a primary tells of itself while it has replicas (aws-recorded:
    /// DescribeSecret.replica-primary, .replica-replica, ListSecrets.replicated). `inferred`: it goes with the last
    /// replica, and when a replica is promoted.
    pub(crate) fn primary_region(&self) -> Option<&str> {
        let own = || SecretArn::parse(&self.arn).map(|arn| arn.region);
        let primary = self.replication.primary.as_deref();
        primary.or_else(|| own().filter(|_| !self.replication.replicas.is_empty()))
    }

    /// Refuses what only a primary may be asked for.
    ///
    /// reported: Replication.write-on-replica, seen for DeleteSecret (DeleteSecret.on-replica) and PutResourcePolicy;
    /// `inferred` for every other change (UpdateSecret.replica), and the text for a replica in another account.
    pub(crate) fn refuse_replica(&self) -> Result<(), Failure> {
        let whose = match &self.replication {
            Replication { primary: Some(_), .. } => "region",
            Replication { cross_primary: Some(_), .. } => "account",
            _ => return Ok(()),
        };
        Err(Failure::parameter(format!(
            "Operation not permitted on a replica secret. Call must be made in primary secret's {whose}."
        )))
    }

    /// Refuses to delete a primary that has replicas, or a replica.
    ///
    /// reported: DeleteSecret.has-replicas (the text, to the letter). `inferred`: a region whose replication failed
    /// counts, until it is removed; the regions stand in the order of ReplicationStatus.
    pub(crate) fn check_deletable(&self) -> Result<(), Failure> {
        self.refuse_replica()?;
        let regions: Vec<&str> = self.replication.replicas.iter().map(|r| r.region.as_str()).collect();
        if !regions.is_empty() {
            return Err(Failure::parameter(format!(
                "You can't delete secret {} that still has replica regions [{}].",
                self.arn,
                regions.join(", ")
            )));
        }
        cross_account::check_deletable(self)
    }

    /// Takes over what is the primary's, in another region or account.
    pub(super) fn take_over(&mut self, primary: &Secret) {
        self.description.clone_from(&primary.description);
        self.changed = primary.changed;
        self.labels.clone_from(&primary.labels);
        let own = std::mem::take(&mut self.versions);
        let accessed = |id: &str| own.iter().find(|version| version.id == id)?.accessed;
        let key = &self.kms_key;
        let replicated = |version: &Version| Version {
            accessed: accessed(&version.id),
            kms_key: key.clone(),
            ..version.clone()
        };
        self.versions = primary.versions.iter().map(replicated).collect();
    }

    /// Takes over what a replica in another region shares besides. A primary whose last tag was removed has an empty
    /// list, and its replica none (aws-recorded: DescribeSecret.replica-primary, .replica-replica); that tags are
    /// replicated says the user guide (aws-docs), that policies are is reported (Replication.policy-follows).
    fn follow(&mut self, primary: &Secret) {
        self.take_over(primary);
        self.tags = primary.tags.clone().filter(|tags| !tags.is_empty());
        self.policy.clone_from(&primary.policy);
    }
}

/// Brings the replicas of the secret of a request up to date. To be called after every call that may have changed it.
pub(crate) fn follow(world: &mut World, input: Input<'_>, given: &Given<'_>) {
    if input.text("SecretId").is_none() {
        return;
    }
    let primary = match world.here(given).find(input, given) {
        Ok(secret) if secret.replication != Replication::default() => secret.clone(),
        _ => return,
    };
    for replica in primary.replication.replicas.iter().filter(|replica| replica.failed.is_none()) {
        let state = world.at(given.account, &replica.region, given.now);
        if let Some(secret) = state.secrets.get_mut(&primary.name) {
            secret.follow(&primary);
        }
    }
    cross_account::follow(world, &primary, given);
}

/// CreateSecret, with replicas where AddReplicaRegions asks for them (aws-docs: CreateSecret.replica-response), and for
/// a replica of a secret in another account.
///
/// `inferred`: regions that cannot be are refused before anything is created; the replay of a request adds no replica.
pub(crate) fn create(world: &mut World, input: Input<'_>, given: &mut Given<'_>) -> Answer {
    if input.get("CrossAccountPrimaryARN").is_some() {
        return cross_account::create(world, input, given);
    }
    let regions = asked(input, given)?;
    let name = input.required("Name");
    let state = world.here(given);
    let known = state.secrets.contains_key(name);
    let answer = secrets::create(state, input, given)?;
    if regions.is_empty() {
        return Ok(answer);
    }
    let fresh = if known { Vec::new() } else { add(world, name, regions, input, given) };
    Ok(answer.map(|mut answer| {
        answer["ReplicationStatus"] = status(world, name, &fresh, given);
        answer
    }))
}

/// ReplicateSecretToRegions (aws-docs: ReplicateSecretToRegions.ok; aws-verified-test: .order).
///
/// `inferred`: the answer tells of all regions, those that were there before included; a region that is replicated to
/// already is refused, and one whose replication failed is tried again; LastChangedDate moves (the recorded replica was
/// created half a second after its primary's).
pub(crate) fn replicate(world: &mut World, input: Input<'_>, given: &mut Given<'_>) -> Answer {
    let regions = asked(input, given)?;
    let secret = world.here(given).find_live_mut(input, given)?;
    let (name, arn) = (secret.name.clone(), secret.arn.clone());
    let replicated = |asked: &Replica| {
        secret.replication.replicas.iter().any(|known| known.region == asked.region && known.failed.is_none())
    };
    if let Some(known) = regions.iter().find(|region| replicated(region)) {
        return Err(Failure::parameter(format!("Secret is already replicated to region {}.", known.region)));
    }
    secret.touch(given.now);
    let fresh = add(world, &name, regions, input, given);
    follow(world, input, given);
    Ok(Some(json!({"ARN": arn, "ReplicationStatus": status(world, &name, &fresh, given)})))
}

/// RemoveRegionsFromReplication: the replicas are gone at once (aws-docs: RemoveRegionsFromReplication.ok, and DeleteSecret
/// of a replica).
///
/// `inferred`: a region that has no replica is passed over (moto's test_remove_regions_from_replication says that
/// removing is idempotent, the only public statement, and has not been run against AWS); of a region whose replication
/// failed only the entry goes, not the secret that was in the way.
pub(crate) fn remove(world: &mut World, input: Input<'_>, given: &mut Given<'_>) -> Answer {
    let regions = input.texts("RemoveReplicaRegions").unwrap_or_default();
    let secret = world.here(given).find_live_mut(input, given)?;
    let (name, arn) = (secret.name.clone(), secret.arn.clone());
    let replicas = &mut secret.replication.replicas;
    let gone = |replica: &Replica| regions.contains(&replica.region.as_str());
    let removed: Vec<Replica> = replicas.iter().filter(|replica| gone(replica)).cloned().collect();
    replicas.retain(|replica| !gone(replica));
    if !removed.is_empty() {
        secret.touch(given.now);
    }
    for replica in removed.iter().filter(|replica| replica.failed.is_none()) {
        world.at(given.account, &replica.region, given.now).secrets.remove(&name);
    }
    follow(world, input, given);
    Ok(Some(json!({"ARN": arn, "ReplicationStatus": status(world, &name, &[], given)})))
}

/// StopReplicationToReplica: the replica becomes a secret that stands alone (aws-docs: StopReplicationToReplica.ok).
///
/// `inferred`: a secret that is no replica is refused; the region goes from the primary's ReplicationStatus; the promoted
/// secret keeps its key, as it is shown, and its LastChangedDate.
pub(crate) fn stop(world: &mut World, input: Input<'_>, given: &mut Given<'_>) -> Answer {
    let secret = world.here(given).find_live(input, given)?;
    let (name, arn, replication) = (secret.name.clone(), secret.arn.clone(), secret.replication.clone());
    match replication {
        Replication { primary: Some(region), .. } => {
            let state = world.at(given.account, &region, given.now);
            if let Some(primary) = state.secrets.get_mut(&name) {
                primary.replication.replicas.retain(|replica| replica.region != given.region);
            }
        }
        Replication { cross_primary: Some(link), .. } => cross_account::detach(world, &arn, &link, given),
        _ => return Err(Failure::parameter("Operation is only permitted on a replica secret.")),
    }
    if let Some(secret) = world.here(given).secrets.get_mut(&name) {
        secret.replication = Replication::default();
    }
    Ok(Some(json!({"ARN": arn})))
}

/// DescribeSecret: besides what the secret itself knows, how its replicas are (aws-recorded:
/// DescribeSecret.replica-primary). Without replicas there is no ReplicationStatus (aws-verified-test:
/// RemoveRegionsFromReplication.describe), and a replica has none (aws-recorded: DescribeSecret.replica-replica).
pub(crate) fn describe(world: &mut World, input: Input<'_>, given: &mut Given<'_>) -> Answer {
    let state = world.here(given);
    let answer = secrets::describe(state, input, given)?;
    let secret = state.find(input, given)?;
    let Replication { replicas, cross_primary, cross_replica, .. } = &secret.replication;
    let (name, replicated) = (secret.name.clone(), !replicas.is_empty());
    let (cross_primary, cross_replica) = (cross_primary.clone(), cross_replica.clone());
    Ok(answer.map(|mut answer| {
        if replicated {
            answer["ReplicationStatus"] = status(world, &name, &[], given);
        }
        if let Some(link) = cross_primary {
            answer["CrossAccountPrimary"] = link.shown();
        }
        if let Some(link) = cross_replica {
            answer["CrossAccountReplicas"] = json!([link.shown()]);
        }
        answer
    }))
}

/// The regions of AddReplicaRegions.
///
/// `inferred`: Replication.same-region for code and text, which stand for a region of another partition and for one that
/// is named twice as well.
fn asked(input: Input<'_>, given: &Given<'_>) -> Result<Vec<Replica>, Failure> {
    let mut regions: Vec<Replica> = Vec::new();
    for asked in input.structures("AddReplicaRegions").unwrap_or_default() {
        // The model does not require the member; without it there is no region to replicate to.
        let region = asked.text("Region").unwrap_or_default();
        let known = regions.iter().any(|other| other.region == region);
        if region.is_empty() || region == given.region || known || partition(region) != given.partition {
            return Err(Failure::parameter("Invalid replica region."));
        }
        let key = asked.text("KmsKeyId").filter(|key| !key.is_empty()).unwrap_or(DEFAULT_KEY);
        regions.push(Replica { region: region.to_owned(), key: key.to_owned(), failed: None });
    }
    Ok(regions)
}

/// The partition that a region lies in (aws-docs).
pub fn partition(region: &str) -> &'static str {
    match region {
        _ if region.starts_with("cn-") => "aws-cn",
        _ if region.starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    }
}

/// Makes the replicas of a primary in regions that have none, and says which regions these were.
///
/// aws-docs: a secret of that name in the region is in the way unless ForceOverwriteReplicaSecret takes it. `inferred`: one
/// that is scheduled for deletion is in the way too; force does not take a primary with replicas, nor a replica.
fn add(
    world: &mut World,
    name: &str,
    regions: Vec<Replica>,
    input: Input<'_>,
    given: &Given<'_>,
) -> Vec<String> {
    let force = input.flag("ForceOverwriteReplicaSecret").unwrap_or(false);
    let Some(primary) = world.here(given).secrets.get(name).cloned() else { return Vec::new() };
    let mut made = Vec::new();
    let mut fresh = Vec::new();
    for mut replica in regions {
        let state = world.at(given.account, &replica.region, given.now);
        let overwritten = |old: &Secret| force && old.replication == Replication::default();
        match state.secrets.get(name) {
            Some(old) if !overwritten(old) => replica.failed = Some(NAME_IS_TAKEN),
            _ => insert(state, &primary, &replica, given),
        }
        fresh.push(replica.region.clone());
        made.push(replica);
    }
    if let Some(primary) = world.here(given).secrets.get_mut(name) {
        let replicas = &mut primary.replication.replicas;
        replicas.retain(|replica| !fresh.contains(&replica.region));
        replicas.extend(made);
    }
    fresh
}

fn insert(state: &mut State, primary: &Secret, replica: &Replica, given: &Given<'_>) {
    let region =
        |arn: &str| arn.replacen(&format!(":{}:", given.region), &format!(":{}:", replica.region), 1);
    let mut secret = Secret {
        arn: region(&primary.arn),
        kms_key: Some(replica.key.clone()),
        created: given.now,
        accessed: None,
        deletion: None,
        rotation: None,
        versions: Vec::new(),
        order: state.created + 1,
        replication: Replication { primary: Some(given.region.to_owned()), ..Replication::default() },
        ..primary.clone()
    };
    secret.follow(primary);
    state.created = secret.order;
    state.secrets.insert(secret.name.clone(), secret);
    state.note_ends();
}

/// ReplicationStatus. What a call has just begun is in progress (aws-docs: ReplicateSecretToRegions.ok); later it is in sync
/// or has failed, with a message (aws-recorded: DescribeSecret.replica-primary). LastAccessedDate is the replica's.
fn status(world: &mut World, name: &str, fresh: &[String], given: &Given<'_>) -> Value {
    let secret = world.here(given).secrets.get(name);
    let replicas = secret.map(|secret| secret.replication.replicas.clone()).unwrap_or_default();
    let shown = |replica: &Replica| {
        let mut entry = json!({"Region": replica.region, "KmsKeyId": replica.key, "Status": "InProgress"});
        if fresh.contains(&replica.region) {
            return entry;
        }
        let state = world.at(given.account, &replica.region, given.now);
        let accessed = state.secrets.get(name).and_then(|secret| secret.accessed);
        match replica.failed {
            Some(why) => (entry["Status"], entry["StatusMessage"]) = ("Failed".into(), why.into()),
            None => {
                (entry["Status"], entry["StatusMessage"]) = ("InSync".into(), "Replication succeeded".into());
                if let Some(day) = accessed {
                    entry["LastAccessedDate"] = day.to_seconds().into();
                }
            }
        }
        entry
    };
    Value::Array(replicas.iter().map(shown).collect())
}
