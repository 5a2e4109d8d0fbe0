//! The service model: operations, shapes, limits, patterns, enums and declared errors.
//!
//! The data is `secretsmanager.json`, made from botocore by `tools/shapes.py` and checked against it in CI.
//! It is parsed once, when something first asks for it.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

const DATA: &str = include_str!("secretsmanager.json");

static SHAPES: LazyLock<Shapes> = LazyLock::new(|| {
    let raw: RawShapes = serde_json::from_str(DATA)
        .expect("secretsmanager.json is made by tools/shapes.py and read by a test");
    Shapes::link(raw)
});

/// The service model of Secrets Manager, version 2017-10-17.
pub fn shapes() -> &'static Shapes {
    &SHAPES
}

/// An index into the table of shapes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ShapeId(u16);

/// All operations and shapes, linked by index.
#[derive(Debug)]
pub struct Shapes {
    source: String,
    operations: BTreeMap<String, Operation>,
    errors: BTreeMap<String, u16>,
    shapes: Vec<Shape>,
}

/// One operation of the service.
#[derive(Debug)]
pub struct Operation {
    /// Its name, as it stands in `X-Amz-Target` after the prefix.
    pub name: String,
    /// The structure that it takes.
    pub input: ShapeId,
    /// The structure that it returns; `None` where the model declares none (TagResource and UntagResource
    /// answer a body of zero bytes).
    pub output: Option<ShapeId>,
    /// The error codes that it declares.
    pub errors: Vec<String>,
    /// Whether it leaves secrets, versions and labels as they are.
    pub reads: bool,
    /// The member of the response that is paged, where the operation has `NextToken`.
    pub pages: Option<String>,
}

/// One shape: a kind, and whether the model marks it sensitive.
#[derive(Debug)]
pub struct Shape {
    /// The shape's name in the SDK's model.
    pub name: String,
    /// What it is made of, with its limits.
    pub kind: Kind,
    /// Whether the model marks its values as sensitive.
    pub sensitive: bool,
}

/// What a shape is made of. Lengths are in characters for strings, entries for lists and bytes for blobs.
#[derive(Debug)]
pub enum Kind {
    /// A JSON object with named members.
    Structure(Vec<Member>),
    /// A JSON array.
    List {
        /// The shape of each entry.
        element: ShapeId,
        /// The fewest entries.
        min: Option<u64>,
        /// The most entries.
        max: Option<u64>,
    },
    /// A JSON object with free keys.
    Map {
        /// The shape of the keys.
        key: ShapeId,
        /// The shape of the values.
        value: ShapeId,
    },
    /// A JSON string.
    String {
        /// The fewest characters.
        min: Option<u64>,
        /// The most characters.
        max: Option<u64>,
        /// A regular expression that is found in every value.
        pattern: Option<String>,
        /// The only values there are; empty where any text may stand.
        variants: Vec<String>,
    },
    /// Base64 in a JSON string.
    Blob {
        /// The fewest bytes.
        min: Option<u64>,
        /// The most bytes.
        max: Option<u64>,
    },
    /// A JSON number without a fraction (the model's `integer` and `long`).
    Integer {
        /// The smallest value.
        min: Option<i64>,
        /// The greatest value.
        max: Option<i64>,
    },
    /// A JSON boolean.
    Boolean,
    /// Seconds since 1970 as a JSON number, with milliseconds as a fraction.
    Timestamp,
}

/// A member of a structure.
#[derive(Debug)]
pub struct Member {
    /// The member's name on the wire.
    pub name: String,
    /// The shape of its value.
    pub shape: ShapeId,
    /// Whether a request must have it.
    pub required: bool,
    /// Whether SDKs fill it with a UUID when the caller leaves it out.
    pub token: bool,
}

impl Shapes {
    /// Where the data comes from, for example `botocore 1.44.8`.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The operation of this name, or `None`.
    pub fn operation(&self, name: &str) -> Option<&Operation> {
        self.operations.get(name)
    }

    /// All operations, by name.
    pub fn operations(&self) -> impl Iterator<Item = &Operation> {
        self.operations.values()
    }

    /// The error codes of the model with their HTTP status.
    pub fn errors(&self) -> &BTreeMap<String, u16> {
        &self.errors
    }

    /// The shape behind an index.
    pub fn shape(&self, id: ShapeId) -> &Shape {
        &self.shapes[usize::from(id.0)]
    }

