//! Going through a value with the service model in hand: every scalar is named by its class, members come in the
//! model's order, and lists without an order are sorted before anything in them is numbered.

use serde_json::Value;

use super::class::{Class, class_of, class_of_text, is_code, is_uuid};
use super::tree::Tree;
use crate::service::{Kind, Shape, ShapeId, shapes};

/// A scalar with its class.
#[derive(Clone, Copy, Debug)]
pub struct Leaf<'v> {
    /// What it is.
    pub class: Class,
    /// The value: a string, a number, a boolean or null.
    pub value: &'v Value,
}

/// Gives names to values.
pub trait Naming {
    /// What stands for the value; the same for the same value.
    fn stand(&mut self, leaf: Leaf<'_>) -> Value;
    /// A key to sort by: what has a name already sorts by its number, what has none is blank.
    fn rank(&self, leaf: Leaf<'_>) -> Value;
    /// What comes next belongs to the member of this name; to one that the model does not know, where it is empty.
    fn member(&mut self, _name: &str) {}
}

/// Names every value of an operation's input. Lists keep their order: it is part of the request.
pub fn input(naming: &mut dyn Naming, operation: Option<&str>, value: &Value) -> Tree {
    let shape = operation.and_then(|name| shapes().operation(name)).map(|operation| operation.input);
    Walk { sorts: false }.value(naming, Place::of(shape), value)
}

/// Names every value of an operation's output, or of the body of a failure. Lists without an order are sorted.
pub fn output(naming: &mut dyn Naming, operation: Option<&str>, value: &Value) -> Tree {
    let walk = Walk { sorts: true };
    if is_failure(value) {
        return walk.failure(naming, value);
    }
    let shape = operation.and_then(|name| shapes().operation(name)).and_then(|operation| operation.output);
    walk.value(naming, Place::of(shape), value)
}

/// The same with every list in the order in which it stands.
pub fn output_as_it_stands(naming: &mut dyn Naming, operation: Option<&str>, value: &Value) -> Tree {
    let walk = Walk { sorts: false };
    if is_failure(value) {
        return walk.failure(naming, value);
    }
    let shape = operation.and_then(|name| shapes().operation(name)).and_then(|operation| operation.output);
    walk.value(naming, Place::of(shape), value)
}

/// The scalars of an input in order, each with its class, and the form of what is left: two inputs have the same
/// form when they differ in nothing but scalars.
pub fn flatten(operation: Option<&str>, value: &Value) -> (Tree, Vec<(Class, Value)>) {
    struct Flat(Vec<(Class, Value)>);
    impl Naming for Flat {
        fn stand(&mut self, leaf: Leaf<'_>) -> Value {
            if leaf.class == Class::Key {
                return leaf.value.clone();
            }
            self.0.push((leaf.class, leaf.value.clone()));
            Value::from(self.0.len())
        }
        fn rank(&self, leaf: Leaf<'_>) -> Value {
            leaf.value.clone()
        }
    }
    let mut flat = Flat(Vec::new());
    let form = input(&mut flat, operation, value);
    (form, flat.0)
}

/// Names the value at a path of an operation's output: `Tags[0].Value`; empty for the whole.
pub fn output_at(naming: &mut dyn Naming, operation: Option<&str>, path: &str, value: &Value) -> Tree {
    if path.is_empty() {
        return output(naming, operation, value);
    }
    let shape = operation.and_then(|name| shapes().operation(name)).and_then(|operation| operation.output);
    Walk { sorts: true }.value(naming, at_path(shape, path), value)
}

/// The strings of an input that may stay readable because whoever wrote them meant them to be read: those of
/// members that the model knows and that are not sensitive.
pub fn literals(operation: Option<&str>, value: &Value) -> Vec<String> {
    struct Collect(Vec<String>);
    impl Naming for Collect {
        fn stand(&mut self, leaf: Leaf<'_>) -> Value {
            if let (Value::String(text), false) = (leaf.value, leaf.class.is_sensitive()) {
                self.0.push(text.clone());
            }
            Value::Null
        }
        fn rank(&self, _: Leaf<'_>) -> Value {
            Value::Null
        }
    }
    let mut collect = Collect(Vec::new());
    input(&mut collect, operation, value);
    collect.0
}

/// The members of a failure's body: the code is open, the message is for people, the rest is unknown.
pub fn is_failure(value: &Value) -> bool {
    value.get("__type").is_some()
}

/// Whether the entries of this list have no order that AWS promises. ListSecrets is not among them: its entries are
/// listed by a date or a name, up or down (aws-model, SortBy and SortOrder).
pub fn is_unordered(shape: &Shape) -> bool {
    const UNORDERED: &[&str] =
        &["KmsKeyIdListType", "SecretVersionStagesType", "SecretVersionsListType", "TagListType"];
    UNORDERED.contains(&shape.name.as_str())
}

/// Where a value stands: at a shape of the model, inside something sensitive that has another form than it
/// should, or where nobody knows anything.
#[derive(Clone, Copy)]
enum Place {
    Shape(ShapeId),
    Inside(Class),
}

impl Place {
    fn of(shape: Option<ShapeId>) -> Self {
        shape.map_or(Place::Inside(Class::Closed), Place::Shape)
    }
}

fn at_path(shape: Option<ShapeId>, path: &str) -> Place {
    let mut place = Place::of(shape);
    for part in parts(path) {
        let id = match (place, &part) {
            (Place::Shape(id), _) => id,
            (Place::Inside(class), Part::Key(name)) => {
                place = Place::Inside(class_of_unknown(name, class));
                continue;
            }
            (Place::Inside(_), Part::Index) => continue,
        };
        place = match (&shapes().shape(id).kind, part) {
            (Kind::Structure(_), Part::Key(name)) => match shapes().member(id, name) {
                Some(member) => Place::Shape(member.shape),
                None => Place::Inside(class_of_unknown(name, Class::Closed)),
            },
            (Kind::Map { value, .. }, Part::Key(_)) => Place::Shape(*value),
            (Kind::List { element, .. }, Part::Index) => Place::Shape(*element),
            (_, _) => mismatch(shapes().shape(id)),
        };
    }
    place
}

enum Part<'p> {
    Key(&'p str),
    Index,
}

/// The parts of a path: `a`, `.b`, `[0]`, and `["any.key"]` for keys that hold a dot or a bracket.
fn parts(path: &str) -> Vec<Part<'_>> {
    let mut found = Vec::new();
    let mut rest = path;
    while !rest.is_empty() {
        if let Some(inner) = rest.strip_prefix("[\"") {
            let end = inner.find("\"]").unwrap_or(inner.len());
            found.push(Part::Key(&inner[..end]));
            rest = inner.get(end + 2..).unwrap_or("");
        } else if let Some(inner) = rest.strip_prefix('[') {
            let end = inner.find(']').unwrap_or(inner.len());
            found.push(Part::Index);
            rest = inner.get(end + 1..).unwrap_or("");
        } else {
            let inner = rest.strip_prefix('.').unwrap_or(rest);
            let end = inner.find(['.', '[']).unwrap_or(inner.len());
            if end > 0 {
                found.push(Part::Key(&inner[..end]));
            }
            // A path that ends in a dot, or begins with two, still comes to an end.
            rest = if inner.len() == rest.len() && end == 0 { "" } else { &inner[end..] };
        }
    }
    found
}

/// What stands where the model expects something of another form.
fn mismatch(shape: &Shape) -> Place {
    match class_of(shape) {
        class @ (Class::Secret | Class::Blob | Class::Password) if shape.sensitive => {
            Place::Inside(if class == Class::Password { Class::Secret } else { class })
        }
        _ => Place::Inside(Class::Closed),
    }
}

#[derive(Clone, Copy)]
struct Walk {
    sorts: bool,
}

impl Walk {
    fn value(self, naming: &mut dyn Naming, place: Place, value: &Value) -> Tree {
        match (place, value) {
            (Place::Shape(id), _) => self.shaped(naming, shapes().shape(id), id, value),
            (Place::Inside(_), Value::Array(entries)) => {
                Tree::List(entries.iter().map(|entry| self.value(naming, place, entry)).collect())
            }
            (Place::Inside(class), Value::Object(members)) => {
                let inner = |key: &str| Place::Inside(class_of_unknown(key, class));
                let mut sorted: Vec<_> = members.iter().collect();
                sorted.sort_by_cached_key(|(key, value)| {
                    let rank =
                        naming.rank(Leaf { class: class_of_key(key), value: &Value::String((*key).clone()) });
                    (rank.to_string(), self.rank(naming, inner(key), value))
                });
                let named = |(key, value): (&String, &Value)| {
                    (key_text(naming, class_of_key(key), key), self.value(naming, inner(key), value))
                };
                Tree::Map(sorted.into_iter().map(named).collect())
            }
            (Place::Inside(class), _) => Tree::Leaf(stand(naming, class, value)),
        }
    }

