//! Every matcher, from its words in a file to what it holds for.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Context, Evaluation, Expect, Matcher, MismatchKind, Variables, evaluate, parse};
use crate::service::time::{DAY_MS, Timestamp};

const ARN: &str = "arn:aws:secretsmanager:eu-west-3:123456789012:secret:run/db-A1b2C3";
/// Noon of a day.
const NOW: Timestamp = Timestamp(20_000 * DAY_MS + DAY_MS / 2);

/// The matcher that a file says, in flow style. The request is raw, so that no shape stands in the way.
fn matcher(words: &str) -> Matcher {
    let text = format!(
        "title: t
evidence: {{kind: inferred, source: s}}
secrets: [db]
versions: [v1]
steps:
  - raw: {{body: '{{\"Name\": \"${{db}}\", \"ClientRequestToken\": \"${{v1}}\"}}'}}
    save: {{created: CreatedDate, list: Tags}}
  - raw: {{}}
    returns: {{value: {words}}}
"
    );
    let scenarios =
        parse("m.yaml", "m", text.as_bytes()).unwrap_or_else(|findings| panic!("{}", findings[0]));
    match &scenarios[0].steps[1].expect {
        Expect::Returns(Matcher::Map { members, .. }) => members[0].1.clone(),
        other => panic!("the step returns a map: {other:?}"),
    }
}

fn variables() -> Variables {
    Variables::from([
        ("db".to_owned(), json!("run/db")),
        ("db.arn".to_owned(), json!(ARN)),
        ("v1".to_owned(), json!("6b8e6b3c-0000-4000-8000-000000000001")),
        ("region".to_owned(), json!("eu-west-3")),
        ("created".to_owned(), json!(NOW.to_seconds())),
        ("list".to_owned(), json!([{"Key": "a"}])),
    ])
}

fn held(words: &str, actual: Option<&Value>) -> Evaluation {
    let variables = variables();
    let context = Context { variables: &variables, sent_at: NOW, received_at: NOW.plus_ms(50) };
    evaluate(&matcher(words), actual, &context)
}

/// Holds the words against values that match, and values that do not, each with how it is wrong.
fn check(words: &str, good: &[Value], bad: &[(Value, MismatchKind)]) {
    for value in good {
        let found = held(words, Some(value));
        assert!(found.mismatches.is_empty(), "{words} should hold for {value}: {:?}", found.mismatches);
    }
    for (value, kind) in bad {
        let found = held(words, Some(value));
        assert_eq!(found.mismatches.first().map(|miss| miss.kind), Some(*kind), "{words} and {value}");
    }
}

use MismatchKind::{Member as M, Type as T, Value as V};

#[test]
fn scalars_are_exact_and_numbers_compare_by_value() {
    check("one", &[json!("one")], &[(json!("two"), V), (json!(1), T), (json!(null), T)]);
    check("1", &[json!(1), json!(1.0)], &[(json!(2), V), (json!("1"), T)]);
    check("1.5", &[json!(1.5)], &[(json!(1), V)]);
    check("true", &[json!(true)], &[(json!(false), V), (json!("true"), T)]);
    check("null", &[json!(null)], &[(json!(0), T)]);
    check("'${db}'", &[json!("run/db")], &[(json!("${db}"), V)]);
    check("'x-${db}'", &[json!("x-run/db")], &[(json!("x-"), V)]);
    check("'$${db}'", &[json!("${db}")], &[]);
    check("'${list}'", &[json!([{"Key": "a"}])], &[(json!([]), V)]);
    check("{$fill: {start: '${db}', with: x, length: 8}}", &[json!("run/dbxx")], &[(json!("run/db"), V)]);
}

#[test]
fn identities() {
    let other = ARN.replace("A1b2C3", "Z9y8X7");
    let region = ARN.replace("eu-west-3", "eu-west-1");
    check(
        "{$arn: db}",
        &[json!(ARN)],
        &[(json!(other), V), (json!(region), V), (json!("run/db"), V), (json!(5), T)],
    );
    check(
        "{$uuid: any}",
        &[json!("6b8e6b3c-0000-4000-8000-0000000000ff")],
        &[
            (json!("6B8E6B3C-0000-4000-8000-000000000001"), V),
            (json!("6b8e6b3c000040008000000000000001"), V),
            (json!(""), V),
            (json!({}), T),
        ],
    );
}

#[test]
fn an_arn_that_is_not_known_yet_must_be_well_formed() {
    let mut variables = variables();
    variables.remove("db.arn");
    let context = Context { variables: &variables, sent_at: NOW, received_at: NOW };
    let arn = matcher("{$arn: db}");
    assert!(evaluate(&arn, Some(&json!(ARN)), &context).mismatches.is_empty());
    let bare = ARN.trim_end_matches("-A1b2C3");
    assert_eq!(evaluate(&arn, Some(&json!(bare)), &context).mismatches.len(), 1);
    assert_eq!(arn.describe(&variables), json!({"$arn": "db"}));
}

