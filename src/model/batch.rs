//! BatchGetSecretValue: several secrets in one answer, each read as GetSecretValue reads it.

use serde_json::{Map, Value, json};

use super::failure::{Answer, Failure};
use super::given::Given;
use super::input::Input;
use super::paging::{self, Cursor};
use super::world::World;
use super::{access, filters, listing, versions};

/// How many secrets a page has when the request does not say (aws-docs: up to 20 secrets; aws-model:
/// `MaxResultsBatchType`).
const PAGE: usize = 20;

/// BatchGetSecretValue, of the AWSCURRENT versions. What goes wrong with one secret stands in `Errors` and the
/// others are still read; both lists are there also when they are empty (aws-docs: BatchGetSecretValue.ok;
/// reported: .missing). A filter finds what ListSecrets would show, and so no secret that is scheduled for deletion
/// (aws-docs: .needs-listsecrets).
///
/// `inferred`, because nothing of this operation is recorded: the texts of the refusals (.both,
/// .maxresults-without-filters, .neither, after those of another implementation); an empty list of filters counts
/// as none; values and errors stand in the order of the request, an id that stands twice is answered twice; a token
/// is never given for a list of ids and so never accepted with one; an item that is no name fails by itself, with
/// GetSecretValue's code and text; the error about a secret that a filter found names its ARN.
pub(crate) fn get(world: &mut World, input: Input<'_>, given: &mut Given<'_>) -> Answer {
    let ids = input.texts("SecretIdList");
    let filtered = input.list("Filters").is_some_and(|filters| !filters.is_empty());
    if ids.is_some() && filtered {
        return Err(Failure::parameter("Either 'SecretIdList' or 'Filters' must be provided, but not both."));
    }
    if input.number("MaxResults").is_some() && !filtered {
        return Err(Failure::parameter(
            "'Filters' not specified. 'Filters' must also be specified when 'MaxResults' is provided.",
        ));
    }
    match ids {
        Some(ids) => {
            paging::after(input, "a list of ids has one page")?;
            Ok(Some(read(world, ids.into_iter().map(str::to_owned), given)))
        }
        None if filtered => by_filters(world, input, given),
        None => Err(Failure::parameter("Either 'SecretIdList' or 'Filters' must be provided.")),
    }
}

fn by_filters(world: &mut World, input: Input<'_>, given: &mut Given<'_>) -> Answer {
    let filters = filters::read(input)?;
    let scope = format!("values {:?}", input.get("Filters"));
    let after = paging::after(input, &scope)?;
    let mut found: Vec<(Cursor, String)> = world
        .here(given)
        .secrets()
        .filter(|secret| secret.deletion.is_none() && filters.iter().all(|filter| filter.matches(secret)))
        .map(|secret| (listing::place(secret, listing::CREATED), secret.arn.clone()))
        .filter(|(place, _)| after.as_ref().is_none_or(|after| place > after))
        .collect();
    found.sort();
    let (page, more) = paging::page_of(&found, input, PAGE);
    let mut answer = read(world, page.iter().map(|(_, arn)| arn.clone()), given);
    if let (true, Some((last, _))) = (more, page.last()) {
        answer["NextToken"] = paging::token(&scope, last).into();
    }
    Ok(Some(answer))
}

fn read(world: &mut World, ids: impl Iterator<Item = String>, given: &mut Given<'_>) -> Value {
    let (mut values, mut errors) = (Vec::new(), Vec::new());
    for id in ids {
        match value_of(world, &id, given) {
            Ok(value) => values.push(value),
            Err(failure) => {
                errors.push(json!({"SecretId": id, "ErrorCode": failure.code, "Message": failure.message}));
            }
        }
    }
    json!({"SecretValues": values, "Errors": errors})
}

/// What GetSecretValue answers, but for `CreatedDate`: here it is when the secret was made, not its version
/// (aws-docs: `SecretValueEntry`). A secret of another account is read where its policy lets the caller call
/// GetSecretValue (`inferred`, for each secret is read as by it).
fn value_of(world: &mut World, id: &str, given: &mut Given<'_>) -> Result<Value, Failure> {
    let members = Map::from_iter([("SecretId".to_owned(), Value::from(id))]);
    let input = Input(&members);
    let owner = access::owner(world, "GetSecretValue", input, given)?.unwrap_or(given.account);
    let given = &mut Given { account: owner, random: &mut *given.random, ..*given };
    let state = world.here(given);
    let mut value = versions::get(state, input, given)?.unwrap_or_default();
    let created = state.find(input, given)?.created;
    value["CreatedDate"] = created.to_seconds().into();
    Ok(value)
}
