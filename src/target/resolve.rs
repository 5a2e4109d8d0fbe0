//! From a name or a URL to a target.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

use super::aws;
use super::client::{CONNECT_HINT, RESPONSE_HINT};
use super::config::{Config, Consistency, TargetConfig};
use super::credentials::{self, DEFAULT_REGION};
use super::process::StartPlan;
use crate::service::sigv4::Credentials;

/// The name of the reference behind a socket of our own.
pub const EMBEDDED: &str = "embedded";
/// The name of the target that the AWS environment describes.
pub const ENV: &str = "env";
/// The name of AWS itself.
pub const AWS: &str = "aws";

/// How the clock of the embedded server is moved, and that of `serve --model`.
const EMBEDDED_CLOCK: &str = "POST /_smcheck/clock";
/// The need that a clock meets.
const CLOCK: &str = "clock";

/// Whom to talk to, before anything was started.
#[derive(Clone, Debug)]
pub struct Target {
    /// Its name: of the configuration, or the URL's host and port.
    pub name: String,
    /// How it is reached.
    pub kind: Kind,
    /// The region of requests.
    pub region: String,
    /// The credentials of requests; `embedded` makes its own.
    pub credentials: Credentials,
    /// The file of known deviations.
    pub known: Option<PathBuf>,
    /// The values of the capabilities that it has.
    pub provides: BTreeMap<String, Value>,
    /// How an isolated scenario gets its peace.
    pub isolation: Isolation,
    /// The request that moves its clock, where it has one that can be moved.
    pub clock: Option<AdminRequest>,
    /// Whether changes show after a while only.
    pub eventual: bool,
    /// The certificate authorities to trust, where it is not the system's.
    pub ca_bundle: Option<PathBuf>,
    /// How long a connection may take.
    pub connect_timeout: Duration,
    /// How long a response may take.
    pub timeout: Duration,
    /// How many scenarios run at once, where nothing else is said.
    pub jobs: Option<usize>,
}

/// How a target is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The reference model behind a socket of our own.
    Embedded,
    /// A server that runs already.
    Url(String),
    /// An emulator that we start.
    Start(StartPlan),
    /// AWS itself, in this region's endpoint, with accounts that may be used.
    Aws {
        /// The endpoint of the region.
        endpoint: String,
        /// The accounts of the configuration.
        accounts: Vec<String>,
    },
}

/// How an isolated scenario gets an account or a server of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Isolation {
    /// It cannot; such scenarios are skipped.
    None,
    /// By an account of the embedded server.
    Account,
    /// By an access key of twelve digits, each an account of its own.
    AccessKey,
    /// Alone, after this request (method and path) has emptied the target.
    Reset {
        /// The method.
        method: String,
        /// The path.
        path: String,
    },
}

/// A request to a target that is none of the service's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdminRequest {
    /// The method.
    pub method: String,
    /// The path.
    pub path: String,
}

impl AdminRequest {
    /// Reads a method and a path: `POST /reset`.
    fn read(text: &str) -> Option<Self> {
        let (method, path) = text.split_once(' ')?;
        path.starts_with('/').then(|| AdminRequest { method: method.to_owned(), path: path.to_owned() })
    }
}

/// A target that cannot be resolved.
#[derive(Debug, thiserror::Error)]
pub enum ResolveError {
    /// No target has this name.
    #[error("there is no target `{name}`; there are {}", known.join(", "))]
    Unknown {
        /// What was asked for.
        name: String,
        /// What there is.
        known: Vec<String>,
    },
    /// The configuration of the target does not say how to reach it.
    #[error("target `{0}` has neither `url` nor `start`")]
    Unreachable(String),
    /// The `url` of the target is none that can be called.
    #[error("target `{name}`: a URL begins with http:// or https://: `url = \"http://{}\"`", url.trim_start_matches('/'))]
    Url {
        /// The target.
        name: String,
        /// What the configuration says.
        url: String,
    },
    /// The `reset` of the target is not a method and a path.
    #[error("target `{name}`: `reset` is a method and a path, such as \"POST /reset\", not `{reset}`")]
    Reset {
        /// The target.
        name: String,
        /// What the configuration says.
        reset: String,
    },
    /// A second account is promised that cannot be called.
    #[error(
        "target `{0}` provides `second-account`, twelve digits that are an access key too, \
         so it needs `account-by-access-key = true`"
    )]
    SecondAccount(String),
    /// The `clock` of the target is not a method and a path.
    #[error("target `{name}`: `clock` is a method and a path, such as \"POST /clock\", not `{clock}`")]
    Clock {
        /// The target.
        name: String,
        /// What the configuration says.
        clock: String,
    },
    /// The environment names no endpoint.
    #[error(
        "the environment names no endpoint: set AWS_ENDPOINT_URL_SECRETS_MANAGER or AWS_ENDPOINT_URL, \
         or name the target `aws` to call AWS itself"
    )]
    NoEndpoint,
    /// There are no credentials.
    #[error("there are no AWS credentials: {0}")]
    NoCredentials(String),
    /// AWS may not be called so.
    #[error(transparent)]
    Guard(#[from] aws::GuardError),
}