    fn shaped(self, naming: &mut dyn Naming, shape: &Shape, id: ShapeId, value: &Value) -> Tree {
        match (&shape.kind, value) {
            (_, Value::Null) => Tree::Leaf(Value::Null),
            (Kind::Structure(members), Value::Object(found)) => {
                let mut named = Vec::with_capacity(found.len());
                for member in members {
                    if let Some(value) = found.get(&member.name) {
                        naming.member(&member.name);
                        let tree = self.value(naming, Place::Shape(member.shape), value);
                        named.push((member.name.clone(), tree));
                    }
                }
                let mut unknown: Vec<_> =
                    found.iter().filter(|(name, _)| shapes().member(id, name).is_none()).collect();
                unknown.sort_by_key(|(name, _)| *name);
                for (name, value) in unknown {
                    naming.member("");
                    let class = class_of_unknown(name, Class::Closed);
                    let tree = self.value(naming, Place::Inside(class), value);
                    named.push((key_text(naming, Class::Key, name), tree));
                }
                Tree::Map(named)
            }
            (Kind::List { element, .. }, Value::Array(entries)) => {
                let mut entries: Vec<&Value> = entries.iter().collect();
                if self.sorts && is_unordered(shape) {
                    entries.sort_by_cached_key(|entry| self.rank(naming, Place::Shape(*element), entry));
                }
                let entry = |entry| self.value(naming, Place::Shape(*element), entry);
                Tree::List(entries.into_iter().map(entry).collect())
            }
            (Kind::Map { key, value: entry }, Value::Object(members)) => {
                let class = class_of(shapes().shape(*key));
                let mut members: Vec<_> = members.iter().collect();
                members.sort_by_cached_key(|(name, value)| {
                    let key = naming.rank(Leaf { class, value: &Value::String((*name).clone()) });
                    (key.to_string(), self.rank(naming, Place::Shape(*entry), value))
                });
                let named = |(name, value): (&String, &Value)| {
                    (key_text(naming, class, name), self.value(naming, Place::Shape(*entry), value))
                };
                Tree::Map(members.into_iter().map(named).collect())
            }
            (Kind::String { .. }, Value::String(text)) => {
                Tree::Leaf(stand(naming, class_of_text(shape, text), value))
            }
            (Kind::Blob { .. }, Value::String(_))
            | (Kind::Integer { .. } | Kind::Timestamp, Value::Number(_))
            | (Kind::Boolean, Value::Bool(_)) => Tree::Leaf(stand(naming, class_of(shape), value)),
            _ => self.value(naming, mismatch(shape), value),
        }
    }

