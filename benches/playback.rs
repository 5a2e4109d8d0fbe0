//! Measures playing recordings back, and reports; it never asserts a time.
//!
//!     cargo bench --bench playback
//!
//! Printed are: how long 100,000 recorded exchanges take to load and how much memory they take, as a part of their size
//! on disk; how long each answer takes at the beginning, in the middle and at the end of them; and requests a second over
//! HTTP as a part of what a bare hyper server makes that returns a constant body of the same size, with the same clients
//! in the same process. Memory comes from /proc.

#![expect(clippy::print_stdout, reason = "a benchmark reports")]

use std::convert::Infallible;
use std::fmt::Write as _;
use std::io::{Read, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use smcheck::server::playback::{Exhausted, Mode, Options, Shelf};
use smcheck::server::{Playback, Responder, Server};
use smcheck::service::WireRequest;

const EXCHANGES: usize = 100_000;
const SECRETS: usize = 1_000;
const CONNECTIONS: usize = 16;
const ROUND: Duration = Duration::from_secs(4);
const ROUNDS: usize = 3;

fn main() {
    // `cargo test --benches` runs this too, and must not measure.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let folder = tempfile::tempdir().expect("there is room");
    let file = folder.path().join("big.jsonl");
    let sent = generate(&file);
    let size = std::fs::metadata(&file).expect("it was written").len() as f64;
    println!("{EXCHANGES} exchanges about {SECRETS} secrets, {:.1} MB on disk", size / 1e6);
    play_through(&file, size, &sent);
    over_http(folder.path());
}

/// Half reads, half writes with a token and a value of their own; returns what a client would send.
fn generate(file: &Path) -> Vec<(&'static str, Value)> {
    let mut text =
        json!({"smcheck": 1, "recording": "big", "recorded": {"target": "bench"}, "region": "us-east-1"})
            .to_string();
    text.push('\n');
    let mut sent = Vec::with_capacity(EXCHANGES);
    let mut current = vec![0; SECRETS];
    for number in 1..=EXCHANGES {
        let secret = (number * 7919 / 2) % SECRETS;
        let name = format!("service/{secret:04}/credentials");
        let arn = format!("arn:aws:secretsmanager:us-east-1:000000000000:secret:{name}-AA{secret:04}");
        let id = |number: usize| format!("00000000-0000-4000-8000-{number:012}");
        let value = |number: usize| {
            format!(
                r#"{{"host":"smcheck-secret-{number:06}","password":"smcheck-secret-{number:06}.2","port":{number},"user":"smcheck-secret-{number:06}.3"}}"#
            )
        };
        let (operation, input, output, real) = if number % 2 == 1 || current[secret] == 0 {
            current[secret] = number;
            let input =
                json!({"SecretId": name, "ClientRequestToken": id(number), "SecretString": value(number)});
            let real = json!({"SecretId": name, "SecretString": format!("{{\"password\":\"real {number}\"}}"),
                "ClientRequestToken": format!("0f8fad5b-d9cb-469f-a165-{number:012}")});
            let output =
                json!({"ARN": arn, "Name": name, "VersionId": id(number), "VersionStages": ["AWSCURRENT"]});
            ("PutSecretValue", input, output, real)
        } else {
            let input = json!({"SecretId": name});
            let version = current[secret];
            let output = json!({"ARN": arn, "Name": name, "VersionId": id(version), "SecretString": value(version),
                "VersionStages": ["AWSCURRENT"], "CreatedDate": 1_577_836_800});
            ("GetSecretValue", input.clone(), output, input)
        };
        let line = json!({"step": number, "operation": operation, "request": {"body": input},
            "response": {"status": 200, "body": output}});
        let _ = writeln!(text, "{line}");
        sent.push((operation, real));
    }
    std::fs::write(file, text).expect("there is room");
    sent
}

fn resident() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|rest| rest.trim().trim_end_matches(" kB").parse::<f64>().ok()).unwrap_or(0.0) * 1024.0
}