/// Turns what was typed after `-t` into a target.
///
/// # Errors
/// When there is no such target, or the environment lacks what it needs.
pub async fn resolve(name: &str, config: &Config) -> Result<Target, ResolveError> {
    let (credentials, region) = credentials::simple(|name| std::env::var(name).ok());
    let plain = TargetConfig::default();
    if name.starts_with("http://") || name.starts_with("https://") {
        let shown = name.split_once("://").map_or(name, |(_, rest)| rest).trim_end_matches('/');
        let kind = Kind::Url(name.trim_end_matches('/').to_owned());
        return build(shown, kind, &plain, credentials, region);
    }
    match name {
        EMBEDDED => {
            let embedded = config.targets.get(EMBEDDED).unwrap_or(&plain);
            let key = Credentials::new("", "");
            let region = embedded.region.clone().unwrap_or_else(|| DEFAULT_REGION.to_owned());
            let mut target = build(EMBEDDED, Kind::Embedded, embedded, key, region)?;
            target.isolation = Isolation::Account;
            target.clock = AdminRequest::read(EMBEDDED_CLOCK);
            target.provides.insert(CLOCK.to_owned(), Value::Bool(true));
            Ok(target)
        }
        ENV => {
            let admit = |endpoint: Option<&str>| endpoint.map(drop).ok_or(ResolveError::NoEndpoint);
            let found = credentials::chain(admit).await?;
            let endpoint = found.endpoint.ok_or(ResolveError::NoEndpoint)?;
            let region = found.region.unwrap_or(region);
            let kind = Kind::Url(endpoint.trim_end_matches('/').to_owned());
            build(
                ENV,
                kind,
                config.targets.get(ENV).unwrap_or(&plain),
                found.credentials.unwrap_or(credentials),
                region,
            )
        }
        AWS => resolve_aws(config.targets.get(AWS).unwrap_or(&plain)).await,
        _ => {
            let Some(found) = config.targets.get(name) else {
                let mut known: Vec<String> = [EMBEDDED, ENV, AWS].map(str::to_owned).to_vec();
                known.extend(config.targets.keys().filter(|key| *key != AWS).cloned());
                return Err(ResolveError::Unknown { name: name.to_owned(), known });
            };
            let region = found.region.clone().unwrap_or(region);
            let kind = match (&found.url, &found.start) {
                // `localhost:5000` is a URL of the scheme `localhost` to a parser.
                (Some(url), _) if !url.contains("://") => {
                    return Err(ResolveError::Url { name: name.to_owned(), url: url.clone() });
                }
                (Some(url), _) => Kind::Url(url.trim_end_matches('/').to_owned()),
                (None, Some(command)) => Kind::Start(StartPlan {
                    name: name.to_owned(),
                    command: command.clone(),
                    ready: found.ready.clone(),
                    env: found.env.clone(),
                    files: found.files.clone(),
                    version: found.version.clone(),
                    within: Duration::from_secs(found.start_timeout.unwrap_or(60).into()),
                }),
                (None, None) => return Err(ResolveError::Unreachable(name.to_owned())),
            };
            build(name, kind, found, credentials, region)
        }
    }
}

async fn resolve_aws(config: &TargetConfig) -> Result<Target, ResolveError> {
    let admit = |endpoint: Option<&str>| {
        let named = [config.url.as_deref(), endpoint];
        named.into_iter().flatten().try_for_each(aws::check_endpoint)
    };
    let found = credentials::chain(admit).await?;
    let region = config.region.clone().or(found.region);
    let region = region.ok_or(aws::GuardError::NoRegion)?;
    let missing = || ResolveError::NoCredentials(found.problem.clone().unwrap_or_default());
    let credentials = found.credentials.clone().ok_or_else(missing)?;
    let kind = Kind::Aws { endpoint: aws::endpoint(&region), accounts: config.accounts.clone() };
    let mut target = build(AWS, kind, config, credentials, region)?;
    target.eventual = true;
    Ok(target)
}

