//! The reference behind a real socket: the HTTP front, who is let in, and what odd requests get.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use smcheck::server::{Auth, Limits, Reference, ReferenceOptions, Responder, Server};
use smcheck::service::sigv4::{Credentials, Signer};
use smcheck::service::time::Timestamp;
use smcheck::service::{WireRequest, WireResponse};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const TOKEN: &str = "00000000-0000-4000-8000-000000000001";
/// Names a key, and no signature that could be right.
const ANYBODY: &str = "AWS4-HMAC-SHA256 Credential=test/20260101/eu-west-3/secretsmanager/aws4_request, \
                       SignedHeaders=host;x-amz-date, Signature=00";

/// A client that writes and reads bytes itself, so that nothing mends what it sends.
struct Client {
    stream: TcpStream,
    read: Vec<u8>,
}

/// A response as the wire had it.
#[derive(Debug)]
struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("the body is JSON")
    }

    fn code(&self) -> String {
        self.json()["__type"].as_str().expect("it is a failure").to_owned()
    }
}

impl Client {
    async fn connect(server: &Server) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", server.port())).await.expect("it listens");
        Client { stream, read: Vec::new() }
    }

    async fn write(&mut self, text: &str) {
        // The server may have hung up already, which is what some tests are about.
        let _ = self.stream.write_all(text.as_bytes()).await;
    }

    async fn send(&mut self, request: &WireRequest) -> Answer {
        let mut text = format!("{} {} HTTP/1.1\r\n", request.method, request.path);
        for (name, value) in &request.headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        let body = std::str::from_utf8(&request.body).expect("it is text");
        text.push_str(&format!("Content-Length: {}\r\n\r\n{body}", body.len()));
        self.write(&text).await;
        self.answer().await.expect("it answers")
    }

    /// The next response; `None` when the server hangs up instead.
    async fn answer(&mut self) -> Option<Answer> {
        let end = self.read_until(|read| read.windows(4).position(|four| four == b"\r\n\r\n")).await?;
        let head = String::from_utf8(self.read.drain(..end + 4).collect()).expect("a head is text");
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        let length = head
            .lines()
            .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ").map(str::to_owned))
            .map_or(0, |length| length.trim().parse().expect("a number"));
        self.read_until(|read| (read.len() >= length).then_some(0)).await?;
        let body = String::from_utf8(self.read.drain(..length).collect()).expect("a body is text");
        Some(Answer { status, head, body })
    }

    async fn read_until(&mut self, found: impl Fn(&[u8]) -> Option<usize>) -> Option<usize> {
        loop {
            if let Some(at) = found(&self.read) {
                return Some(at);
            }
            let read = self.stream.read_buf(&mut self.read);
            let read = tokio::time::timeout(Duration::from_secs(20), read).await.expect("it answers in time");
            if !matches!(read, Ok(count) if count > 0) {
                return None;
            }
        }
    }
}

fn reference(auth: Auth) -> Reference {
    Reference::new(ReferenceOptions { auth, seed: Some(1), ..ReferenceOptions::default() })
}

async fn open() -> Server {
    Server::start(Arc::new(reference(Auth::Any)), 0).await.expect("it starts")
}

fn call(authorization: &str, operation: &str, input: &Value) -> WireRequest {
    let mut request = WireRequest::call(operation, input);
    request.headers.push(("Host".to_owned(), "localhost".to_owned()));
    request.headers.push(("Authorization".to_owned(), authorization.to_owned()));
    request
}

fn signed(server: &Server, credentials: &Credentials, operation: &str, input: &Value) -> WireRequest {
    let mut request = WireRequest::call(operation, input);
    request.headers.push(("Host".to_owned(), format!("127.0.0.1:{}", server.port())));
    let signer = Signer::new(credentials, "us-east-1");
    signer.sign(&mut request, &server.endpoint(), Timestamp::now()).expect("it can be signed");
    request
}

fn create(name: &str) -> Value {
    json!({"Name": name, "ClientRequestToken": TOKEN, "SecretString": "one"})
}

#[tokio::test]
async fn one_connection_carries_many_requests() {
    let server = open().await;
    let mut client = Client::connect(&server).await;
    let created = client.send(&call(ANYBODY, "CreateSecret", &create("db"))).await;
    assert_eq!(created.status, 200, "{created:?}");
    let arn = created.json()["ARN"].as_str().expect("an ARN").to_owned();
    assert!(arn.starts_with("arn:aws:secretsmanager:eu-west-3:123456789012:secret:db-"), "{arn}");
    let value = client.send(&call(ANYBODY, "GetSecretValue", &json!({"SecretId": arn}))).await;
    assert_eq!(value.json()["SecretString"], "one");
    assert!(value.head.to_ascii_lowercase().contains("content-type: application/x-amz-json-1.1"));
    let tags = json!({"SecretId": "db", "Tags": [{"Key": "k", "Value": "v"}]});
    let tagged = client.send(&call(ANYBODY, "TagResource", &tags)).await;
    assert_eq!((tagged.status, tagged.body.as_str()), (200, ""));
    server.stop().await;
}

