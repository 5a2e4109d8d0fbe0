//! The nearest right word, for hints.

/// No word of ours is longer; what is longer is no slip of the fingers, and comparing it would take long.
const LONGEST: usize = 80;
/// From this length on, a beginning is enough to know a word by.
const BEGINNING: usize = 5;

/// The candidate that is most like the word, if one is near enough to be meant.
pub fn nearest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    if word.is_empty() || word.len() > LONGEST {
        return None;
    }
    let lower = word.to_lowercase();
    let allowed = (lower.chars().count() / 3).clamp(1, 6);
    let far = |candidate: &str| {
        let candidate = candidate.to_lowercase();
        // A word that was left off in the middle: `ResourceNotFound`.
        if lower.len() >= BEGINNING && candidate.starts_with(&lower) {
            return 1;
        }
        strsim::osa_distance(&lower, &candidate)
    };
    candidates
        .into_iter()
        .map(|candidate| (far(candidate), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// A hint for a word that is none of the candidates: the nearest, or all of them.
pub fn hint<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<String> {
    let candidates: Vec<&str> = candidates.into_iter().collect();
    match nearest(word, candidates.iter().copied()) {
        Some(near) => Some(format!("did you mean `{near}`?")),
        None => one_of(candidates),
    }
}

/// A hint that lists all words that would be right; `None` when there is none.
pub fn one_of<'c>(candidates: impl IntoIterator<Item = &'c str>) -> Option<String> {
    let candidates: Vec<&str> = candidates.into_iter().collect();
    match candidates.as_slice() {
        [] => None,
        [one] => Some(format!("it can only be `{one}`")),
        many => Some(format!("it can be {}", many.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORDS: [&str; 3] = ["PutSecretValue", "GetSecretValue", "ListSecrets"];

    #[test]
    fn a_slip_finds_its_word() {
        assert_eq!(nearest("PutSecretValu", WORDS), Some("PutSecretValue"));
        assert_eq!(nearest("listsecrets", WORDS), Some("ListSecrets"));
        assert_eq!(nearest("GteSecretValue", WORDS), Some("GetSecretValue"));
        assert_eq!(nearest("PutSecret", WORDS), Some("PutSecretValue"));
    }

    #[test]
    fn another_word_finds_none_and_lists_them() {
        assert_eq!(nearest("Banana", WORDS), None);
        assert_eq!(
            hint("Banana", WORDS).as_deref(),
            Some("it can be PutSecretValue, GetSecretValue, ListSecrets")
        );
        assert_eq!(hint("x", []), None);
        assert_eq!(nearest(&"x".repeat(1_000_000), WORDS), None);
    }
}
