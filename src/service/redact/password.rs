//! Random passwords: what may be told of them, and what stands for them.

use serde_json::Value;

/// The four classes of characters that GetRandomPassword knows, and the space (API reference; aws-docs).
pub const CLASSES: [(&str, &str); 5] = [
    ("lower", "abcdefghijklmnopqrstuvwxyz"),
    ("upper", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
    ("digit", "0123456789"),
    ("punctuation", "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"),
    ("space", " "),
];

/// What a request for a password says about its characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Which of [`CLASSES`] it includes.
    included: [bool; 5],
    /// Whether each of them must occur.
    each: bool,
    /// Characters that must not occur.
    excluded: String,
}

impl Default for Rule {
    fn default() -> Self {
        Rule { included: [true, true, true, true, false], each: true, excluded: String::new() }
    }
}

impl Rule {
    /// Reads the input of GetRandomPassword.
    pub fn of(input: &Value) -> Self {
        let flag = |name: &str, default: bool| input.get(name).and_then(Value::as_bool).unwrap_or(default);
        Rule {
            included: [
                !flag("ExcludeLowercase", false),
                !flag("ExcludeUppercase", false),
                !flag("ExcludeNumbers", false),
                !flag("ExcludePunctuation", false),
                flag("IncludeSpace", false),
            ],
            each: flag("RequireEachIncludedType", true),
            excluded: input.get("ExcludeCharacters").and_then(Value::as_str).unwrap_or_default().to_owned(),
        }
    }

    /// Which classes the password counts as having. Where the request does not ask for each included class, which
    /// of them occur is chance: then all that may occur are counted.
    fn classes(&self, password: &str) -> [bool; 5] {
        let mut classes = [false; 5];
        for (at, (_, characters)) in CLASSES.iter().enumerate() {
            let usable = characters.chars().any(|c| !self.excluded.contains(c));
            let chance = !self.each && self.included[at] && usable;
            classes[at] = chance || password.chars().any(|c| characters.contains(c));
        }
        classes
    }

    /// Length and classes: `<password: 32, lower upper digit punctuation>`.
    pub fn describe(&self, password: &str) -> String {
        let mut text = format!("<password: {},", password.chars().count());
        for ((name, _), there) in CLASSES.iter().zip(self.classes(password)) {
            if there {
                text.push(' ');
                text.push_str(name);
            }
        }
        if password.chars().any(|c| self.excluded.contains(c)) {
            text.push_str(" excluded");
        }
        if password.chars().any(is_other) {
            text.push_str(" other");
        }
        text.push('>');
        text
    }

    /// A password of the same length and classes, the `number`th of its recording. It follows from these alone.
    /// What the true one did wrong (a character that was excluded) this one does too.
    pub fn stand_in(&self, password: &str, number: usize) -> String {
        let mut sets: Vec<Vec<char>> = Vec::new();
        let mut wrong = None;
        for ((_, characters), there) in CLASSES.iter().zip(self.classes(password)) {
            if !there {
                continue;
            }
            let (kept, excluded): (Vec<char>, Vec<char>) =
                characters.chars().partition(|c| !self.excluded.contains(*c));
            if wrong.is_none() {
                wrong = excluded.first().map(|c| (sets.len(), *c));
            }
            sets.push(if kept.is_empty() { excluded } else { kept });
        }
        if password.chars().any(is_other) {
            sets.push(vec!['\u{e9}']);
        }
        let mut made: Vec<char> = (0..password.chars().count())
            .map(|at| {
                let set = &sets[at % sets.len()];
                set[(at / sets.len() + number) % set.len()]
            })
            .collect();
        if let Some((at, character)) = wrong
            && password.chars().any(|c| self.excluded.contains(c))
            && let Some(place) = made.get_mut(at)
        {
            *place = character;
        }
        made.into_iter().collect()
    }
}

/// Whether the character is of none of the classes.
fn is_other(character: char) -> bool {
    !CLASSES.iter().any(|(_, characters)| characters.contains(character))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_stand_in_has_the_same_description() {
        for (input, password) in [
            (json!({}), "aB3$efghijklmnopqrstuvwxyzABCDEF"),
            (json!({"ExcludePunctuation": true, "ExcludeCharacters": "abcxyz019"}), "qwEr45ty"),
            (json!({"RequireEachIncludedType": false, "PasswordLength": 1}), "a"),
            (json!({"IncludeSpace": true}), "aB 3!x"),
            (json!({"ExcludeCharacters": "a"}), "aB3!"),
            (json!({"ExcludeCharacters": "!"}), "aB3!\u{e4}"),
            (json!({}), ""),
        ] {
            let rule = Rule::of(&input);
            let other = rule.stand_in(password, 1);
            assert_eq!(rule.describe(&other), rule.describe(password), "{input}");
            assert!(other != password || password.is_empty());
        }
    }

    #[test]
    fn two_passwords_have_two_stand_ins() {
        let rule = Rule::default();
        assert_ne!(rule.stand_in("aB3!aB3!", 1), rule.stand_in("aB3!aB3!", 2));
    }

    #[test]
    fn chance_does_not_change_the_description() {
        let rule = Rule::of(&json!({"RequireEachIncludedType": false}));
        assert_eq!(rule.describe("aaaa"), rule.describe("A1!a"));
    }
}
