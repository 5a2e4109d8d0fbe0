//! ListSecrets: which secrets, in which order, in pages.

use std::cmp::Ordering;

use serde_json::{Value, json};

use super::failure::Answer;
use super::filters;
use super::given::Given;
use super::input::Input;
use super::paging::{self, Cursor, Key};
use super::secrets;
use super::state::{Secret, State};

/// What lists of secrets are sorted by unless told otherwise.
pub(crate) const CREATED: &str = "created-date";

/// ListSecrets. Oldest first unless told otherwise (aws-recorded: ListSecrets.order); an account without secrets has
/// an empty list (aws-recorded: ListSecrets.empty); secrets that are scheduled for deletion only with
/// IncludePlannedDeletion (aws-docs: ListSecrets.planned-deletion).
///
/// `inferred`: ascending is the default of every sort key; a secret that was never read sorts as the oldest; names
/// sort by their bytes.
pub(crate) fn list(state: &mut State, input: Input<'_>, _: &mut Given<'_>) -> Answer {
    let filters = filters::read(input)?;
    let by = input.text("SortBy").unwrap_or(CREATED);
    let descending = input.text("SortOrder") == Some("desc");
    let scope = format!("secrets {by} {descending}");
    let after = paging::after(input, &scope)?;
    let planned = input.flag("IncludePlannedDeletion").unwrap_or(false);

    let direction = |order: Ordering| if descending { order.reverse() } else { order };
    let mut found: Vec<(Cursor, &Secret)> = state
        .secrets
        .values()
        .filter(|secret| planned || secret.deletion.is_none())
        .filter(|secret| filters.iter().all(|filter| filter.matches(secret)))
        .map(|secret| (place(secret, by), secret))
        .collect();
    found.sort_by(|(a, _), (b, _)| direction(a.cmp(b)));
    let from = match &after {
        None => 0,
        Some(cursor) => found.partition_point(|(place, _)| direction(place.cmp(cursor)) != Ordering::Greater),
    };
    let (page, more) = paging::page(&found[from..], input);
    let entries: Vec<Value> =
        page.iter().map(|(_, secret)| secrets::details(secret, secrets::IN_LIST)).collect();
    let mut answer = json!({"SecretList": entries});
    if let (true, Some((last, _))) = (more, page.last()) {
        answer["NextToken"] = paging::token(&scope, last).into();
    }
    Ok(Some(answer))
}

/// The place of a secret in a list that is sorted by `by`.
pub(crate) fn place(secret: &Secret, by: &str) -> Cursor {
    Cursor { key: key(secret, by), order: secret.order }
}

fn key(secret: &Secret, by: &str) -> Key {
    match by {
        "name" => Key::Text(secret.name.clone()),
        "last-changed-date" => Key::Number(secret.changed.0),
        "last-accessed-date" => Key::Number(secret.accessed.map_or(i64::MIN, |time| time.0)),
        _ => Key::Number(secret.created.0),
    }
}
