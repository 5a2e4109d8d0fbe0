//! Parts of a catalogue, scenarios that are tried again, the order of a run, and runs in which nothing ran.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;
use serde_json::Value;
use smcheck::scenario::parse;
use smcheck::server::{Auth, Reference, ReferenceOptions, Responder, Server};
use smcheck::service::{WireRequest, WireResponse};
use smcheck::suite::Partition;

use super::made::{SKIPPED, asks, code, folder, read};
use super::program::{said, smcheck};

/// The reference, which for the first requests finds every secret in the trash.
struct Shaky {
    reference: Reference,
    wrong: AtomicUsize,
}

impl Responder for Shaky {
    fn respond(&self, request: &WireRequest) -> WireResponse {
        let mut response = self.reference.respond(request);
        let is = request.operation() == Some("GetSecretValue");
        let left = |left: usize| left.checked_sub(1);
        if is && self.wrong.fetch_update(Ordering::SeqCst, Ordering::SeqCst, left).is_ok() {
            let body = String::from_utf8_lossy(&response.body).replace("ResourceNotFound", "InvalidRequest");
            response.body = body.into();
        }
        response
    }
}

#[test]
fn a_scenario_that_fails_at_first_is_flaky() {
    let runtime = tokio::runtime::Runtime::new().expect("it starts");
    let here = folder(&[("a/shaky", &asks("It is not there", "ResourceNotFoundException"))]);
    let run = |wrong: usize, arguments: &[&str]| {
        let options = ReferenceOptions { auth: Auth::Any, ..ReferenceOptions::default() };
        let shaky = Shaky { reference: Reference::new(options), wrong: AtomicUsize::new(wrong) };
        let server = runtime.block_on(Server::start(Arc::new(shaky), 0)).expect("there is a free port");
        let endpoint = server.endpoint();
        let reports = ["--report", "json=r.json", "--report", "junit=r.xml", "--report", "markdown=r.md"];
        smcheck(here.path(), &[&["run", "-t", &endpoint], &reports[..], arguments].concat())
    };
    let without = run(1, &[]);
    assert_eq!(code(&without), 1, "{}", said(&without));
    let flaky = run(2, &["--retries", "2"]);
    assert_eq!(code(&flaky), 0, "{}", said(&flaky));
    assert!(
        said(&flaky).contains(
            "1 flaky: failed at first, and then did not\n  a/shaky  at try 3; at first step 1, code:"
        ),
        "{}",
        said(&flaky)
    );
    let report: Value = serde_json::from_str(&read(&here.path().join("r.json"))).expect("it is JSON");
    assert_eq!(report["runs"][0]["flaky"], serde_json::json!(["a/shaky"]));
    let scenario = &report["runs"][0]["scenarios"][0];
    assert_eq!((&scenario["status"], &scenario["flaky"]), (&"passed".into(), &true.into()));
    assert_eq!(scenario["earlier"].as_array().map(Vec::len), Some(2));
    assert_eq!(read(&here.path().join("r.xml")).matches("<flakyFailure ").count(), 2);
    assert!(read(&here.path().join("r.md")).contains("1 flaky: failed at first"));
    let fail = run(1, &["--retries", "1", "--flaky", "fail"]);
    assert_eq!(code(&fail), 1, "{}", said(&fail));
    let still = run(5, &["--retries", "1"]);
    assert_eq!(code(&still), 1, "{}", said(&still));
    assert_eq!(read(&here.path().join("r.xml")).matches("<rerunFailure ").count(), 1);
}

#[test]
fn nothing_exits_0_when_nothing_ran() {
    let here = folder(&[("b/skipped", SKIPPED)]);
    for arguments in [
        &["run"][..],
        &["run", "-t", "embedded", "-t", "embedded"],
        &["record"],
        &["known", "update", "-t", "embedded"],
    ] {
        let run = smcheck(here.path(), arguments);
        assert_eq!(code(&run), 2, "{arguments:?}: {}", said(&run));
        assert!(
            said(&run).contains("nothing ran on embedded: the only scenario was skipped; b/skipped: the target does not provide `iam`"),
            "{arguments:?}: {}",
            said(&run)
        );
    }
    for arguments in [&["replay"][..], &["replay", "-t", "embedded"], &["diff", "embedded", "embedded"]] {
        let run = smcheck(here.path(), arguments);
        assert_eq!(code(&run), 2, "{arguments:?}: {}", said(&run));
    }
    let empty = folder(&[]);
    std::fs::create_dir(empty.path().join("scenarios")).expect("it can be made");
    for command in ["run", "record", "list", "coverage", "selftest", "replay"] {
        let run = smcheck(empty.path(), &[command]);
        assert_eq!(code(&run), 2, "{command}: {}", said(&run));
    }
    let part = smcheck(here.path(), &["run", "--partition", "slice:2/2"]);
    assert_eq!(code(&part), 2);
    assert!(said(&part).contains("nothing ran: slice:2/2 holds none of 1 scenario"), "{}", said(&part));
    for bad in ["hash:0/4", "hash:5/4", "hash:1/0", "half:1/2", "hash:+1/2", "hash:1", ""] {
        assert_eq!(code(&smcheck(here.path(), &["run", "--partition", bad])), 2, "{bad}");
    }
}

#[test]
fn the_order_of_a_seed_is_the_same_every_time() {
    let text = asks("It is not there", "ResourceNotFoundException");
    let all: Vec<_> = (0..20)
        .flat_map(|at| parse("x.yaml", &format!("s{at:02}"), text.as_bytes()).expect("it is right"))
        .map(Arc::new)
        .collect();
    let order = |seed: u64| {
        let mut all = all.clone();
        smcheck::suite::shuffle(&mut all, seed);
        all.iter().map(|one| one.id.clone()).collect::<Vec<_>>()
    };
    assert_eq!(order(7), order(7));
    assert_ne!(order(7), order(8));
    let mut sorted = order(7);
    sorted.sort();
    assert_eq!(sorted, all.iter().map(|one| one.id.clone()).collect::<Vec<_>>());
}

proptest! {
    #[test]
    fn every_scenario_is_in_exactly_one_part(
        ids in proptest::collection::btree_set("[a-z]{1,8}/[a-z]{1,8}(\\[[a-z]{1,4}\\])?", 1..60),
        of in 1_u32..12,
        hash: bool,
    ) {
        let how = if hash { "hash" } else { "slice" };
        let parts: Vec<Partition> =
            (1..=of).map(|part| format!("{how}:{part}/{of}").parse().expect("it is one")).collect();
        for (at, id) in ids.iter().enumerate() {
            prop_assert_eq!(parts.iter().filter(|part| part.holds(id, at)).count(), 1);
        }
        if hash {
            // Where a scenario runs does not depend on the others.
            for id in &ids {
                prop_assert_eq!(parts[0].holds(id, 0), parts[0].holds(id, 41));
            }
        }
    }
}

#[test]
fn a_hash_is_the_same_in_every_version() {
    let part: Partition = "hash:1/4".parse().expect("it is one");
    let ids = ["labels/put-moves-current", "tags/names[50 tags]", "a", "versions/put-same-value"];
    let found: Vec<u32> =
        ids.iter().map(|id| (1..=4).find(|at| part.other(*at).holds(id, 0)).expect("one of them")).collect();
    assert_eq!(found, FOUND);
}

/// As `sha256sum` counts them: the first eight bytes modulo 4, and 1.
const FOUND: [u32; 4] = [2, 4, 3, 2];