    /// The members of a structure; none for any other kind.
    pub fn members(&self, id: ShapeId) -> &[Member] {
        match &self.shape(id).kind {
            Kind::Structure(members) => members,
            _ => &[],
        }
    }

    /// The member of a structure by name.
    pub fn member(&self, id: ShapeId, name: &str) -> Option<&Member> {
        self.members(id).iter().find(|member| member.name == name)
    }

    fn link(raw: RawShapes) -> Self {
        let index: BTreeMap<&str, ShapeId> =
            raw.shapes.keys().enumerate().map(|(at, name)| (name.as_str(), ShapeId(at as u16))).collect();
        let find = |name: &str| index[name];
        let shapes = raw.shapes.iter().map(|(name, shape)| shape.link(name, find)).collect();
        let operations = raw
            .operations
            .into_iter()
            .map(|op| {
                let linked = Operation {
                    input: find(&op.input),
                    output: op.output.as_deref().map(find),
                    errors: op.errors,
                    reads: op.reads,
                    pages: op.pages,
                    name: op.name,
                };
                (linked.name.clone(), linked)
            })
            .collect();
        Shapes { source: raw.source, operations, errors: raw.errors, shapes }
    }
}

/// `secretsmanager.json` as it is written.
#[derive(Deserialize)]
struct RawShapes {
    source: String,
    operations: Vec<RawOperation>,
    errors: BTreeMap<String, u16>,
    shapes: BTreeMap<String, RawShape>,
}

#[derive(Deserialize)]
struct RawOperation {
    name: String,
    input: String,
    output: Option<String>,
    errors: Vec<String>,
    #[serde(default)]
    reads: bool,
    pages: Option<String>,
}

#[derive(Deserialize)]
struct RawShape {
    kind: String,
    #[serde(default)]
    members: Vec<RawMember>,
    element: Option<String>,
    key: Option<String>,
    value: Option<String>,
    min: Option<i64>,
    max: Option<i64>,
    pattern: Option<String>,
    #[serde(default, rename = "enum")]
    variants: Vec<String>,
    #[serde(default)]
    sensitive: bool,
}

#[derive(Deserialize)]
struct RawMember {
    name: String,
    shape: String,
    #[serde(default)]
    required: bool,
    #[serde(default)]
    token: bool,
}

impl RawShape {
    fn link(&self, name: &str, find: impl Fn(&str) -> ShapeId) -> Shape {
        let min = self.min.and_then(|n| u64::try_from(n).ok());
        let max = self.max.and_then(|n| u64::try_from(n).ok());
        let part = |part: &Option<String>| {
            find(part.as_deref().expect("tools/shapes.py writes the parts of a kind"))
        };
        let kind = match self.kind.as_str() {
            "structure" => Kind::Structure(
                self.members
                    .iter()
                    .map(|member| Member {
                        name: member.name.clone(),
                        shape: find(&member.shape),
                        required: member.required,
                        token: member.token,
                    })
                    .collect(),
            ),
            "list" => Kind::List { element: part(&self.element), min, max },
            "map" => Kind::Map { key: part(&self.key), value: part(&self.value) },
            "string" => {
                Kind::String { min, max, pattern: self.pattern.clone(), variants: self.variants.clone() }
            }
            "blob" => Kind::Blob { min, max },
            "integer" | "long" => Kind::Integer { min: self.min, max: self.max },
            "boolean" => Kind::Boolean,
            "timestamp" => Kind::Timestamp,
            other => unreachable!("tools/shapes.py wrote a kind that is not known here: {other}"),
        };
        Shape { name: name.to_owned(), kind, sensitive: self.sensitive }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_operations_are_there_and_link() {
        assert_eq!(shapes().operations().count(), 26);
        for operation in shapes().operations() {
            assert!(!shapes().members(operation.input).is_empty() || operation.name == "GetRandomPassword");
            assert!(operation.errors.iter().all(|code| shapes().errors().contains_key(code)));
        }
    }

    #[test]
    fn the_model_marks_values_as_sensitive() {
        let op = shapes().operation("PutSecretValue").expect("it is an operation");
        let member = shapes().member(op.input, "SecretString").expect("it is a member");
        assert!(shapes().shape(member.shape).sensitive);
        assert!(!member.required);
        assert!(shapes().member(op.input, "ClientRequestToken").is_some_and(|m| m.token));
    }
}
