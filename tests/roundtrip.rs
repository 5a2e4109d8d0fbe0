//! Recording, playing back, recording again: the same bytes, and the same observation, with other names, ids and
//! times, and with secrets that were never written down.

mod recording;

use recording::{Case, Sent, Small, exchange, files, target};
use serde_json::{Value, json};
use smcheck::judge::observe;
use smcheck::server::{Playback, Responder};
use smcheck::service::time::Timestamp;
use smcheck::store::{self, Recorded, Store};

fn one(operation: &'static str, input: Value) -> Sent {
    vec![(operation, input)]
}

fn case() -> Case {
    Case::new(
        "versions/round-trip[row one]",
        &[("db", "", ""), ("other", "a/_+=.@-", "-a1b2c3")],
        &["v1", "v2", "v3"],
        &[
            one("GetSecretValue", json!({"SecretId": "${db}-missing"})),
            one(
                "CreateSecret",
                json!({"Name": "${db}", "ClientRequestToken": "${v1}", "SecretString": "one",
                "Description": "for ${db}", "Tags": [{"Key": "team", "Value": "blue"}]}),
            ),
            one(
                "CreateSecret",
                json!({"Name": "${other}", "ClientRequestToken": "${v3}",
                "SecretBinary": "CANARYCANARY", "Description": "x".repeat(1500)}),
            ),
            one(
                "CreateSecret",
                json!({"Name": "${db}", "ClientRequestToken": "${v3}", "SecretString": "one"}),
            ),
            one(
                "PutSecretValue",
                json!({"SecretId": "${db}", "ClientRequestToken": "${v2}",
                "SecretString": "{\"user\":\"u\",\"password\":\"hunter2\",\"port\":5432}"}),
            ),
            one("GetSecretValue", json!({"SecretId": "${db}"})),
            one("GetSecretValue", json!({"SecretId": "${db}", "VersionStage": "AWSPREVIOUS"})),
            one("GetSecretValue", json!({"SecretId": "${db}", "VersionStage": "NOPE"})),
            one("GetSecretValue", json!({"SecretId": "${other}"})),
            one("GetRandomPassword", json!({"PasswordLength": 16})),
            one("GetRandomPassword", json!({"PasswordLength": 16})),
            one("DeleteSecret", json!({"SecretId": "{arn}"})),
        ],
    )
}

#[test]
fn a_recording_of_a_playback_has_the_same_bytes() {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let first = case();
    let store = Store::new(folder.path(), "small").expect("it has a name");
    let trace = first.run(&Small::default());
    let recorded = store.record(&first.scenario, &trace, &target(), false).expect("it can be kept");
    assert_eq!(recorded, Recorded::New);

    let second = case();
    let fixture = store.load_fixture(&second.scenario.id).expect("it can be read").expect("it is there");
    let playback = Playback::new();
    playback.add_session("KEY", fixture);
    let replayed = second.run(&playback);
    assert_ne!(first.secrets, second.secrets, "the names differ");
    let left = observe(&first.scenario, &trace).text;
    let right = observe(&second.scenario, &replayed).text;
    assert!(left == right, "{}", smcheck::judge::diff::diff(&left, &right));
    let snapshot = store.load_snapshot(&second.scenario.id).expect("it can be read").expect("it is there");
    assert_eq!(snapshot.text, right.trim_end());
    assert_eq!(playback.unused().into_values().sum::<usize>(), 0);

    let again = tempfile::tempdir().expect("there is room for a folder");
    let elsewhere = Store::new(again.path(), "small").expect("it has a name");
    let recorded = elsewhere.record(&second.scenario, &replayed, &target(), false).expect("it can be kept");
    assert_eq!(recorded, Recorded::New);
    let (left, right) = (files(folder.path()), files(again.path()));
    for (name, bytes) in &left {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let other = right.get(name).map(|bytes| text(bytes)).unwrap_or_default();
        assert!(text(bytes) == other, "{name}\n{}", smcheck::judge::diff::diff(&text(bytes), &other));
    }
    assert_eq!(left.len(), right.len());
}

