//! The JSON Schema of scenario files, for editors: completion, hover texts, and the first faults while typing.
//!
//! It is made from the same tables as the parser. It takes every file that the parser takes; that it takes some
//! more is in the nature of a schema, which knows neither variables nor the order of steps. Wherever a value may
//! stand, a template may stand too, because `cases` put anything anywhere.

use serde_json::{Map, Value, json};

use super::ast::{EvidenceKind, Need, Sign};
use super::hover;
use super::matcher::TypeName;
use super::words::{
    ACCOUNTS, ADVANCE_STEP, ARN, CALL_STEP, EVENTUALLY, EVIDENCE, FAILS, FILE, FILL, INNER_STEP, INVARIANT,
    LENGTH, MATCHERS, PARALLEL_STEP, RAW, RAW_STEP, REPEAT, SAVE, SECRET, TIME, Word,
};
use crate::service::errors::{AUTHENTICATION, COMMON};
use crate::service::{Kind, Member, Operation, ShapeId, shapes};

/// The dialect that the schema is written in.
const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";
/// A string with a variable in it.
const TEMPLATE: &str = r"\$\{";

/// The JSON Schema (draft 2020-12) of scenario files.
pub fn json_schema() -> Value {
    let mut root = object("file", FILE, file_key);
    root["required"] = json!(["title", "evidence", "steps"]);
    root["$schema"] = json!(DIALECT);
    root["title"] = json!("smcheck scenario");
    root["description"] =
        json!("One behaviour of AWS Secrets Manager: what to call, and what it must answer.");
    root["$defs"] = Value::Object(definitions());
    root
}

fn definitions() -> Map<String, Value> {
    let mut defs = Map::new();
    defs.insert("template".to_owned(), json!({"type": "string", "pattern": TEMPLATE}));
    defs.insert("name".to_owned(), json!({"type": "string", "pattern": "^[A-Za-z][A-Za-z0-9_-]*$"}));
    defs.insert("scalar".to_owned(), json!({"type": ["string", "number", "boolean"]}));
    defs.insert("text".to_owned(), json!({"anyOf": [{"type": "string"}, reference("fill")]}));
    defs.insert("span".to_owned(), json!({"type": "string", "description": "A number and a unit: 30 s"}));
    defs.insert("evidence".to_owned(), evidence());
    defs.insert("step".to_owned(), step());
    defs.insert("inner-step".to_owned(), inner_step());
    defs.insert("raw".to_owned(), object("raw", RAW, raw_key));
    defs.insert("fails".to_owned(), object("fails", FAILS, |key| fails_key(key, None)));
    defs.insert("invariant".to_owned(), object("invariant", INVARIANT, invariant_key));
    defs.insert(
        "eventually".to_owned(),
        json!({"anyOf": [{"const": true}, object("eventually", EVENTUALLY, |_| reference("span"))]}),
    );
    defs.insert("repeat".to_owned(), repeat());
    defs.insert("fill".to_owned(), fill());
    defs.insert("matcher".to_owned(), matcher());
    defs.insert("expected".to_owned(), json!({"description": "A value, or a matcher.", "anyOf": [
        reference("matcher"),
        {"type": "object", "properties": {"$partial": partial()}, "patternProperties": {"^([^$]|\\$\\{|\\$\\$)": reference("expected")}, "additionalProperties": false},
        {"type": "array", "items": reference("expected")},
        {"type": ["string", "number", "boolean", "null"]},
    ]}));
    for operation in shapes().operations() {
        defs.insert(format!("{}.with", operation.name), with(operation));
        defs.insert(format!("{}.returns", operation.name), returns(operation));
        let fails = object("fails", FAILS, |key| fails_key(key, Some(operation)));
        defs.insert(format!("{}.fails", operation.name), fails);
    }
    for shape in nested(|operation| Some(operation.input)) {
        defs.insert(input_name(shape), sent_structure(shape));
    }
    for shape in nested(|operation| operation.output) {
        defs.insert(output_name(shape), expected_structure(shape));
    }
    defs
}

fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/$defs/{name}")})
}

/// What an editor shows: as plain text, and as Markdown for those that can.
fn told(mut schema: Value, doc: &str, markdown: &str) -> Value {
    schema["description"] = json!(doc);
    schema["markdownDescription"] = json!(markdown);
    schema
}

/// A closed list of words, each with its meaning.
fn one_of<'w>(words: impl IntoIterator<Item = &'w str>) -> Value {
    let words: Vec<&str> = words.into_iter().collect();
    let meanings: Vec<&str> = words.iter().map(|word| hover::value(word)).collect();
    json!({"enum": words, "enumDescriptions": meanings, "markdownEnumDescriptions": meanings})
}

/// A template may stand in place of anything.
fn or_template(schema: Value) -> Value {
    json!({ "anyOf": Value::Array(vec![schema, reference("template")]) })
}

/// A map whose keys are words of the language, each with its sentence.
fn object(context: &str, words: &[Word], value: impl Fn(&str) -> Value) -> Value {
    let property = |(name, doc): &Word| {
        let schema = or_template(value(name));
        ((*name).to_owned(), told(schema, doc, &hover::markdown(context, name, doc)))
    };
    let properties: Map<String, Value> = words.iter().map(property).collect();
    json!({"type": "object", "properties": properties, "additionalProperties": false})
}

fn file_key(key: &str) -> Value {
    let names = json!({"type": "array", "items": or_template(reference("name"))});
    match key {
        "title" | "note" => json!({"type": "string", "minLength": 1}),
        "evidence" => reference("evidence"),
        "secrets" => {
            let affixes = object("secret", SECRET, |_| reference("scalar"));
            json!({"anyOf": [names, {"type": "object", "additionalProperties": {"anyOf": [affixes, {"type": "null"}, reference("template")]}}]})
        }
        "needs" => {
            json!({"type": "array", "items": or_template(one_of(Need::ALL.map(Need::as_str)))})
        }
        "rules" => json!({"type": "array", "items": {"type": "string"}}),
        "isolated" | "stop" => json!({"type": "boolean"}),
        "varies" => json!({"enum": ["date"]}),
        "cases" => json!({
            "type": "object",
            "minProperties": 1,
            "propertyNames": {"pattern": "^[A-Za-z0-9._-]+$"},
            "additionalProperties": {"type": "object"},
        }),
        "steps" => json!({"type": "array", "minItems": 1, "items": or_template(reference("step"))}),
        _ => names,
    }
}

fn evidence() -> Value {
    let mut schema = object("evidence", EVIDENCE, |key| match key {
        "kind" => one_of(EvidenceKind::ALL.map(EvidenceKind::as_str)),
        "date" => json!({"anyOf": [
            {"type": "string", "pattern": r"^20\d\d(-\d\d(-\d\d)?)?$"},
            {"type": "integer", "minimum": 2000, "maximum": 2099},
        ]}),
        _ => json!({"type": "string", "minLength": 1}),
    });
    schema["required"] = json!(["kind", "source"]);
    schema
}

fn step() -> Value {
    let words: Vec<Word> =
        CALL_STEP.iter().chain(RAW_STEP).chain(PARALLEL_STEP).chain(ADVANCE_STEP).copied().collect();
    let mut schema = object("step", &words, step_key);
    schema["oneOf"] =
        ["do", "raw", "parallel", "advance"].map(|form| json!({"required": [form]})).to_vec().into();
    schema["allOf"] = by_operation();
    schema
}

fn inner_step() -> Value {
    let words: Vec<Word> =
        CALL_STEP.iter().chain(RAW_STEP).filter(|(name, _)| INNER_STEP.contains(name)).copied().collect();
    let mut schema = object("step", &words, step_key);
    schema["oneOf"] = json!([{"required": ["do"]}, {"required": ["raw"]}]);
    schema["allOf"] = by_operation();
    schema
}

