//! The changes that make a scenario smaller, in passes: large cuts first, then members, then values.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::service::redact::Tree;

/// How many passes there are.
pub(super) const PASSES: usize = 8;

/// Keys of a step that say what must come back; a step that is only there to bring about a state needs none.
const SAID: [&str; 6] = ["returns", "labels", "note", "evidence", "eventually", "save"];

/// Keys of a step without which it is none.
const FORMS: [&str; 4] = ["do", "raw", "parallel", "advance"];

/// A part of a place in a tree.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum At {
    /// A member of a map.
    Key(String),
    /// An entry of a list.
    Entry(usize),
}

/// One change.
#[derive(Clone, Debug)]
pub(super) enum Edit {
    /// Only so many steps.
    First(usize),
    /// Leaves these keys out of all steps but the last.
    Silent(&'static [&'static str]),
    /// Leaves these keys of the file out.
    FileKeys(&'static [&'static str]),
    /// Leaves steps out: from, and how many.
    Cut(usize, usize),
    /// Leaves what stands at a place out.
    Drop(Vec<At>),
    /// Puts something else at a place.
    Put(Vec<At>, Tree),
    /// Puts another text in the place of one, wherever it stands.
    Everywhere(String, String),
}

impl Edit {
    /// The tree with the change; `None` where there is nothing to change.
    pub(super) fn apply(&self, root: &Tree) -> Option<Tree> {
        let mut root = root.clone();
        let done = match self {
            Edit::First(count) => steps_mut(&mut root).is_some_and(|steps| {
                let fewer = steps.len() > *count;
                steps.truncate(*count);
                fewer
            }),
            Edit::Silent(keys) => steps_mut(&mut root).is_some_and(|steps| {
                let others = steps.len().saturating_sub(1);
                let mut done = false;
                for step in steps.iter_mut().take(others) {
                    done |= without(step, keys);
                }
                done
            }),
            Edit::FileKeys(keys) => without(&mut root, keys),
            Edit::Cut(from, count) => steps_mut(&mut root).is_some_and(|steps| {
                // A scenario without a step is none.
                let possible = from + count <= steps.len() && *count < steps.len();
                if possible {
                    steps.drain(*from..from + count);
                }
                possible
            }),
            Edit::Drop(place) => change(&mut root, place, None),
            Edit::Put(place, tree) => change(&mut root, place, Some(tree)),
            Edit::Everywhere(old, new) => replace(&mut root, old, new),
        };
        done.then_some(root)
    }
}

/// The changes of a pass, in the order in which they are tried.
pub(super) fn of_pass(pass: usize, root: &Tree, focus: usize) -> Vec<Edit> {
    let steps = steps(root);
    match pass {
        0 => vec![Edit::First(focus + 1), Edit::FileKeys(&["note", "rules"])],
        1 => {
            vec![Edit::Silent(&SAID), Edit::Silent(&SAID[..5]), Edit::Silent(&["labels", "note", "evidence"])]
        }
        2 => cuts(steps.len()),
        3 => keys_of_steps(steps),
        4 => inside(steps, &["returns", "fails"], loosened),
        5 => {
            let mut edits =
                inside(steps, &["with", "raw", "returns", "fails", "parallel", "invariant", "save"], dropped);
            edits.extend(of_repeat(steps));
            edits
        }
        6 => of_file(root),
        _ => of_values(steps),
    }
}

/// Steps left out, many at once first, the last ones first.
fn cuts(count: usize) -> Vec<Edit> {
    let mut edits = Vec::new();
    let mut size = count / 2;
    while size > 0 {
        let mut end = count;
        while end >= size {
            edits.push(Edit::Cut(end - size, size));
            end -= size;
        }
        size /= 2;
    }
    edits
}

fn step_place(at: usize) -> Vec<At> {
    vec![At::Key("steps".to_owned()), At::Entry(at)]
}

fn keys_of_steps(steps: &[Tree]) -> Vec<Edit> {
    let mut edits = Vec::new();
    for (at, step) in steps.iter().enumerate().rev() {
        let Tree::Map(members) = step else { continue };
        for (key, _) in members.iter().filter(|(key, _)| !FORMS.contains(&key.as_str())) {
            let mut place = step_place(at);
            place.push(At::Key(key.clone()));
            edits.push(Edit::Drop(place));
        }
    }
    edits
}