#[test]
fn two_runs_have_the_same_observation_and_the_same_fixture() {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let store = Store::new(folder.path(), "small").expect("it has a name");
    let mut seen = Vec::new();
    for _ in 0..8 {
        let case = case();
        let trace = case.run(&Small::default());
        let recorded = store.record(&case.scenario, &trace, &target(), false).expect("it can be kept");
        let elsewhere = tempfile::tempdir().expect("there is room for a folder");
        let other = Store::new(elsewhere.path(), "small").expect("it has a name");
        assert_eq!(
            other.record(&case.scenario, &trace, &target(), false).expect("it can be kept"),
            Recorded::New
        );
        seen.push((recorded, files(folder.path()), files(elsewhere.path())));
    }
    assert_eq!(seen[0].0, Recorded::New);
    for (recorded, kept, fresh) in &seen[1..] {
        assert_eq!(*recorded, Recorded::Unchanged);
        assert_eq!(kept, &seen[0].1);
        assert_eq!(fresh, &seen[0].2, "a fresh recording has the same bytes");
    }
}

#[test]
fn what_a_client_sends_in_place_of_a_stand_in_comes_back() {
    let first = case();
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let store = Store::new(folder.path(), "small").expect("it has a name");
    let trace = first.run(&Small::default());
    assert_eq!(store.record(&first.scenario, &trace, &target(), false).expect("it is kept"), Recorded::New);
    let playback = Playback::new();
    playback.add_session("KEY", store.load_fixture(&first.scenario.id).expect("read").expect("it is there"));

    let token = uuid::Uuid::new_v4().to_string();
    let send = |operation, input| exchange(&playback, operation, &input).response;
    let created = send(
        "CreateSecret",
        json!({"Name": "prod/db", "ClientRequestToken": token, "SecretString": "a secret of my own",
            "Description": "for prod/db", "Tags": [{"Key": "team", "Value": "blue"}]}),
    );
    let body = created.json().expect("it is JSON");
    assert_eq!(body["VersionId"], json!(token), "{body}");
    assert_eq!(body["Name"], "prod/db");
    assert_eq!(body["ARN"], "arn:aws:secretsmanager:eu-west-3:000000000000:secret:prod/db-AAAAA1");
    let described = send("DescribeSecret", json!({"SecretId": body["ARN"]}));
    assert_eq!(described.error().map(|e| e.code).as_deref(), Some("SmcheckNoRecordingException"));
    let described = send("DescribeSecret", json!({"SecretId": "prod/db"})).json().expect("it is JSON");
    // The first probe was of a secret that did not exist yet.
    assert_eq!(described["__type"], "ResourceNotFoundException");
    let described = send("DescribeSecret", json!({"SecretId": "prod/db"})).json().expect("it is JSON");
    assert_eq!(described["VersionIdsToStages"][&token], json!(["AWSCURRENT"]), "{described}");
    let created = described["CreatedDate"].as_f64().and_then(Timestamp::from_seconds).expect("it is a time");
    assert!((Timestamp::now().0 - created.0).abs() < 60_000, "{created:?}");
    let value = send("GetSecretValue", json!({"SecretId": "prod/db", "VersionStage": "AWSPREVIOUS"}));
    assert_eq!(value.json().expect("it is JSON")["SecretString"], "a secret of my own");
}

