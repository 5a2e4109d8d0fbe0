//! The first requests: signed well, not at all, and wrongly; the clock; what the configuration promises.

use std::time::Instant;

use serde_json::{Value, json};

use super::before::millis;
use super::operations::is_code;
use super::{Check, Opened};
use crate::scenario::Need;
use crate::server::playback::NO_RECORDING;
use crate::server::proxy::Upstream;
use crate::service::errors;
use crate::service::sigv4::{Credentials, Signer};
use crate::service::time::Timestamp;
use crate::service::{WireRequest, WireResponse};
use crate::target::{ClientError, Isolation, Kind};

/// Signatures are refused beyond this, in seconds.
const SKEW_REFUSED: i64 = 300;
/// `$time: now` allows this much, in seconds.
const SKEW_NOTED: i64 = 60;
/// A question that any server of the API answers, and that changes nothing.
const QUESTION: &str = "ListSecrets";

fn question() -> WireRequest {
    WireRequest::call(QUESTION, &json!({"MaxResults": 1}))
}

/// Asks one question in three ways. `false` when there was no answer at all.
pub(super) async fn talk(opened: &Opened, checks: &mut Vec<Check>) -> bool {
    let upstream = opened.upstream();
    let mut request = question();
    let now = Timestamp::now();
    if let Err(why) = upstream.signer.sign(&mut request, upstream.client.endpoint(), now) {
        checks.push(Check::wrong("signed", why.to_string(), "look at the credentials of the environment"));
        return false;
    }
    let begun = Instant::now();
    let (response, came) = match upstream.client.send(&request).await {
        Ok(answer) => answer,
        Err(why) => {
            checks.push(Check::wrong(
                "reachable",
                why.to_string(),
                hint_for(&why, upstream.client.endpoint()),
            ));
            return false;
        }
    };
    if upstream.client.endpoint().starts_with("https://") {
        let trusted = match &opened.target.ca_bundle {
            Some(path) => format!("the authorities of {}", path.display()),
            None => "the system's authorities".to_owned(),
        };
        checks.push(Check::good("tls", format!("its certificate is trusted by {trusted}")));
    } else if !matches!(opened.target.kind, Kind::Embedded | Kind::Start(_)) {
        checks.push(Check::note("tls", "plain HTTP: no TLS"));
    }
    let took = millis(begun.elapsed());
    let code = response.error().map(|_| code_of(&response));
    checks.push(match (response.succeeded(), &code) {
        (true, _) if response.json().is_some_and(|body| body["SecretList"].is_array()) => {
            Check::good("signed", format!("answers a signed {QUESTION} in {took}"))
        }
        (true, _) => Check::wrong(
            "signed",
            format!("answers a signed {QUESTION} with status {}, but with no SecretList", response.status),
            "is it a server of the Secrets Manager API? Look at the port",
        ),
        (false, Some(code)) => {
            Check::wrong("signed", format!("refuses a signed {QUESTION}: {code}"), refusal(code))
        }
        (false, None) => Check::wrong(
            "signed",
            format!("answers a signed {QUESTION} with status {} and no error code", response.status),
            "is it a server of the Secrets Manager API? Look at the port",
        ),
    });
    checks.push(skew(response.header("date"), came));
    for (name, what, request) in [
        ("unsigned", "an unsigned request", Some(question())),
        ("wrongly-signed", "a wrong signature", wrongly_signed(&upstream, opened)),
    ] {
        let Some(request) = request else { continue };
        checks.push(match upstream.client.send(&request).await {
            Ok((response, _)) if response.succeeded() => {
                Check::note(name, format!("accepts {what}; AWS refuses it"))
            }
            Ok((response, _)) => refused(name, what, &code_of(&response), code.as_deref()),
            Err(why) => Check::note(name, format!("does not answer {what}: {why}")),
        });
    }
    true
}

