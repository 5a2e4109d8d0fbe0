//! `$unordered`: which entry of a list is meant by which expectation.
//!
//! Taking the first entry that fits would mis-match where one expectation fits several entries, so expectations
//! and entries are a bipartite graph, and augmenting paths (Kuhn) find the largest assignment.

use serde_json::Value;

use super::evaluate::evaluate_at;
use super::matcher::{Context, Evaluation, Matcher, Mismatch, MismatchKind};

/// Holds a list against entries in any order. Of what is left on both sides, pairs that resemble each other are
/// compared in depth, at the entry's index; other expectations are missing at `PATH[]`, other entries are surplus
/// at their index.
pub(super) fn unordered(
    expected: &[Matcher],
    entries: &[Value],
    context: &Context<'_>,
    path: &str,
) -> Evaluation {
    let tried: Vec<Vec<Evaluation>> = expected
        .iter()
        .map(|matcher| {
            let at = |(at, entry)| evaluate_at(matcher, Some(entry), context, &format!("{path}[{at}]"));
            entries.iter().enumerate().map(at).collect()
        })
        .collect();
    let mut owners: Vec<Option<usize>> = vec![None; entries.len()];
    for index in 0..expected.len() {
        augment(index, &tried, &mut owners, &mut vec![false; entries.len()]);
    }

    let mut out = Evaluation::default();
    let mut missing: Vec<usize> = (0..expected.len()).filter(|at| !owners.contains(&Some(*at))).collect();
    let mut surplus: Vec<usize> = (0..entries.len()).filter(|at| owners[*at].is_none()).collect();
    // Entries in the order of the response, so that what is saved does not depend on the assignment's order.
    for (at, owner) in owners.iter().enumerate() {
        if let Some(owner) = owner {
            out.saved.extend(tried[*owner][at].saved.iter().cloned());
        }
    }
    while let Some((want, entry)) = most_alike(&missing, &surplus, expected, &tried, path) {
        out.mismatches.extend(tried[want][entry].mismatches.iter().cloned());
        out.saved.extend(tried[want][entry].saved.iter().cloned());
        missing.retain(|at| *at != want);
        surplus.retain(|at| *at != entry);
    }
    out.mismatches.extend(missing.iter().map(|at| Mismatch {
        path: format!("{path}[]"),
        kind: MismatchKind::Member,
        expected: Some(expected[*at].describe(context.variables)),
        actual: None,
    }));
    out.mismatches.extend(surplus.iter().map(|at| Mismatch {
        path: format!("{path}[{at}]"),
        kind: MismatchKind::Member,
        expected: None,
        actual: Some(entries[*at].clone()),
    }));
    out
}

/// Gives the expectation an entry, moving earlier ones to other entries where that helps.
fn augment(
    index: usize,
    tried: &[Vec<Evaluation>],
    owners: &mut Vec<Option<usize>>,
    seen: &mut Vec<bool>,
) -> bool {
    for entry in 0..owners.len() {
        if seen[entry] || !tried[index][entry].mismatches.is_empty() {
            continue;
        }
        seen[entry] = true;
        if owners[entry].is_none_or(|owner| augment(owner, tried, owners, seen)) {
            owners[entry] = Some(index);
            return true;
        }
    }
    false
}

/// The pair that differs least, if it is worth comparing: all its mismatches lie deeper than the entry itself,
/// and fewer members differ than the expectation has.
fn most_alike(
    missing: &[usize],
    surplus: &[usize],
    expected: &[Matcher],
    tried: &[Vec<Evaluation>],
    path: &str,
) -> Option<(usize, usize)> {
    let pairs = missing.iter().flat_map(|want| surplus.iter().map(move |entry| (*want, *entry)));
    pairs
        .filter(|(want, entry)| {
            let own = format!("{path}[{entry}]");
            let mismatches = &tried[*want][*entry].mismatches;
            mismatches.iter().all(|miss| miss.path != own) && mismatches.len() < size(&expected[*want])
        })
        .min_by_key(|(want, entry)| tried[*want][*entry].mismatches.len())
}

fn size(matcher: &Matcher) -> usize {
    match matcher {
        Matcher::Map { members, .. } => members.len(),
        Matcher::List(entries) | Matcher::Unordered(entries) => entries.len(),
        Matcher::Save { is: Some(is), .. } => size(is),
        _ => 0,
    }
}