#[tokio::test]
async fn request_ids_are_different_uuids() {
    let server = open().await;
    let mut client = Client::connect(&server).await;
    let mut ids = std::collections::BTreeSet::new();
    for _ in 0..20 {
        let answer = client.send(&call(ANYBODY, "ListSecrets", &json!({}))).await;
        let line =
            answer.head.lines().find(|line| line.to_ascii_lowercase().starts_with("x-amzn-requestid: "));
        let id = line.and_then(|line| line.split(": ").nth(1)).expect("there is an id").trim().to_owned();
        assert!(uuid::Uuid::parse_str(&id).is_ok_and(|uuid| uuid.to_string() == id), "{id}");
        ids.insert(id);
    }
    assert_eq!(ids.len(), 20);
}

#[tokio::test]
async fn what_calls_no_operation_is_told_so() {
    let server = open().await;
    let mut client = Client::connect(&server).await;
    let unknown = client.send(&call(ANYBODY, "DropSecret", &json!({}))).await;
    assert_eq!((unknown.status, unknown.code().as_str()), (400, "UnknownOperationException"));
    let mut untargeted = call(ANYBODY, "ListSecrets", &json!({}));
    untargeted.headers.retain(|(name, _)| name != "X-Amz-Target");
    assert_eq!(client.send(&untargeted).await.code(), "UnknownOperationException");
    let mut got = call(ANYBODY, "ListSecrets", &json!({}));
    got.method = "GET".to_owned();
    assert_eq!(client.send(&got).await.code(), "UnknownOperationException");
}

#[tokio::test]
async fn bodies_that_are_no_input_are_refused() {
    let server = open().await;
    let mut client = Client::connect(&server).await;
    for body in ["", "{", "[]", "null", "\u{1}", "{\"MaxResults\": \"ten\"}", "{\"Filters\": {}}"] {
        let mut request = call(ANYBODY, "ListSecrets", &json!({}));
        request.body = body.to_owned().into();
        let answer = client.send(&request).await;
        assert_eq!((answer.status, answer.code().as_str()), (400, "SerializationException"), "{body:?}");
    }
    let mut deep = call(ANYBODY, "ListSecrets", &json!({}));
    deep.body = "[".repeat(100_000).into();
    assert_eq!(client.send(&deep).await.code(), "SerializationException");
}

#[tokio::test]
async fn who_is_not_known_is_not_let_in() {
    let reference = Arc::new(reference(Auth::Strict));
    let server = Server::start(reference.clone(), 0).await.expect("it starts");
    let mut client = Client::connect(&server).await;
    let credentials = reference.new_account();
    let good = client.send(&signed(&server, &credentials, "CreateSecret", &create("db"))).await;
    assert_eq!(good.status, 200, "{good:?}");

    let unsigned = client.send(&WireRequest::call("ListSecrets", &json!({}))).await;
    assert_eq!((unsigned.status, unsigned.code().as_str()), (400, "MissingAuthenticationTokenException"));
    let stranger = Credentials::new("AKIASTRANGER", "whatever");
    let stranger = client.send(&signed(&server, &stranger, "DropSecret", &json!({}))).await;
    assert_eq!(stranger.code(), "UnrecognizedClientException", "it comes before everything else");
    assert!(stranger.json().get("message").is_some(), "this layer writes it with a small letter");
    let thief = Credentials::new(credentials.access_key.clone(), "guessed");
    let thief = client.send(&signed(&server, &thief, "ListSecrets", &json!({}))).await;
    assert_eq!(thief.code(), "InvalidSignatureException");
}

#[tokio::test]
async fn accounts_do_not_see_each_other() {
    let reference = Arc::new(reference(Auth::Strict));
    let server = Server::start(reference.clone(), 0).await.expect("it starts");
    let mut client = Client::connect(&server).await;
    let (one, other) = (reference.new_account(), reference.new_account());
    client.send(&signed(&server, &one, "CreateSecret", &create("db"))).await;
    let id = json!({"SecretId": "db"});
    assert_eq!(client.send(&signed(&server, &one, "DescribeSecret", &id)).await.status, 200);
    let missing = client.send(&signed(&server, &other, "DescribeSecret", &id)).await;
    assert_eq!(missing.code(), "ResourceNotFoundException");
    reference.reset();
    let gone = client.send(&signed(&server, &one, "DescribeSecret", &id)).await;
    assert_eq!(gone.code(), "ResourceNotFoundException");
}

#[tokio::test]
async fn an_access_key_of_twelve_digits_is_the_account() {
    let server = open().await;
    let mut client = Client::connect(&server).await;
    let authorization = ANYBODY.replace("=test/", "=210987654321/");
    let created = client.send(&call(&authorization, "CreateSecret", &create("db"))).await;
    assert!(created.body.contains(":210987654321:secret:db-"), "{created:?}");
    let missing = client.send(&call(ANYBODY, "DescribeSecret", &json!({"SecretId": "db"}))).await;
    assert_eq!(missing.code(), "ResourceNotFoundException");
}

