//! Which secret a request means, and the tokens that requests bring.

use super::failure::Failure;
use super::given::Given;
use super::input::Input;
use super::state::{Secret, State};
use crate::service::SecretArn;

/// The name that a `SecretId` leads to, and the ARN that the secret must have where a complete one was given.
struct Wanted<'a> {
    name: &'a str,
    arn: Option<&'a str>,
}

/// Whether AWS accepts the text as the name of a secret.
///
/// aws-recorded: CreateSecret.invalid-name and the same of nine operations; `!` is allowed (name.bang-allowed),
/// although the API reference does not list it.
pub(crate) fn check_name(name: &str) -> Result<(), Failure> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-/_+=.@!".contains(&byte);
    if !name.is_empty() && name.bytes().all(allowed) {
        return Ok(());
    }
    Err(Failure::validation(
        "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!",
    ))
}

/// Reads a `SecretId`. AWS takes the last hyphen and six characters of an ARN for the random suffix, whatever they
/// are; that is why the partial ARN of a name that ends so finds nothing (aws-recorded:
/// arn.lookup.partial.6char-tail, with arn.lookup.partial and its variants for what does resolve).
///
/// `inferred`: an ARN of another region or service resolves to nothing here, and what only begins like an ARN is an
/// invalid name. An ARN of another account comes here only where `access` has made the owner's state the one to look in,
/// or has nothing to say.
fn wanted<'a>(id: &'a str, given: &Given<'_>) -> Result<Wanted<'a>, Failure> {
    let Some(arn) = SecretArn::parse(id) else {
        check_name(id)?;
        return Ok(Wanted { name: id, arn: None });
    };
    check_name(arn.resource)?;
    if (arn.partition, arn.region, arn.account) != (given.partition, given.region, given.account) {
        return Err(Failure::no_such_secret());
    }
    Ok(match arn.name_and_suffix() {
        Some((name, _)) => Wanted { name, arn: Some(id) },
        None => Wanted { name: arn.resource, arn: None },
    })
}

impl State {
    /// The secret of a request, deleted or not.
    pub(crate) fn find(&self, input: Input<'_>, given: &Given<'_>) -> Result<&Secret, Failure> {
        let wanted = wanted(input.required("SecretId"), given)?;
        let secret = self.secrets.get(wanted.name);
        secret
            .filter(|secret| wanted.arn.is_none_or(|arn| arn == secret.arn))
            .ok_or_else(Failure::no_such_secret)
    }

    /// The secret of a request, deleted or not, to be changed; a replica is refused.
    pub(crate) fn find_mut(&mut self, input: Input<'_>, given: &Given<'_>) -> Result<&mut Secret, Failure> {
        let secret = self.find_to_note(input, given)?;
        secret.refuse_replica().map(|()| secret)
    }

    /// The secret of a request, deleted or not, to have something noted on it that is no change: that it was read.
    pub(crate) fn find_to_note(
        &mut self,
        input: Input<'_>,
        given: &Given<'_>,
    ) -> Result<&mut Secret, Failure> {
        let wanted = wanted(input.required("SecretId"), given)?;
        let secret = self.secrets.get_mut(wanted.name);
        secret
            .filter(|secret| wanted.arn.is_none_or(|arn| arn == secret.arn))
            .ok_or_else(Failure::no_such_secret)
    }

    /// The secret of a request, refused while it waits for its deletion.
    pub(crate) fn find_live(&self, input: Input<'_>, given: &Given<'_>) -> Result<&Secret, Failure> {
        let secret = self.find(input, given)?;
        if secret.deletion.is_some() { Err(Failure::marked_for_deletion()) } else { Ok(secret) }
    }

    /// The secret of a request, to be changed; refused while it waits for its deletion, and where it is a replica.
    pub(crate) fn find_live_mut(
        &mut self,
        input: Input<'_>,
        given: &Given<'_>,
    ) -> Result<&mut Secret, Failure> {
        let secret = self.find_mut(input, given)?;
        if secret.deletion.is_some() { Err(Failure::marked_for_deletion()) } else { Ok(secret) }
    }
}

/// The `ClientRequestToken`, which SDKs add and the raw wire must have. It is asked for before the secret is looked
/// up, and RotateSecret uses another code for it (aws-recorded: CreateSecret.no-client-request-token and the same
/// of UpdateSecret, PutSecretValue and RotateSecret).
///
/// `inferred`: CreateSecret.token-length; an empty token counts as missing; tokens are wanted also where no version
/// is made.
pub(crate) fn token<'a>(input: Input<'a>, code: &'static str) -> Result<&'a str, Failure> {
    let token = input.text("ClientRequestToken").filter(|token| !token.is_empty());
    let Some(token) = token else {
        let message = "You must provide a ClientRequestToken value. We recommend a UUID-type value.";
        return Err(Failure::new(code, message));
    };
    if !(32..=64).contains(&token.chars().count()) {
        return Err(Failure::parameter("ClientRequestToken must be 32-64 characters long."));
    }
    Ok(token)
}
