//! A miss: the error for a request that nothing was recorded for. It shows the nearest recorded request as a diff,
//! where people look first: in the response itself. It tells no more of the request than a recording would.

use serde_json::Value;
use similar::{ChangeTag, TextDiff};

use super::NO_RECORDING;
use super::binding::Bindings;
use crate::judge::text::write_tree;
use crate::service::redact::{Class, Leaf, Naming, Tree, walk};
use crate::service::{SecretArn, WireRequest, WireResponse, shapes};
use crate::store::Fixture;
use crate::store::fixture::RecordedExchange;
use crate::store::recording::is_container;

/// The id of every request that we answer for want of a recording.
const REQUEST_ID: &str = "00000000-0000-4000-8000-000000000000";

/// The error with a reason.
pub(super) fn response(why: &str) -> WireResponse {
    WireResponse::failure(400, NO_RECORDING, &format!("smcheck: {why}"), REQUEST_ID)
}

/// The error with a reason and the nearest recorded request, `-` for what was recorded and `+` for what came.
pub(super) fn explain(
    why: &str,
    fixture: &Fixture,
    bindings: &Bindings,
    request: &WireRequest,
) -> WireResponse {
    let operation = request.operation().filter(|name| shapes().operation(name).is_some());
    let came = shown(bindings, operation, request);
    let same_operation = |exchange: &&RecordedExchange| exchange.operation.as_deref() == operation;
    let recorded = fixture.exchanges.iter().filter(same_operation);
    let nearest = recorded
        .map(|exchange| (exchange, text_of(exchange.operation.as_deref(), exchange.request.body.as_ref())))
        .max_by(|(_, a), (_, b)| closeness(a, &came).total_cmp(&closeness(b, &came)));
    let detail = match nearest {
        Some((exchange, text)) => {
            format!(
                "; the nearest, of step {} of {}:\n{}",
                exchange.step,
                fixture.scenario,
                diff(&text, &came)
            )
        }
        None => {
            let name = operation.unwrap_or("a request without an operation");
            format!("; {} holds no {name}", fixture.scenario)
        }
    };
    response(&format!("{why}{detail}"))
}

fn closeness(a: &str, b: &str) -> f32 {
    TextDiff::from_lines(a, b).ratio()
}

fn diff(recorded: &str, came: &str) -> String {
    let text = TextDiff::from_lines(recorded, came);
    let mut lines = String::new();
    for change in text.iter_all_changes() {
        let sign = match change.tag() {
            ChangeTag::Equal => ' ',
            ChangeTag::Delete => '-',
            ChangeTag::Insert => '+',
        };
        lines.push(sign);
        lines.push_str(change.value());
    }
    lines
}

fn text_of(operation: Option<&str>, body: Option<&Tree>) -> String {
    let mut text = format!("{}\n", operation.unwrap_or("no operation"));
    match body {
        Some(tree) => write_tree(&mut text, 2, tree),
        None => text.push_str("  a body that is not JSON\n"),
    }
    text
}

fn shown(bindings: &Bindings, operation: Option<&str>, request: &WireRequest) -> String {
    let input = request.json().filter(is_container);
    let tree = input.map(|input| walk::input(&mut Showing(bindings), operation, &input));
    text_of(operation, tree.as_ref())
}

/// A request as a recording would show it, as far as its values are bound; the rest masked.
struct Showing<'b>(&'b Bindings);

impl Naming for Showing<'_> {
    fn stand(&mut self, leaf: Leaf<'_>) -> Value {
        let Value::String(text) = leaf.value else {
            return match leaf.class {
                Class::Open => leaf.value.clone(),
                _ => Value::String("<number>".to_owned()),
            };
        };
        if let Some(stand_in) = self.0.stand_in(text) {
            return Value::String(stand_in.to_owned());
        }
        let shown = match leaf.class {
            Class::Open | Class::Name | Class::Version | Class::Key => text.clone(),
            Class::Id | Class::Arn => match SecretArn::parse(text) {
                Some(arn) => text.replacen(arn.account, "000000000000", 1),
                None => text.clone(),
            },
            Class::Secret | Class::Blob | Class::Password => "<secret>".to_owned(),
            Class::Cursor => "<token>".to_owned(),
            Class::Time | Class::Day | Class::Message | Class::Closed => "<text>".to_owned(),
        };
        Value::String(shown)
    }

    fn rank(&self, leaf: Leaf<'_>) -> Value {
        leaf.value.clone()
    }
}
