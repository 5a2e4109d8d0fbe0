//! From the YAML of a file to a scenario.

use std::sync::Arc;
use std::time::Duration;

use super::ast::*;
use super::complain::Complaints;
use super::node::{Node, NodeKind};
use super::template::Template;
use super::values::{bytes, matcher, positive, template};
use serde_json::Value;

pub(super) fn scenario(
    root: &Node,
    path: &str,
    id: &str,
    hash: &str,
    c: &mut Complaints<'_>,
) -> Option<Scenario> {
    let evidence = root.get("evidence").and_then(|node| evidence(node, c));
    let secrets: Vec<SecretDecl> = match root.get("secrets").map(|n| &n.kind) {
        Some(NodeKind::List(list)) => list
            .iter()
            .filter_map(|n| n.text())
            .map(|v| SecretDecl { variable: v.to_owned(), prefix: String::new(), suffix: String::new() })
            .collect(),
        Some(NodeKind::Map(entries)) => entries
            .iter()
            .filter_map(|(k, v)| {
                let part = |key: &str| v.get(key).and_then(Node::text).unwrap_or_default().to_owned();
                Some(SecretDecl {
                    variable: k.text()?.to_owned(),
                    prefix: part("prefix"),
                    suffix: part("suffix"),
                })
            })
            .collect(),
        _ => Vec::new(),
    };
    let strings = |key: &str| -> Vec<String> {
        root.get(key)
            .and_then(Node::list)
            .unwrap_or_default()
            .iter()
            .filter_map(|n| n.text().map(str::to_owned))
            .collect()
    };
    let needs =
        strings("needs").iter().filter_map(|w| Need::ALL.into_iter().find(|n| n.as_str() == w)).collect();
    let flag = |key: &str, or: bool| match root.get(key).map(|n| &n.kind) {
        Some(NodeKind::Bool(b)) => *b,
        _ => or,
    };
    let only = match secrets.as_slice() {
        [one] => Some(one.variable.clone()),
        _ => None,
    };
    let steps = root
        .get("steps")
        .and_then(Node::list)
        .unwrap_or_default()
        .iter()
        .filter_map(|n| step(n, only.as_deref(), c))
        .collect();
    Some(Scenario {
        id: id.to_owned(),
        path: Arc::from(path),
        hash: Arc::from(hash),
        title: root.get("title")?.text()?.to_owned(),
        evidence: evidence?,
        secrets,
        versions: strings("versions"),
        needs,
        rules: strings("rules"),
        isolated: flag("isolated", false),
        stop: flag("stop", true),
        steps,
        place: root.place,
    })
}

fn evidence(node: &Node, c: &mut Complaints<'_>) -> Option<Evidence> {
    let kind = c.required(node, "`evidence`", "kind")?.text()?;
    let kind = EvidenceKind::ALL.into_iter().find(|k| k.as_str() == kind)?;
    Some(Evidence {
        kind,
        source: node.get("source")?.text()?.to_owned(),
        date: node.get("date").and_then(Node::scalar_text),
    })
}

fn expect(node: &Node, c: &mut Complaints<'_>) -> Expect {
    if let Some(returns) = node.get("returns") {
        return Expect::Returns(matcher(returns, c));
    }
    if let Some(fails) = node.get("fails") {
        let mut part = |key: &str| fails.get(key).map(|n| matcher(n, c));
        let (code, message) = (part("code"), part("message"));
        let status = fails
            .get("status")
            .and_then(Node::scalar)
            .and_then(|v| v.as_u64())
            .and_then(|n| u16::try_from(n).ok());
        return Expect::Fails(Failure { code, message, status });
    }
    Expect::Success
}