/// What can be done about the refusal of a request that was signed well.
fn refusal(code: &str) -> &'static str {
    if errors::AUTHENTICATION.contains(&code) {
        return "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY to keys that it knows, and `region` to its own";
    }
    match code {
        NO_RECORDING => {
            "it plays recordings, and has none of this request: scenarios want a server that works by itself"
        }
        _ => "its log may say why",
    }
}

/// What it means that a request was refused which is not signed well, where a good one was answered with `good`.
fn refused(name: &'static str, what: &str, code: &str, good: Option<&str>) -> Check {
    match good == Some(code) {
        true => Check::note(name, format!("answers {what} as it answers a right one: {code}")),
        false => Check::good(name, format!("refuses {what}: {code}")),
    }
}

/// The error code, where it is a word; else the status. A target may write anything there.
fn code_of(response: &WireResponse) -> String {
    let code = response.error().map(|error| error.code).filter(|code| is_code(code));
    code.unwrap_or_else(|| format!("status {}", response.status))
}

/// Signed with another secret key than the access key's.
fn wrongly_signed(upstream: &Upstream, opened: &Opened) -> Option<WireRequest> {
    let own = &opened.target.credentials;
    let credentials = Credentials {
        access_key: own.access_key.clone(),
        secret_key: "not-the-key-that-belongs-to-it".to_owned(),
        session_token: own.session_token.clone(),
    };
    let mut request = question();
    let signer = Signer::new(&credentials, upstream.signer.region());
    signer.sign(&mut request, upstream.client.endpoint(), Timestamp::now()).ok()?;
    Some(request)
}

fn hint_for(why: &ClientError, endpoint: &str) -> String {
    match why {
        _ if endpoint.starts_with("https://") => {
            "if the certificate is not trusted, name its authority in AWS_CA_BUNDLE or `ca-bundle` of the target; \
             if it speaks no TLS, write http://"
                .to_owned()
        }
        ClientError::Timeout { .. } => "give it longer with --timeout or `timeout` of the target".to_owned(),
        ClientError::Broken { .. } => "does it speak HTTP, without TLS, on this port?".to_owned(),
        _ => "is it running, and on this port?".to_owned(),
    }
}

/// The clock of the target, by the `Date` of its answer.
fn skew(date: Option<&str>, came: Timestamp) -> Check {
    let told = date.and_then(|text| httpdate::parse_http_date(text).ok());
    let Some(told) = told.and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok()) else {
        return Check::note("clock", "its answers have no Date header: its clock cannot be compared");
    };
    let seconds = i64::try_from(told.as_secs()).unwrap_or_default() - came.0.div_euclid(1000);
    let side = if seconds < 0 { "behind" } else { "ahead of" };
    let said = format!("its clock is {} s {side} this machine's", seconds.abs());
    match seconds.abs() {
        0..=1 => Check::good("clock", "its clock agrees with this machine's"),
        2..=SKEW_NOTED => Check::good("clock", said),
        ..=SKEW_REFUSED => {
            Check::note("clock", said).hinting("`$time: now` allows 60 s; set both clocks by the same server")
        }
        _ => Check::wrong("clock", said, "signatures are refused beyond 5 minutes; set both clocks right"),
    }
}

/// What scenarios may need: what the configuration promises, and whether it shows.
pub(super) async fn capabilities(opened: &Opened) -> Vec<Check> {
    let target = &opened.target;
    let mut checks = Vec::new();
    let mut lacking = Vec::new();
    for need in Need::ALL {
        let word = need.as_str();
        let own = need == Need::EmptyAccount && target.isolation != Isolation::None;
        match target.provides.get(word) {
            None if own => checks.push(Check::good("capability", format!("{word}: for isolated scenarios"))),
            None => lacking.push(word),
            Some(value) => checks.push(shown(opened, need, value).await),
        }
    }
    if !lacking.is_empty() {
        let said = format!("does not provide {}; scenarios that need them are skipped", lacking.join(", "));
        checks.push(
            Check::note("capability", said)
                .hinting("`provides` of the target says what it has: docs/targets.md"),
        );
    }
    checks.push(match &target.isolation {
        Isolation::None => Check::note("isolation", "cannot be emptied; isolated scenarios are skipped")
            .hinting("`reset` or `account-by-access-key` of the target: docs/targets.md"),
        Isolation::Account | Isolation::AccessKey => {
            Check::good("isolation", "isolated scenarios get an account of their own")
        }
        Isolation::Reset { method, path } => Check::note(
            "isolation",
            format!("isolated scenarios get a reset, {method} {path}, which was not tried here"),
        ),
    });
    checks
}

