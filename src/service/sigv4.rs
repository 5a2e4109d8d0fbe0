//! SigV4: signing requests, and verifying them for our own servers.
//!
//! Signing and the derivation of keys are aws-sigv4's. Verifying is ours, since no library offers it: the
//! canonical request is built from the headers that the client says it signed.

use std::fmt;
use std::time::{Duration, UNIX_EPOCH};

use aws_credential_types::Credentials as AwsCredentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::identity::Identity;
use sha2::{Digest, Sha256};

use super::time::Timestamp;
use super::wire::WireRequest;

/// The name that requests to Secrets Manager are signed for (aws-model).
pub const SIGNING_NAME: &str = "secretsmanager";
const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// How far a request's date may be from ours, in milliseconds ("Signature expired … - 5 min.", aws-docs).
const SKEW_MS: i64 = 5 * 60 * 1000;

/// A key pair, with a session token where it is temporary. `Debug` shows none of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The access key id.
    pub access_key: String,
    /// The secret access key.
    pub secret_key: String,
    /// The session token of temporary credentials.
    pub session_token: Option<String>,
}

impl Credentials {
    /// A permanent key pair.
    pub fn new(access_key: impl Into<String>, secret_key: impl Into<String>) -> Self {
        Credentials { access_key: access_key.into(), secret_key: secret_key.into(), session_token: None }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(redacted)")
    }
}

/// Signs requests with one key pair for one region.
#[derive(Clone, Debug)]
pub struct Signer {
    identity: Identity,
    region: String,
}

/// A request that cannot be signed, for example for a header that is not text.
#[derive(Debug, thiserror::Error)]
#[error("cannot sign the request: {0}")]
pub struct CannotSign(String);

impl Signer {
    /// A signer for this key pair and region.
    pub fn new(credentials: &Credentials, region: &str) -> Self {
        let token = credentials.session_token.clone();
        let key =
            AwsCredentials::new(&credentials.access_key, &credentials.secret_key, token, None, "smcheck");
        Signer { identity: key.into(), region: region.to_owned() }
    }

    /// The region that it signs for.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// Adds `X-Amz-Date`, `Authorization` and, for temporary credentials, `X-Amz-Security-Token` to the request.
    ///
    /// `endpoint` is scheme, host and port, as the request will be sent to.
    ///
    /// # Errors
    /// When a header or the path is not what HTTP allows.
    pub fn sign(&self, request: &mut WireRequest, endpoint: &str, at: Timestamp) -> Result<(), CannotSign> {
        self.sign_for(SIGNING_NAME, request, endpoint, at)
    }

    /// As [`Signer::sign`], for another service of AWS.
    ///
    /// # Errors
    /// When a header or the path is not what HTTP allows.
    pub fn sign_for(
        &self,
        service: &str,
        request: &mut WireRequest,
        endpoint: &str,
        at: Timestamp,
    ) -> Result<(), CannotSign> {
        let cannot = |why: &dyn fmt::Display| CannotSign(why.to_string());
        let time = UNIX_EPOCH + Duration::from_millis(u64::try_from(at.0).unwrap_or_default());
        let params = v4::SigningParams::builder()
            .identity(&self.identity)
            .region(&self.region)
            .name(service)
            .time(time)
            .settings(SigningSettings::default())
            .build()
            .map_err(|why| cannot(&why))?;
        let uri = format!("{endpoint}{}", request.path);
        let headers = request.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let signable =
            SignableRequest::new(&request.method, uri, headers, SignableBody::Bytes(&request.body))
                .map_err(|why| cannot(&why))?;
        let signed = aws_sigv4::http_request::sign(signable, &params.into()).map_err(|why| cannot(&why))?;
        let (instructions, _signature) = signed.into_parts();
        let (headers, _query) = instructions.into_parts();
        for header in headers {
            request.headers.push((header.name().to_owned(), header.value().to_owned()));
        }
        Ok(())
    }
}

/// A request that the layer in front of the service does not let through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status. Secrets Manager answers 400 (reported), also where other services answer 403.
    pub status: u16,
    /// The error code.
    pub code: &'static str,
    /// The message.
    pub message: String,
}

impl Refusal {
    fn new(code: &'static str, message: impl Into<String>) -> Self {
        Refusal { status: 400, code, message: message.into() }
    }
}