#[test]
fn times() {
    let at = |offset: i64| json!(NOW.plus_ms(offset).to_seconds());
    check(
        "{$time: now}",
        &[at(0), at(60_050), at(-60_000)],
        &[(at(60_051), V), (at(-60_001), V), (json!("x"), T)],
    );
    check("{$time: any}", &[at(0), json!(0), json!(1.5e9)], &[(json!("2023-01-01"), T), (json!(null), T)]);
    check("{$time: day}", &[at(-DAY_MS / 2)], &[(at(0), V), (at(DAY_MS / 2), V)]);
    check("{$time: {in: 7 days}}", &[at(7 * DAY_MS), at(7 * DAY_MS + 60_000)], &[(at(0), V)]);
    check("{$time: {in: -1 h, within: 1 s}}", &[at(-3_600_000)], &[(at(-3_602_000), V), (at(3_600_000), V)]);
    check("{$time: {within: 2 min}}", &[at(100_000)], &[(at(200_000), V)]);
    check("{$time: {after: created}}", &[at(0), at(1)], &[(at(-1), V), (json!("x"), T)]);
    check("{$time: {before: created}}", &[at(0), at(-1)], &[(at(1), V)]);
    check("{$time: {equals: created}}", &[at(0)], &[(at(1), V)]);
}

#[test]
fn texts() {
    check(
        "{$regex: 'a|ab'}",
        &[json!("a"), json!("ab")],
        &[(json!("abc"), V), (json!("xa"), V), (json!(1), T)],
    );
    check(
        "{$json: {a: 1}}",
        &[json!("{\"a\": 1.0}")],
        &[(json!("{\"a\": 2}"), V), (json!("{"), V), (json!({"a": 1}), T)],
    );
    check("{$bytes: b25l}", &[json!("b25l")], &[(json!("b25s"), V), (json!("one"), V), (json!([]), T)]);
    check("{$contains: '${db}'}", &[json!("the run/db here")], &[(json!("db"), V), (json!(5), T)]);
}

#[test]
fn types_and_lengths() {
    check("{$type: string}", &[json!("")], &[(json!(1), T)]);
    check("{$type: number}", &[json!(1.5)], &[(json!("1"), T)]);
    check("{$type: integer}", &[json!(1), json!(1.0)], &[(json!(1.5), T)]);
    check("{$type: boolean}", &[json!(false)], &[(json!(null), T)]);
    check("{$type: list}", &[json!([])], &[(json!({}), T)]);
    check("{$type: map}", &[json!({})], &[(json!([]), T)]);
    check("{$type: timestamp}", &[json!(1.7e9)], &[(json!("1.7e9"), T)]);
    check(
        "{$length: 2}",
        &[json!("üü"), json!([1, 2]), json!({"a": 1, "b": 2})],
        &[(json!("ü"), V), (json!(2), T)],
    );
    check("{$length: {min: 1, max: 2}}", &[json!("a"), json!("ab")], &[(json!(""), V), (json!("abc"), V)]);
    check("{$length: {min: 1}}", &[json!("abcdef")], &[(json!(""), V)]);
}

#[test]
fn combinations() {
    check("{$not: one}", &[json!("two"), json!(1)], &[(json!("one"), V)]);
    check(
        "{$oneOf: [one, {$type: number}]}",
        &[json!("one"), json!(5)],
        &[(json!("two"), V), (json!(null), T)],
    );
    check("{$contains: b}", &[json!(["a", "b"])], &[(json!(["a"]), V), (json!({"b": 1}), T)]);
    check(
        "{$contains: {a: 1}}",
        &[json!({"a": 1, "b": 2}), json!([{"a": 1}])],
        &[(json!({"a": 2}), V), (json!({"b": 2}), M), (json!([{"a": 1, "b": 2}]), V)],
    );
    check("{$save: {as: x, is: {$type: string}}}", &[json!("a")], &[(json!(1), T)]);
    check("{$partial: true, a: 1}", &[json!({"a": 1, "b": 2})], &[(json!({"b": 2}), M), (json!([]), T)]);
    check("{a: 1, b: {$absent: true}}", &[json!({"a": 1})], &[(json!({"a": 1, "b": null}), M)]);
    check("{}", &[json!({})], &[(json!({"a": 1}), M)]);
    check(
        "[1, 2]",
        &[json!([1, 2])],
        &[(json!([2, 1]), V), (json!([1]), M), (json!([1, 2, 3]), M), (json!({}), T)],
    );
}

