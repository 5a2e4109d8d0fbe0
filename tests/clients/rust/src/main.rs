//! The application of the client tests, with the AWS SDK for Rust. The same steps are in ../app_boto3.py.

use std::env;
use std::error::Error;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::{SystemTime, UNIX_EPOCH};

use aws_config::BehaviorVersion;
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueOutput;
use aws_sdk_secretsmanager::operation::get_secret_value::builders::GetSecretValueFluentBuilder;
use aws_sdk_secretsmanager::primitives::Blob;
use aws_sdk_secretsmanager::types::{Filter, FilterNameStringType, SecretValueEntry, Tag};
use aws_smithy_http_client::Connector;
use aws_smithy_http_client::test_util::dvr::{RecordingClient, ReplayingClient};
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::shared::IntoShared;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use serde_json::{Map, Value, json};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Prints a step, and returns the response, or nothing where it is an error of the service.
fn step<R, E>(
    name: &str,
    response: Result<R, SdkError<E>>,
    out: impl FnOnce(&R) -> Value,
) -> Outcome<Option<R>>
where
    E: ProvideErrorMetadata + Error + 'static,
{
    match response {
        Ok(response) => {
            println!("{}", json!({"step": name, "out": out(&response)}));
            Ok(Some(response))
        }
        Err(error) => match error.as_service_error().and_then(|error| error.code()) {
            Some(code) => {
                println!("{}", json!({"step": name, "error": code}));
                Ok(None)
            }
            // What is no answer of the service ends the program.
            None => Err(error.into()),
        },
    }
}

/// These members, where they are there.
fn only<const N: usize>(members: [(&str, Option<Value>); N]) -> Value {
    let there = members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(there.collect::<Map<_, _>>())
}

fn base64(blob: &Blob) -> Value {
    aws_smithy_types::base64::encode(blob.as_ref()).into()
}

/// The members that every response about one secret has. A macro, because each has a type of its own.
macro_rules! named {
    ($response:expr $(, $name:literal: $value:expr)*) => {
        only([("ARN", $response.arn().map(Value::from)), ("Name", $response.name().map(Value::from)) $(, ($name, $value))*])
    };
}

macro_rules! value {
    ($response:expr) => {
        named!(
            $response,
            "VersionId": $response.version_id().map(Value::from),
            "VersionStages": Some(json!($response.version_stages())),
            "SecretString": $response.secret_string().map(Value::from),
            "SecretBinary": $response.secret_binary().map(base64)
        )
    };
}

async fn read(name: &str, request: GetSecretValueFluentBuilder) -> Outcome<Option<GetSecretValueOutput>> {
    step(name, request.send().await, |response| value!(response))
}

fn random() -> String {
    format!("{:016x}", RandomState::new().build_hasher().finish())
}

fn credentials(canary: &str, password: Option<&str>) -> String {
    let made = format!("{canary}{}", random());
    json!({"username": "app", "password": password.unwrap_or(&made), "port": 5432}).to_string()
}

fn policy(canary: &str) -> String {
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Deny",
            "Principal": "*",
            "Action": "secretsmanager:DeleteSecret",
            "Resource": "*",
            "Condition": {"StringEquals": {"aws:PrincipalTag/team": canary}}
        }]
    })
    .to_string()
}

fn tag(key: &str, value: &str) -> Tag {
    Tag::builder().key(key).value(value).build()
}

/// Sends a request once its body is there. RecordingClient hands over a body that says it has ended as soon as nothing more
/// comes, although what came was not read yet, and hyper takes it at its word.
#[derive(Clone, Debug)]
struct Collected(SharedHttpConnector);