/// What an operation takes and gives, where the step names it.
fn by_operation() -> Value {
    let rule = |operation: &Operation| {
        let name = &operation.name;
        let does = hover::operation(name);
        let part = |what: &str, doc: String| {
            let schema = or_template(reference(&format!("{name}.{what}")));
            let example = hover::markdown("step", what, does);
            told(schema, &doc, &format!("**{name}**: {example}"))
        };
        json!({
            "if": {"properties": {"do": {"const": name}}, "required": ["do"]},
            "then": {"properties": {
                "do": told(json!({}), does, &format!("**{name}**: {does}")),
                "with": part("with", format!("The input of {name}, sent exactly as written.")),
                "returns": part("returns", format!("What {name} answers, exact.")),
                "fails": part("fails", format!("How {name} fails; what is left out is not compared.")),
            }},
        })
    };
    let names: Vec<&str> = shapes().operations().map(|operation| operation.name.as_str()).collect();
    // A raw request, or an operation that a case names: any code, and any body.
    let part = |what: &str, doc: &str| {
        let def = if what == "fails" { "fails" } else { "expected" };
        told(or_template(reference(def)), doc, &hover::markdown("step", what, doc))
    };
    let other = json!({
        "if": {"not": {"properties": {"do": {"enum": names}}, "required": ["do"]}},
        "then": {"properties": {
            "fails": part("fails", "How the request fails; what is left out is not compared."),
            "returns": part("returns", "The body of a success, exact."),
        }},
    });
    shapes().operations().map(rule).chain([other]).collect()
}

fn step_key(key: &str) -> Value {
    let names: Vec<&str> = shapes().operations().map(|operation| operation.name.as_str()).collect();
    let labels = json!({"type": "array", "items": reference("scalar")});
    match key {
        "do" => {
            let docs: Vec<&str> = names.iter().map(|name| hover::operation(name)).collect();
            json!({"enum": names, "enumDescriptions": docs, "markdownEnumDescriptions": docs})
        }
        // The operation's own rule says the rest.
        "with" | "fails" | "returns" => json!({"type": "object"}),
        "region" => json!({"enum": ["${region}", "${second-region}"]}),
        "account" => one_of(ACCOUNTS),
        "labels" => json!({"type": "object", "additionalProperties": {"anyOf": [
            labels,
            reference("template"),
            {"type": "object", "additionalProperties": or_template(labels.clone())},
        ]}}),
        "save" => json!({"type": "object", "additionalProperties": {"type": "string"}}),
        "eventually" => reference("eventually"),
        "repeat" => reference("repeat"),
        "evidence" => reference("evidence"),
        "raw" => reference("raw"),
        "parallel" => json!({"type": "array", "minItems": 1, "items": or_template(reference("inner-step"))}),
        "invariant" => reference("invariant"),
        "advance" => reference("span"),
        _ => json!({"type": "string"}),
    }
}

fn raw_key(key: &str) -> Value {
    match key {
        "headers" => json!({"type": "object", "additionalProperties": {"anyOf": [
            reference("scalar"), {"type": "null"}, reference("fill"),
        ]}}),
        "body" => {
            json!({"anyOf": [reference("text"), word("$bytes", json!({"type": "string"}), MATCHERS)]})
        }
        "sign" => one_of(Sign::ALL.map(Sign::as_str)),
        _ => json!({"type": "string"}),
    }
}

fn fails_key(key: &str, operation: Option<&Operation>) -> Value {
    match key {
        // As the parser has it: what the operation declares, and what any may answer.
        "code" => {
            let declared: Vec<&str> = match operation {
                Some(operation) => operation.errors.iter().map(String::as_str).collect(),
                None => shapes().errors().keys().map(String::as_str).collect(),
            };
            let any = COMMON.iter().chain(AUTHENTICATION).copied();
            let known: Vec<&str> = declared.iter().copied().chain(any).collect();
            json!({"anyOf": [{"enum": known}, reference("matcher")]})
        }
        "status" => json!({"type": "integer", "minimum": 300, "maximum": 599}),
        _ => reference("expected"),
    }
}