#[test]
fn a_miss_shows_the_nearest_request_and_no_secret() {
    let first = case();
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let store = Store::new(folder.path(), "small").expect("it has a name");
    let trace = first.run(&Small::default());
    assert_eq!(store.record(&first.scenario, &trace, &target(), false).expect("it is kept"), Recorded::New);
    let playback = Playback::new();
    playback.add_session("KEY", store.load_fixture(&first.scenario.id).expect("read").expect("it is there"));
    let input = json!({"SecretId": "x", "ClientRequestToken": uuid::Uuid::new_v4(), "SecretString": "CANARY-1",
        "VersionStages": ["MINE"], "RotationToken": "CANARY-2"});
    let response = playback.respond(&exchange(&playback, "PutSecretValue", &input).request);
    let error = response.error().expect("it is a failure");
    assert_eq!((response.status, error.code.as_str()), (400, "SmcheckNoRecordingException"));
    let message = error.message.unwrap_or_default();
    assert!(message.contains("+  VersionStages:") && message.contains("step 5"), "{message}");
    assert!(!message.contains("CANARY"), "{message}");
}

#[test]
fn an_answer_is_given_as_often_as_it_was_recorded() {
    let case = Case::new(
        "passwords/two",
        &[],
        &[],
        &[one("GetRandomPassword", json!({})), one("GetRandomPassword", json!({}))],
    );
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let store = Store::new(folder.path(), "small").expect("it has a name");
    let trace = case.run(&Small::default());
    assert_eq!(store.record(&case.scenario, &trace, &target(), false).expect("it is kept"), Recorded::New);
    let playback = Playback::new();
    playback.add_session("KEY", store.load_fixture(&case.scenario.id).expect("read").expect("it is there"));
    let ask = || exchange(&playback, "GetRandomPassword", &json!({})).response;
    let (one, two, three) = (ask(), ask(), ask());
    assert!(one.succeeded() && two.succeeded());
    assert_ne!(one.body, two.body, "two passwords are two");
    assert!(three.error().and_then(|e| e.message).is_some_and(|text| text.contains("used up")));
}

#[test]
fn who_wins_a_race_does_not_show() {
    let race = |swap: bool| {
        let put = |token: &str, value: &str| {
            (
                "PutSecretValue",
                json!({"SecretId": "${db}", "ClientRequestToken": token, "SecretString": value}),
            )
        };
        let mut at_once = vec![put("${a}", "from a"), put("${b}", "from b")];
        if swap {
            at_once.reverse();
        }
        let create = json!({"Name": "${db}", "ClientRequestToken": "${v1}", "SecretString": "one"});
        let get = json!({"SecretId": "${db}"});
        let steps = [one("CreateSecret", create), at_once, one("GetSecretValue", get)];
        Case::new("concurrency/two-puts", &[("db", "", "")], &["v1", "a", "b"], &steps)
    };
    let (left, right) = (race(false), race(true));
    let observed = |case: &Case| observe(&case.scenario, &case.run(&Small::default())).text;
    let (left, right) = (observed(&left), observed(&right));
    assert!(left == right, "{}", smcheck::judge::diff::diff(&left, &right));
    assert!(left.contains("${a|b}: AWSCURRENT AWSPREVIOUS"), "{left}");
}

#[test]
fn a_changed_recording_waits_until_it_is_accepted() {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let store = Store::new(folder.path(), "small").expect("it has a name");
    let record = |edit: Option<fn(&str, &mut Value)>, accept: bool| {
        let case = case();
        let service = Small::edited(edit);
        store.record(&case.scenario, &case.run(&service), &target(), accept).expect("it can be kept")
    };
    let changed: Option<fn(&str, &mut Value)> = Some(|operation, body| {
        if operation == "GetSecretValue" {
            body["VersionStages"] = json!(["WRONG"]);
        }
    });
    assert_eq!(record(None, false), Recorded::New);
    let before = files(folder.path());
    assert_eq!(record(changed, false), Recorded::Pending);
    let pending = files(folder.path());
    assert_eq!(pending.len(), 4, "{:?}", pending.keys());
    assert!(before.iter().all(|(name, bytes)| pending.get(name) == Some(bytes)), "the old files are whole");
    assert_eq!(record(changed, false), Recorded::Pending);
    assert_eq!(files(folder.path()), pending, "recording twice changes no byte");

    let waiting = store::pending(folder.path()).expect("it can be read");
    assert_eq!(waiting.len(), 1);
    assert_eq!(
        (waiting[0].origin.as_str(), waiting[0].id.as_str()),
        ("small", "versions/round-trip[row one]")
    );
    let (old, new) = waiting[0].texts().expect("they can be read");
    let difference = smcheck::judge::diff::diff(&old, &new);
    assert_eq!(difference.steps[0].paths, ["response.VersionStages[0]"]);
    waiting[0].reject().expect("it can be rejected");
    assert_eq!(files(folder.path()), before);

    assert_eq!(record(changed, false), Recorded::Pending);
    store::pending(folder.path()).expect("it can be read")[0].accept().expect("it can be accepted");
    assert_eq!(record(changed, false), Recorded::Unchanged);
    assert_eq!(files(folder.path()).len(), 2);
    assert_eq!(record(None, true), Recorded::Accepted);
    assert_eq!(files(folder.path()), before);
}

