//! `returns` and `fails`: what must come back.

use super::templates::Want;
use super::{Fields, Reader};
use crate::scenario::ast::{Expect, Failure};
use crate::scenario::finding::shown_word;
use crate::scenario::nearest::nearest;
use crate::scenario::node::{Node, NodeKind};
use crate::scenario::words::FAILS;
use crate::service::errors::{AUTHENTICATION, COMMON, is_common};
use crate::service::{Operation, shapes};

impl Reader<'_> {
    /// The expectation of a step; `otherwise` where it states none.
    pub(super) fn expect(
        &mut self,
        fields: &Fields<'_>,
        operation: Option<&'static Operation>,
        otherwise: Expect,
    ) -> Expect {
        if let (Some((key, node)), Some(_)) = (fields.entry("fails"), fields.entry("returns")) {
            let hint = "a request does one or the other; leave one out";
            self.wrong(key.span, "`returns` and `fails` stand in one step", hint);
            self.mention(node);
        }
        match (fields.get("returns"), fields.get("fails")) {
            (Some(returns), _) => self.returns(returns, operation),
            (None, Some(fails)) => self.fails(fails, operation),
            (None, None) => otherwise,
        }
    }

    fn returns(&mut self, node: &Node, operation: Option<&'static Operation>) -> Expect {
        let (want, name) = match operation {
            Some(operation) => match operation.output {
                Some(output) => (Want::Shape(output), operation.name.as_str()),
                None => {
                    for (key, _) in node.map().unwrap_or_default() {
                        let message = format!("{} answers nothing", operation.name);
                        self.wrong(key.span, message, "write `returns: {}`");
                    }
                    (Want::Any, operation.name.as_str())
                }
            },
            None => (Want::Any, "the body"),
        };
        if !matches!(node.kind, NodeKind::Map(_)) && node.text().is_none_or(|text| !text.contains("${")) {
            let message = format!("`returns` takes a map, not {}", node.words());
            self.wrong(node.span, message, "`returns: {}` is an empty body");
            self.mention(node);
            return Expect::Success;
        }
        Expect::Returns(self.matcher(node, want, name))
    }

    fn fails(&mut self, node: &Node, operation: Option<&'static Operation>) -> Expect {
        let Some(fields) = self.fields_of(node, "`fails`", FAILS) else { return Expect::Success };
        let code = fields.get("code").map(|node| {
            self.error_codes(node, operation);
            self.matcher(node, Want::Text, "code")
        });
        let message = fields.get("message").map(|node| self.matcher(node, Want::Text, "message"));
        let status = fields.get("status").and_then(|node| {
            let status = self.count(node, "`status`")?;
            let status = u16::try_from(status).ok().filter(|status| (300..600).contains(status));
            if status.is_none() {
                self.wrong(node.span, "no failure has this status", "for example 400 or 500");
            }
            status
        });
        Expect::Fails(Failure { code, message, status })
    }

    /// Codes that are written out must be such that the operation can answer.
    fn error_codes(&mut self, node: &Node, operation: Option<&'static Operation>) {
        if let Some(("$oneOf", inner)) = node.dollar().map(|(key, inner)| (&*key.text, inner)) {
            inner.list().unwrap_or_default().iter().for_each(|inner| self.error_codes(inner, operation));
            return;
        }
        let Some(code) = node.text().filter(|code| !code.contains("${")) else { return };
        let declared = |code: &str| match operation {
            Some(operation) => operation.errors.iter().any(|declared| declared == code),
            // A raw request may reach any operation, or none.
            None => shapes().errors().contains_key(code),
        };
        if declared(code) || is_common(code) {
            return;
        }
        let message = match operation {
            Some(operation) if shapes().errors().contains_key(code) => {
                format!("{} does not declare the error `{code}`", operation.name)
            }
            _ => format!("unknown error code `{}`", shown_word(code)),
        };
        let known: Vec<&str> = match operation {
            Some(operation) => operation.errors.iter().map(String::as_str).collect(),
            None => shapes().errors().keys().map(String::as_str).collect(),
        };
        let common = COMMON.iter().chain(AUTHENTICATION).copied();
        let hint = match nearest(code, known.iter().copied().chain(common)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("it can be {}, or a common one like ValidationException", known.join(", ")),
        };
        self.wrong(node.span, message, &hint);
    }
}
