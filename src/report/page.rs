//! The matrix of `smcheck compare` as one HTML file: no network, no other file, no build step.
//!
//! The parts of the page lie in `page/` and are put together here. Everything that comes from a target travels as JSON
//! in a script element of a type that is not executed, and the page makes text nodes of it. Its policy allows only
//! the style and the script of this build, by their hashes, so that nothing else could be loaded or run.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use sha2::{Digest, Sha256};

const TEMPLATE: &str = include_str!("page/page.html");

/// In the order of the cascade.
const STYLES: [&str; 3] =
    [include_str!("page/base.css"), include_str!("page/matrix.css"), include_str!("page/panel.css")];

/// In the order of use: what a file needs stands before it, and `main.js` begins.
const SCRIPTS: [&str; 11] = [
    include_str!("page/dom.js"),
    include_str!("page/data.js"),
    include_str!("page/state.js"),
    include_str!("page/diff.js"),
    include_str!("page/timeline.js"),
    include_str!("page/header.js"),
    include_str!("page/filters.js"),
    include_str!("page/grid.js"),
    include_str!("page/detail.js"),
    include_str!("page/print.js"),
    include_str!("page/main.js"),
];

/// The page that shows `data`: the object that `compare` makes, with `targets`, `scenarios` and `causes`.
///
/// The same data gives the same text. Nothing in the data can end the element that holds it or be taken for markup.
pub fn page(data: &Value) -> String {
    let style = STYLES.concat();
    let script = format!("\"use strict\";\n{{\n{}}}\n", SCRIPTS.concat());
    let policy = format!(
        "default-src 'none'; style-src {}; script-src {}; img-src data:; base-uri 'none'; form-action 'none'",
        hash(&style),
        hash(&script)
    );
    let data = data.to_string().replace('<', "\\u003c");
    let mut out = String::with_capacity(TEMPLATE.len() + style.len() + script.len() + data.len());
    let mut rest = TEMPLATE;
    // One pass over the template: a marker inside what was put in stays what it is.
    for (marker, text) in
        [("/*POLICY*/", &policy), ("/*STYLE*/", &style), ("/*DATA*/", &data), ("/*SCRIPT*/", &script)]
    {
        let Some((before, after)) = rest.split_once(marker) else { continue };
        out.push_str(before);
        out.push_str(text);
        rest = after;
    }
    out.push_str(rest);
    out
}

/// A source of a content security policy: the text with this hash and no other.
fn hash(text: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// What stands between two texts.
    fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
        let (_, rest) = text.split_once(from).expect("the beginning");
        rest.split_once(to).expect("the end").0
    }

    #[test]
    fn data_cannot_leave_its_element() {
        let hostile = "</script><script>alert(1)</script><!-- /*SCRIPT*/ /*DATA*/ \u{2028}";
        let data = json!({"schema": 1, "targets": [{"name": hostile}], "scenarios": [], "causes": []});
        let page = page(&data);
        assert_eq!(page.matches("<script").count(), 2, "the data and the program");
        assert_eq!(page.matches("</script>").count(), 2);
        let held = between(&page, "id=\"smcheck-data\">", "</script>");
        assert!(!held.contains('<'));
        let back: Value = serde_json::from_str(held).expect("still JSON");
        assert_eq!(back, data, "nothing was lost");
    }

    #[test]
    fn the_page_knows_every_kind_of_evidence_in_its_order() {
        let list = between(include_str!("page/data.js"), "const EVIDENCE = [", "];").replace('"', "");
        let ours: Vec<&str> = crate::scenario::EvidenceKind::ALL.iter().map(|kind| kind.as_str()).collect();
        assert_eq!(list, ours.join(", "));
    }

    #[test]
    fn every_marker_is_filled_once() {
        for marker in ["/*POLICY*/", "/*STYLE*/", "/*DATA*/", "/*SCRIPT*/"] {
            assert_eq!(TEMPLATE.matches(marker).count(), 1, "{marker}");
            assert!(!page(&json!({})).contains(marker), "{marker}");
        }
    }

    #[test]
    fn the_policy_names_what_is_there_and_forbids_the_rest() {
        let page = page(&json!({}));
        let policy = between(&page, "http-equiv=\"Content-Security-Policy\" content=\"", "\"");
        assert!(policy.starts_with("default-src 'none'; "), "{policy}");
        assert!(policy.contains(&hash(between(&page, "<style>", "</style>"))));
        let (_, after) = page.split_once("</script>\n<script>").expect("the program");
        assert!(policy.contains(&hash(after.split_once("</script>").expect("its end").0)));
    }

    #[test]
    fn the_page_names_no_other_place_and_writes_no_markup() {
        let page = page(&json!({}));
        let without_namespace = page.replace("http://www.w3.org/2000/svg", "");
        for forbidden in
            ["http:", "https:", "//cdn", "@import", "url(", "src=", "innerHTML", "insertAdjacentHTML"]
        {
            assert!(!without_namespace.contains(forbidden), "{forbidden}");
        }
        for forbidden in ["document.write", "eval(", "new Function", " onclick", " onload", "style=\""] {
            assert!(!page.contains(forbidden), "{forbidden}");
        }
    }
}
