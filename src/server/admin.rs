//! What is asked of the reference itself: to move the clock of the caller's account.
//!
//! A request is one of these by its path, which the service does not use, and by naming no operation: whatever has an
//! `X-Amz-Target` is the service's. It is signed like any other, and its signature says whose clock is meant.

use std::time::Duration;

use serde_json::Value;

use crate::service::WireRequest;
use crate::service::wire::TARGET_HEADER;

/// What every path of ours begins with.
const PREFIX: &str = "/_smcheck/";
/// Where a clock is moved.
const CLOCK: &str = "/_smcheck/clock";
/// The code of a request that is none of ours after all. It is not AWS's.
pub(super) const BAD_REQUEST: &str = "SmcheckBadRequestException";

/// Whether a request is meant for the reference itself.
pub(super) fn is_admin(request: &WireRequest) -> bool {
    request.path.starts_with(PREFIX) && request.header(TARGET_HEADER).is_none()
}

/// By how much the clock is to be moved: `POST /_smcheck/clock` with `{"advance": SECONDS}`.
///
/// # Errors
/// The sentence that says what is wrong with the request.
pub(super) fn advance(request: &WireRequest) -> Result<Duration, String> {
    if request.path != CLOCK {
        return Err(format!("there is only {CLOCK} here"));
    }
    if request.method != "POST" {
        return Err(format!("{CLOCK} takes POST"));
    }
    let wrong = || "the body is {\"advance\": SECONDS}, a number of at least 0".to_owned();
    let body = request.json().ok_or_else(wrong)?;
    let Value::Object(members) = &body else { return Err(wrong()) };
    if let Some(stranger) = members.keys().find(|name| *name != "advance") {
        let shown: String = stranger.chars().take(40).collect();
        return Err(format!("the body has only `advance`, no `{}`", shown.escape_default()));
    }
    let seconds = members.get("advance").and_then(Value::as_f64).ok_or_else(wrong)?;
    Duration::try_from_secs_f64(seconds).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(method: &str, path: &str, body: &str) -> WireRequest {
        WireRequest {
            method: method.to_owned(),
            path: path.to_owned(),
            headers: Vec::new(),
            body: body.to_owned().into(),
        }
    }

    #[test]
    fn seconds_are_read_and_anything_else_is_refused() {
        assert_eq!(advance(&request("POST", CLOCK, "{\"advance\": 1.5}")), Ok(Duration::from_millis(1500)));
        for body in [
            "",
            "1",
            "{}",
            "{\"advance\": -1}",
            "{\"advance\": \"8 days\"}",
            "{\"advance\": 1e300}",
            "{\"advance\": null}",
            "{\"advance\": 1, \"by\": 2}",
        ] {
            assert!(advance(&request("POST", CLOCK, body)).is_err(), "{body}");
        }
        assert!(advance(&request("GET", CLOCK, "{\"advance\": 1}")).is_err());
        assert!(advance(&request("POST", "/_smcheck/clocks", "{\"advance\": 1}")).is_err());
    }

    #[test]
    fn a_request_with_an_operation_is_the_services_whatever_its_path() {
        let mut one = request("POST", CLOCK, "{}");
        assert!(is_admin(&one));
        one.headers.push(("X-Amz-Target".to_owned(), "secretsmanager.ListSecrets".to_owned()));
        assert!(!is_admin(&one));
        assert!(!is_admin(&request("POST", "/", "{}")));
    }
}
