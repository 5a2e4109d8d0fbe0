//! Which names of secrets stay as they are in the recording of an application, and which are variables.

use globset::{Glob, GlobMatcher};

use super::fixture::NameForm;

/// The longest name of a secret ("CreateSecret", aws-docs).
const LONGEST: usize = 512;

/// The names that are variables: those that one of the patterns fits.
#[derive(Clone, Debug, Default)]
pub struct NameRules {
    variable: Vec<(GlobMatcher, NameForm)>,
}

/// A pattern for names that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("`{pattern}` is no pattern for names: {reason}")]
pub struct BadPattern {
    pattern: String,
    reason: String,
}

impl NameRules {
    /// Rules that make the names variable which one of these patterns fits: `*` for any characters, `?` for one,
    /// `[a-z]` for one of these, `{a,b}` for one or the other.
    ///
    /// # Errors
    /// The pattern that cannot be read.
    pub fn new(variable: &[String]) -> Result<Self, BadPattern> {
        let rule = |pattern: &String| Ok((matcher(pattern)?, around(pattern)));
        Ok(NameRules { variable: variable.iter().map(rule).collect::<Result<_, _>>()? })
    }

    /// What stands around the variable part of a name; `None` where the name is no variable.
    pub fn form(&self, name: &str) -> Option<NameForm> {
        let (_, form) = self.variable.iter().find(|(glob, _)| glob.is_match(name))?;
        let fits = name.len() > form.prefix.len() + form.suffix.len()
            && name.starts_with(&form.prefix)
            && name.ends_with(&form.suffix);
        Some(if fits { form.clone() } else { NameForm::default() })
    }
}

/// A pattern for names, in which `*` also fits a `/`.
///
/// # Errors
/// When it cannot be read.
pub fn matcher(pattern: &str) -> Result<GlobMatcher, BadPattern> {
    Glob::new(pattern)
        .map(|glob| glob.compile_matcher())
        .map_err(|why| BadPattern { pattern: pattern.to_owned(), reason: why.kind().to_string() })
}

/// What a pattern says literally before its first and behind its last wildcard.
fn around(pattern: &str) -> NameForm {
    const SPECIAL: [char; 7] = ['*', '?', '[', ']', '{', '}', '\\'];
    let prefix = pattern.find(SPECIAL).map_or(pattern, |at| &pattern[..at]);
    let suffix = pattern.rfind(SPECIAL).map_or("", |at| &pattern[at + 1..]);
    // Behind an escape stands something escaped.
    let suffix = if pattern.contains('\\') { "" } else { suffix };
    // A pattern without a wildcard is one name, all of which is variable.
    let prefix = if pattern.contains(SPECIAL) { prefix } else { "" };
    NameForm { prefix: prefix.to_owned(), suffix: suffix.to_owned() }
}

/// Whether a text could be the name of a secret: its letters and its length (CreateSecret, aws-docs).
pub fn is_name(text: &str) -> bool {
    (1..=LONGEST).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"/_+=.@-".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(patterns: &[&str], name: &str) -> Option<(String, String)> {
        let patterns: Vec<String> = patterns.iter().map(|pattern| (*pattern).to_owned()).collect();
        let form = NameRules::new(&patterns).expect("they are patterns").form(name)?;
        Some((form.prefix, form.suffix))
    }

    #[test]
    fn what_a_pattern_says_stays_around_the_variable_part() {
        let some = |prefix: &str, suffix: &str| Some((prefix.to_owned(), suffix.to_owned()));
        assert_eq!(form(&["app-*"], "app-17/db"), some("app-", ""));
        assert_eq!(form(&["x", "app-*-db"], "app-17-db"), some("app-", "-db"));
        assert_eq!(form(&["a[0-9]b{c,d}e"], "a1bde"), some("a", "e"));
        assert_eq!(form(&["app-*"], "app-"), some("", ""), "nothing of it varies");
        assert_eq!(form(&["app"], "app"), some("", ""));
        assert_eq!(form(&["app-*"], "my-app-1"), None);
        assert!(NameRules::new(&["a[".to_owned()]).is_err());
    }

    #[test]
    fn not_every_text_is_a_name() {
        assert!(is_name("app/db_1+=.@-"));
        for text in ["", "a b", "ä", "a\"", "a:b", &"x".repeat(513)] {
            assert!(!is_name(text), "{text}");
        }
    }
}