/// A capability that the configuration promises, looked at where a question can show it.
async fn shown(opened: &Opened, need: Need, value: &Value) -> Check {
    let word = need.as_str();
    let promised = value.as_str().map_or_else(
        || word.to_owned(),
        |value| match need {
            // An ARN or an account number is an identity: it stays where it is configured.
            Need::SecondRegion => format!("{word} ({value})"),
            _ => word.to_owned(),
        },
    );
    let upstream = opened.upstream();
    let second = match (need, value.as_str()) {
        (Need::SecondRegion, Some(region)) if !matches!(opened.target.kind, Kind::Aws { .. }) => {
            Some(Signer::new(&opened.target.credentials, region))
        }
        (Need::SecondAccount, Some(account)) if opened.target.isolation == Isolation::AccessKey => {
            Some(Signer::new(&Credentials::new(account, "test"), &opened.target.region))
        }
        _ => None,
    };
    let Some(signer) = second else {
        return Check::good("capability", format!("{promised}: promised by the configuration, not tried"));
    };
    let mut request = question();
    if signer.sign(&mut request, upstream.client.endpoint(), Timestamp::now()).is_err() {
        return Check::note("capability", format!("{promised}: promised, and cannot be signed for"));
    }
    match upstream.client.send(&request).await {
        Ok((response, _)) if response.succeeded() => {
            Check::good("capability", format!("{promised}: answers"))
        }
        Ok((response, _)) => {
            let code = code_of(&response);
            let hint = format!("take `{word}` out of `provides`, or mend its value");
            Check::wrong("capability", format!("{promised}: promised, but refused with {code}"), hint)
        }
        Err(why) => Check::wrong("capability", format!("{promised}: promised, but {why}"), "is it running?"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suite::doctor::Level;

    #[test]
    fn a_refusal_of_everything_is_no_verdict_on_signatures() {
        let seen =
            refused("unsigned", "an unsigned request", "SmcheckNoRecordingException", Some(NO_RECORDING));
        assert_eq!((seen.level, seen.said.contains("as it answers a right one")), (Level::Note, true));
        let code = "MissingAuthenticationTokenException";
        assert_eq!(refused("unsigned", "an unsigned request", code, None).level, Level::Good);
        assert!(refusal(code).contains("AWS_ACCESS_KEY_ID"));
        assert!(refusal(NO_RECORDING).contains("plays recordings"));
        assert_eq!(refusal("InternalServiceError"), "its log may say why");
    }

    #[test]
    fn a_clock_is_compared_by_the_date_of_the_answer() {
        // 2026-01-01T00:00:00Z
        let now = Timestamp(1_767_225_600_000);
        let at = |date: &str| skew(Some(date), now).level;
        assert_eq!(at("Thu, 01 Jan 2026 00:00:01 GMT"), Level::Good);
        assert_eq!(at("Thu, 01 Jan 2026 00:02:00 GMT"), Level::Note);
        assert_eq!(at("Wed, 31 Dec 2025 23:50:00 GMT"), Level::Wrong);
        assert_eq!(skew(None, now).level, Level::Note);
        assert!(skew(Some("Wed, 31 Dec 2025 23:50:00 GMT"), now).said.contains("600 s behind"));
    }
}
