//! Error codes that any operation may answer although none declares them.

/// Codes of the service itself that the SDK's model does not list. Source: recordings and public output of AWS;
/// see `docs/what-is-checked.md`.
pub const COMMON: &[&str] = &[
    "AccessDeniedException",
    "InternalFailure",
    "InternalServiceError",
    "SerializationException",
    "ServiceUnavailable",
    "ServiceUnavailableException",
    "ThrottlingException",
    "UnknownOperationException",
    "ValidationException",
];

/// Codes of the layer that checks signatures, in front of the service.
pub const AUTHENTICATION: &[&str] = &[
    "ExpiredTokenException",
    "IncompleteSignatureException",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "MissingAuthenticationTokenException",
    "OptInRequired",
    "RequestExpired",
    "UnrecognizedClientException",
];

/// The code with which our own reference answers an operation that it does not model. It is not AWS's; a
/// scenario that meets it is skipped.
pub const NOT_MODELLED: &str = "SmcheckNotModelledException";

/// Whether the code may be answered by any operation.
pub fn is_common(code: &str) -> bool {
    COMMON.contains(&code) || AUTHENTICATION.contains(&code)
}
