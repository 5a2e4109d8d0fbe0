//! Deleting what a scenario created, after a failure and after a stop too.

use std::time::Duration;

use serde_json::{Value, json};

use super::caller::Caller;
use crate::trace::Exchange;

/// How long cleaning up one scenario may take.
const LIMIT: Duration = Duration::from_secs(8);

/// The secrets that a scenario created, in the order of creation.
#[derive(Debug, Default)]
pub struct Created(Vec<String>);

impl Created {
    /// Remembers what a CreateSecret has made.
    pub fn see(&mut self, exchange: &Exchange) {
        if exchange.operation.as_deref() != Some("CreateSecret") || !exchange.response.succeeded() {
            return;
        }
        let id = |body: &Value, member: &str| body.get(member).and_then(Value::as_str).map(str::to_owned);
        let answered = exchange.response.json().and_then(|body| id(&body, "ARN"));
        let found = answered.or_else(|| exchange.request.json().and_then(|body| id(&body, "Name")));
        if let Some(found) = found.filter(|found| !self.0.contains(found)) {
            self.0.push(found);
        }
    }

    /// Remembers a name whose CreateSecret got no answer: it may exist.
    pub fn suspect(&mut self, name: &str) {
        if !self.0.iter().any(|known| known == name) {
            self.0.push(name.to_owned());
        }
    }

    /// Deletes them all, without a recovery window. What says that it cannot be deleted is given back.
    pub async fn delete(self, caller: &Caller) -> Vec<String> {
        let mut left = Vec::new();
        for id in self.0 {
            let input = json!({"SecretId": id, "ForceDeleteWithoutRecovery": true});
            let call = caller.call_regardless("DeleteSecret", &input);
            match tokio::time::timeout(LIMIT, call).await {
                Ok(Ok(exchange)) if exchange.response.succeeded() => {}
                Ok(Ok(exchange)) => {
                    let gone =
                        exchange.response.error().is_some_and(|e| e.code == "ResourceNotFoundException");
                    if !gone {
                        left.push(id);
                    }
                }
                Ok(Err(_)) | Err(_) => left.push(id),
            }
        }
        left
    }
}