#[test]
fn a_recording_of_another_day_leaves_the_files_as_they_are() {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let store = Store::new(folder.path(), "small").expect("it has a name");
    let record = |varies: bool, edit: Option<fn(&str, &mut Value)>| {
        let mut case = case();
        case.scenario.varies_by_date = varies;
        store
            .record(&case.scenario, &case.run(&Small::edited(edit)), &target(), false)
            .expect("it can be kept")
    };
    let other_day: fn(&str, &mut Value) = |operation, body| {
        if operation == "GetSecretValue" {
            body["VersionStages"] = json!(["OF-ANOTHER-DAY"]);
        }
    };
    assert_eq!(record(true, None), Recorded::New);
    let before = files(folder.path());
    assert_eq!(record(true, Some(other_day)), Recorded::Unchanged);
    assert_eq!(files(folder.path()), before);
    assert_eq!(record(false, Some(other_day)), Recorded::Pending, "a scenario that has one right answer");
    store::pending(folder.path()).expect("it can be read")[0].reject().expect("it can be rejected");
    // How a request ends counts on every day.
    let refused: fn(&str, &mut Value) = |operation, body| {
        if operation == "GetSecretValue" {
            *body = json!({"__type": "ResourceNotFoundException", "Message": "not on this day"});
        }
    };
    let mut case = case();
    case.scenario.varies_by_date = true;
    let mut trace = case.run(&Small::edited(Some(refused)));
    let read =
        |call: &&mut smcheck::trace::Call| call.exchange.operation.as_deref() == Some("GetSecretValue");
    for call in trace.steps.iter_mut().flat_map(|step| &mut step.calls).filter(read) {
        call.exchange.response.status = 400;
    }
    let recorded = store.record(&case.scenario, &trace, &target(), false).expect("it can be kept");
    assert_eq!(recorded, Recorded::Pending);
}

#[test]
fn a_fixture_follows_its_snapshot_when_cargo_insta_accepts_it() {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let store = Store::new(folder.path(), "small").expect("it has a name");
    let record = |edit: Option<fn(&str, &mut Value)>| {
        let case = case();
        let service = Small::edited(edit);
        store.record(&case.scenario, &case.run(&service), &target(), false).expect("it can be kept")
    };
    let changed: Option<fn(&str, &mut Value)> = Some(|_, body| body["Name"] = json!(7));
    assert_eq!(record(None), Recorded::New);
    assert_eq!(record(changed), Recorded::Pending);
    let path = folder.path().join("snapshots/small/versions/round-trip@row%20one.snap");
    std::fs::rename(path.with_extension("snap.new"), &path).expect("insta renames it");
    let loaded = store.load_fixture("versions/round-trip[row one]").expect("read").expect("it is there");
    assert_eq!(record(changed), Recorded::Unchanged);
    let kept = store.load_fixture("versions/round-trip[row one]").expect("read").expect("it is there");
    assert_eq!(loaded, kept);
    assert_eq!(files(folder.path()).len(), 2);
}
