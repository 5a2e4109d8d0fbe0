//! One step: what is sent, what must come back, what holds afterwards.

use super::{Fields, Reader};
use crate::scenario::ast::{Action, Expect, Need, Parallel, Side, Step};
use crate::scenario::finding::shown_word;
use crate::scenario::node::Node;
use crate::scenario::words::{ACCOUNTS, ADVANCE_STEP, CALL_STEP, PARALLEL_STEP, RAW_STEP, names};

/// What a step may be.
const FORMS: [&str; 4] = ["do", "raw", "parallel", "advance"];
const ANY_FORM: &str = "do, raw, parallel and advance";

impl Reader<'_> {
    /// A step; `None` when it does not say what to send.
    pub(super) fn step(&mut self, node: &Node) -> Option<Step> {
        let words = [CALL_STEP, RAW_STEP, PARALLEL_STEP, ADVANCE_STEP].into_iter().flat_map(names);
        let fields = self.fields(node, "a step", words)?;
        let (repeat, bound) = match fields.get("repeat") {
            Some(node) => self.repeat(node),
            None => (None, None),
        };
        let side = self.side(&fields);
        let sent = self.action(&fields);
        let Some((operation, action)) = sent else {
            self.mention(node);
            self.end_loop(bound);
            return None;
        };
        let is_call = matches!(action, Action::Call(_));
        let expect = match action {
            Action::Parallel(_) | Action::Advance(_) => Expect::Success,
            Action::Call(_) | Action::Raw(_) => self.expect(&fields, operation, Expect::Success),
        };
        if let Some(node) = fields.get("repeat") {
            self.check_pages(node, repeat.as_ref(), operation, is_call);
        }
        self.end_loop(bound);
        let labels = fields.get("labels").map(|node| self.labels(node));
        let succeeds = !matches!(expect, Expect::Fails(_));
        let save = fields.get("save").map(|node| self.save(node, operation, succeeds)).unwrap_or_default();
        self.scope.end_step();
        let eventually = fields.get("eventually").and_then(|node| self.eventually(node));
        let evidence = fields.get("evidence").and_then(|node| self.evidence(node));
        self.note(fields.get("note"));
        Some(Step {
            place: node.span.place(),
            side,
            action,
            expect,
            labels,
            save,
            eventually,
            repeat,
            evidence,
        })
    }

    /// `region` and `account`: where the step calls.
    fn side(&mut self, fields: &Fields<'_>) -> Side {
        let mut side = Side::default();
        if let Some(node) = fields.get("region") {
            side.second_region = self.second_region(node);
        }
        if let Some(node) = fields.get("account") {
            let word = node.text().unwrap_or_default();
            side.second_account = word == "second";
            if !ACCOUNTS.contains(&word) {
                let message = format!("unknown account `{}`", shown_word(word));
                self.findings.unknown(node.span, message, word, ACCOUNTS);
            } else if side.second_account && !self.scope.needed(Need::SecondAccount) {
                self.wrong(
                    node.span,
                    "`account: second` needs `second-account`",
                    "add `second-account` to `needs`",
                );
            }
        }
        side
    }

    /// Whether a region is the second; a region is one of the two that the target is called in.
    pub(super) fn second_region(&mut self, node: &Node) -> bool {
        let text = node.text().unwrap_or_default();
        match text {
            "${region}" | "${second-region}" => self.use_variable(&text[2..text.len() - 1], node.span),
            _ => {
                let message = format!("`{}` is no region that the target is called in", shown_word(text));
                self.wrong(node.span, message, "`${region}` or, with the need, `${second-region}`");
                self.mention(node);
            }
        }
        text == "${second-region}"
    }

    fn action(
        &mut self,
        fields: &Fields<'_>,
    ) -> Option<(Option<&'static crate::service::Operation>, Action)> {
        let forms: Vec<_> = FORMS.iter().filter_map(|form| fields.entry(form)).collect();
        let [(key, value)] = forms.as_slice() else {
            match forms.get(1) {
                Some((key, _)) => {
                    let message = format!("a step has one of {ANY_FORM}, and here is `{}` too", key.text);
                    self.wrong(key.span, message, "make it a step of its own");
                }
                None => {
                    let hint = "`do` calls an operation";
                    self.wrong(fields.span, format!("a step needs one of {ANY_FORM}"), hint);
                }
            }
            return None;
        };
        if &*key.text != "parallel" {
            self.refuse(fields, &["invariant"], &key.text);
        }
        Some(match &*key.text {
            "do" => {
                let succeeds = fields.get("fails").is_none();
                let (operation, call) = self.call(value, fields.get("with"), succeeds);
                (operation, Action::Call(call))
            }
            "raw" => {
                self.refuse(fields, &["with"], "raw");
                let (operation, request) = self.raw(value);
                (operation, Action::Raw(request))
            }
            "advance" => {
                let foreign = ["with", "account", "returns", "fails", "save", "eventually", "repeat"];
                self.refuse(fields, &foreign, "advance");
                (None, Action::Advance(self.advance(key, value)))
            }
            _ => {
                self.refuse(fields, &["with", "returns", "fails", "save"], "parallel");
                let parallel: Parallel = self.parallel(value, fields.get("invariant"));
                (None, Action::Parallel(parallel))
            }
        })
    }

    /// Keys that do not go with this kind of step.
    pub(super) fn refuse(&mut self, fields: &Fields<'_>, keys: &[&str], form: &str) {
        for (key, node) in keys.iter().filter_map(|key| fields.entry(key)) {
            let hint = match (form, &*key.text) {
                ("raw", _) => "the request itself says what is sent",
                ("parallel", _) => "it belongs to the steps inside",
                ("advance", "invariant") => "it belongs to `parallel`",
                ("advance", _) => "nothing is sent; make the request a step of its own",
                _ => "it belongs to `parallel`",
            };
            self.wrong(key.span, format!("`{}` does not go with `{form}`", key.text), hint);
            self.mention(node);
        }
    }
}