/// Changes of what stands under some keys of the steps.
fn inside(steps: &[Tree], keys: &[&str], make: fn(&Tree, &[At], &mut Vec<Edit>)) -> Vec<Edit> {
    let mut edits = Vec::new();
    for (at, step) in steps.iter().enumerate().rev() {
        let Tree::Map(members) = step else { continue };
        for (key, value) in members.iter().filter(|(key, _)| keys.contains(&key.as_str())) {
            let mut place = step_place(at);
            place.push(At::Key(key.clone()));
            make(value, &place, &mut edits);
        }
    }
    edits
}

/// A map that names one member and allows others.
fn loosened(tree: &Tree, place: &[At], edits: &mut Vec<Edit>) {
    match tree {
        Tree::Map(members) => {
            let named: Vec<_> = members.iter().filter(|(key, _)| key != "$partial").collect();
            let is_matcher =
                matches!(named.as_slice(), [(key, _)] if key.starts_with('$') && !key.starts_with("${"));
            if !is_matcher && named.len() > 1 {
                for (key, value) in &named {
                    let partial = ("$partial".to_owned(), Tree::Leaf(true.into()));
                    let one = Tree::Map(vec![partial, (key.clone(), value.clone())]);
                    edits.push(Edit::Put(place.to_vec(), one));
                }
            }
            for (key, value) in named {
                loosened(value, &deeper(place, At::Key(key.clone())), edits);
            }
        }
        Tree::List(entries) => {
            for (at, value) in entries.iter().enumerate() {
                loosened(value, &deeper(place, At::Entry(at)), edits);
            }
        }
        Tree::Leaf(_) => {}
    }
}

/// Members and entries left out, the outer ones first.
fn dropped(tree: &Tree, place: &[At], edits: &mut Vec<Edit>) {
    let children: Vec<(At, &Tree)> = match tree {
        Tree::Map(members) => members.iter().map(|(key, value)| (At::Key(key.clone()), value)).collect(),
        Tree::List(entries) => {
            entries.iter().enumerate().rev().map(|(at, value)| (At::Entry(at), value)).collect()
        }
        Tree::Leaf(_) => return,
    };
    for (at, _) in &children {
        let is_form = matches!(at, At::Key(key) if FORMS.contains(&key.as_str()));
        if !is_form {
            edits.push(Edit::Drop(deeper(place, at.clone())));
        }
    }
    for (at, child) in children {
        dropped(child, &deeper(place, at), edits);
    }
}

fn deeper(place: &[At], at: At) -> Vec<At> {
    let mut place = place.to_vec();
    place.push(at);
    place
}

/// Fewer repetitions.
fn of_repeat(steps: &[Tree]) -> Vec<Edit> {
    let mut edits = Vec::new();
    for (at, step) in steps.iter().enumerate() {
        let place = deeper(&step_place(at), At::Key("repeat".to_owned()));
        match get(step, "repeat").and_then(|repeat| get(repeat, "times")) {
            Some(Tree::Leaf(times)) => {
                let times = times.as_u64().unwrap_or_default();
                for fewer in [1, times / 2, times.saturating_sub(1)] {
                    if 0 < fewer && fewer < times {
                        let place = deeper(&place, At::Key("times".to_owned()));
                        edits.push(Edit::Put(place, Tree::Leaf(fewer.into())));
                    }
                }
            }
            _ => {
                if let Some(Tree::List(values)) = get(step, "repeat").and_then(|repeat| get(repeat, "over")) {
                    let over = deeper(&place, At::Key("over".to_owned()));
                    edits.extend((0..values.len()).rev().map(|at| Edit::Drop(deeper(&over, At::Entry(at)))));
                }
            }
        }
    }
    edits
}

/// Keys of the file, and secrets without a special shape.
fn of_file(root: &Tree) -> Vec<Edit> {
    let mut edits: Vec<Edit> =
        [&["isolated"][..], &["needs"], &["stop"], &["varies"]].into_iter().map(Edit::FileKeys).collect();
    let key = |name: &str| vec![At::Key(name.to_owned())];
    if let Some(Tree::List(needs)) = get(root, "needs") {
        edits.extend((0..needs.len()).rev().map(|at| Edit::Drop(deeper(&key("needs"), At::Entry(at)))));
    }
    if let Some(Tree::Map(shaped)) = get(root, "secrets") {
        let names = shaped.iter().map(|(name, _)| Tree::Leaf(Value::from(name.as_str()))).collect();
        edits.push(Edit::Put(key("secrets"), Tree::List(names)));
    }
    edits
}

