//! Values that are sent: templates, held to the shape of the member they stand in.

use serde_json::{Map, Value};

use super::Reader;
use crate::scenario::finding::shown_word;
use crate::scenario::nearest::nearest;
use crate::scenario::node::{Key, Node, NodeKind, is_word};
use crate::scenario::source::Span;
use crate::scenario::template::Template;
use crate::scenario::words::FILL;
use crate::service::{Kind, ShapeId, shapes};

/// The longest text that `$fill` makes: far over every limit of the service, and nothing that fills a memory.
const LONGEST_FILL: u64 = 10_000_000;

/// What the place of a value takes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Want {
    /// Anything: inside JSON, in the answer to a raw request.
    Any,
    /// What the service model says.
    Shape(ShapeId),
    /// Text, as an error code.
    Text,
    /// A whole number, as a count of requests.
    Count,
}

/// The kinds of value that places can want.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    Text,
    Integer,
    Boolean,
    Timestamp,
    List,
    Map,
}

impl Class {
    pub(super) fn words(self) -> &'static str {
        match self {
            Class::Text => "a string",
            Class::Integer => "a whole number",
            Class::Boolean => "a boolean",
            Class::Timestamp => "a timestamp",
            Class::List => "a list",
            Class::Map => "a map",
        }
    }
}

impl Want {
    pub(super) fn class(self) -> Option<Class> {
        match self {
            Want::Any => None,
            Want::Text => Some(Class::Text),
            Want::Count => Some(Class::Integer),
            Want::Shape(id) => Some(match shapes().shape(id).kind {
                Kind::Structure(_) | Kind::Map { .. } => Class::Map,
                Kind::List { .. } => Class::List,
                Kind::String { .. } | Kind::Blob { .. } => Class::Text,
                Kind::Integer { .. } => Class::Integer,
                Kind::Boolean => Class::Boolean,
                Kind::Timestamp => Class::Timestamp,
            }),
        }
    }

    /// What the entries of a list are.
    pub(super) fn element(self) -> Want {
        match self {
            Want::Shape(id) => match shapes().shape(id).kind {
                Kind::List { element, .. } => Want::Shape(element),
                _ => Want::Any,
            },
            Want::Any | Want::Text | Want::Count => Want::Any,
        }
    }

    /// What a member is; `None` when a structure has no such member.
    pub(super) fn member(self, name: &str) -> Option<Want> {
        let Want::Shape(id) = self else { return Some(Want::Any) };
        match shapes().shape(id).kind {
            Kind::Structure(_) => Some(Want::Shape(shapes().member(id, name)?.shape)),
            Kind::Map { value, .. } => Some(Want::Shape(value)),
            _ => Some(Want::Any),
        }
    }

    /// The names that a structure has.
    fn names(self) -> impl Iterator<Item = &'static str> {
        let members = match self {
            Want::Shape(id) => shapes().members(id),
            Want::Any | Want::Text | Want::Count => &[],
        };
        members.iter().map(|member| member.name.as_str())
    }
}

/// Which way a value goes; it decides the hint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Sent,
    Expected,
}

