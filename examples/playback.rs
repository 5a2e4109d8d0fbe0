//! A test of an application that reads a secret, against a recording: no account, no network, no real secret.
//!
//!     cargo run --example playback
//!
//! The recording is written here so that the example stands alone; yours is made by `smcheck proxy`.

#![expect(clippy::print_stdout, reason = "an example shows something")]

use std::error::Error;

use smcheck::Playback;
use smcheck::server::playback::Mode;
use smcheck::service::WireRequest;
use smcheck::service::sigv4::Signer;
use smcheck::service::time::Timestamp;
use smcheck::target::Client;

const RECORDING: &str = r#"{"smcheck":1,"recording":"checkout","recorded":{"target":"moto"},"region":"us-east-1"}
{"step":1,"operation":"GetSecretValue","request":{"body":{"SecretId":"prod/db"}},"response":{"status":200,"body":{"ARN":"arn:aws:secretsmanager:us-east-1:000000000000:secret:prod/db-AAAAA1","Name":"prod/db","VersionId":"00000000-0000-4000-8000-000000000001","SecretString":"{\"password\":\"smcheck-secret-0001\"}","VersionStages":["AWSCURRENT"],"CreatedDate":1577836800}}}
"#;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    std::fs::write(folder.path().join("checkout.jsonl"), RECORDING)?;

    let secrets = Playback::from_dir(folder.path()).mode(Mode::Stateful).start().await?;

    // An application would be given the endpoint and any credentials; with the AWS SDK for Rust:
    // `aws_sdk_secretsmanager::Config::builder().endpoint_url(secrets.endpoint())…`.
    let password = password(secrets.endpoint(), secrets.region(), &secrets.credentials()).await?;
    println!("the application got {password}");
    assert!(secrets.unused().is_empty(), "every recorded exchange was used");
    Ok(())
}

/// The application.
async fn password(
    endpoint: &str,
    region: &str,
    credentials: &smcheck::service::sigv4::Credentials,
) -> Result<String, Box<dyn Error>> {
    let second = std::time::Duration::from_secs(1);
    let client = Client::new(endpoint, second, 10 * second)?;
    let mut request = WireRequest::call("GetSecretValue", &serde_json::json!({"SecretId": "prod/db"}));
    Signer::new(credentials, region).sign(&mut request, endpoint, Timestamp::now())?;
    let (response, _) = client.send(&request).await?;
    let body = response.json().ok_or("the answer is no JSON")?;
    let secret: serde_json::Value = serde_json::from_str(body["SecretString"].as_str().ok_or("no secret")?)?;
    Ok(secret["password"].as_str().ok_or("no password")?.to_owned())
}
