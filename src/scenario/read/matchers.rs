//! Matchers: from the tree to what a value must be, held to the shape of the member it stands in.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Reader;
use super::scope::Variable;
use super::templates::{Class, Want, Way};
use crate::scenario::finding::shown_word;
use crate::scenario::matcher::{Matcher, TypeName};
use crate::scenario::node::{Key, Node, NodeKind, is_word};
use crate::scenario::source::Span;
use crate::scenario::words::{ARN, LENGTH, MATCHERS, SAVE, names};

/// The most different expressions of one file, and how large one may become: each takes memory of its own.
const MOST_REGEXES: usize = 200;
const LARGEST_REGEX: usize = 256 * 1024;
/// The most entries of `$unordered`; every one is tried with every entry of the answer.
const MOST_UNORDERED: usize = 1_000;

impl Reader<'_> {
    /// What a value must be. `name` is the member it stands in, or the operation.
    pub(super) fn matcher(&mut self, node: &Node, want: Want, name: &str) -> Matcher {
        match &node.kind {
            NodeKind::Map(entries) => match node.dollar() {
                Some((key, inner)) if &*key.text != "$partial" => self.word(key, inner, node, want, name),
                _ => self.map(node, entries, want, name),
            },
            NodeKind::List(entries) => {
                self.fits(node, Some(Class::List), want, name, Way::Expected);
                Matcher::List(self.matchers(entries, want.element(), &format!("{name}[]")))
            }
            _ => Matcher::Exact(self.scalar(node, want, name, Way::Expected)),
        }
    }

    fn matchers(&mut self, nodes: &[Node], want: Want, name: &str) -> Vec<Matcher> {
        nodes.iter().map(|node| self.matcher(node, want, name)).collect()
    }

    fn map(&mut self, node: &Node, entries: &[(Key, Node)], want: Want, name: &str) -> Matcher {
        let stray = |key: &str| is_word(key) && key != "$partial";
        if !entries.iter().any(|(key, _)| stray(&key.text)) {
            self.fits(node, Some(Class::Map), want, name, Way::Expected);
        }
        let mut members = Vec::with_capacity(entries.len());
        let mut partial = false;
        for (key, value) in entries {
            if &*key.text == "$partial" {
                self.only(key, value, "true");
                partial = true;
            } else if stray(&key.text) {
                self.stray_word(key, value);
            } else {
                let ((template, text), inner) = self.member(key, want, name);
                members.push((template, self.matcher(value, inner, &text)));
            }
        }
        Matcher::Map { members, partial }
    }

    fn stray_word(&mut self, key: &Key, value: &Node) {
        if names(MATCHERS).any(|word| word == &*key.text) {
            let message = format!("`{}` cannot stand beside other keys", key.text);
            self.wrong(key.span, message, "a matcher is a map with one key");
        } else {
            self.unknown_word(key);
        }
        self.mention(value);
    }

    fn unknown_word(&mut self, key: &Key) {
        let message = format!("unknown matcher `{}`", shown_word(&key.text));
        let words = names(MATCHERS).chain(["$partial", "$fill"]);
        self.findings.unknown(key.span, message, &key.text, words);
    }

    /// A map with one key that begins with `$`.
    fn word(&mut self, key: &Key, inner: &Node, node: &Node, want: Want, name: &str) -> Matcher {
        self.suits(key, want, name);
        match &*key.text {
            "$fill" => {
                self.fits(node, Some(Class::Text), want, name, Way::Expected);
                Matcher::Exact(self.fill(inner))
            }
            "$arn" => self.arn(inner),
            "$uuid" => {
                self.only(key, inner, "any");
                Matcher::Uuid
            }
            "$time" => Matcher::Time(self.time(inner)),
            "$regex" => self.regex(inner),
            "$type" => self.type_name(inner),
            "$length" => self.length(inner),
            "$absent" => {
                self.only(key, inner, "true");
                Matcher::Absent
            }
            "$unordered" => {
                let entries = self.entries(key, inner);
                if entries.len() > MOST_UNORDERED {
                    let message = format!("`$unordered` takes at most {MOST_UNORDERED} entries");
                    self.findings.add(inner.span, message, None);
                }
                Matcher::Unordered(self.matchers(entries, want.element(), &format!("{name}[]")))
            }
            "$contains" => {
                let inside = if want.class() == Some(Class::List) { want.element() } else { want };
                Matcher::Contains(Box::new(self.matcher(inner, inside, name)))
            }
            "$not" => Matcher::Not(Box::new(self.matcher(inner, want, name))),
            "$oneOf" => {
                let entries = self.entries(key, inner);
                if entries.is_empty() && inner.list().is_some() {
                    self.findings.add(inner.span, "`$oneOf` has no entry, so that nothing matches", None);
                }
                Matcher::OneOf(self.matchers(entries, want, name))
            }
            "$save" => self.save_matcher(inner, want, name),
            "$json" => Matcher::Json(Box::new(self.matcher(inner, Want::Any, "the JSON"))),
            "$bytes" => Matcher::Bytes(self.base64(inner)),
            _ => {
                self.unknown_word(key);
                self.mention(inner);
                Matcher::Absent
            }
        }
    }

    /// A matcher that no value of the member can ever satisfy is a mistake.
    fn suits(&mut self, key: &Key, want: Want, name: &str) {
        let Some(class) = want.class() else { return };
        let suits = match &*key.text {
            "$arn" | "$uuid" | "$regex" | "$json" | "$bytes" => class == Class::Text,
            "$time" => class == Class::Timestamp,
            "$unordered" => class == Class::List,
            "$length" => matches!(class, Class::Text | Class::List | Class::Map),
            "$contains" => matches!(class, Class::Text | Class::List | Class::Map),
            _ => true,
        };
        if !suits {
            let message = format!("`{}` never matches: `{name}` is {}", key.text, class.words());
            self.findings.add(key.span, message, None);
        }
    }

    fn entries<'n>(&mut self, key: &Key, inner: &'n Node) -> &'n [Node] {
        if inner.list().is_none() {
            self.wrong_kind(inner, &format!("`{}`", key.text), "a list");
            self.mention(inner);
        }
        inner.list().unwrap_or_default()
    }

    fn arn(&mut self, inner: &Node) -> Matcher {
        let none = || Matcher::Arn { secret: String::new(), region: None };
        let mut region = None;
        let mut name = inner;
        if inner.map().is_some() {
            let Some(fields) = self.fields_of(inner, "`$arn`", ARN) else { return none() };
            if let Some(node) = fields.get("region") {
                self.second_region(node);
                region = Some(self.scalar(node, Want::Any, "`region`", Way::Expected));
            }
            let Some(node) = fields.get("secret") else {
                self.wrong(inner.span, "`$arn` needs `secret`", "`{$arn: {secret: db, region: ...}}`");
                return none();
            };
            name = node;
        }
        let inner = name;
        let Some(secret) = self.plain_text(inner, "`$arn`") else { return none() };
        self.used.insert(secret.clone());
        match self.scope.get(&secret) {
            Some(Variable::Secret { created: true }) => {}
            Some(Variable::Secret { created: false }) => {
                let message = format!("`$arn: {secret}` is used before `{secret}` is created");
                self.findings.add(inner.span, message, None);
            }
            _ => self.unknown_secret(&secret, inner.span),
        }
        Matcher::Arn { secret, region }
    }

    /// A name that should be a declared secret's.
    pub(super) fn unknown_secret(&mut self, name: &str, span: Span) {
        let secrets = self.scope.secrets();
        let message = format!("`{}` is no declared secret", shown_word(name));
        let near = self.findings.unknown(span, message, name, secrets.iter().map(String::as_str));
        let near = near.map(str::to_owned);
        self.used.extend(near);
    }

    fn regex(&mut self, inner: &Node) -> Matcher {
        let Some(text) = inner.text() else {
            self.wrong_kind(inner, "`$regex`", "an expression");
            return Matcher::Absent;
        };
        if text.contains("${") {
            self.wrong(inner.span, "`$regex` takes no variable", "only the keys of `cases` are put into it");
            self.mention_text(text);
            return Matcher::Absent;
        }
        if !self.regexes.contains_key(text) {
            if self.regexes.len() == MOST_REGEXES {
                let message = format!("a file has at most {MOST_REGEXES} different expressions");
                self.findings.add(inner.span, message, None);
                return Matcher::Absent;
            }
            let compiled = self.compile(text, inner.span);
            self.regexes.insert(text.to_owned(), compiled);
        }
        match self.regexes.get(text) {
            Some(Some(regex)) => Matcher::Regex { regex: regex.clone(), text: text.to_owned() },
            _ => Matcher::Absent,
        }
    }

    fn compile(&mut self, text: &str, span: Span) -> Option<regex::Regex> {
        // The expression by itself first: wrapped, it could close our group and still be one.
        let built = regex::RegexBuilder::new(text).size_limit(LARGEST_REGEX).build().and_then(|_| {
            regex::RegexBuilder::new(&format!(r"\A(?:{text})\z")).size_limit(LARGEST_REGEX).build()
        });
        match built {
            Ok(regex) => Some(regex),
            Err(regex::Error::CompiledTooBig(_)) => {
                self.findings.add(span, "the expression is too large", None);
                None
            }
            Err(error) => {
                // The last line of a syntax error is its reason; the lines before draw the place.
                let text = error.to_string();
                let reason = text.lines().last().unwrap_or_default().trim_start_matches("error: ");
                self.findings.add(span, format!("this is no regular expression: {reason}"), None);
                None
            }
        }
    }

    fn type_name(&mut self, inner: &Node) -> Matcher {
        let word = inner.text().unwrap_or_default();
        match TypeName::ALL.into_iter().find(|name| name.as_str() == word) {
            Some(name) => Matcher::Type(name),
            None => {
                let message = match inner.text() {
                    Some(word) => format!("unknown type `{}`", shown_word(word)),
                    None => format!("`$type` takes the name of a type, not {}", inner.words()),
                };
                let names = TypeName::ALL.map(TypeName::as_str);
                self.findings.unknown(inner.span, message, word, names);
                Matcher::Absent
            }
        }
    }

    fn length(&mut self, inner: &Node) -> Matcher {
        if inner.map().is_none() {
            let exact = self.count(inner, "`$length`");
            return Matcher::Length { min: exact, max: exact };
        }
        let Some(fields) = self.fields_of(inner, "`$length`", LENGTH) else { return Matcher::Absent };
        let min = fields.get("min").and_then(|node| self.count(node, "`min`"));
        let max = fields.get("max").and_then(|node| self.count(node, "`max`"));
        if fields.entries.is_empty() {
            self.findings.add(inner.span, "`$length` needs a number, or `min` or `max`", None);
        }
        if min.zip(max).is_some_and(|(min, max)| min > max) {
            self.findings.add(inner.span, "`min` is greater than `max`, so that nothing matches", None);
        }
        Matcher::Length { min, max }
    }

    fn save_matcher(&mut self, inner: &Node, want: Want, name: &str) -> Matcher {
        if inner.map().is_none() {
            let variable = self.plain_text(inner, "`$save`").unwrap_or_default();
            if !variable.is_empty() {
                self.save_as(&variable, inner.span);
            }
            return Matcher::Save { name: variable, is: None };
        }
        let Some(fields) = self.fields_of(inner, "`$save`", SAVE) else { return Matcher::Absent };
        let is = fields.get("is").map(|is| Box::new(self.matcher(is, want, name)));
        let variable = match fields.get("as") {
            Some(node) => {
                let variable = self.plain_text(node, "`as`").unwrap_or_default();
                if !variable.is_empty() {
                    self.save_as(&variable, node.span);
                }
                variable
            }
            None => {
                self.wrong(inner.span, "`$save` needs `as`", "`{$save: {as: name, is: ...}}`");
                String::new()
            }
        };
        Matcher::Save { name: variable, is }
    }

    /// Bytes that are written as base64.
    pub(super) fn base64(&mut self, inner: &Node) -> Vec<u8> {
        let Some(text) = inner.text() else {
            self.wrong_kind(inner, "`$bytes`", "base64");
            return Vec::new();
        };
        STANDARD.decode(text).unwrap_or_else(|error| {
            let reason = error.to_string().to_lowercase();
            self.findings.add(
                inner.span,
                format!("this is no base64: {}", reason.trim_end_matches('.')),
                None,
            );
            Vec::new()
        })
    }
}
