//! What two runs of a scenario have in common.

use serde_json::{Value, json};

use super::Step;
use crate::service::redact::Tree;

/// What two runs agree on. Where their values differ, only the type is left of them.
pub(super) fn merged(first: Vec<Step>, second: Vec<Step>) -> Vec<Step> {
    let pair = |(first, second): (Step, Step)| {
        let unknown = first.unknown || second.unknown;
        let mut made = Step { note: first.note.or(second.note), unknown, ..Step::default() };
        match (first.said, second.said) {
            (Some((word, left)), Some((other, right))) if word == other => match merge(left, right) {
                Some(tree) => made.said = Some((word, tree)),
                None => made.note = Some("answered in another form each time; state it by hand".to_owned()),
            },
            (None, None) => {}
            _ => made.note = Some("answered differently each time; state it by hand".to_owned()),
        }
        if first.labels == second.labels {
            made.labels = first.labels;
        } else {
            made.note = Some("had other labels each time; state them by hand".to_owned());
        }
        made
    };
    first.into_iter().zip(second).map(pair).collect()
}

fn merge(left: Tree, right: Tree) -> Option<Tree> {
    match (left, right) {
        (left, right) if left == right => Some(left),
        (Tree::Leaf(Value::String(_)), Tree::Leaf(Value::String(_))) => {
            Some(Tree::Leaf(json!({"$type": "string"})))
        }
        (Tree::Leaf(Value::Number(_)), Tree::Leaf(Value::Number(_))) => {
            Some(Tree::Leaf(json!({"$type": "number"})))
        }
        // Of a time all that is left is that it is one.
        (Tree::Leaf(Value::Object(left)), Tree::Leaf(Value::Object(right)))
            if left.contains_key("$time") && right.contains_key("$time") =>
        {
            Some(Tree::Leaf(json!({"$time": "any"})))
        }
        (Tree::List(left), Tree::List(right)) if left.len() == right.len() => left
            .into_iter()
            .zip(right)
            .map(|(left, right)| merge(left, right))
            .collect::<Option<_>>()
            .map(Tree::List),
        (Tree::Map(left), Tree::Map(right))
            if left.len() == right.len()
                && left.iter().zip(&right).all(|((left, _), (right, _))| left == right) =>
        {
            let both = left.into_iter().zip(right);
            both.map(|((key, left), (_, right))| Some((key, merge(left, right)?)))
                .collect::<Option<_>>()
                .map(Tree::Map)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::yaml::{flow, map, text};

    #[test]
    fn of_what_differs_between_two_runs_the_type_is_left() {
        let of = |text_: &str, number: i32| map([("a", text(text_)), ("b", Tree::Leaf(number.into()))]);
        let merged = merge(of("x", 1), of("y", 1)).map(|tree| flow(&tree));
        assert_eq!(merged.as_deref(), Some("{a: {$type: string}, b: 1}"));
        assert_eq!(merge(of("x", 1), map([("a", text("x"))])), None);
        assert_eq!(merge(Tree::List(vec![text("a")]), Tree::List(Vec::new())), None);
    }
}