fn build(
    name: &str,
    kind: Kind,
    config: &TargetConfig,
    credentials: Credentials,
    region: String,
) -> Result<Target, ResolveError> {
    let isolation = match &config.reset {
        _ if config.account_by_access_key => Isolation::AccessKey,
        None => Isolation::None,
        Some(reset) => match AdminRequest::read(reset) {
            Some(AdminRequest { method, path }) => Isolation::Reset { method, path },
            None => return Err(ResolveError::Reset { name: name.to_owned(), reset: reset.clone() }),
        },
    };
    let second = config.provides.get("second-account");
    let digits = |account: &str| account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit());
    let callable = config.account_by_access_key && second.and_then(toml::Value::as_str).is_some_and(digits);
    if second.is_some() && !callable {
        return Err(ResolveError::SecondAccount(name.to_owned()));
    }
    let clock = match &config.clock {
        None => None,
        Some(clock) => Some(
            AdminRequest::read(clock)
                .ok_or_else(|| ResolveError::Clock { name: name.to_owned(), clock: clock.clone() })?,
        ),
    };
    let mut provides: BTreeMap<String, Value> =
        config.provides.iter().map(|(key, value)| (key.clone(), plain_value(value))).collect();
    if clock.is_some() {
        provides.insert(CLOCK.to_owned(), Value::Bool(true));
    }
    let seconds = |given: Option<u32>, hint: Duration| given.map_or(hint, |n| Duration::from_secs(n.into()));
    Ok(Target {
        name: name.to_owned(),
        kind,
        region,
        credentials,
        known: config.known.clone(),
        provides,
        isolation,
        clock,
        eventual: config.consistency == Consistency::Eventual,
        ca_bundle: config.ca_bundle.clone().or_else(ca_bundle_of_environment),
        connect_timeout: seconds(config.connect_timeout, CONNECT_HINT),
        timeout: seconds(config.timeout, RESPONSE_HINT),
        jobs: config.jobs,
    })
}

/// The file that `AWS_CA_BUNDLE` names, as for any SDK.
fn ca_bundle_of_environment() -> Option<PathBuf> {
    std::env::var_os("AWS_CA_BUNDLE").filter(|path| !path.is_empty()).map(PathBuf::from)
}

fn plain_value(value: &toml::Value) -> Value {
    serde_json::to_value(value).unwrap_or(Value::Null)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_url_is_a_target() {
        let target = resolve("http://127.0.0.1:5000/", &Config::default()).await.expect("it is a URL");
        assert_eq!(target.kind, Kind::Url("http://127.0.0.1:5000".to_owned()));
        assert_eq!(target.name, "127.0.0.1:5000");
    }

    #[tokio::test]
    async fn a_url_without_its_scheme_is_answered_with_one() {
        let text = "[targets.mine]\nurl = '127.0.0.1:4599'\n";
        let config = Config::read(Some((std::path::Path::new("smcheck.toml"), text))).expect("it parses");
        let error = resolve("mine", &config).await.expect_err("it is no URL").to_string();
        assert!(error.contains("`url = \"http://127.0.0.1:4599\"`"), "{error}");
    }

    #[tokio::test]
    async fn an_unknown_name_lists_the_known_ones() {
        let config = Config::read(None).expect("the presets parse");
        let error = resolve("mota", &config).await.expect_err("there is no such target");
        assert!(error.to_string().contains("embedded, env, aws, aws-emulator, awsim, fakecloud,"), "{error}");
    }

    #[tokio::test]
    async fn a_reset_is_a_method_and_a_path() {
        let config = |reset: &str| {
            let text = format!("[targets.x]\nurl = 'http://127.0.0.1:1'\nreset = '{reset}'\n");
            Config::read(Some((std::path::Path::new("smcheck.toml"), &text))).expect("it parses")
        };
        let target = resolve("x", &config("POST /reset")).await.expect("it is right");
        assert_eq!(
            target.isolation,
            Isolation::Reset { method: "POST".to_owned(), path: "/reset".to_owned() }
        );
        assert!(resolve("x", &config("reset")).await.is_err());
    }
}
