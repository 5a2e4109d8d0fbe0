//! Reading the labels of a secret after a step, from three views. It never reads a value: that would change
//! LastAccessedDate.

use serde_json::{Value, json};

use super::caller::{Caller, Trouble};
use crate::trace::{Exchange, Probe};

/// The most pages that a probe follows. A listing that goes on longer goes in circles.
const PAGES_MAX: usize = 200;

/// How much a probe reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProbeLevel {
    /// Nothing, unless `labels` is stated.
    None,
    /// ListSecretVersionIds.
    Labels,
    /// ListSecretVersionIds, DescribeSecret and ListSecrets.
    #[default]
    Full,
}

/// Reads the state of one secret. `id` is its ARN, or its name while no ARN is known.
///
/// # Errors
/// When no response came, or the run was asked to stop.
pub async fn probe(
    caller: &Caller,
    variable: &str,
    name: &str,
    id: &str,
    level: ProbeLevel,
) -> Result<Probe, Trouble> {
    let input = json!({"SecretId": id, "IncludeDeprecated": true});
    let versions = pages(caller, "ListSecretVersionIds", input).await?;
    let mut probe = Probe { secret: variable.to_owned(), versions, describe: None, list: Vec::new() };
    if level == ProbeLevel::Full {
        probe.describe = Some(caller.call("DescribeSecret", &json!({"SecretId": id})).await?);
        let filter = json!({"Filters": [{"Key": "name", "Values": [name]}], "IncludePlannedDeletion": true});
        probe.list = pages(caller, "ListSecrets", filter).await?;
    }
    Ok(probe)
}

/// Sends a request again with each NextToken until there is none, it repeats, or a page fails.
///
/// # Errors
/// When no response came, or the run was asked to stop.
pub async fn pages(caller: &Caller, operation: &str, mut input: Value) -> Result<Vec<Exchange>, Trouble> {
    let mut exchanges = Vec::with_capacity(1);
    let mut last: Option<String> = None;
    while exchanges.len() < PAGES_MAX {
        let exchange = caller.call(operation, &input).await?;
        let token = next_token(&exchange).filter(|token| last.as_ref() != Some(token));
        exchanges.push(exchange);
        let Some(token) = token else { break };
        input["NextToken"] = Value::String(token.clone());
        last = Some(token);
    }
    Ok(exchanges)
}

fn next_token(exchange: &Exchange) -> Option<String> {
    // Most responses have none; parsing them for it would double the work.
    if !exchange.response.body.windows(9).any(|part| part == b"NextToken") {
        return None;
    }
    // An empty token continues nothing: SDKs stop there too. What the contract says of it is another matter.
    let body = exchange.response.json()?;
    body.get("NextToken")?.as_str().filter(|token| !token.is_empty()).map(str::to_owned)
}
