//! Resource policies: PutResourcePolicy, GetResourcePolicy, DeleteResourcePolicy, ListResourcePolicies,
//! ValidateResourcePolicy.
//!
//! Since 2026 policies have names, but a caller can only attach the one that is called `default`; others would come
//! from AWS itself, and the reference has none. The documentation says that answers name the policy also when the
//! request does not (`PolicyName`, this is default). The recordings of these operations, all older, have no such
//! member, and exact answers are what they are worth: the reference repeats the name where the request has one.

use serde_json::{Value, json};

use super::failure::{Answer, Failure};
use super::given::Given;
use super::input::Input;
use super::paging;
use super::policy_grammar::{is_broad, parse, shuts_everybody_out};
use super::state::{Secret, State};

/// The one policy that a secret can have.
const DEFAULT: &str = "default";

const LOCKED_OUT: &str = "Your requested changes will not allow you to manage this secret in the future.";
const BROAD: &str = "You can't attach a resource-based policy that allows broad access to the secret.";

/// PutResourcePolicy. A public policy is accepted unless the request says otherwise (aws-recorded:
/// PutResourcePolicy.public-allowed-by-default; aws-docs: .block-public for code and text).
///
/// aws-docs: .lockout, whose code is not known and `inferred` here. LastChangedDate moves (aws-recorded:
/// DescribeSecret.putpolicy-bumps-lastchanged).
pub(crate) fn put(state: &mut State, input: Input<'_>, given: &mut Given<'_>) -> Answer {
    only_default(input, "attach")?;
    let secret = state.find_live_mut(input, given)?;
    let policy = parse(input.required("ResourcePolicy"))?;
    if shuts_everybody_out(&policy) {
        return Err(Failure::request(LOCKED_OUT));
    }
    if input.flag("BlockPublicPolicy").unwrap_or(false) && is_broad(&policy) {
        return Err(Failure::new("PublicPolicyException", BROAD));
    }
    secret.policy = Some(policy.written());
    secret.touch(given.now);
    Ok(Some(named(secret, input)))
}

/// GetResourcePolicy. Without a policy the member is absent (aws-recorded: GetResourcePolicy.none); a deleted secret is
/// refused (reported: GetResourcePolicy.deleted). A policy with another name than `default` is not found (aws-model:
/// `GetResourcePolicyRequest`; the text is `inferred` from the one about secrets).
pub(crate) fn get(state: &mut State, input: Input<'_>, given: &mut Given<'_>) -> Answer {
    let secret = state.find_live(input, given)?;
    if input.text("PolicyName").is_some_and(|name| name != DEFAULT) {
        let message = "Secrets Manager can't find the specified resource policy.";
        return Err(Failure::new("ResourceNotFoundException", message));
    }
    let mut answer = named(secret, input);
    if let Some(policy) = &secret.policy {
        answer["ResourcePolicy"] = policy.as_str().into();
    }
    Ok(Some(answer))
}

/// DeleteResourcePolicy (aws-recorded: DeleteResourcePolicy.ok). `inferred`: without a policy it succeeds and changes
/// nothing; else it moves LastChangedDate.
pub(crate) fn delete(state: &mut State, input: Input<'_>, given: &mut Given<'_>) -> Answer {
    only_default(input, "delete")?;
    let secret = state.find_live_mut(input, given)?;
    if secret.policy.take().is_some() {
        secret.touch(given.now);
    }
    Ok(Some(named(secret, input)))
}

/// ListResourcePolicies: the names of the policies, `default` first, and so one name or none (aws-model:
/// ListResourcePolicies; nothing is recorded). `inferred`: a secret that is scheduled for deletion is refused, as by
/// GetResourcePolicy.
pub(crate) fn list(state: &mut State, input: Input<'_>, given: &mut Given<'_>) -> Answer {
    let secret = state.find_live(input, given)?;
    // There is never a second page, so that no token is right.
    paging::after(input, &format!("policies {}", secret.arn))?;
    let names: Vec<Value> = secret.policy.iter().map(|_| json!({"PolicyName": DEFAULT})).collect();
    Ok(Some(json!({"ResourcePolicies": names})))
}

/// ValidateResourcePolicy: what is wrong with a policy that could be attached is part of the answer (aws-docs:
/// ValidateResourcePolicy.ok, .fail); a document that is no policy is refused (aws-model: the operation declares
/// MalformedPolicyDocumentException). A secret that is named must be there, or the model would not declare
/// ResourceNotFoundException; it is looked at for nothing else, and nothing is changed.
///
/// `inferred`: the names of the checks, which nobody has recorded, and that the texts are PutResourcePolicy's.
pub(crate) fn validate(state: &mut State, input: Input<'_>, given: &mut Given<'_>) -> Answer {
    if input.text("SecretId").is_some() {
        state.find_live(input, given)?;
    }
    let policy = parse(input.required("ResourcePolicy"))?;
    let mut errors = Vec::new();
    if is_broad(&policy) {
        errors.push(json!({"CheckName": "PublicPolicyCheck", "ErrorMessage": BROAD}));
    }
    if shuts_everybody_out(&policy) {
        errors.push(json!({"CheckName": "LockoutCheck", "ErrorMessage": LOCKED_OUT}));
    }
    Ok(Some(json!({"PolicyValidationPassed": errors.is_empty(), "ValidationErrors": errors})))
}

/// aws-model: only the default policy can be attached or deleted, any other name is an InvalidParameterException. The
/// text is `inferred`, and that the name is looked at before the secret.
fn only_default(input: Input<'_>, what: &str) -> Result<(), Failure> {
    match input.text("PolicyName") {
        None | Some(DEFAULT) => Ok(()),
        Some(name) => Err(Failure::parameter(format!(
            "You can't {what} the resource policy {name}. The only resource policy that you can {what} is default."
        ))),
    }
}

/// ARN, Name and, where the request has it, PolicyName.
fn named(secret: &Secret, input: Input<'_>) -> Value {
    let mut answer = json!({"ARN": secret.arn, "Name": secret.name});
    if let Some(name) = input.text("PolicyName") {
        answer["PolicyName"] = name.into();
    }
    answer
}
