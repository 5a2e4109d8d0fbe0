//! What protects a real account: which endpoints are AWS, which account it is, the pace, the ledger.
//!
//! None of this has ever been run against AWS, since the project has no account; every part takes its endpoint
//! and clock as arguments and is tested against local servers. See `docs/aws.md`.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::client::{Client, ClientError};
use crate::service::WireRequest;
use crate::service::sigv4::Signer;
use crate::service::time::Timestamp;

/// Why AWS may not be called so.
#[derive(Debug, thiserror::Error)]
pub enum GuardError {
    /// The endpoint is somebody else's.
    #[error(
        "the target `aws` calls AWS only, and `{0}` is not an endpoint of AWS; \
         unset AWS_ENDPOINT_URL, or name the URL as the target"
    )]
    NotAws(String),
    /// No region is named.
    #[error("no region is named: set AWS_REGION, or `region` of the target `aws` in smcheck.toml")]
    NoRegion,
    /// The account could not be asked for.
    #[error("cannot ask AWS whose credentials these are: {0}")]
    WhoAmI(String),
    /// The account is not one that may be used.
    #[error(
        "these credentials belong to account {0}, which `accounts` of the target `aws` in smcheck.toml does not name; \
         add it there, or answer yes on a terminal"
    )]
    Account(String),
}

/// The suffixes of AWS's endpoints, by partition.
const SUFFIXES: [&str; 2] = [".amazonaws.com", ".amazonaws.com.cn"];

/// The endpoint of Secrets Manager in a region.
pub fn endpoint(region: &str) -> String {
    service_endpoint("secretsmanager", region)
}

/// The endpoint of the service that says whose credentials are used.
pub fn sts_endpoint(region: &str) -> String {
    service_endpoint("sts", region)
}

fn service_endpoint(service: &str, region: &str) -> String {
    let suffix = if region.starts_with("cn-") { SUFFIXES[1] } else { SUFFIXES[0] };
    format!("https://{service}.{region}{suffix}")
}

/// Refuses an endpoint that is not AWS's, whoever slipped it in.
///
/// # Errors
/// When the URL is not `https` on a host of AWS.
pub fn check_endpoint(url: &str) -> Result<(), GuardError> {
    let parsed = reqwest::Url::parse(url).map_err(|_| GuardError::NotAws(url.to_owned()))?;
    let host = parsed.host_str().unwrap_or_default();
    let ours = SUFFIXES.iter().any(|suffix| host.ends_with(suffix));
    let plain = parsed.scheme() == "https" && parsed.port().is_none() && parsed.username().is_empty();
    if ours && plain { Ok(()) } else { Err(GuardError::NotAws(url.to_owned())) }
}

/// Asks STS whose credentials these are. The answer is the account's twelve digits.
///
/// # Errors
/// When it cannot be asked, or does not say.
pub async fn account(client: &Client, signer: &Signer) -> Result<String, GuardError> {
    let mut request = WireRequest {
        method: "POST".to_owned(),
        path: "/".to_owned(),
        headers: vec![
            ("Content-Type".to_owned(), "application/x-www-form-urlencoded".to_owned()),
            ("Accept".to_owned(), "application/json".to_owned()),
        ],
        body: "Action=GetCallerIdentity&Version=2011-06-15".into(),
    };
    signer
        .sign_for("sts", &mut request, client.endpoint(), Timestamp::now())
        .map_err(|why| GuardError::WhoAmI(why.to_string()))?;
    let (response, _) =
        client.send(&request).await.map_err(|why: ClientError| GuardError::WhoAmI(why.to_string()))?;
    if !response.succeeded() {
        return Err(GuardError::WhoAmI(format!("STS answered status {}", response.status)));
    }
    let text = String::from_utf8_lossy(&response.body);
    account_in(&text).ok_or_else(|| GuardError::WhoAmI("its answer names no account".to_owned()))
}

/// Finds the account in the answer, which is JSON or XML.
fn account_in(text: &str) -> Option<String> {
    let from_json = || {
        let body: Value = serde_json::from_str(text).ok()?;
        let account = body.pointer("/GetCallerIdentityResponse/GetCallerIdentityResult/Account")?;
        account.as_str().map(str::to_owned)
    };
    let from_xml = || Some(text.split_once("<Account>")?.1.split_once("</Account>")?.0.to_owned());
    let account = from_json().or_else(from_xml)?;
    (account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit())).then_some(account)
}

/// Refuses an account that the configuration does not name.
///
/// # Errors
/// When the account is not in the list.
pub fn check_account(account: &str, accounts: &[String]) -> Result<(), GuardError> {
    if accounts.iter().any(|allowed| allowed == account) {
        return Ok(());
    }
    Err(GuardError::Account(account.to_owned()))
}

/// Requests a second, by operation: half of what the service's quotas grant, so that others in the account keep
/// theirs ("Quotas" in the user guide; aws-docs). Create, delete and the policies share low ones.
const RATES: &[(&str, f64)] = &[
    ("CreateSecret", 25.0),
    ("DeleteSecret", 25.0),
    ("GetRandomPassword", 25.0),
    ("GetResourcePolicy", 25.0),
    ("PutResourcePolicy", 25.0),
    ("DeleteResourcePolicy", 25.0),
    ("RestoreSecret", 25.0),
    ("RotateSecret", 25.0),
    ("CancelRotateSecret", 25.0),
    ("UpdateSecretVersionStage", 25.0),
    ("ListSecretVersionIds", 25.0),
    ("TagResource", 25.0),
    ("UntagResource", 25.0),
    ("ListSecrets", 50.0),
    ("PutSecretValue", 25.0),
    ("UpdateSecret", 25.0),
];
/// The rate of every other operation.
const OTHER_RATE: f64 = 50.0;