impl HttpConnector for Collected {
    fn call(&self, mut request: HttpRequest) -> HttpConnectorFuture {
        let inner = self.0.clone();
        HttpConnectorFuture::new(async move {
            let body = std::mem::replace(request.body_mut(), SdkBody::empty());
            let body =
                ByteStream::new(body).collect().await.map_err(|error| ConnectorError::io(error.into()))?;
            *request.body_mut() = SdkBody::from(body.into_bytes());
            inner.call(request).await
        })
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Outcome<()> {
    let defaults = aws_config::defaults(BehaviorVersion::v2026_01_12());
    // The SDK's own tools for tests, for tools/exchange.sh: one plays a file instead of asking anybody, the other keeps what
    // was said.
    if let Ok(file) = env::var("APP_REPLAY") {
        let replay = ReplayingClient::from_file(file)?;
        return application(&Client::new(&defaults.http_client(replay).load().await)).await;
    }
    if let Ok(file) = env::var("APP_RECORD_TO") {
        let record = RecordingClient::new(Collected(Connector::builder().build_http().into_shared()));
        application(&Client::new(&defaults.http_client(record.clone()).load().await)).await?;
        return Ok(record.dump_to_file(file)?);
    }
    let http = aws_smithy_http_client::Builder::new().build_http();
    application(&Client::new(&defaults.http_client(http).load().await)).await
}

async fn application(client: &Client) -> Outcome<()> {
    let canary = env::var("APP_CANARY").unwrap_or_else(|_| "none".to_owned());
    let name = format!("app-{:x}", SystemTime::now().duration_since(UNIX_EPOCH)?.as_nanos());
    let (db, cert) = (&format!("{name}-db"), &format!("{name}-cert"));
    println!("{}", json!({"step": "name", "out": {"Prefix": name}}));

    let create = client
        .create_secret()
        .name(db)
        .description(format!("{canary} of the application"))
        .secret_string(credentials(&canary, None))
        .tags(tag("team", &format!("{canary} backend")))
        .tags(tag("stage", "test"));
    let first =
        step("create", create.send().await, |r| named!(r, "VersionId": r.version_id().map(Value::from)))?
            .and_then(|r| r.version_id)
            .ok_or("no secret was created")?;
    let certificate = Blob::new(format!("{canary} certificate {}", random()));
    let create = client.create_secret().name(cert).secret_binary(certificate);
    let created = step(
        "create-binary",
        create.send().await,
        |r| named!(r, "VersionId": r.version_id().map(Value::from)),
    )?
    .and_then(|r| r.arn)
    .ok_or("no second secret was created")?;
    let again = client.create_secret().name(db).secret_string(credentials(&canary, None));
    step("create-again", again.send().await, |r| named!(r))?;

    let of_db = || client.get_secret_value().secret_id(db);
    let secret = read("read", of_db()).await?.and_then(|r| r.secret_string).ok_or("there is no secret")?;
    let secret: Value = serde_json::from_str(&secret)?;
    let parsed =
        json!({"username": secret["username"], "SecretString": secret["password"], "port": secret["port"]});
    println!("{}", json!({"step": "parse", "out": parsed}));
    read("read-binary", client.get_secret_value().secret_id(created)).await?;
    read("read-missing", client.get_secret_value().secret_id(format!("{name}-none"))).await?;

    let update = client
        .update_secret()
        .secret_id(db)
        .description(format!("{canary} of the application, changed"))
        .secret_string(credentials(&canary, None));
    let second =
        step("update", update.send().await, |r| named!(r, "VersionId": r.version_id().map(Value::from)))?
            .and_then(|r| r.version_id)
            .ok_or("nothing was updated")?;
    read("read-updated", of_db()).await?;
    read("read-replaced", of_db().version_stage("AWSPREVIOUS")).await?;
    read("read-by-version", of_db().version_id(&first)).await?;

    // Rotation by hand: a new version waits as AWSPENDING, is tried, and becomes the current one.
    let random = client.get_random_password().password_length(24).exclude_punctuation(true);
    let password = step("random", random.send().await, |r| {
        only([("RandomPassword", r.random_password().map(Value::from))])
    })?
    .and_then(|r| r.random_password);
    let put = client
        .put_secret_value()
        .secret_id(db)
        .secret_string(credentials(&canary, password.as_deref()))
        .version_stages("AWSPENDING");
    let third = step("put-pending", put.send().await, |r| {
        named!(r, "VersionId": r.version_id().map(Value::from), "VersionStages": Some(json!(r.version_stages())))
    })?
    .and_then(|r| r.version_id)
    .ok_or("nothing was put")?;
    read("read-pending", of_db().version_stage("AWSPENDING")).await?;
    read("read-while-pending", of_db()).await?;
    let shift = |label: &str| client.update_secret_version_stage().secret_id(db).version_stage(label);
    let promote = shift("AWSCURRENT").move_to_version_id(&third).remove_from_version_id(&second);
    step("promote", promote.send().await, |r| named!(r))?;
    let settle = shift("AWSPENDING").remove_from_version_id(&third);
    step("no-longer-pending", settle.send().await, |r| named!(r))?;
    read("read-rotated", of_db().version_stage("AWSCURRENT")).await?;
    read("read-before-rotation", of_db().version_stage("AWSPREVIOUS")).await?;
    let mut stages = Map::new();
    let versions = client.list_secret_version_ids().secret_id(db).include_deprecated(true);
    let mut pages = versions.into_paginator().page_size(1).send();
    while let Some(page) = pages.next().await {
        for version in page?.versions() {
            stages
                .insert(version.version_id().unwrap_or_default().to_owned(), json!(version.version_stages()));
        }
    }
    println!("{}", json!({"step": "versions", "out": {"VersionIdsToStages": stages}}));

    let back = shift("AWSCURRENT").move_to_version_id(&second).remove_from_version_id(&third);
    step("roll-back", back.send().await, |r| named!(r))?;
    read("read-rolled-back", of_db().version_stage("AWSCURRENT")).await?;
    read("read-rolled-back-from", of_db().version_stage("AWSPREVIOUS")).await?;

    describe("describe", &client, db).await?;
    let owner = client.tag_resource().secret_id(db).tags(tag("owner", &format!("{canary} owner")));
    step("tag", owner.send().await, |_| json!({}))?;
    step("untag", client.untag_resource().secret_id(db).tag_keys("stage").send().await, |_| json!({}))?;
    describe("describe-tagged", &client, db).await?;
    let put = client.put_resource_policy().secret_id(db).resource_policy(policy(&canary));
    step("put-policy", put.send().await, |r| named!(r))?;
    step(
        "get-policy",
        client.get_resource_policy().secret_id(db).send().await,
        |r| named!(r, "ResourcePolicy": r.resource_policy().map(Value::from)),
    )?;
    step("delete-policy", client.delete_resource_policy().secret_id(db).send().await, |r| named!(r))?;

    let mut names = Vec::new();
    let filter = Filter::builder().key(FilterNameStringType::Name).values(&name).build();
    let mut pages = client.list_secrets().filters(filter).into_paginator().page_size(1).send();
    while let Some(page) = pages.next().await {
        names.extend(page?.secret_list().iter().map(|secret| secret.name().unwrap_or_default().to_owned()));
    }
    println!("{}", json!({"step": "list", "out": {"Names": names}}));
    let batch = client.batch_get_secret_value().secret_id_list(db).secret_id_list(cert).send().await?;
    let values: Vec<Value> =
        batch.secret_values().iter().map(|entry: &SecretValueEntry| value!(entry)).collect();
    println!("{}", json!({"step": "batch", "out": {"SecretValues": values}}));

    let delete = client.delete_secret().secret_id(db).recovery_window_in_days(7);
    step("delete", delete.send().await, |r| named!(r))?;
    read("read-deleted", of_db()).await?;
    step("restore", client.restore_secret().secret_id(db).send().await, |r| named!(r))?;
    read("read-restored", of_db()).await?;
    for secret_id in [db, cert] {
        let for_good = client.delete_secret().secret_id(secret_id).force_delete_without_recovery(true);
        step("delete-for-good", for_good.send().await, |r| named!(r))?;
    }
    Ok(())
}

async fn describe(name: &str, client: &Client, secret_id: &str) -> Outcome<()> {
    step(name, client.describe_secret().secret_id(secret_id).send().await, |r| {
        let tags = r.tags().iter().map(|tag| json!({"Key": tag.key(), "Value": tag.value()})).collect();
        named!(
            r,
            "Description": r.description().map(Value::from),
            "Tags": Some(Value::Array(tags)),
            "VersionIdsToStages": Some(json!(r.version_ids_to_stages()))
        )
    })?;
    Ok(())
}