fn action(node: &Node, c: &mut Complaints<'_>) -> Option<Action> {
    if let Some(operation) = node.get("do") {
        let input = node.get("with").map_or(Template::Map(Vec::new()), |n| template(n, c));
        return Some(Action::Call(OperationCall { operation: operation.text()?.to_owned(), input }));
    }
    if let Some(raw) = node.get("raw") {
        let headers = raw
            .get("headers")
            .and_then(Node::entries)
            .unwrap_or_default()
            .iter()
            .filter_map(|(k, v)| {
                let value = if matches!(v.kind, NodeKind::Null) { None } else { Some(template(v, c)) };
                Some((k.text()?.to_owned(), value))
            })
            .collect();
        let body = match raw.get("body") {
            None => RawBody::Text(Template::Value(Value::String(String::new()))),
            Some(n) => match n.get("$bytes") {
                Some(b) => RawBody::Bytes(bytes(b, c)?),
                None => RawBody::Text(template(n, c)),
            },
        };
        let sign = match raw.get("sign").and_then(Node::text) {
            Some("none") => Sign::None,
            Some("bad") => Sign::Bad,
            Some("expired") => Sign::Expired,
            Some("wrong-region") => Sign::WrongRegion,
            Some("unknown-key") => Sign::UnknownKey,
            _ => Sign::Good,
        };
        return Some(Action::Raw(RawRequest {
            method: raw.get("method").and_then(Node::text).unwrap_or("POST").to_owned(),
            path: raw.get("path").map_or(Template::Value(Value::String("/".into())), |n| template(n, c)),
            headers,
            body,
            sign,
        }));
    }
    let calls = node.get("parallel")?.list()?;
    let invariant = node.get("invariant").map(|n| Invariant {
        succeeded: n.get("succeeded").map(|m| matcher(m, c)),
        failed: n.get("failed").map(|m| matcher(m, c)),
        secret: n.get("secret").and_then(Node::text).map(str::to_owned),
        labels: n
            .get("labels")
            .and_then(Node::entries)
            .unwrap_or_default()
            .iter()
            .filter_map(|(k, m)| Some((k.text()?.to_owned(), matcher(m, c))))
            .collect(),
    });
    let counts = invariant.as_ref().is_some_and(|i| i.succeeded.is_some() || i.failed.is_some());
    let calls = calls
        .iter()
        .filter_map(|n| {
            let mut e = expect(n, c);
            if counts && matches!(e, Expect::Success) {
                e = Expect::Either;
            }
            Some(ParallelCall { place: n.place, action: action(n, c)?, expect: e })
        })
        .collect();
    Some(Action::Parallel(Parallel { calls, invariant }))
}

fn step(node: &Node, only: Option<&str>, c: &mut Complaints<'_>) -> Option<Step> {
    let labels = node.get("labels").and_then(Node::entries).map(|entries| {
        let nested = entries.iter().any(|(_, v)| v.entries().is_some());
        let mut versions = |entries: &[(Node, Node)]| -> Vec<(String, Vec<Template>)> {
            entries
                .iter()
                .filter_map(|(k, v)| {
                    Some((
                        k.text()?.trim_start_matches("${").trim_end_matches('}').to_owned(),
                        v.list()?.iter().map(|l| template(l, c)).collect(),
                    ))
                })
                .collect()
        };
        if nested {
            entries
                .iter()
                .filter_map(|(k, v)| {
                    Some(SecretLabels { secret: k.text()?.to_owned(), versions: versions(v.entries()?) })
                })
                .collect()
        } else {
            vec![SecretLabels { secret: only.unwrap_or_default().to_owned(), versions: versions(entries) }]
        }
    });
    let save = node
        .get("save")
        .and_then(Node::entries)
        .unwrap_or_default()
        .iter()
        .filter_map(|(k, v)| Some((k.text()?.to_owned(), body_path(v.text()?))))
        .collect();
    let eventually = node.get("eventually").map(|n| Eventually {
        within: n.get("within").and_then(|w| positive(w, c)).unwrap_or(Duration::from_secs(30)),
        every: n.get("every").and_then(|w| positive(w, c)).unwrap_or(Duration::from_millis(500)),
    });
    let repeat = node.get("repeat").and_then(|n| {
        if let Some(times) = n.get("times") {
            return Some(Repeat::Times {
                times: times.scalar()?.as_u64()? as u32,
                variable: n.get("as").and_then(Node::text).map(str::to_owned),
            });
        }
        if let Some(over) = n.get("over") {
            return Some(Repeat::Over {
                values: over.list()?.iter().map(|v| template(v, c)).collect(),
                variable: n.get("as")?.text()?.to_owned(),
            });
        }
        Some(Repeat::Pages { member: n.get("pages")?.text()?.to_owned() })
    });
    Some(Step {
        place: node.place,
        expect: expect(node, c),
        action: action(node, c)?,
        labels,
        save,
        eventually,
        repeat,
        evidence: node.get("evidence").and_then(|n| evidence(n, c)),
    })
}

fn body_path(text: &str) -> BodyPath {
    let mut parts = Vec::new();
    for piece in text.split('.') {
        let mut bits = piece.split('[');
        parts.push(PathPart::Member(bits.next().unwrap_or_default().to_owned()));
        for index in bits {
            if let Ok(at) = index.trim_end_matches(']').parse() {
                parts.push(PathPart::Index(at));
            }
        }
    }
    BodyPath(parts)
}