fn invariant_key(key: &str) -> Value {
    match key {
        "labels" => json!({"type": "object", "additionalProperties": reference("expected")}),
        "secret" => reference("name"),
        _ => json!({"anyOf": [{"type": "integer", "minimum": 0}, reference("matcher")]}),
    }
}

fn repeat() -> Value {
    let mut schema = object("repeat", REPEAT, |key| match key {
        "times" => json!({"type": "integer", "minimum": 1}),
        "over" => json!({"type": "array", "minItems": 1}),
        "as" => reference("name"),
        _ => json!({"type": "string"}),
    });
    schema["oneOf"] = json!([{"required": ["times"]}, {"required": ["over", "as"]}, {"required": ["pages"]}]);
    schema
}

fn fill() -> Value {
    let mut inside = object("fill", FILL, |key| match key {
        "length" => json!({"type": "integer", "minimum": 0}),
        _ => reference("scalar"),
    });
    inside["required"] = json!(["with", "length"]);
    let doc = "Text of a given length: `start`, then `with` again and again.";
    json!({
        "type": "object",
        "properties": {"$fill": told(or_template(inside), doc, &hover::markdown("matcher", "$fill", doc))},
        "required": ["$fill"],
        "additionalProperties": false,
    })
}

fn partial() -> Value {
    let doc = "Members that are not listed may be there.";
    told(json!({"const": true}), doc, &hover::markdown("matcher", "$partial", doc))
}

/// A map with this one word.
fn word(name: &str, value: Value, table: &[Word]) -> Value {
    let doc = table.iter().find(|(word, _)| *word == name).map_or("", |(_, doc)| *doc);
    let schema = told(or_template(value), doc, &hover::markdown("matcher", name, doc));
    json!({"type": "object", "properties": {name: schema}, "required": [name], "additionalProperties": false})
}

fn matcher() -> Value {
    let words = MATCHERS.iter().map(|(name, _)| word(name, matcher_value(name), MATCHERS));
    json!({"anyOf": words.chain([reference("fill")]).collect::<Vec<_>>()})
}

fn matcher_value(name: &str) -> Value {
    let expected = reference("expected");
    match name {
        "$arn" => json!({"anyOf": [{"type": "string"}, object("arn", ARN, |_| json!({"type": "string"}))]}),
        "$uuid" => json!({"const": "any"}),
        "$absent" => json!({"const": true}),
        "$time" => json!({"anyOf": [one_of(super::read::SHORT_TIMES), object("time", TIME, |key| match key {
            "in" | "within" => reference("span"),
            _ => reference("name"),
        })]}),
        "$type" => one_of(TypeName::ALL.map(TypeName::as_str)),
        "$length" => {
            let number = json!({"type": "integer", "minimum": 0});
            json!({"anyOf": [number, object("length", LENGTH, |_| number.clone())]})
        }
        "$unordered" => json!({"type": "array", "items": expected}),
        "$oneOf" => json!({"type": "array", "minItems": 1, "items": expected}),
        "$save" => json!({"anyOf": [reference("name"), object("save", SAVE, |key| match key {
            "as" => reference("name"),
            _ => reference("expected"),
        })]}),
        "$contains" | "$not" | "$json" => expected,
        _ => json!({"type": "string"}),
    }
}

/// The input of an operation.
fn with(operation: &Operation) -> Value {
    let does = hover::operation(&operation.name);
    let doc = format!("The input of {}, sent exactly as written.", operation.name);
    told(sent_structure(operation.input), &doc, &format!("{doc}\n\n{does}"))
}

