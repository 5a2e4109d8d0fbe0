//! The list of known deviations that applies, and whether it still fits the scenarios.

use super::Check;
use crate::suite::Catalogue;
use crate::suite::open::{known_list, today};
use crate::suite::versions::misfit;
use crate::target::Target;

/// How many entries that fit nothing are named.
const SHOWN: usize = 3;

/// What list applies, and what of it is out of date.
pub(super) fn list(
    target: &Target,
    version: Option<&str>,
    named: Option<&str>,
    scenarios: &[String],
) -> Vec<Check> {
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
    let said = format!("{} in {}{whose}", counted(list.entries.len(), "known deviation"), list.path);
    let mut checks = vec![Check::good("known", said)];
    if let Some(misfit) = misfit(&list, version) {
        checks.push(Check::note("known", misfit).hinting("install that version, or renew the list"));
    }
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
        .filter(|entry| !scenarios.iter().any(|id| entry.is_about(id)))
        .map(|entry| entry.scenario.as_str())
        .collect();
    if !lost.is_empty() && !scenarios.is_empty() {
        let mut names = lost.clone();
        names.dedup();
        let some = names.iter().take(SHOWN).copied().collect::<Vec<_>>().join(", ");
        let more = if names.len() > SHOWN { ", …" } else { "" };
        checks.push(
            Check::note(
                "known",
                format!(
                    "{} no scenario here: {some}{more}",
                    match lost.len() {
                        1 => "1 entry fits".to_owned(),
                        n => format!("{n} entries fit"),
                    }
                ),
            )
            .hinting("the scenarios were renamed, or are not in this folder"),
        );
    }
    checks
}

fn counted(count: usize, word: &str) -> String {
    format!("{count} {word}{}", if count == 1 { "" } else { "s" })
}