#[tokio::test]
async fn what_is_too_large_is_refused_at_once() {
    let limits = Limits { body: 2000, ..Limits::default() };
    let server = Server::start_with(Arc::new(reference(Auth::Any)), 0, limits).await.expect("it starts");
    let mut client = Client::connect(&server).await;
    client.write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5000000\r\n\r\n").await;
    let announced = client.answer().await.expect("it answers before the body is there");
    assert_eq!((announced.status, announced.code().as_str()), (413, "RequestEntityTooLargeException"));
    assert!(client.answer().await.is_none(), "the connection is closed");

    let mut client = Client::connect(&server).await;
    client.write("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n").await;
    client.write(&format!("bb8\r\n{}\r\n", "x".repeat(3000))).await;
    let chunked = client.answer().await.expect("it answers");
    assert_eq!(chunked.status, 413);
}

#[tokio::test]
async fn half_a_request_does_not_hold_the_connection() {
    let limits = Limits {
        head_time: Duration::from_millis(200),
        body_time: Duration::from_millis(200),
        ..Limits::default()
    };
    let server = Server::start_with(Arc::new(reference(Auth::Any)), 0, limits).await.expect("it starts");
    let mut half_head = Client::connect(&server).await;
    half_head.write("POST / HTTP/1.1\r\nHost: x\r\nX-Amz").await;
    assert!(half_head.answer().await.is_none_or(|answer| answer.status == 408));
    let mut half_body = Client::connect(&server).await;
    half_body.write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{").await;
    let answer = half_body.answer().await.expect("it says so");
    assert_eq!((answer.status, answer.code().as_str()), (408, "RequestTimeoutException"));
}

#[tokio::test]
async fn garbage_harms_nobody_else() {
    let server = open().await;
    let mut good = Client::connect(&server).await;
    for garbage in
        ["\r\n\r\nhello\r\n\r\n", "GET\r\n\r\n", "\u{0}\u{1}\u{2}\r\n\r\n", "POST / HTTP/9.9\r\n\r\n"]
    {
        let mut bad = Client::connect(&server).await;
        bad.write(garbage).await;
        assert!(bad.answer().await.is_none_or(|answer| answer.status >= 400), "{garbage:?}");
        assert_eq!(good.send(&call(ANYBODY, "ListSecrets", &json!({}))).await.status, 200);
    }
}

/// Panics for one request, and answers the next.
struct Faulty;

impl Responder for Faulty {
    fn respond(&self, request: &WireRequest) -> WireResponse {
        assert_ne!(request.path, "/panic", "on purpose");
        WireResponse::success(None, "id")
    }
}

#[tokio::test]
async fn a_panic_behind_the_front_is_one_failed_request() {
    let server = Server::start(Arc::new(Faulty), 0).await.expect("it starts");
    let mut client = Client::connect(&server).await;
    let mut request = call(ANYBODY, "ListSecrets", &json!({}));
    request.path = "/panic".to_owned();
    let failed = client.send(&request).await;
    assert_eq!((failed.status, failed.code().as_str()), (500, "InternalServiceError"));
    request.path = "/".to_owned();
    assert_eq!(client.send(&request).await.status, 200);
}

#[tokio::test]
async fn a_stopped_server_listens_no_more() {
    let server = open().await;
    let mut idle = Client::connect(&server).await;
    idle.send(&call(ANYBODY, "ListSecrets", &json!({}))).await;
    let port = server.port();
    server.stop().await;
    assert!(idle.answer().await.is_none(), "idle connections are closed");
    assert!(TcpStream::connect(("127.0.0.1", port)).await.is_err());
}

#[tokio::test]
async fn a_dropped_server_listens_no_more() {
    let server = open().await;
    let port = server.port();
    drop(server);
    let refused = async {
        while TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), refused).await.expect("it stops by itself");
}

#[tokio::test]
async fn a_port_in_use_is_an_error() {
    let server = open().await;
    assert!(Server::start(Arc::new(Faulty), server.port()).await.is_err());
}

#[tokio::test]
async fn the_clock_and_the_seed_make_the_answers() {
    let options = || ReferenceOptions {
        auth: Auth::Any,
        seed: Some(42),
        clock: Arc::new(|| Timestamp(1_523_477_145_729)),
        ..ReferenceOptions::default()
    };
    let mut answers = Vec::new();
    for _ in 0..2 {
        let reference = Reference::new(options());
        let created = reference.respond(&call(ANYBODY, "CreateSecret", &create("db")));
        let described = reference.respond(&call(ANYBODY, "DescribeSecret", &json!({"SecretId": "db"})));
        answers.push((created, described, reference.new_account()));
    }
    assert_eq!(answers[0], answers[1]);
    let described = answers[0].1.json().expect("it is JSON");
    assert_eq!(described["CreatedDate"].to_string(), "1523477145.729");
}
