//! A request taken apart for finding it: the hashes under which recorded requests lie, and the same of a request
//! that a client sends.
//!
//! A request has a *form* (operation and body without its scalars) and *leaves* (the scalars). Of a recorded request
//! some leaves are stand-ins; which ones is its *mask*. Form, mask and the leaves that are none are its *shape*.

use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::Value;

use super::binding::Bindings;
use crate::service::redact::{Class, Tree, walk};
use crate::service::wire::{CONTENT_TYPE, TARGET_HEADER, TARGET_PREFIX};
use crate::service::{SecretArn, WireRequest, shapes};
use crate::store::recording::{is_container, is_unsigned};

/// So many leaves have a place in a mask; the others are compared when a request is held against a recorded one.
const MASKED: usize = 64;

/// What of a request does not depend on a recording.
#[derive(Debug)]
pub(super) struct Asked<'r> {
    pub(super) request: &'r WireRequest,
    /// The operation, if there is one of this name.
    pub(super) operation: Option<&'r str>,
    /// Whether the operation leaves secrets as they are.
    pub(super) reads: bool,
    pub(super) unsigned: bool,
    /// The body, where it is an object or a list.
    pub(super) input: Option<Value>,
    pub(super) parts: Parts,
    /// Whether all but the body is as it always is.
    pub(super) plain: bool,
}

/// Form and leaves.
#[derive(Debug)]
pub(super) struct Parts {
    pub(super) form: u64,
    /// The form itself, for comparing.
    pub(super) tree: Option<Tree>,
    pub(super) leaves: Vec<(Class, Value)>,
}

impl<'r> Asked<'r> {
    pub(super) fn new(request: &'r WireRequest) -> Self {
        let known = request.operation().and_then(|name| shapes().operation(name));
        let operation = known.and_then(|_| request.operation());
        let input = request.json().filter(is_container);
        let unsigned = is_unsigned(request);
        let parts = Parts::new(operation, unsigned, input.as_ref(), request.body.is_empty());
        let plain = request.method == "POST"
            && request.path == "/"
            && request.header("content-type") == Some(CONTENT_TYPE)
            && operation.is_some();
        Asked {
            request,
            operation,
            reads: known.is_some_and(|known| known.reads),
            unsigned,
            input,
            parts,
            plain,
        }
    }

    /// What stands for the secret that it names, as a recording writes it.
    pub(super) fn secret(&self, bindings: &Bindings) -> Option<String> {
        secret_of(self.input.as_ref()?).map(|id| recorded_name(bindings, id))
    }
}

impl Parts {
    pub(super) fn new(operation: Option<&str>, unsigned: bool, input: Option<&Value>, empty: bool) -> Self {
        let mut hasher = DefaultHasher::new();
        (operation, unsigned, input.is_some(), empty).hash(&mut hasher);
        let Some(input) = input else {
            return Parts { form: hasher.finish(), tree: None, leaves: Vec::new() };
        };
        let (tree, leaves) = walk::flatten(operation, input);
        hash_tree(&tree, &mut hasher);
        Parts { form: hasher.finish(), tree: Some(tree), leaves }
    }

    /// The shape with this mask.
    pub(super) fn shape(&self, mask: u64) -> u64 {
        let mut hasher = DefaultHasher::new();
        (self.form, mask).hash(&mut hasher);
        for (at, (_, value)) in self.leaves.iter().take(MASKED).enumerate() {
            if mask & (1 << at) == 0 {
                match value {
                    Value::String(text) => text.hash(&mut hasher),
                    Value::Number(number) => number.as_f64().map(f64::to_bits).hash(&mut hasher),
                    _ => {}
                }
            }
        }
        hasher.finish()
    }

    /// The hash of a shape with stand-ins in the places of its mask.
    pub(super) fn exact(shape: u64, mask: u64, stand_in: impl Fn(usize) -> Option<String>) -> Option<u64> {
        if mask == 0 {
            return Some(shape);
        }
        let mut hasher = DefaultHasher::new();
        shape.hash(&mut hasher);
        for at in places(mask) {
            stand_in(at)?.hash(&mut hasher);
        }
        Some(hasher.finish())
    }
}

/// How a recorded request is found.
pub(super) struct Filed {
    pub(super) mask: u64,
    /// Whether equal hashes do not yet mean that a request fits.
    pub(super) loose: bool,
}

