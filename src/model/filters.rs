//! The filters of ListSecrets: which texts of a secret a key looks at, and how a value matches them.
//!
//! Filters are joined by *and*, also two with the same key (aws-verified-test: ListSecrets.filter.and,
//! .duplicate-key). `!` turns a value around (aws-verified-test: .name-negation, .description-negation). Of the values of
//! one filter any may hold, turned ones too (`inferred` from moto's test_with_filter_with_negation, which has not been
//! run against AWS; .all.special.02 fits).

use super::failure::Failure;
use super::input::Input;
use super::state::Secret;

/// How a value is compared with a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    /// The text starts with the value, letter for letter (aws-verified-test: name-prefix, name-not-words; aws-docs).
    Prefix,
    /// Every word of the value starts some word of the text, whatever the case (aws-verified-test:
    /// description-word-prefix, description-all-words, all.00 to all.09; the documentation says prefix).
    Words,
}

/// The texts of a secret that a key looks at.
type Texts = fn(&Secret) -> Vec<&str>;

/// The keys. The reference has no managed secrets, so that one of them looks at nothing.
const KEYS: &[(&str, Comparison, Texts)] = &[
    ("name", Comparison::Prefix, |secret| vec![&secret.name]),
    ("description", Comparison::Words, |secret| secret.description.as_deref().into_iter().collect()),
    ("tag-key", Comparison::Prefix, |secret| tags(secret).map(|(key, _)| key.as_str()).collect()),
    ("tag-value", Comparison::Prefix, |secret| tags(secret).map(|(_, value)| value.as_str()).collect()),
    ("primary-region", Comparison::Prefix, |secret| secret.primary_region().into_iter().collect()),
    ("owning-service", Comparison::Prefix, |_| Vec::new()),
    ("all", Comparison::Words, |secret| {
        let tags = tags(secret).flat_map(|(key, value)| [key.as_str(), value.as_str()]);
        [secret.name.as_str()].into_iter().chain(secret.description.as_deref()).chain(tags).collect()
    }),
];

fn tags(secret: &Secret) -> impl Iterator<Item = &(String, String)> {
    secret.tags.iter().flatten()
}

/// One filter, ready to be asked.
pub(crate) struct Filter {
    texts: Texts,
    values: Vec<Pattern>,
}

struct Pattern {
    turned: bool,
    kind: PatternKind,
}

enum PatternKind {
    Prefix(String),
    Words(Vec<String>),
}

/// Reads the filters of a request.
///
/// `inferred`: ListSecrets.filter.no-key, .no-values; keys that are none are refused with the limits of the model.
pub(crate) fn read(input: Input<'_>) -> Result<Vec<Filter>, Failure> {
    input.structures("Filters").unwrap_or_default().into_iter().map(filter).collect()
}

fn filter(input: Input<'_>) -> Result<Filter, Failure> {
    let key = input.text("Key").unwrap_or_default();
    let Some((_, comparison, texts)) = KEYS.iter().find(|(name, ..)| *name == key) else {
        return Err(Failure::parameter("Invalid filter key"));
    };
    let Some(values) = input.texts("Values") else {
        return Err(Failure::parameter(format!("Invalid filter values for key: {key}")));
    };
    let values = values.into_iter().map(|value| Pattern::new(*comparison, value)).collect();
    Ok(Filter { texts: *texts, values })
}

impl Filter {
    pub(crate) fn matches(&self, secret: &Secret) -> bool {
        let texts = (self.texts)(secret);
        self.values.iter().any(|value| texts.iter().any(|text| value.kind.matches(text)) != value.turned)
    }
}

impl Pattern {
    fn new(comparison: Comparison, value: &str) -> Self {
        let stripped = value.strip_prefix('!');
        let text = stripped.unwrap_or(value);
        let kind = match comparison {
            Comparison::Prefix => PatternKind::Prefix(text.to_owned()),
            Comparison::Words => PatternKind::Words(words(text)),
        };
        Pattern { turned: stripped.is_some(), kind }
    }
}

impl PatternKind {
    fn matches(&self, text: &str) -> bool {
        match self {
            PatternKind::Prefix(prefix) => text.starts_with(prefix.as_str()),
            // A lone separator has no words and matches nothing (aws-verified-test: all.special.03).
            PatternKind::Words(wanted) => {
                let words = words(text);
                !wanted.is_empty()
                    && wanted.iter().all(|wanted| words.iter().any(|word| word.starts_with(wanted.as_str())))
            }
        }
    }
}

/// What AWS takes for a separator between words.
const SEPARATORS: &[char] = &['/', '-', '_', '+', '=', '.', '@'];

/// The words of a text, in small letters: parted at a separator and at spaces, and then where a run of small letters begins, the
/// letter before the run included. `SecretOne` is *secret*, *one*; `COMPANYthings` is *compan*, *ythings*
/// (aws-verified-test: all.special.05 to .09). A text with two different separators is one word (`inferred`:
/// ListSecrets.filter.mixed-separators).
fn words(text: &str) -> Vec<String> {
    let mut found = SEPARATORS.iter().filter(|separator| text.contains(**separator));
    match (found.next(), found.next()) {
        (Some(_), Some(_)) => vec![text.to_lowercase()],
        (Some(separator), None) => text.split([*separator, ' ']).flat_map(camel_words).collect(),
        _ => text.split(' ').flat_map(camel_words).collect(),
    }
}

fn camel_words(text: &str) -> Vec<String> {
    let letters: Vec<char> = text.chars().collect();
    let small = |at: usize| letters.get(at).is_some_and(char::is_ascii_lowercase);
    let mut words = Vec::new();
    let mut word = String::new();
    let mut end = |word: &mut String| {
        let done = std::mem::take(word).to_lowercase();
        if !done.is_empty() {
            words.push(done);
        }
    };
    let mut at = 0;
    while at < letters.len() {
        if !small(at) && small(at + 1) {
            end(&mut word);
            word.push(letters[at]);
            at += 1;
            while small(at) {
                word.push(letters[at]);
                at += 1;
            }
            end(&mut word);
        } else {
            word.push(letters[at]);
            at += 1;
        }
    }
    end(&mut word);
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::shapes::{Kind, shapes};

    #[test]
    fn words_part_as_recorded() {
        for (text, expected) in [
            ("SecretOne", vec!["secret", "one"]),
            ("Thirdsecret", vec!["thirdsecret"]),
            ("COMPANYthings", vec!["compan", "ythings"]),
            ("COMPANY", vec!["company"]),
            ("HARBOUR LIGHTS", vec!["harbour", "lights"]),
            ("one and two", vec!["one", "and", "two"]),
            ("prod+AppBeta+a1b2", vec!["prod", "app", "beta", "a", "1b", "2"]),
            ("prod-AppBeta/x", vec!["prod-appbeta/x"]),
            ("+", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(words(text), expected, "{text}");
        }
    }

    #[test]
    fn every_key_of_the_model_is_there() {
        let operation = shapes().operation("ListSecrets").expect("it is an operation");
        let filters = shapes().member(operation.input, "Filters").expect("it is a member");
        let Kind::List { element, .. } = shapes().shape(filters.shape).kind else { panic!("a list") };
        let key = shapes().member(element, "Key").expect("it is a member");
        let Kind::String { variants, .. } = &shapes().shape(key.shape).kind else { panic!("a string") };
        assert_eq!(variants.len(), KEYS.len());
        assert!(KEYS.iter().all(|(key, ..)| variants.iter().any(|variant| variant == key)));
    }
}