#[test]
fn what_is_not_there() {
    for words in ["{$absent: true}", "{$not: {$type: string}}", "{$oneOf: [a, {$absent: true}]}"] {
        assert!(held(words, None).mismatches.is_empty(), "{words}");
    }
    for words in ["a", "{$time: any}", "{$save: x}", "{$not: {$absent: true}}", "{$oneOf: [a, b]}", "[a]"] {
        let found = held(words, None).mismatches;
        assert_eq!(found.len(), 1, "{words}");
        assert_eq!((found[0].kind, &found[0].actual), (M, &None), "{words}");
    }
    // A body of zero bytes is an empty object.
    assert!(held("{}", None).mismatches.is_empty());
    assert_eq!(held("{a: 1}", None).mismatches.len(), 1);
}

#[test]
fn mismatches_name_their_path() {
    let found = held(
        "{Versions: [{VersionId: a}, {VersionId: b}], '${v1}': [AWSCURRENT], Same: 1}",
        Some(&json!({
            "Versions": [{"VersionId": "x", "More": 1}],
            "6b8e6b3c-0000-4000-8000-000000000001": ["AWSPREVIOUS"],
            "Same": 1,
            "Other": null,
        })),
    );
    let told: Vec<_> =
        found.mismatches.iter().map(|m| (m.path.as_str(), m.kind, &m.expected, &m.actual)).collect();
    assert_eq!(
        told,
        [
            ("Versions[0].VersionId", V, &Some(json!("a")), &Some(json!("x"))),
            ("Versions[0].More", M, &None, &Some(json!(1))),
            ("Versions[1]", M, &Some(json!({"VersionId": "b"})), &None),
            (
                "6b8e6b3c-0000-4000-8000-000000000001[0]",
                V,
                &Some(json!("AWSCURRENT")),
                &Some(json!("AWSPREVIOUS"))
            ),
            ("Other", M, &None, &Some(json!(null))),
        ]
    );
}

#[test]
fn unordered_lists_find_the_right_partner() {
    // The first expectation fits both entries, the second only the first: taking what fits first would fail.
    check(
        "{$unordered: [{$type: string}, a]}",
        &[json!(["a", "b"]), json!(["b", "a"])],
        &[(json!(["b", "c"]), M)],
    );
    check("{$unordered: []}", &[json!([])], &[(json!([1]), M), (json!({}), T)]);
    check("{$unordered: [a, a]}", &[json!(["a", "a"])], &[(json!(["a"]), M)]);
}

#[test]
fn unordered_lists_tell_what_is_missing_and_what_is_too_many() {
    let paths = |words: &str, value: Value| -> Vec<(String, MismatchKind)> {
        held(words, Some(&value)).mismatches.into_iter().map(|m| (m.path, m.kind)).collect()
    };
    assert_eq!(
        paths("{$unordered: [a, b]}", json!(["c", "a"])),
        [("[]".to_owned(), M), ("[0]".to_owned(), M)]
    );
    // An entry that differs in one member is that entry, and the member is told.
    assert_eq!(
        paths(
            "{$unordered: [{id: 1, labels: [x]}, {id: 2, labels: []}]}",
            json!([{"id": 2, "labels": []}, {"id": 1, "labels": ["y"]}])
        ),
        [("[1].labels[0]".to_owned(), V)]
    );
}

#[test]
fn only_the_way_that_was_taken_saves() {
    let saved = |words: &str, value: Value| held(words, Some(&value)).saved;
    let pair = |name: &str, value: Value| (name.to_owned(), value);
    assert_eq!(saved("{$save: x}", json!(5)), [pair("x", json!(5))]);
    assert_eq!(
        saved("{$oneOf: [{a: {$save: x}, b: 1}, {a: {$save: y}, b: 2}]}", json!({"a": 7, "b": 2})),
        [pair("y", json!(7))]
    );
    assert_eq!(saved("{$not: {$save: {as: x, is: 1}}}", json!(2)), []);
    assert_eq!(
        saved("{$unordered: [{$partial: true, k: b, v: {$save: x}}]}", json!([{"k": "b", "v": 3}])),
        [pair("x", json!(3))]
    );
    assert_eq!(
        saved("{$contains: {k: b, v: {$save: x}}}", json!([{"k": "a", "v": 1}, {"k": "b", "v": 2}])),
        [pair("x", json!(2))]
    );
}

