//! Failures as the service answers them, and the texts that several operations share.

use serde_json::Value;

/// What an operation answers: a body (`None` is a body of zero bytes), or a failure.
pub type Answer = Result<Option<Value>, Failure>;

/// A failure of the service: code and text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The error code, as `__type` names it.
    pub code: &'static str,
    /// The text for `Message`.
    pub message: String,
}

impl Failure {
    /// A failure with this code and text.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Failure { code, message: message.into() }
    }

    /// The HTTP status: every failure of a client is 400, also a secret that does not exist (aws-model; the
    /// recordings agree).
    pub fn status(&self) -> u16 {
        if self.code == "InternalServiceError" { 500 } else { 400 }
    }

    pub(crate) fn parameter(message: impl Into<String>) -> Self {
        Failure::new("InvalidParameterException", message)
    }

    pub(crate) fn request(message: impl Into<String>) -> Self {
        Failure::new("InvalidRequestException", message)
    }

    pub(crate) fn validation(message: impl Into<String>) -> Self {
        Failure::new("ValidationException", message)
    }

    pub(crate) fn serialization(message: impl Into<String>) -> Self {
        Failure::new("SerializationException", message)
    }

    pub(crate) fn limit(message: impl Into<String>) -> Self {
        Failure::new("LimitExceededException", message)
    }

    /// aws-recorded: DescribeSecret.not-found, GetSecretValue.not-found and others. A full stop at the end.
    pub(crate) fn no_such_secret() -> Self {
        Failure::new("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
    }

    /// aws-recorded: GetSecretValue.version-not-found. No full stop.
    pub(crate) fn no_such_version(id: &str) -> Self {
        let message = format!("Secrets Manager can't find the specified secret value for VersionId: {id}");
        Failure::new("ResourceNotFoundException", message)
    }

    /// aws-recorded: GetSecretValue.no-value, GetSecretValue.stage-not-found. No full stop.
    pub(crate) fn no_such_label(label: &str) -> Self {
        let message =
            format!("Secrets Manager can't find the specified secret value for staging label: {label}");
        Failure::new("ResourceNotFoundException", message)
    }

    /// aws-recorded: TagResource.deleted, UntagResource.deleted; reported for GetSecretValue.
    pub(crate) fn marked_for_deletion() -> Self {
        Failure::request("You can't perform this operation on the secret because it was marked for deletion.")
    }

    /// aws-verified-test: CreateSecret.token-reuse-diff-value and the same of PutSecretValue and UpdateSecret.
    pub(crate) fn token_in_use(token: &str, arn: &str) -> Self {
        let message = format!(
            "You can't use ClientRequestToken {token} because that value is already in use for a version of secret \
             {arn}."
        );
        Failure::new("ResourceExistsException", message)
    }

    /// Ours, not AWS's: something of the service that the reference does not model.
    pub(crate) fn not_modelled(what: &str) -> Self {
        let message = format!("the smcheck reference does not model {what} yet");
        Failure::new(crate::service::errors::NOT_MODELLED, message)
    }
}
