//! The stand-ins of names of a recording, and where they stand in a text.
//!
//! A recording may hold very many of them, so that a text is not searched for each: all hold `secret-` and a number.

use std::collections::{BTreeMap, HashMap};

use crate::store::fixture::NameForm;
use crate::store::form::MARK;

/// What every stand-in of a name holds, before its number.
const CORE: &str = "secret-";
/// How many digits a number has at least.
const DIGITS: usize = 4;

/// The stand-ins of names, each with what the names look like that it stands for.
#[derive(Clone, Debug, Default)]
pub struct Names {
    forms: HashMap<String, NameForm>,
    /// By their middle, `secret-0001`: what stands before it, and the whole.
    cores: HashMap<String, Vec<(usize, String)>>,
    /// Those that somebody made otherwise.
    others: Vec<String>,
}

impl Names {
    /// These stand-ins.
    pub fn new(names: BTreeMap<String, NameForm>) -> Self {
        let mut all = Names::default();
        names.into_iter().for_each(|(stand_in, form)| all.add(stand_in, form));
        all
    }

    /// One more.
    pub fn add(&mut self, stand_in: String, form: NameForm) {
        if self.forms.contains_key(&stand_in) {
            return;
        }
        let middle = stand_in
            .get(form.prefix.len()..stand_in.len().saturating_sub(form.suffix.len()))
            .filter(|middle| middle.strip_prefix(CORE).is_some_and(|number| digits(number) == number.len()));
        match middle {
            Some(middle) => {
                let entry = (form.prefix.len(), stand_in.clone());
                self.cores.entry(middle.to_owned()).or_default().push(entry);
            }
            None => self.others.push(stand_in.clone()),
        }
        self.forms.insert(stand_in, form);
    }

    /// What the names look like that a stand-in stands for; `None` for a text that is no stand-in of a name.
    pub fn form(&self, stand_in: &str) -> Option<&NameForm> {
        self.forms.get(stand_in)
    }

    /// Whether the whole text is the stand-in of a name.
    pub fn contains(&self, text: &str) -> bool {
        self.forms.contains_key(text)
    }

    /// The stand-ins that stand in a text, each once; one that holds another comes before it.
    pub fn within<'n>(&'n self, text: &str) -> Vec<&'n str> {
        let mut found: Vec<&str> =
            self.others.iter().map(String::as_str).filter(|name| text.contains(*name)).collect();
        for (at, _) in text.match_indices(CORE) {
            // Other stand-ins end so too: `smcheck-secret-0001` stands for a secret's value.
            if text[..at].ends_with(MARK) {
                continue;
            }
            let run = digits(&text[at + CORE.len()..]);
            for length in (DIGITS..=run).rev() {
                for (before, name) in
                    self.cores.get(&text[at..at + CORE.len() + length]).into_iter().flatten()
                {
                    let start = at.checked_sub(*before).and_then(|start| text.get(start..));
                    if start.is_some_and(|start| start.starts_with(name.as_str())) {
                        found.push(name);
                    }
                }
            }
        }
        found.sort_unstable_by(|a, b| b.cmp(a));
        found.dedup();
        found
    }
}

fn digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_where_they_stand_and_nowhere_else() {
        let around = NameForm { prefix: "a/".to_owned(), suffix: "-x".to_owned() };
        let names = Names::new(BTreeMap::from([
            ("secret-0001".to_owned(), NameForm::default()),
            ("secret-00012".to_owned(), NameForm::default()),
            ("a/secret-0002-x".to_owned(), around),
            ("odd".to_owned(), NameForm::default()),
        ]));
        assert_eq!(names.within("for secret-0001, secret-0001"), ["secret-0001"]);
        assert_eq!(names.within("secret-00012"), ["secret-00012", "secret-0001"]);
        assert_eq!(names.within("b a/secret-0002-x and odd"), ["odd", "a/secret-0002-x"]);
        assert!(names.within("secret-0002-x smcheck-secret-0001 secret- secret-1").is_empty());
        assert!(names.contains("odd") && !names.contains("secret-0002"));
    }
}
