//! What the AWS environment says: credentials, region and endpoint, as any SDK would understand it.

use aws_config::{BehaviorVersion, SdkConfig};
use aws_credential_types::provider::ProvideCredentials;
use aws_types::service_config::ServiceConfigKey;

use crate::service::sigv4::Credentials;
use crate::service::time::Timestamp;

/// The region of requests where nothing names one.
pub const DEFAULT_REGION: &str = "us-east-1";

/// What the environment says.
#[derive(Clone, Debug)]
pub struct Environment {
    /// The region, if one is named.
    pub region: Option<String>,
    /// The endpoint, if one is named.
    pub endpoint: Option<String>,
    /// The credentials, if there are any.
    pub credentials: Option<Credentials>,
    /// When the credentials end, where they are temporary.
    pub expires: Option<Timestamp>,
    /// Why there are no credentials.
    pub problem: Option<String>,
}

/// Reads environment variables only: what URL targets and emulators are called with. `test`/`test` where there
/// are no credentials.
pub fn simple(variable: impl Fn(&str) -> Option<String>) -> (Credentials, String) {
    let get = |name: &str| variable(name).filter(|value| !value.is_empty());
    let credentials = match (get("AWS_ACCESS_KEY_ID"), get("AWS_SECRET_ACCESS_KEY")) {
        (Some(access_key), Some(secret_key)) => {
            Credentials { access_key, secret_key, session_token: get("AWS_SESSION_TOKEN") }
        }
        _ => Credentials::new("test", "test"),
    };
    let region = get("AWS_REGION").or_else(|| get("AWS_DEFAULT_REGION"));
    (credentials, region.unwrap_or_else(|| DEFAULT_REGION.to_owned()))
}

/// Asks the default credential chain: environment, profiles, SSO, web identity, container and instance metadata.
///
/// `admit` is told the endpoint, if one is named, before any credentials are asked for: some of their sources send
/// requests to it.
///
/// # Errors
/// What `admit` says.
pub async fn chain<E>(admit: impl FnOnce(Option<&str>) -> Result<(), E>) -> Result<Environment, E> {
    let config = aws_config::defaults(BehaviorVersion::latest()).load().await;
    let endpoint = special_endpoint(&config).or_else(|| config.endpoint_url().map(str::to_owned));
    admit(endpoint.as_deref())?;
    let region = config.region().map(|region| region.as_ref().to_owned());
    let mut environment = Environment { region, endpoint, credentials: None, expires: None, problem: None };
    match config.credentials_provider() {
        None => environment.problem = Some("no provider of credentials is configured".to_owned()),
        Some(provider) => match provider.provide_credentials().await {
            Ok(found) => {
                environment.expires = found.expiry().and_then(|at| {
                    let since = at.duration_since(std::time::UNIX_EPOCH).ok()?;
                    i64::try_from(since.as_millis()).ok().map(Timestamp)
                });
                environment.credentials = Some(Credentials {
                    access_key: found.access_key_id().to_owned(),
                    secret_key: found.secret_access_key().to_owned(),
                    session_token: found.session_token().map(str::to_owned),
                });
            }
            Err(why) => environment.problem = Some(why.to_string()),
        },
    }
    Ok(environment)
}

/// The endpoint for this service alone, from the environment or the profile's `services` section.
fn special_endpoint(config: &SdkConfig) -> Option<String> {
    let key = ServiceConfigKey::builder()
        .service_id("Secrets Manager")
        .env("AWS_ENDPOINT_URL")
        .profile("endpoint_url")
        .build()
        .ok()?;
    config.service_config()?.load_config(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_an_environment_emulators_get_test_credentials() {
        let (credentials, region) = simple(|_| None);
        assert_eq!((credentials.access_key.as_str(), region.as_str()), ("test", DEFAULT_REGION));
    }

    #[test]
    fn the_environment_is_heeded_and_never_shown() {
        let (credentials, region) = simple(|name| {
            Some(match name {
                "AWS_REGION" => "eu-west-3".to_owned(),
                other => format!("CANARY-{other}"),
            })
        });
        assert_eq!(region, "eu-west-3");
        assert_eq!(credentials.session_token.as_deref(), Some("CANARY-AWS_SESSION_TOKEN"));
        assert!(!format!("{credentials:?}").contains("CANARY"));
    }
}
