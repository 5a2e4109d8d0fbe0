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
/// The code of what a client is told whose request cannot be passed on.
const REFUSED: &str = "ValidationException";

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
pub(super) fn response(received: WireResponse) -> WireResponse {
    let headers = without(&received.headers, OF_THE_CONNECTION);
    WireResponse { headers, ..received }
}

/// A request that the target did not answer.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    /// In short. A recording holds no more: the details may tell of what only the target and the client know.
    pub(super) kind: &'static str,
    detail: String,
    status: u16,
    code: &'static str,
}

impl Failure {
    /// What the client is told.
    pub(super) fn told(&self, id: &str) -> WireResponse {
        self.response(&self.detail, id)
    }

    /// What is recorded as what the client was told.
    pub(super) fn recorded(&self, id: &str) -> WireResponse {
        self.response(self.kind, id)
    }

    fn response(&self, what: &str, id: &str) -> WireResponse {
        WireResponse::failure(self.status, self.code, &format!("smcheck proxy: {what}"), id)
    }
}

impl From<CannotSign> for Failure {
    fn from(why: CannotSign) -> Self {
        Failure { kind: "it cannot be signed", detail: why.to_string(), status: 400, code: REFUSED }
    }
}

impl From<ClientError> for Failure {
    fn from(why: ClientError) -> Self {
        let (kind, status, code) = match why {
            ClientError::Connect { .. } => ("the target cannot be reached", 502, FAILED),
            ClientError::Timeout { .. } => ("the target did not answer in time", 504, FAILED),
            ClientError::Broken { .. } => ("the target broke off, or sent no HTTP", 502, FAILED),
            ClientError::TooLarge { .. } => ("the target answered with too large a body", 502, FAILED),
            ClientError::Request(_) => ("it cannot be sent", 400, REFUSED),
        };
        Failure { kind, detail: why.to_string(), status, code }
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