#[test]
fn descriptions_are_in_the_words_of_the_language() {
    let variables = variables();
    for (words, described) in [
        ("'${db}'", json!("run/db")),
        ("{$arn: db}", json!(ARN)),
        ("{$uuid: any}", json!({"$uuid": "any"})),
        ("{$time: now}", json!({"$time": "now"})),
        ("{$time: {in: 0 s}}", json!({"$time": "now"})),
        ("{$time: {in: -7 days, within: 90 s}}", json!({"$time": {"in": "-7 days", "within": "90 s"}})),
        ("{$time: {after: created}}", json!({"$time": {"after": "created"}})),
        ("{$regex: a+}", json!({"$regex": "a+"})),
        ("{$type: timestamp}", json!({"$type": "timestamp"})),
        ("{$length: 3}", json!({"$length": 3})),
        ("{$length: {max: 3}}", json!({"$length": {"max": 3}})),
        ("{$absent: true}", json!({"$absent": true})),
        ("{$unordered: ['${db}', {$not: b}]}", json!({"$unordered": ["run/db", {"$not": "b"}]})),
        ("{$oneOf: [1, {$contains: a}]}", json!({"$oneOf": [1, {"$contains": "a"}]})),
        ("{$save: x}", json!({"$save": "x"})),
        ("{$save: {as: x, is: 1}}", json!({"$save": {"as": "x", "is": 1}})),
        ("{$json: {a: [1]}}", json!({"$json": {"a": [1]}})),
        ("{$bytes: b25l}", json!({"$bytes": "b25l"})),
        ("{$partial: true, '${db}': 1}", json!({"$partial": true, "run/db": 1})),
    ] {
        assert_eq!(matcher(words).describe(&variables), described, "{words}");
    }
}

#[test]
fn an_unknown_variable_is_a_mismatch_and_no_fault_of_ours() {
    let none = Variables::new();
    let context = Context { variables: &none, sent_at: NOW, received_at: NOW };
    for words in ["'${db}'", "{$arn: db}", "{'${v1}': []}", "{$time: {after: created}}"] {
        let found = evaluate(&matcher(words), Some(&json!({"${v1}": []})), &context);
        assert!(!found.mismatches.is_empty(), "{words}");
    }
    let found = evaluate(&matcher("'${db}'"), Some(&json!("x")), &context);
    assert_eq!(found.mismatches[0].expected, Some(json!("${db}")));
}

/// JSON of a few levels.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-3i64..3).prop_map(Value::from),
        "[ab$]{0,2}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map("[ab]{1,2}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// The matcher that says exactly this value.
fn exactly(value: &Value) -> Matcher {
    use super::Template;
    match value {
        Value::Array(entries) => Matcher::List(entries.iter().map(exactly).collect()),
        Value::Object(map) => Matcher::Map {
            members: map
                .iter()
                .map(|(key, value)| (Template::Value(Value::from(key.as_str())), exactly(value)))
                .collect(),
            partial: false,
        },
        scalar => Matcher::Exact(Template::Value(scalar.clone())),
    }
}

fn matches(matcher: &Matcher, value: &Value) -> bool {
    let variables = Variables::new();
    let context = Context { variables: &variables, sent_at: NOW, received_at: NOW };
    evaluate(matcher, Some(value), &context).mismatches.is_empty()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_exact_matcher_holds_for_its_value_alone(a in any_json(), b in any_json()) {
        prop_assert!(matches(&exactly(&a), &a));
        prop_assert_eq!(matches(&exactly(&a), &b), a == b);
        prop_assert_eq!(matches(&Matcher::Not(Box::new(exactly(&a))), &b), a != b);
    }

    #[test]
    fn order_does_not_matter_to_unordered(
        (entries, shuffled) in proptest::collection::vec(any_json(), 0..6)
            .prop_flat_map(|v| (Just(v.clone()), Just(v).prop_shuffle())),
    ) {
        let unordered = Matcher::Unordered(entries.iter().map(exactly).collect());
        prop_assert!(matches(&unordered, &Value::from(shuffled.clone())));
        // One more is one too many.
        let mut more = shuffled;
        more.push(json!("zz"));
        prop_assert!(!matches(&unordered, &Value::from(more)));
    }

    #[test]
    fn an_assignment_is_found_whenever_there_is_one(
        lengths in proptest::collection::vec((0u64..4, 0u64..4), 0..6),
        texts in proptest::collection::vec(0usize..6, 0..6),
    ) {
        let expected: Vec<(u64, u64)> = lengths.iter().map(|(min, more)| (*min, min + more)).collect();
        let matchers = expected.iter().map(|(min, max)| Matcher::Length { min: Some(*min), max: Some(*max) });
        let entries: Vec<Value> = texts.iter().map(|length| Value::from("x".repeat(*length))).collect();
        let holds = matches(&Matcher::Unordered(matchers.collect()), &Value::from(entries));
        prop_assert_eq!(holds, assignable(&expected, &texts));
    }
}

/// Whether every interval gets a length of its own, by trying all ways.
fn assignable(expected: &[(u64, u64)], lengths: &[usize]) -> bool {
    let Some(((min, max), rest)) = expected.split_first() else { return lengths.is_empty() };
    (0..lengths.len()).any(|at| {
        let fits = (*min..=*max).contains(&(lengths[at] as u64));
        let mut others = lengths.to_vec();
        others.remove(at);
        fits && assignable(rest, &others)
    })
}
