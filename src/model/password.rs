//! GetRandomPassword.

use serde_json::json;

use super::failure::{Answer, Failure};
use super::given::{Given, Random};
use super::input::Input;
use super::state::State;

/// The character types: the switch that excludes one, and its characters (aws-docs: GetRandomPassword.charset).
const TYPES: &[(&str, &str)] = &[
    ("ExcludeLowercase", "abcdefghijklmnopqrstuvwxyz"),
    ("ExcludeUppercase", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
    ("ExcludeNumbers", "0123456789"),
    ("ExcludePunctuation", "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"),
];

/// aws-docs: GetRandomPassword.default.
const DEFAULT_LENGTH: i64 = 32;

/// GetRandomPassword.
///
/// reported: GetRandomPassword.everything-excluded; .type-emptied, only while each type is required; .too-short, where
/// the types that are not excluded count; .space, which is admitted and never required. aws-verified-test: .exclude.
pub(crate) fn generate(_: &mut State, input: Input<'_>, given: &mut Given<'_>) -> Answer {
    let excluded = input.text("ExcludeCharacters").unwrap_or_default();
    let wanted = TYPES.iter().filter(|(switch, _)| !input.flag(switch).unwrap_or(false));
    let types: Vec<Vec<char>> =
        wanted.map(|(_, letters)| letters.chars().filter(|c| !excluded.contains(*c)).collect()).collect();
    let space = input.flag("IncludeSpace").unwrap_or(false) && !excluded.contains(' ');
    let mut pool: Vec<char> = types.iter().flatten().copied().collect();
    pool.extend(space.then_some(' '));

    let each = input.flag("RequireEachIncludedType").unwrap_or(true);
    let length =
        usize::try_from(input.number("PasswordLength").unwrap_or(DEFAULT_LENGTH)).unwrap_or_default();
    if each && types.iter().any(Vec::is_empty) {
        return Err(Failure::parameter("All characters of the desired type have been excluded."));
    }
    if pool.is_empty() {
        return Err(Failure::parameter("All characters have been excluded from selection."));
    }
    if each && length < types.len() {
        return Err(Failure::parameter("Password length is too short based on the required types."));
    }
    let mut password: Vec<char> = Vec::with_capacity(length);
    if each {
        password.extend(types.iter().map(|letters| pick(letters, given.random)));
    }
    while password.len() < length {
        password.push(pick(&pool, given.random));
    }
    // The required characters come first until they are shuffled in.
    for at in (1..password.len()).rev() {
        password.swap(at, given.random.below(at as u32 + 1) as usize);
    }
    Ok(Some(json!({"RandomPassword": password.into_iter().collect::<String>()})))
}

fn pick(letters: &[char], random: &mut dyn Random) -> char {
    letters[random.below(letters.len() as u32) as usize]
}