    fn failure(self, naming: &mut dyn Naming, value: &Value) -> Tree {
        let Value::Object(members) = value else {
            return self.value(naming, Place::Inside(Class::Closed), value);
        };
        let rank = |name: &str| match name {
            "__type" => 0,
            "Message" | "message" => 1,
            _ => 2,
        };
        let mut members: Vec<_> = members.iter().collect();
        members.sort_by_key(|(name, _)| (rank(name), *name));
        let mut named = Vec::with_capacity(members.len());
        for (name, value) in members {
            naming.member(if rank(name) < 2 { name } else { "" });
            let class = match (rank(name), value) {
                (0, Value::String(code)) if is_code(code) => Class::Open,
                (1, Value::String(_)) => Class::Message,
                _ => class_of_unknown(name, Class::Closed),
            };
            let tree = self.value(naming, Place::Inside(class), value);
            named.push((key_text(naming, Class::Key, name), tree));
        }
        Tree::Map(named)
    }

    /// The value as text to sort by, with what has no name yet blanked.
    fn rank(self, naming: &dyn Naming, place: Place, value: &Value) -> String {
        // In the model's order, so that ids and names count before what stands beside them.
        text_of(&self.value(&mut Ranking(naming), place, value))
    }
}

/// Names by rank, without giving anything a number.
struct Ranking<'n>(&'n dyn Naming);

impl Naming for Ranking<'_> {
    fn stand(&mut self, leaf: Leaf<'_>) -> Value {
        self.0.rank(leaf)
    }

    fn rank(&self, leaf: Leaf<'_>) -> Value {
        self.0.rank(leaf)
    }
}

fn stand(naming: &mut dyn Naming, class: Class, value: &Value) -> Value {
    match value {
        // One bit tells nothing, and where a value is missing there is nothing to tell.
        Value::Null | Value::Bool(_) => value.clone(),
        _ => naming.stand(Leaf { class, value }),
    }
}

fn text_of(tree: &Tree) -> String {
    serde_json::to_string(tree).expect("a tree has nothing that JSON lacks")
}

/// What a member holds that the model does not know in its place: what is secret elsewhere is secret there too.
fn class_of_unknown(name: &str, otherwise: Class) -> Class {
    match name {
        "SecretString" | "RandomPassword" | "RotationToken" => Class::Secret,
        "SecretBinary" => Class::Blob,
        _ => otherwise,
    }
}

/// What a key is that the model says nothing of: a target may keep versions under it as the service does.
fn class_of_key(key: &str) -> Class {
    if is_uuid(key) { Class::Version } else { Class::Key }
}

fn key_text(naming: &mut dyn Naming, class: Class, key: &str) -> String {
    match naming.stand(Leaf { class, value: &Value::String(key.to_owned()) }) {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

/// The input with the outcome, as text to sort calls by.
pub fn rank_exchange(
    naming: &dyn Naming,
    operation: Option<&str>,
    request: Option<&Value>,
    response: Option<&Value>,
) -> (String, String) {
    let mut ranking = Ranking(naming);
    let request = request.map(|value| text_of(&input(&mut ranking, operation, value))).unwrap_or_default();
    let response = response.map(|value| text_of(&output(&mut ranking, operation, value))).unwrap_or_default();
    (request, response)
}
