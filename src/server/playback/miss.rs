//! A miss: the error for a request that nothing was recorded for. It shows the nearest recorded request as a diff,
//! where people look first: in the response itself. It tells no more of the request than a recording would.

use serde_json::Value;
use similar::{ChangeTag, TextDiff};

use super::NO_RECORDING;
use super::asked::{Asked, about_key};
use super::binding::Bindings;
use super::track::Track;
use crate::judge::text::write_tree;
use crate::service::redact::{Class, Leaf, Naming, Tree, walk};
use crate::service::{SecretArn, WireResponse};

/// The id of every request that we answer for want of a recording.
pub(super) const REQUEST_ID: &str = "00000000-0000-4000-8000-000000000000";

/// So many recorded requests are looked at for the nearest.
const LOOKED_AT: usize = 64;

/// The error with a reason.
pub(super) fn response(why: &str) -> WireResponse {
    WireResponse::failure(400, NO_RECORDING, &format!("smcheck: {why}"), REQUEST_ID)
}

/// The error with a reason and the nearest recorded request, `-` for what was recorded and `+` for what came.
pub(super) fn explain(why: &str, tracks: &[&Track], asked: &Asked<'_>) -> WireResponse {
    let nearest = tracks.iter().filter_map(|track| nearest(track, asked));
    let detail = match nearest.max_by(|a, b| a.0.total_cmp(&b.0)) {
        Some((_, text)) => text,
        None => {
            let name = asked.operation.unwrap_or("a request without an operation");
            match tracks {
                [track] => format!("; {} holds no {name}", track.cassette.name()),
                _ => format!("; of {} recordings none holds {name}", tracks.len()),
            }
        }
    };
    response(&format!("{why}{detail}"))
}

/// How near the nearest request of a recording is, and how it differs. Those of the same secret are looked at first,
/// then what is next in the recording, then what came before.
fn nearest(track: &Track, asked: &Asked<'_>) -> Option<(f32, String)> {
    let cassette = &track.cassette;
    let came = shown(&track.bindings, asked);
    let secret = asked.secret(&track.bindings);
    let about = secret.as_deref().map(|name| cassette.under(about_key(name)).1).unwrap_or_default();
    let about = about.iter().map(|(_, at)| *at as usize);
    let rest = (track.next..cassette.len()).chain(0..track.next.min(cassette.len()));
    let same = about.chain(rest).filter(|at| cassette.operation(*at) == asked.operation);
    let texts = same.take(LOOKED_AT).filter_map(|at| {
        let line = cassette.line(at)?;
        let body: Option<Tree> = line.request.body.and_then(|body| serde_json::from_str(body.get()).ok());
        Some((line.step, text_of(line.operation.as_deref(), body.as_ref())))
    });
    let rated = texts.map(|(step, text)| (TextDiff::from_lines(&text, &came).ratio(), step, text));
    // The first of those that are equally near.
    let best = rated.reduce(|best, other| if other.0 > best.0 { other } else { best });
    best.map(|(ratio, step, text)| {
        (ratio, format!("; the nearest, of step {step} of {}:\n{}", cassette.name(), diff(&text, &came)))
    })
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

fn shown(bindings: &Bindings, asked: &Asked<'_>) -> String {
    let tree = asked.input.as_ref().map(|input| walk::input(&mut Showing(bindings), asked.operation, input));
    text_of(asked.operation, tree.as_ref())
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
