//! Targets and clients that misbehave: each costs one request, and the proxy goes on.

use std::time::Duration;

use serde_json::json;
use smcheck::server::Limits;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::support::{Setup, create, failure, reference};

/// What a target does with a request that it has begun to read.
#[derive(Clone, Copy, Debug)]
enum Deed {
    Hang,
    Reset,
    Garbage,
    Endless,
    Trickle,
    Half,
}

/// A target that does one thing with every request.
async fn target(deed: Deed) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("there is a free port");
    let endpoint = format!("http://{}", listener.local_addr().expect("it listens"));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(misbehave(stream, deed));
        }
    });
    endpoint
}

async fn misbehave(mut stream: TcpStream, deed: Deed) {
    let mut buffer = [0; 4096];
    let _ = stream.read(&mut buffer).await;
    let chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    match deed {
        Deed::Hang => std::future::pending().await,
        Deed::Reset => {
            // Closing with a linger of zero is a reset.
            let _ = stream.set_zero_linger();
        }
        Deed::Garbage => {
            let _ = stream.write_all(b"CANARY \x00\xff\xfe no HTTP at all\r\n\r\n").await;
        }
        Deed::Endless => {
            let _ = stream.write_all(chunked).await;
            let chunk = [b"10000\r\n".as_slice(), &[b'x'; 0x10000], b"\r\n"].concat();
            while stream.write_all(&chunk).await.is_ok() {}
        }
        Deed::Trickle => {
            let _ = stream.write_all(chunked).await;
            while stream.write_all(b"1\r\nx\r\n").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        Deed::Half => {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"half").await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_fails_is_told_of_and_recorded() {
    for (deed, status, says) in [
        (Deed::Hang, 504, "did not answer within 1 s"),
        (Deed::Trickle, 504, "did not answer within 1 s"),
        (Deed::Reset, 502, "broke off"),
        (Deed::Garbage, 502, "broke off"),
        (Deed::Half, 502, "broke off"),
        (Deed::Endless, 502, "more than 16777216 bytes"),
    ] {
        // What is endless is told by its size, and may take longer to come on a busy machine.
        let seconds = if matches!(deed, Deed::Endless) { 60 } else { 1 };
        let setup = Setup { timeout: Duration::from_secs(seconds), ..Setup::default() };
        let running = setup.start(&target(deed).await).await;
        for _ in 0..2 {
            let answer = running.sdk().call("GetSecretValue", &json!({"SecretId": "db"})).await;
            let (found, code, message) = failure(&answer);
            assert_eq!((found, code.as_str()), (status, "InternalServiceError"), "{deed:?}: {message}");
            assert!(message.starts_with("smcheck proxy: ") && message.contains(says), "{deed:?}: {message}");
            assert!(!message.contains("CANARY"), "{message}");
        }
        let lines = running.lines();
        assert_eq!(lines.iter().map(|line| line.response.status).collect::<Vec<_>>(), [status, status]);
        let summary = running.proxy.finish(Duration::from_secs(1)).await;
        assert_eq!(summary.failed.values().sum::<u64>(), 2);
    }
}

#[tokio::test]
async fn a_target_that_is_not_there_is_told_of() {
    let free = TcpListener::bind(("127.0.0.1", 0)).await.expect("there is a free port");
    let endpoint = format!("http://{}", free.local_addr().expect("it listens"));
    drop(free);
    let running = Setup::default().start(&endpoint).await;
    let (status, _, message) = failure(&running.sdk().call("ListSecrets", &json!({})).await);
    assert_eq!(status, 502);
    assert!(message.starts_with("smcheck proxy: cannot connect to http://127.0.0.1:"), "{message}");
    let body = running.lines()[0].response.body.clone().expect("it is recorded").into_value();
    assert_eq!(body["Message"], "smcheck proxy: the target cannot be reached");
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_misbehave_cost_nobody_else_anything() {
    let target = reference(None).await;
    let limits = Limits {
        head_time: Duration::from_millis(500),
        body_time: Duration::from_millis(500),
        ..Limits::default()
    };
    let running = Setup { limits, ..Setup::default() }.start(&target.endpoint()).await;
    let connect = || TcpStream::connect(("127.0.0.1", running.server.port()));

    // Half a head: the connection is closed. Half a body: a refusal.
    for (half, expected) in [
        ("POST / HTTP/1.1\r\nHo", ""),
        ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{\"half", "RequestTimeoutException"),
    ] {
        let mut stream = connect().await.expect("it listens");
        stream.write_all(half.as_bytes()).await.expect("it can be sent");
        let mut text = String::new();
        let read = tokio::time::timeout(Duration::from_secs(20), stream.read_to_string(&mut text));
        let _ = read.await.expect("the connection is closed");
        assert!(text.contains(expected), "{text}");
    }

    // More than the limit: the client reads the refusal, though it has sent all before.
    let long = json!({"SecretId": "db", "SecretString": "x".repeat(2 * 1024 * 1024)});
    let (status, code, _) = failure(&running.sdk().call("PutSecretValue", &long).await);
    assert_eq!((status, code.as_str()), (413, "RequestEntityTooLargeException"));

    // A client that goes away before it is answered.
    let mut stream = connect().await.expect("it listens");
    stream
        .write_all(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}")
        .await
        .expect("it can be sent");
    drop(stream);

    assert_eq!(running.sdk().call("CreateSecret", &create("db", "x")).await.status, 200);
    assert_eq!(running.lines().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_clients_at_once_are_all_answered_and_recorded() {
    let target = reference(None).await;
    let running = Setup::default().start(&target.endpoint()).await;
    let mut clients = tokio::task::JoinSet::new();
    for client in 0..200 {
        // A connection of its own for each.
        let sdk = running.sdk();
        clients.spawn(async move {
            let name = format!("shop/{client}");
            let secret = format!("value of {client}");
            assert_eq!(sdk.call("CreateSecret", &create(&name, &secret)).await.status, 200);
            let got = sdk.call("GetSecretValue", &json!({"SecretId": name})).await;
            assert_eq!(got.json().expect("it is JSON")["SecretString"], secret.as_str());
        });
    }
    while let Some(client) = clients.join_next().await {
        client.expect("it is answered");
    }
    let lines = running.lines();
    let mut steps: Vec<usize> = lines.iter().map(|line| line.step).collect();
    steps.sort_unstable();
    assert_eq!(steps, (1..=400).collect::<Vec<_>>());
    let summary = running.proxy.finish(Duration::from_secs(5)).await;
    assert_eq!((summary.recorded["CreateSecret"], summary.recorded["GetSecretValue"]), (200, 200));
    assert_eq!(summary.lost, None);
}