impl Reader<'_> {
    /// A string with variables, all of them checked.
    pub(super) fn text_template(&mut self, text: &str, span: Span) -> Template {
        match Template::from_text(text) {
            Ok(template) => {
                for reference in template.variables() {
                    self.use_variable(reference, span);
                }
                template
            }
            Err(bad) => {
                self.bad_template(&bad, span);
                self.mention_text(text);
                Template::Value(Value::Null)
            }
        }
    }

    /// A scalar whose text is meant, whatever YAML makes of it: a header, a label.
    pub(super) fn scalar_template(&mut self, node: &Node, place: &str) -> Option<Template> {
        match (&node.kind, node.scalar_text()) {
            (NodeKind::Null(_), _) | (_, None) => {
                self.wrong_kind(node, place, "text");
                None
            }
            (_, Some(text)) => Some(self.text_template(text, node.span)),
        }
    }

    /// A value that is sent. `name` is the member it stands in, or the operation.
    pub(super) fn value(&mut self, node: &Node, want: Want, name: &str) -> Template {
        match &node.kind {
            NodeKind::Map(entries) => match node.dollar() {
                Some((key, inner)) if &*key.text == "$fill" => {
                    self.fits(node, Some(Class::Text), want, name, Way::Sent);
                    self.fill(inner)
                }
                Some(_) => self.members(entries, want, name),
                None => {
                    self.fits(node, Some(Class::Map), want, name, Way::Sent);
                    self.members(entries, want, name)
                }
            },
            NodeKind::List(entries) => {
                self.fits(node, Some(Class::List), want, name, Way::Sent);
                let (element, name) = (want.element(), format!("{name}[]"));
                fold_list(entries.iter().map(|entry| self.value(entry, element, &name)).collect())
            }
            _ => self.scalar(node, want, name, Way::Sent),
        }
    }

    fn members(&mut self, entries: &[(Key, Node)], want: Want, name: &str) -> Template {
        let mut members = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            if is_word(&key.text) {
                let message = format!("`{}` cannot be sent", shown_word(&key.text));
                let hint = match nearest(&key.text, ["$fill"]) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "only `$fill` makes a value; matchers stand in `returns` and `fails`".to_owned(),
                };
                self.wrong(key.span, message, &hint);
                self.mention(value);
                continue;
            }
            let (key, inner) = self.member(key, want, name);
            members.push((key.0, self.value(value, inner, &key.1)));
        }
        fold_map(members)
    }

    /// A member's name as a template, its text, and what it takes; a name that the shape does not have is a
    /// finding.
    pub(super) fn member(&mut self, key: &Key, want: Want, name: &str) -> ((Template, String), Want) {
        let template = self.text_template(&key.text, key.span);
        let text = shown_word(&key.text);
        let inner = match &template {
            Template::Value(_) => want.member(&key.text).unwrap_or_else(|| {
                let message = format!("`{text}` is no member of `{name}`");
                self.findings.unknown(key.span, message, &key.text, want.names());
                Want::Any
            }),
            _ => match want {
                Want::Shape(id) if matches!(shapes().shape(id).kind, Kind::Map { .. }) => {
                    want.member("").unwrap_or(Want::Any)
                }
                _ => Want::Any,
            },
        };
        ((template, text), inner)
    }

    /// A scalar that is a value by itself.
    pub(super) fn scalar(&mut self, node: &Node, want: Want, name: &str, way: Way) -> Template {
        let (template, class) = match &node.kind {
            NodeKind::Null(_) => (Template::Value(Value::Null), None),
            NodeKind::Bool(value, _) => (Template::Value(Value::Bool(*value)), Some(Class::Boolean)),
            NodeKind::Number(number, _) => {
                let whole = number.is_i64() || number.is_u64();
                let class = match want.class() {
                    Some(Class::Timestamp) => Class::Timestamp,
                    // A fraction is a number of another kind; any class that is not wanted here will do.
                    Some(Class::Integer) if !whole => Class::Timestamp,
                    _ => Class::Integer,
                };
                (Template::Value(Value::Number(number.clone())), Some(class))
            }
            NodeKind::Text(text) => {
                let template = self.text_template(text, node.span);
                // A variable may hold anything, unless it is one that always holds text.
                match &template {
                    Template::Whole(name) if !self.scope.is_text(name) => return template,
                    _ => (template, Some(Class::Text)),
                }
            }
            NodeKind::List(_) | NodeKind::Map(_) => (Template::Value(Value::Null), None),
        };
        self.fits(node, class, want, name, way);
        template
    }

    /// Whether a value of a class may stand where something is wanted; `None` is null.
    pub(super) fn fits(&mut self, node: &Node, class: Option<Class>, want: Want, name: &str, way: Way) {
        let Some(wanted) = want.class() else { return };
        if class == Some(wanted) {
            return;
        }
        let message = format!("`{name}` is {}, not {}", wanted.words(), node.words());
        if matches!(want, Want::Count) {
            self.findings.add(node.span, message, None);
            return;
        }
        let hint = match (way, &node.kind, wanted) {
            (Way::Expected, NodeKind::Null(_), _) => "`{$absent: true}` says that it is not there".to_owned(),
            (Way::Expected, _, Class::Timestamp) => {
                "for example `{$time: now}`; the wire has seconds as a number".to_owned()
            }
            (_, NodeKind::Number(_, text) | NodeKind::Bool(_, text), Class::Text) => {
                format!("put it in quotes: \"{text}\"")
            }
            (_, _, Class::List) => format!("write a list: {name}: [...]"),
            (Way::Sent, ..) => "to send something else, use `raw`".to_owned(),
            (Way::Expected, ..) => format!("AWS answers {} here", wanted.words()),
        };
        self.wrong(node.span, message, &hint);
    }

    /// `$fill`: text of a given length.
    pub(super) fn fill(&mut self, node: &Node) -> Template {
        let nothing = Template::Value(Value::Null);
        let Some(fields) = self.fields_of(node, "`$fill`", FILL) else { return nothing };
        let start = match fields.get("start") {
            Some(node) => self.scalar_template(node, "`start`"),
            None => Some(Template::Value(Value::from(""))),
        };
        let with = fields.get("with").map(|node| self.scalar_template(node, "`with`"));
        let length = fields.get("length").map(|node| (node, self.count(node, "`length`")));
        let (Some(with), Some((place, length))) = (with, length) else {
            self.wrong(
                fields.span,
                "`$fill` needs `with` and `length`",
                "`{$fill: {with: a, length: 65537}}`",
            );
            return nothing;
        };
        let (Some(start), Some(with), Some(length)) = (start, with, length) else { return nothing };
        let Template::Value(Value::String(with)) = with else {
            self.findings.add(fields.span, "`with` of `$fill` takes no variable", None);
            return nothing;
        };
        if with.is_empty() {
            self.findings.add(fields.span, "`with` of `$fill` is empty", None);
        }
        if length > LONGEST_FILL {
            self.findings.add(place.span, format!("`$fill` makes at most {LONGEST_FILL} characters"), None);
        }
        if let Template::Value(Value::String(start)) = &start
            && start.chars().count() as u64 > length
        {
            self.findings.add(place.span, format!("`start` is longer than {length} characters"), None);
        }
        Template::Fill { start: Box::new(start), with, length: usize::try_from(length).unwrap_or(0) }
    }
}

/// A list without variables is one value.
fn fold_list(entries: Vec<Template>) -> Template {
    if !entries.iter().all(|entry| matches!(entry, Template::Value(_))) {
        return Template::List(entries);
    }
    let value = |entry| match entry {
        Template::Value(value) => Some(value),
        _ => None,
    };
    Template::Value(Value::Array(entries.into_iter().filter_map(value).collect()))
}

/// A map without variables is one value.
fn fold_map(members: Vec<(Template, Template)>) -> Template {
    let constant = |(key, value): &(Template, Template)| {
        matches!((key, value), (Template::Value(Value::String(_)), Template::Value(_)))
    };
    if !members.iter().all(constant) {
        return Template::Map(members);
    }
    let member = |(key, value)| match (key, value) {
        (Template::Value(Value::String(key)), Template::Value(value)) => Some((key, value)),
        _ => None,
    };
    Template::Value(Value::Object(members.into_iter().filter_map(member).collect::<Map<_, _>>()))
}