/// The answer of an operation.
fn returns(operation: &Operation) -> Value {
    match operation.output {
        Some(output) => json!({"anyOf": [expected_structure(output), reference("matcher")]}),
        None => json!({"anyOf": [{"type": "object", "maxProperties": 0}, reference("matcher")]}),
    }
}

/// All structures below the operations' inputs or outputs.
fn nested(root: impl Fn(&Operation) -> Option<ShapeId>) -> Vec<ShapeId> {
    let mut found: Vec<ShapeId> = Vec::new();
    let mut open: Vec<ShapeId> = shapes().operations().filter_map(root).collect();
    let mut first = open.len();
    let mut at = 0;
    while let Some(id) = open.get(at).copied() {
        let below: Vec<ShapeId> = match &shapes().shape(id).kind {
            Kind::Structure(members) => members.iter().map(|member| member.shape).collect(),
            Kind::List { element, .. } => vec![*element],
            Kind::Map { value, .. } => vec![*value],
            _ => Vec::new(),
        };
        if first > 0 {
            first -= 1;
        } else if matches!(shapes().shape(id).kind, Kind::Structure(_)) {
            found.push(id);
        }
        for shape in below {
            if !open.contains(&shape) {
                open.push(shape);
            }
        }
        at += 1;
    }
    found
}

fn input_name(id: ShapeId) -> String {
    format!("{}.sent", shapes().shape(id).name)
}

fn output_name(id: ShapeId) -> String {
    format!("{}.expected", shapes().shape(id).name)
}

fn sent_structure(id: ShapeId) -> Value {
    structure(id, true, sent)
}

fn expected_structure(id: ShapeId) -> Value {
    let mut schema = structure(id, false, expected);
    schema["properties"]["$partial"] = partial();
    schema
}

fn structure(id: ShapeId, is_sent: bool, value: fn(ShapeId) -> Value) -> Value {
    let members = shapes().members(id).iter();
    let property = |member: &Member| {
        let (doc, markdown) = hover::member(member, is_sent);
        (member.name.clone(), told(value(member.shape), &doc, &markdown))
    };
    let properties: Map<String, Value> = members.map(property).collect();
    json!({
        "type": "object",
        "properties": properties,
        "patternProperties": {TEMPLATE: true},
        "additionalProperties": false,
    })
}

/// A value that is sent.
fn sent(id: ShapeId) -> Value {
    or_template(match &shapes().shape(id).kind {
        Kind::Structure(_) => reference(&input_name(id)),
        Kind::List { element, .. } => json!({"type": "array", "items": sent(*element)}),
        Kind::Map { value, .. } => json!({"type": "object", "additionalProperties": sent(*value)}),
        Kind::String { variants, .. } if !variants.is_empty() => {
            // Other words may be sent too, to see them refused; these complete.
            json!({"anyOf": [{"enum": variants}, reference("text")]})
        }
        Kind::String { .. } | Kind::Blob { .. } => reference("text"),
        Kind::Integer { .. } => json!({"type": "integer"}),
        Kind::Boolean => json!({"type": "boolean"}),
        Kind::Timestamp => json!({"type": "number"}),
    })
}

/// A value that is expected.
fn expected(id: ShapeId) -> Value {
    let plain = match &shapes().shape(id).kind {
        Kind::Structure(_) => reference(&output_name(id)),
        Kind::List { element, .. } => json!({"type": "array", "items": expected(*element)}),
        Kind::Map { value, .. } => json!({
            "type": "object",
            "properties": {"$partial": partial()},
            "additionalProperties": expected(*value),
        }),
        Kind::String { .. } | Kind::Blob { .. } => json!({"type": "string"}),
        Kind::Integer { .. } => json!({"type": "integer"}),
        Kind::Boolean => json!({"type": "boolean"}),
        Kind::Timestamp => json!({"type": "number"}),
    };
    json!({"anyOf": [plain, reference("template"), reference("matcher")]})
}
