//! A client's request as the target gets it, the target's response as the client gets it, and what a client is told
//! when there is none.

use crate::service::sigv4::{CannotSign, Signer};
use crate::service::time::Timestamp;
use crate::service::wire::Headers;
use crate::service::{WireRequest, WireResponse};
use crate::target::ClientError;

/// What belongs to one connection, and not to the message on it.
const OF_THE_CONNECTION: &[&str] =
    &["connection", "content-length", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"];
/// What the client says to us: its signature, and which encodings it reads. An encoded body could not be recorded.
const FOR_US: &[&str] = &[
    "accept-encoding",
    "authorization",
    "expect",
    "host",
    "proxy-authorization",
    "proxy-connection",
    "x-amz-content-sha256",
    "x-amz-date",
    "x-amz-security-token",
];
/// The code of what a client is told when the target fails: one that every SDK tries again.
const FAILED: &str = "InternalServiceError";

/// The request for the target, signed with its credentials.
pub(super) fn request(
    received: &WireRequest,
    signer: &Signer,
    endpoint: &str,
) -> Result<WireRequest, CannotSign> {
    let mut headers = without(&received.headers, OF_THE_CONNECTION);
    headers.retain(|(name, _)| !is_one_of(name, FOR_US));
    let mut request = WireRequest {
        method: received.method.clone(),
        path: received.path.clone(),
        headers,
        body: received.body.clone(),
    };
    signer.sign(&mut request, endpoint, Timestamp::now())?;
    Ok(request)
}

/// The response for the client: what the target said.
pub(super) fn response(received: &WireResponse) -> WireResponse {
    WireResponse {
        status: received.status,
        headers: without(&received.headers, OF_THE_CONNECTION),
        body: received.body.clone(),
    }
}

/// What a client is told when the target gave no response.
pub(super) fn failure(why: &ClientError, id: &str) -> WireResponse {
    let (status, code) = match why {
        ClientError::Timeout { .. } => (504, FAILED),
        ClientError::Connect { .. } | ClientError::Broken { .. } | ClientError::TooLarge { .. } => {
            (502, FAILED)
        }
        ClientError::Request(_) => (400, "ValidationException"),
    };
    WireResponse::failure(status, code, &format!("smcheck proxy: {why}"), id)
}

/// What a summary calls the failure.
pub(super) fn kind(why: &ClientError) -> &'static str {
    match why {
        ClientError::Connect { .. } => "no connection",
        ClientError::Timeout { .. } => "no answer in time",
        ClientError::Broken { .. } => "broke off, or no HTTP",
        ClientError::TooLarge { .. } => "too large an answer",
        ClientError::Request(_) => "cannot be sent",
    }
}

/// The headers without these, and without those that `Connection` names.
fn without(headers: &Headers, names: &[&str]) -> Headers {
    let named: Vec<&str> = headers
        .iter()
        .filter(|(name, _)| name.eq_ignore_ascii_case("connection"))
        .flat_map(|(_, value)| value.split(',').map(str::trim))
        .collect();
    let stays = |name: &str| !is_one_of(name, names) && !is_one_of(name, &named);
    headers.iter().filter(|(name, _)| stays(name)).cloned().collect()
}

fn is_one_of(name: &str, names: &[&str]) -> bool {
    names.iter().any(|other| other.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::sigv4::Credentials;
    use serde_json::json;

    #[test]
    fn what_a_client_says_to_us_is_not_passed_on() {
        let mut received = WireRequest::call("ListSecrets", &json!({}));
        for (name, value) in [
            ("Host", "127.0.0.1:1"),
            ("Authorization", "CANARY"),
            ("X-Amz-Security-Token", "CANARY"),
            ("X-Amz-Date", "20200101T000000Z"),
            ("Accept-Encoding", "gzip"),
            ("Connection", "keep-alive, X-Hop"),
            ("X-Hop", "CANARY"),
            ("User-Agent", "an SDK"),
        ] {
            received.headers.push((name.to_owned(), value.to_owned()));
        }
        let signer = Signer::new(&Credentials::new("TARGET", "s"), "eu-west-3");
        let sent = request(&received, &signer, "http://127.0.0.1:2").expect("it can be signed");
        assert!(!format!("{sent:?}").contains("CANARY"), "{sent:?}");
        assert!(sent.header("authorization").is_some_and(|value| value.contains("Credential=TARGET/")));
        assert_eq!(sent.header("user-agent"), Some("an SDK"));
        let mut names: Vec<String> = sent.headers.iter().map(|(name, _)| name.to_ascii_lowercase()).collect();
        names.sort();
        assert_eq!(names, ["authorization", "content-type", "user-agent", "x-amz-date", "x-amz-target"]);
    }
}
