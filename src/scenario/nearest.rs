//! The nearest right word.

/// The word that is most like the wrong one, if any is like it at all.
pub fn nearest<'w>(wrong: &str, words: impl IntoIterator<Item = &'w str>) -> Option<&'w str> {
    let wrong_lower = wrong.to_lowercase();
    words
        .into_iter()
        .map(|word| (strsim::damerau_levenshtein(&wrong_lower, &word.to_lowercase()), word))
        // A third of the letters may differ; more would be guessing.
        .filter(|(distance, word)| *distance <= (word.len().max(wrong.len()) / 3).max(1))
        .min_by_key(|(distance, word)| (*distance, *word))
        .map(|(_, word)| word)
}

/// A hint: the nearest word, or all of them where none is near.
pub fn hint<'w>(wrong: &str, words: impl IntoIterator<Item = &'w str> + Clone) -> String {
    match nearest(wrong, words.clone()) {
        Some(word) => format!("did you mean `{word}`?"),
        None => {
            let all: Vec<String> = words.into_iter().map(|word| format!("`{word}`")).collect();
            format!("there are {}", all.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_near_word_is_suggested_and_a_far_one_is_not() {
        let words = ["PutSecretValue", "GetSecretValue", "ListSecrets"];
        assert_eq!(nearest("PutSecretValu", words), Some("PutSecretValue"));
        assert_eq!(nearest("Frobnicate", words), None);
        assert_eq!(hint("x", ["a b", "c d"]), "there are `a b`, `c d`");
    }
}