/// Secret values that say more than they need to, and long texts of requests.
fn of_values(steps: &[Tree]) -> Vec<Edit> {
    let mut secret = BTreeSet::new();
    let mut long = BTreeSet::new();
    let mut bytes = BTreeSet::new();
    for step in steps {
        collect(step, "", &mut |member, text| {
            if text.contains("${") {
                return;
            }
            match member {
                "SecretString" if !is_invented(text) => secret.insert(text.to_owned()),
                "SecretBinary" if text != "b25l" => bytes.insert(text.to_owned()),
                "Description" | "Value" if text.chars().count() > 12 => long.insert(text.to_owned()),
                _ => false,
            };
        });
    }
    let numbered = secret.into_iter().enumerate().map(|(at, text)| (text, format!("value-{}", at + 1)));
    let mut edits: Vec<Edit> = numbered.map(|(old, new)| Edit::Everywhere(old, new)).collect();
    edits.extend(long.into_iter().map(|old| Edit::Everywhere(old, "text".to_owned())));
    edits.extend(bytes.into_iter().map(|old| Edit::Everywhere(old, "b25l".to_owned())));
    edits
}

/// Whether a value is a small word, as our scenarios use them.
fn is_invented(text: &str) -> bool {
    const WORDS: [&str; 10] =
        ["one", "two", "three", "four", "first", "second", "third", "next", "other", "value"];
    WORDS.contains(&text) || text.starts_with("value-")
}

fn collect(tree: &Tree, member: &str, found: &mut impl FnMut(&str, &str)) {
    match tree {
        Tree::Leaf(Value::String(text)) => found(member, text),
        Tree::Leaf(_) => {}
        Tree::List(entries) => entries.iter().for_each(|entry| collect(entry, member, found)),
        Tree::Map(entries) => entries.iter().for_each(|(key, value)| collect(value, key, found)),
    }
}

fn get<'t>(tree: &'t Tree, name: &str) -> Option<&'t Tree> {
    match tree {
        Tree::Map(members) => members.iter().find(|(key, _)| key == name).map(|(_, value)| value),
        _ => None,
    }
}

fn steps(root: &Tree) -> &[Tree] {
    match get(root, "steps") {
        Some(Tree::List(steps)) => steps,
        _ => &[],
    }
}

fn steps_mut(root: &mut Tree) -> Option<&mut Vec<Tree>> {
    let Tree::Map(members) = root else { return None };
    match members.iter_mut().find(|(key, _)| key == "steps") {
        Some((_, Tree::List(steps))) => Some(steps),
        _ => None,
    }
}

fn without(tree: &mut Tree, keys: &[&str]) -> bool {
    let Tree::Map(members) = tree else { return false };
    let before = members.len();
    members.retain(|(key, _)| !keys.contains(&key.as_str()));
    members.len() < before
}

/// Puts something at a place, or leaves out what is there.
fn change(tree: &mut Tree, place: &[At], put: Option<&Tree>) -> bool {
    let Some((first, rest)) = place.split_first() else { return false };
    let at = match (&mut *tree, first) {
        (Tree::Map(members), At::Key(name)) => members.iter().position(|(key, _)| key == name),
        (Tree::List(entries), At::Entry(at)) => (*at < entries.len()).then_some(*at),
        _ => None,
    };
    let Some(at) = at else { return false };
    if rest.is_empty() && put.is_none() {
        match tree {
            Tree::Map(members) => drop(members.remove(at)),
            Tree::List(entries) => drop(entries.remove(at)),
            Tree::Leaf(_) => return false,
        }
        return true;
    }
    let child = match tree {
        Tree::Map(members) => members.get_mut(at).map(|(_, value)| value),
        Tree::List(entries) => entries.get_mut(at),
        Tree::Leaf(_) => None,
    };
    match (child, put) {
        (Some(child), Some(new)) if rest.is_empty() => {
            *child = new.clone();
            true
        }
        (Some(child), _) => change(child, rest, put),
        (None, _) => false,
    }
}

fn replace(tree: &mut Tree, old: &str, new: &str) -> bool {
    match tree {
        Tree::Leaf(Value::String(text)) if text == old => {
            *text = new.to_owned();
            true
        }
        Tree::Leaf(_) => false,
        Tree::List(entries) => entries.iter_mut().fold(false, |done, entry| replace(entry, old, new) | done),
        Tree::Map(entries) => {
            entries.iter_mut().fold(false, |done, (_, value)| replace(value, old, new) | done)
        }
    }
}