impl Filed {
    pub(super) fn new(bindings: &Bindings, leaves: &[(Class, Value)]) -> Self {
        let mut filed = Filed { mask: 0, loose: leaves.len() > MASKED };
        for (at, (class, value)) in leaves.iter().take(MASKED).enumerate() {
            let variable = match value {
                Value::Number(_) if *class != Class::Open => {
                    filed.loose = true;
                    true
                }
                Value::String(text) => {
                    let whole = class.is_sensitive()
                        || bindings.is_stand_in(text)
                        || bindings.arn_form(text).is_some();
                    let inside = !whole && !bindings.names().within(text).is_empty();
                    filed.loose |= inside;
                    whole || inside
                }
                _ => false,
            };
            if variable {
                filed.mask |= 1 << at;
            }
        }
        filed
    }
}

/// The places of a mask.
pub(super) fn places(mask: u64) -> impl Iterator<Item = usize> {
    (0..MASKED).filter(move |at| mask & (1 << at) != 0)
}

/// The hash under which recorded requests of a shape with this stand-in in this place lie.
pub(super) fn place_key(shape: u64, at: usize, stand_in: &str) -> u64 {
    hash(&("place", shape, at, stand_in))
}

/// The hash under which all exchanges about a secret lie, by the name that the recording has for it.
pub(super) fn about_key(name: &str) -> u64 {
    hash(&("about", name))
}

/// The same of those that changed it; all changes of any secret without a name.
pub(super) fn changes_key(name: Option<&str>) -> u64 {
    hash(&("changes", name))
}

pub(super) fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// The secret that an input names.
pub(super) fn secret_of(input: &Value) -> Option<&str> {
    ["SecretId", "Name"].into_iter().find_map(|member| input.get(member)).and_then(Value::as_str)
}

/// The secrets that an input names, those of a list too.
pub(super) fn secrets_of(input: &Value) -> impl Iterator<Item = &str> {
    let listed = input.get("SecretIdList").and_then(Value::as_array).into_iter().flatten();
    secret_of(input).into_iter().chain(listed.filter_map(Value::as_str))
}

/// The name that a recording has for a secret that a client names, by name or ARN.
pub(super) fn recorded_name(bindings: &Bindings, id: &str) -> String {
    let class = if SecretArn::parse(id).is_some() { Class::Arn } else { Class::Name };
    name_in(bindings, bindings.stand_in_of(class, id).unwrap_or(id), |name| {
        bindings.stand_in_of(Class::Name, name).map(str::to_owned)
    })
}

/// The name within what a recording holds: within an ARN, or the whole.
pub(super) fn name_in(
    bindings: &Bindings,
    recorded: &str,
    stand_in: impl Fn(&str) -> Option<String>,
) -> String {
    if let Some(form) = bindings.arn_form(recorded) {
        return form.name;
    }
    let Some(arn) = SecretArn::parse(recorded) else { return recorded.to_owned() };
    let name = arn.name_and_suffix().map_or(arn.resource, |(name, _)| name);
    stand_in(name).unwrap_or_else(|| name.to_owned())
}

/// Whether a request's head, in a recording, is as it always is.
pub(super) fn is_plain(request: &crate::store::reader::RequestLine<'_>) -> bool {
    request.method.is_none() && request.path.is_none() && request.headers.is_empty()
}

/// The usual value of the header that names the operation.
pub(super) fn usual_target(operation: Option<&str>) -> Option<String> {
    operation.map(|operation| format!("{TARGET_PREFIX}{operation}"))
}

/// The name of that header.
pub(super) const TARGET: &str = TARGET_HEADER;

fn hash_tree(tree: &Tree, hasher: &mut impl Hasher) {
    match tree {
        // Scalars are told by their place in the list of leaves; what is left is null and booleans.
        Tree::Leaf(value) => match value {
            Value::Bool(flag) => (1, flag).hash(hasher),
            Value::Null => 2.hash(hasher),
            _ => 3.hash(hasher),
        },
        Tree::List(entries) => {
            (4, entries.len()).hash(hasher);
            entries.iter().for_each(|entry| hash_tree(entry, hasher));
        }
        Tree::Map(members) => {
            (5, members.len()).hash(hasher);
            for (key, member) in members {
                key.hash(hasher);
                hash_tree(member, hasher);
            }
        }
    }
}