/// Keeps a run to the request rates of the service.
#[derive(Debug, Default)]
pub struct Pace {
    next: Mutex<std::collections::BTreeMap<String, Instant>>,
}

impl Pace {
    /// How long to wait before the next request of an operation; calling it takes the place in the queue.
    pub fn turn(&self, operation: &str, now: Instant) -> Duration {
        let rate = RATES.iter().find(|(name, _)| *name == operation).map_or(OTHER_RATE, |(_, rate)| *rate);
        let mut next = self.next.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let at = next.get(operation).copied().unwrap_or(now).max(now);
        next.insert(operation.to_owned(), at + Duration::from_secs_f64(1.0 / rate));
        at - now
    }
}

/// A file with a line for each secret that a run is about to create, so that `smcheck sweep` finds what a killed
/// run left. It holds names and regions, nothing secret.
#[derive(Debug)]
pub struct Ledger {
    path: PathBuf,
    file: Mutex<std::fs::File>,
}

/// Where the ledger is, under the current folder.
pub const LEDGER: &str = ".smcheck/ledger.jsonl";

/// A line of the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerLine {
    /// The name that a secret was created with.
    pub name: String,
    /// The region.
    pub region: String,
}

impl Ledger {
    /// Opens the ledger of this folder for appending.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub fn open(folder: &Path) -> std::io::Result<Self> {
        let path = folder.join(LEDGER);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        let file = std::fs::OpenOptions::new().create(true).append(true).open(&path)?;
        Ok(Ledger { path, file: Mutex::new(file) })
    }

    /// Writes a line, to the disk, before the secret is created.
    ///
    /// # Errors
    /// When it cannot be written; then the secret must not be created.
    pub fn note(&self, line: &LedgerLine) -> std::io::Result<()> {
        let text = json!({"name": line.name, "region": line.region});
        let mut file = self.file.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        writeln!(file, "{text}")?;
        file.sync_data()
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads the lines of the ledger of a folder; none where there is no ledger. A line that a kill cut short is
    /// passed over, since its secret was not created.
    ///
    /// # Errors
    /// When the file is there and cannot be read.
    pub fn read(folder: &Path) -> std::io::Result<Vec<LedgerLine>> {
        let text = match std::fs::read_to_string(folder.join(LEDGER)) {
            Err(why) if why.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            other => other?,
        };
        let read = |line: &str| {
            let value: Value = serde_json::from_str(line).ok()?;
            let part = |key: &str| value.get(key)?.as_str().map(str::to_owned);
            Some(LedgerLine { name: part("name")?, region: part("region")? })
        };
        Ok(text.lines().filter_map(read).collect())
    }

    /// Forgets the ledger of a folder, when everything that it names is gone.
    ///
    /// # Errors
    /// When the file is there and cannot be removed.
    pub fn forget(folder: &Path) -> std::io::Result<()> {
        match std::fs::remove_file(folder.join(LEDGER)) {
            Err(why) if why.kind() != std::io::ErrorKind::NotFound => Err(why),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_endpoints_of_aws_are_let_through() {
        for good in [endpoint("eu-west-3"), endpoint("cn-north-1")] {
            assert!(check_endpoint(&good).is_ok(), "{good}");
        }
        for bad in [
            "http://secretsmanager.eu-west-3.amazonaws.com",
            "https://127.0.0.1:4566",
            "https://secretsmanager.amazonaws.com.evil.example",
            "https://amazonaws.com@evil.example",
            "https://evilamazonaws.com",
            "no url",
        ] {
            assert!(check_endpoint(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_account_is_read_from_both_shapes() {
        let xml = "<GetCallerIdentityResponse><Account>123456789012</Account></GetCallerIdentityResponse>";
        let json = r#"{"GetCallerIdentityResponse":{"GetCallerIdentityResult":{"Account":"123456789012"}}}"#;
        assert_eq!(account_in(xml).as_deref(), Some("123456789012"));
        assert_eq!(account_in(json).as_deref(), Some("123456789012"));
        assert_eq!(account_in("<Account>12</Account>"), None);
    }

    #[test]
    fn an_account_must_be_named() {
        assert!(check_account("123456789012", &["123456789012".to_owned()]).is_ok());
        assert!(check_account("123456789012", &[]).is_err());
    }

    #[test]
    fn the_pace_keeps_to_the_rate() {
        let (pace, now) = (Pace::default(), Instant::now());
        let waits: Vec<u128> = (0..3).map(|_| pace.turn("CreateSecret", now).as_millis()).collect();
        assert_eq!(waits, [0, 40, 80]);
        assert_eq!(pace.turn("DescribeSecret", now), Duration::ZERO);
    }

    #[test]
    fn the_ledger_is_read_back_up_to_a_torn_line() {
        let folder = tempfile::tempdir().expect("there is room for a folder");
        let line = LedgerLine { name: "smcheck_x".to_owned(), region: "eu-west-3".to_owned() };
        let ledger = Ledger::open(folder.path()).expect("it can be made");
        ledger.note(&line).expect("it can be written");
        std::fs::OpenOptions::new()
            .append(true)
            .open(ledger.path())
            .and_then(|mut file| file.write_all(b"{\"name\": \"smch"))
            .expect("it can be appended to");
        assert_eq!(Ledger::read(folder.path()).expect("it can be read"), vec![line]);
        Ledger::forget(folder.path()).expect("it can be removed");
        assert!(Ledger::read(folder.path()).expect("nothing is there").is_empty());
    }
}