/// The access key that a request says it is signed with; `None` without a SigV4 `Authorization` header.
pub fn access_key_of(request: &WireRequest) -> Option<&str> {
    Authorization::read(request.header("authorization")?).map(|authorization| authorization.access_key)
}

/// Verifies a request's signature. `secret_of` gives the secret access key of an access key that exists.
///
/// The returned text is the access key. Codes and texts of the refusals: UnrecognizedClientException is reported
/// from AWS; the others are the usual ones of its front layer (inferred).
///
/// # Errors
/// The refusal to answer with.
pub fn verify(
    request: &WireRequest,
    region: &str,
    secret_of: impl Fn(&str) -> Option<String>,
    now: Timestamp,
) -> Result<String, Refusal> {
    let Some(header) = request.header("authorization") else {
        return Err(Refusal::new("MissingAuthenticationTokenException", "Missing Authentication Token"));
    };
    let Some(authorization) = Authorization::read(header) else {
        return Err(Refusal::new(
            "IncompleteSignatureException",
            "Authorization header requires 'Credential' parameter, 'Signature' parameter and 'SignedHeaders' parameter.",
        ));
    };
    let Some(stamp) = request.header("x-amz-date") else {
        return Err(Refusal::new(
            "IncompleteSignatureException",
            "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.",
        ));
    };
    let Some(secret) = secret_of(authorization.access_key) else {
        return Err(Refusal::new(
            "UnrecognizedClientException",
            "The security token included in the request is invalid.",
        ));
    };
    if authorization.region != region {
        return Err(Refusal::new(
            "InvalidSignatureException",
            format!("Credential should be scoped to a valid region, not '{}'.", authorization.region),
        ));
    }
    let mismatch = || {
        Refusal::new(
            "InvalidSignatureException",
            "The request signature we calculated does not match the signature you provided. Check your AWS Secret \
             Access Key and signing method. Consult the service documentation for details.",
        )
    };
    let sent = read_stamp(stamp).ok_or_else(mismatch)?;
    if authorization.service != SIGNING_NAME || !stamp.starts_with(authorization.date) {
        return Err(mismatch());
    }
    check_age(sent, now)?;
    let time = UNIX_EPOCH + Duration::from_millis(u64::try_from(sent.0).unwrap_or_default());
    let to_sign = format!(
        "{ALGORITHM}\n{stamp}\n{}/{region}/{SIGNING_NAME}/aws4_request\n{}",
        authorization.date,
        hex(&Sha256::digest(canonical_request(request, authorization.signed_headers)))
    );
    let key = v4::generate_signing_key(&secret, time, region, SIGNING_NAME);
    let expected = v4::calculate_signature(key, to_sign.as_bytes());
    if expected == authorization.signature {
        Ok(authorization.access_key.to_owned())
    } else {
        Err(mismatch())
    }
}

fn check_age(sent: Timestamp, now: Timestamp) -> Result<(), Refusal> {
    if (now.0 - sent.0).abs() <= SKEW_MS {
        return Ok(());
    }
    let (stamp, clock) = (write_stamp(sent), write_stamp(now));
    let message = if sent < now {
        let limit = write_stamp(now.plus_ms(-SKEW_MS));
        format!("Signature expired: {stamp} is now earlier than {limit} ({clock} - 5 min.)")
    } else {
        let limit = write_stamp(now.plus_ms(SKEW_MS));
        format!("Signature not yet current: {stamp} is still later than {limit} ({clock} + 5 min.)")
    };
    Err(Refusal::new("InvalidSignatureException", message))
}

/// The parts of an `Authorization` header.
struct Authorization<'h> {
    access_key: &'h str,
    date: &'h str,
    region: &'h str,
    service: &'h str,
    signed_headers: &'h str,
    signature: &'h str,
}

