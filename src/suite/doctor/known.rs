//! The list of known deviations that applies, and whether it still fits the scenarios.

use super::Check;
use crate::suite::Catalogue;
use crate::suite::open::{known_list, today};
use crate::target::Target;

/// How many entries that fit nothing are named.
const SHOWN: usize = 3;

/// What list applies, and what of it is out of date.
pub(super) fn list(target: &Target, named: Option<&str>, scenarios: &[String]) -> Vec<Check> {
    let list = match known_list(target, named) {
        Ok(Some(list)) => list,
        Ok(None) => return vec![Check::note("known", "no list of known deviations applies")],
        Err(why) => {
            let hint = "`smcheck known update` writes one; `--known none` does without";
            return vec![Check::wrong("known", why.to_string(), hint)];
        }
    };
    let here = std::path::Path::new(&list.path).is_file();
    let whose = if here { "" } else { ", inside the binary" };
    let said = format!("{} known deviations in {}{whose}", list.entries.len(), list.path);
    let mut checks = vec![Check::good("known", said)];
    let own = env!("CARGO_PKG_VERSION");
    if let Some(version) = list.catalogue.as_deref().filter(|version| *version != own) {
        checks.push(
            Check::note("known", format!("it was written for the catalogue {version}, and this is {own}"))
                .hinting(format!("`smcheck known update -t {}`", target.name)),
        );
    }
    let today = today();
    let expired = list.entries.iter().filter(|entry| entry.has_expired(&today)).count();
    if expired > 0 {
        checks.push(
            Check::note("known", format!("{expired} of its entries have expired"))
                .hinting("look at them again, and set a later day or take them out"),
        );
    }
    // A list of the binary's was written for its catalogue, whatever scenarios are here.
    let own: Vec<String> = match here {
        true => scenarios.to_vec(),
        false => Catalogue::BuiltIn.load(&[]).unwrap_or_default().iter().map(|one| one.id.clone()).collect(),
    };
    let scenarios = own.as_slice();
    let lost: Vec<&str> = list
        .entries
        .iter()
        .map(|entry| entry.scenario.as_str())
        .filter(|pattern| !scenarios.iter().any(|id| fits(pattern, id)))
        .collect();
    if !lost.is_empty() && !scenarios.is_empty() {
        let mut names = lost.clone();
        names.dedup();
        let some = names.iter().take(SHOWN).copied().collect::<Vec<_>>().join(", ");
        let more = if names.len() > SHOWN { ", …" } else { "" };
        checks.push(
            Check::note("known", format!("{} entries fit no scenario here: {some}{more}", lost.len()))
                .hinting("the scenarios were renamed, or are not in this folder"),
        );
    }
    checks
}

/// Whether a pattern, in which `*` is any text, is this id.
fn fits(pattern: &str, id: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(first) = parts.next() else { return id.is_empty() };
    let Some(mut rest) = id.strip_prefix(first) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_any_text() {
        for (pattern, id, right) in [
            ("*", "a/b", true),
            ("a/*", "a/b[c]", true),
            ("a/b", "a/b", true),
            ("a/b", "a/b[c]", false),
            ("*b*", "abc", true),
            ("a*a", "a", false),
            ("x*", "a/b", false),
        ] {
            assert_eq!(fits(pattern, id), right, "{pattern} {id}");
        }
    }
}
