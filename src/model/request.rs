//! From the wire to an operation and its input, and what the service says to requests that are none.
//!
//! None of these answers is recorded: codes and texts are `inferred` from services with the same protocol.

use serde_json::Value;

use super::failure::Failure;
use crate::service::wire::{TARGET_HEADER, TARGET_PREFIX, WireRequest};
use crate::service::{Operation, shapes};

/// Reads the operation and the input from a request.
///
/// # Errors
/// `UnknownOperationException` when the method is not POST, or `X-Amz-Target` is missing or names no operation of
/// the service; `SerializationException` when the body is no JSON. Its types are checked by `apply`.
pub fn read(request: &WireRequest) -> Result<(&'static Operation, Value), Failure> {
    if request.method != "POST" {
        return Err(unknown(&format!("the method {} calls no operation", request.method)));
    }
    let Some(target) = request.header(TARGET_HEADER) else {
        return Err(unknown("the request has no X-Amz-Target header"));
    };
    let name = target.strip_prefix(TARGET_PREFIX);
    let Some(operation) = name.and_then(|name| shapes().operation(name)) else {
        return Err(unknown(&format!("there is no operation {target}")));
    };
    match serde_json::from_slice(&request.body) {
        Ok(input) => Ok((operation, input)),
        Err(_) => Err(Failure::serialization("the body of the request is not well-formed JSON")),
    }
}

fn unknown(message: &str) -> Failure {
    Failure::new("UnknownOperationException", message)
}