impl<'h> Authorization<'h> {
    fn read(header: &'h str) -> Option<Self> {
        let rest = header.strip_prefix(ALGORITHM)?;
        let (mut credential, mut signed_headers, mut signature) = (None, None, None);
        for part in rest.split(',') {
            match part.trim().split_once('=')? {
                ("Credential", value) => credential = Some(value),
                ("SignedHeaders", value) => signed_headers = Some(value),
                ("Signature", value) => signature = Some(value),
                _ => return None,
            }
        }
        // An access key has no slash, but the other four parts are counted from the end all the same.
        let mut parts = credential?.rsplitn(5, '/');
        let terminator = parts.next()?;
        let (service, region, date) = (parts.next()?, parts.next()?, parts.next()?);
        let access_key = parts.next()?;
        (terminator == "aws4_request" && !access_key.is_empty()).then_some(Authorization {
            access_key,
            date,
            region,
            service,
            signed_headers: signed_headers?,
            signature: signature?,
        })
    }
}

fn canonical_request(request: &WireRequest, signed_headers: &str) -> String {
    let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
    let mut text = String::with_capacity(512);
    text.push_str(&request.method);
    text.push('\n');
    push_encoded_path(&mut text, path);
    text.push('\n');
    let mut pairs: Vec<String> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| if pair.contains('=') { pair.to_owned() } else { format!("{pair}=") })
        .collect();
    pairs.sort_unstable();
    text.push_str(&pairs.join("&"));
    text.push('\n');
    for name in signed_headers.split(';') {
        text.push_str(name);
        text.push(':');
        let mut first = true;
        for (_, value) in request.headers.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name)) {
            if !first {
                text.push(',');
            }
            first = false;
            let mut words = value.split_whitespace();
            text.push_str(words.next().unwrap_or_default());
            for word in words {
                text.push(' ');
                text.push_str(word);
            }
        }
        text.push('\n');
    }
    text.push('\n');
    text.push_str(signed_headers);
    text.push('\n');
    text.push_str(&hex(&Sha256::digest(&request.body)));
    text
}

/// Encodes the path once more, as every service but S3 wants it.
fn push_encoded_path(text: &mut String, path: &str) {
    const UNRESERVED: &[u8] = b"-_.~/";
    if path.is_empty() {
        text.push('/');
    }
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || UNRESERVED.contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}

/// Reads `20261124T190000Z`.
fn read_stamp(stamp: &str) -> Option<Timestamp> {
    let at = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%SZ", stamp).ok()?;
    let at = jiff::tz::TimeZone::UTC.to_timestamp(at).ok()?;
    Some(Timestamp(at.as_millisecond()))
}

fn write_stamp(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.0)
        .map(|at| at.strftime("%Y%m%dT%H%M%SZ").to_string())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_764_010_000_000);

    fn signed(at: Timestamp, region: &str) -> WireRequest {
        let mut request = WireRequest::call("ListSecrets", &serde_json::json!({"a": " x  y "}));
        request.path = "/a b?z=1&a=2".replace(' ', "%20");
        let signer = Signer::new(&Credentials::new("AKID", "secret"), region);
        signer.sign(&mut request, "http://127.0.0.1:4566", at).expect("it can be signed");
        request.headers.push(("Host".to_owned(), "127.0.0.1:4566".to_owned()));
        request
    }

    fn check(request: &WireRequest) -> Result<String, Refusal> {
        verify(request, "us-east-1", |key| (key == "AKID").then(|| "secret".to_owned()), NOW)
    }

    #[test]
    fn a_good_signature_is_let_through() {
        assert_eq!(check(&signed(NOW, "us-east-1")), Ok("AKID".to_owned()));
        assert_eq!(access_key_of(&signed(NOW, "us-east-1")), Some("AKID"));
    }

    #[test]
    fn each_wrong_request_has_its_refusal() {
        let code = |request: &WireRequest| check(request).map_err(|refusal| refusal.code);
        let mut changed = signed(NOW, "us-east-1");
        changed.body = "{}".into();
        assert_eq!(code(&changed), Err("InvalidSignatureException"));
        assert_eq!(code(&signed(NOW.plus_ms(-86_400_000), "us-east-1")), Err("InvalidSignatureException"));
        assert_eq!(code(&signed(NOW, "eu-west-3")), Err("InvalidSignatureException"));
        let mut none = signed(NOW, "us-east-1");
        none.headers.retain(|(name, _)| name != "authorization");
        assert_eq!(code(&none), Err("MissingAuthenticationTokenException"));
        let unknown = verify(&signed(NOW, "us-east-1"), "us-east-1", |_| None, NOW);
        assert_eq!(unknown.map_err(|refusal| refusal.code), Err("UnrecognizedClientException"));
    }
}