fn play_through(file: &Path, size: f64, sent: &[(&'static str, Value)]) {
    let reading = Instant::now();
    let bytes = std::fs::read(file).expect("it is there");
    println!("  reading the file alone takes {:.3} s", reading.elapsed().as_secs_f64());
    drop(bytes);
    for mode in [Mode::AnyOrder, Mode::Strict, Mode::Stateful] {
        let before = resident();
        let loading = Instant::now();
        let shelf = Shelf::load(file, None).expect("it is a recording");
        let loaded = loading.elapsed();
        let at_rest = (resident() - before) / size;
        let playback = Playback::of(shelf, Options { mode, ..Options::default() });
        let mut parts = Vec::new();
        let mut played = 0;
        for part in sent.chunks(EXCHANGES / 10) {
            let requests: Vec<WireRequest> =
                part.iter().map(|(operation, input)| signed(operation, input)).collect();
            let start = Instant::now();
            played += requests.iter().filter(|request| playback.respond(request).succeeded()).count();
            parts.push(start.elapsed().as_secs_f64() * 1e6 / part.len() as f64);
        }
        let after = (resident() - before) / size;
        println!(
            "{mode:?}: loaded in {:.3} s; memory {at_rest:.2} of the size on disk, {after:.2} when all was played",
            loaded.as_secs_f64()
        );
        let shown: Vec<String> = parts.iter().map(|micros| format!("{micros:.1}")).collect();
        println!("  {played} of {EXCHANGES} played; microseconds an answer, by tenths: {}", shown.join(" "));
    }
}

fn signed(operation: &str, input: &Value) -> WireRequest {
    let mut request = WireRequest::call(operation, input);
    request.headers.push(("authorization".to_owned(), AUTHORIZATION.to_owned()));
    request
}

const AUTHORIZATION: &str = "AWS4-HMAC-SHA256 Credential=BENCH/20260101/us-east-1/secretsmanager/aws4_request, \
                             SignedHeaders=content-type;host;x-amz-date;x-amz-target, \
                             Signature=0000000000000000000000000000000000000000000000000000000000000000";

fn over_http(folder: &Path) {
    let arn = "arn:aws:secretsmanager:us-east-1:000000000000:secret:service/credentials-AAAAA1";
    let output = json!({"ARN": arn, "Name": "service/credentials", "VersionId": "00000000-0000-4000-8000-000000000001",
        "SecretString": "{\"host\":\"smcheck-secret-0001\",\"password\":\"smcheck-secret-0001.2\",\"port\":1}",
        "VersionStages": ["AWSCURRENT"], "CreatedDate": 1_577_836_800});
    let head =
        json!({"smcheck": 1, "recording": "one", "recorded": {"target": "bench"}, "region": "us-east-1"});
    let mut text = format!("{head}\n");
    for step in 1..=EXCHANGES {
        let line = json!({"step": step, "operation": "GetSecretValue",
            "request": {"body": {"SecretId": "service/credentials"}}, "response": {"status": 200, "body": output}});
        let _ = writeln!(text, "{line}");
    }
    let file = folder.join("one.jsonl");
    std::fs::write(&file, text).expect("there is room");
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("the system lets us start threads");
    let options = Options { exhausted: Some(Exhausted::RepeatLast), ..Options::default() };
    let playback = Playback::of(Shelf::load(&file, None).expect("it is a recording"), options);
    let expected = playback.respond(&signed("GetSecretValue", &json!({"SecretId": "service/credentials"})));
    let server = runtime.block_on(Server::start(Arc::new(playback), 0)).expect("a port is free");
    let bare = runtime.block_on(bare(expected.body.clone()));
    println!("GetSecretValue over HTTP, {CONNECTIONS} connections, {} bytes of body:", expected.body.len());
    let mut ratios = Vec::new();
    for _ in 0..ROUNDS {
        let (ours, theirs) = (load(server.port()), load(bare));
        println!("  serve {ours:.0}, bare hyper {theirs:.0} requests a second: {:.2}", ours / theirs);
        ratios.push(ours / theirs);
    }
    ratios.sort_by(f64::total_cmp);
    println!("serve makes {:.2} of a bare hyper server (the median)", ratios[ratios.len() / 2]);
    runtime.block_on(server.stop());
    runtime.shutdown_background();
}

/// The yardstick: the same answer to whatever comes.
async fn bare(body: Bytes) -> u16 {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let port = listener.local_addr().expect("it has one").port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let _ = stream.set_nodelay(true);
            let body = body.clone();
            let service = service_fn(move |request: http::Request<hyper::body::Incoming>| {
                let body = body.clone();
                async move {
                    // The request is read, as any server must.
                    let _ = request.into_body().collect().await;
                    let response = http::Response::builder()
                        .header("x-amzn-requestid", "00000000-0000-4000-9000-000000000001")
                        .header("content-type", "application/x-amz-json-1.1")
                        .body(Full::new(body));
                    Ok::<_, Infallible>(response.expect("it is a response"))
                }
            });
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
    port
}

/// Requests a second, of clients that each wait for an answer before they ask again.
fn load(port: u16) -> f64 {
    let body = r#"{"SecretId":"service/credentials"}"#;
    let request = format!(
        "POST / HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\ncontent-type: application/x-amz-json-1.1\r\n\
         x-amz-target: secretsmanager.GetSecretValue\r\nx-amz-date: 20260101T000000Z\r\nauthorization: {AUTHORIZATION}\r\n\
         user-agent: bench\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let (stop, count) = (AtomicBool::new(false), AtomicUsize::new(0));
    let start = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..CONNECTIONS {
            scope.spawn(|| {
                let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
                let _ = stream.set_nodelay(true);
                let mut buffer = [0; 8192];
                let mut length = None;
                while !stop.load(Ordering::Relaxed) {
                    stream.write_all(request.as_bytes()).expect("it reads");
                    // All answers have one length, which the first tells.
                    let mut read = 0;
                    while length.is_none_or(|length| read < length) {
                        read += stream.read(&mut buffer[read..]).expect("it answers");
                        length = length.or_else(|| whole(&buffer[..read]));
                    }
                    count.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        std::thread::sleep(ROUND);
        stop.store(true, Ordering::Relaxed);
    });
    count.load(Ordering::Relaxed) as f64 / start.elapsed().as_secs_f64()
}

/// The length of an answer, where its head is whole.
fn whole(read: &[u8]) -> Option<usize> {
    let text = std::str::from_utf8(read).ok()?;
    let (head, _) = text.split_once("\r\n\r\n")?;
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "))?;
    Some(head.len() + 4 + length.trim().parse::<usize>().ok()?)
}
