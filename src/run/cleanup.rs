//! Deleting what a scenario created, after a failure and after a stop too.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use super::caller::Caller;
use crate::scenario::Side;
use crate::trace::Exchange;

/// How long each request of cleaning up may take.
const LIMIT: Duration = Duration::from_secs(8);
/// How often a deletion is tried that was refused after its replicas were removed, and how long to wait between:
/// replicas go some time after the request.
const TRIES: u32 = 3;
const PAUSE: Duration = Duration::from_secs(1);

/// Operations that link secrets to each other.
const LINKING: [&str; 3] =
    ["ReplicateSecretToRegions", "AssociateCrossAccountReplica", "StopReplicationToReplica"];

/// The secrets that a scenario created, in the order of creation.
#[derive(Debug, Default)]
pub struct Created {
    /// ARN or name, and where.
    secrets: Vec<(String, Side)>,
    /// The names, as far as there were any.
    names: BTreeSet<String>,
    /// Whether secrets may have replicas, which stand in the way of deleting them and are left where they are.
    linked: bool,
}

impl Created {
    /// Remembers what a CreateSecret has made, and whether anything may have been replicated.
    pub fn see(&mut self, exchange: &Exchange, side: Side) {
        let operation = exchange.operation.as_deref().unwrap_or_default();
        self.linked |= LINKING.contains(&operation);
        if operation != "CreateSecret" || !exchange.response.succeeded() {
            return;
        }
        let sent = exchange.request.json().unwrap_or_default();
        let id = |body: &Value, member: &str| body.get(member).and_then(Value::as_str).map(str::to_owned);
        let name = id(&sent, "Name");
        self.linked |= ["AddReplicaRegions", "CrossAccountPrimaryARN"].iter().any(|m| sent.get(m).is_some());
        let answered = exchange.response.json().and_then(|body| id(&body, "ARN"));
        if let Some(found) = answered.or_else(|| name.clone()) {
            self.add(found, side);
        }
        self.names.extend(name);
    }

    /// Remembers a name whose CreateSecret got no answer: it may exist.
    pub fn suspect(&mut self, name: &str, side: Side) {
        self.add(name.to_owned(), side);
        self.names.insert(name.to_owned());
    }

    fn add(&mut self, id: String, side: Side) {
        let secret = (id, side);
        if !self.secrets.contains(&secret) {
            self.secrets.push(secret);
        }
    }

    /// Deletes them all, without a recovery window, their replicas first. What says that it cannot be deleted is
    /// given back.
    pub async fn delete(self, caller: &Caller) -> Vec<String> {
        if self.linked {
            for (id, side) in &self.secrets {
                unlink(&caller.at(*side), id).await;
            }
        }
        let mut left = Vec::new();
        for (id, side) in &self.secrets {
            if !delete(&caller.at(*side), id, self.linked).await {
                left.push(id.clone());
            }
        }
        if self.linked {
            // A replica that was promoted, or that a target left behind, has the name of its primary.
            let elsewhere = Side { second_region: true, second_account: false };
            for name in self.names.iter().filter(|_| caller.has(elsewhere)) {
                let caller = caller.at(elsewhere);
                unlink(&caller, name).await;
                if !delete(&caller, name, true).await {
                    left.push(name.clone());
                }
            }
        }
        left
    }
}

/// Deletes a secret, and says whether it is gone.
async fn delete(caller: &Caller, id: &str, patient: bool) -> bool {
    let input = json!({"SecretId": id, "ForceDeleteWithoutRecovery": true});
    let tries = if patient { TRIES } else { 1 };
    for attempt in 1..=tries {
        match send(caller, "DeleteSecret", &input).await {
            Some(exchange) if exchange.response.succeeded() => return true,
            Some(exchange)
                if exchange.response.error().is_some_and(|e| e.code == "ResourceNotFoundException") =>
            {
                return true;
            }
            // Not there after a moment, or never: the last attempt says it.
            Some(_) if attempt < tries => tokio::time::sleep(PAUSE).await,
            _ => {}
        }
    }
    false
}

/// Takes a secret out of every replication: removes its replicas, parts it from one in another account, and from its
/// primary where it is a replica itself. What does not work shows when it is deleted.
pub async fn unlink(caller: &Caller, id: &str) {
    let Some(described) = send(caller, "DescribeSecret", &json!({"SecretId": id})).await else { return };
    let body = described.response.json().filter(|_| described.response.succeeded()).unwrap_or_default();
    let entries = |member: &str, of: &str| -> Vec<Value> {
        let entries = body.get(member).and_then(Value::as_array).into_iter().flatten();
        entries.filter_map(|entry| entry.get(of).cloned()).collect()
    };
    let regions = entries("ReplicationStatus", "Region");
    if !regions.is_empty() {
        let input = json!({"SecretId": id, "RemoveReplicaRegions": regions});
        send(caller, "RemoveRegionsFromReplication", &input).await;
    }
    for arn in entries("CrossAccountReplicas", "ReplicaSecretARN") {
        let input = json!({"SecretId": id, "CrossAccountReplicaARN": arn});
        send(caller, "DisassociateCrossAccountReplica", &input).await;
    }
    let primary = body.get("PrimaryRegion").and_then(Value::as_str);
    if body.get("CrossAccountPrimary").is_some() || primary.is_some_and(|region| region != caller.region()) {
        send(caller, "StopReplicationToReplica", &json!({"SecretId": id})).await;
    }
}

async fn send(caller: &Caller, operation: &str, input: &Value) -> Option<Exchange> {
    let call = caller.call_regardless(operation, input);
    tokio::time::timeout(LIMIT, call).await.ok()?.ok()
}
