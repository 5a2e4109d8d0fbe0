//! Other codes and texts, and refusals that do not come.

use serde_json::Value;

use super::{Fault, How, Source, failed_with, failure};
use crate::judge::Kind;

const CREATE: &[&str] = &["CreateSecret"];
const GET: &[&str] = &["GetSecretValue"];

/// Refuses nothing with this code and these words: answers success instead.
macro_rules! unrefused {
    ($name:literal, $does:literal, $source:expr, $operations:expr, $code:literal, $words:literal, $by:literal) => {
        Fault {
            name: $name,
            does: $does,
            source: $source,
            operations: $operations,
            kinds: &[Kind::Outcome],
            at: "",
            caught_by: $by,
            how: How::Other(|ask| {
                let response = ask.pass();
                let taken = ask.is($operations) && failed_with(&response, $code, $words);
                if taken { ask.succeed() } else { response }
            }),
        }
    };
}

/// Changes a failure of some operations.
macro_rules! failing {
    ($name:literal, $does:literal, $source:expr, $operations:expr, $kind:ident, $by:literal, $edit:expr) => {
        Fault {
            name: $name,
            does: $does,
            source: $source,
            operations: $operations,
            kinds: &[Kind::$kind],
            at: "",
            caught_by: $by,
            how: How::Failure($operations, $edit),
        }
    };
}

pub(super) const FAULTS: &[Fault] = &[
    failing!(
        "message-with-prefix",
        "The message of a refusal begins as botocore's exceptions do.",
        Source::Moto("moto puts the SDK's prefix and line breaks of its source into it"),
        &["DeleteSecret"],
        Message,
        "delete-secret/window-with-force",
        |failed| if failed.code == "InvalidParameterException" {
            failed.message = format!(
                "An error occurred ({}) when calling the DeleteSecret operation: {}",
                failed.code, failed.message
            );
        }
    ),
    failing!(
        "marked-for-deletion-in-other-words",
        "GetSecretValue says of a deleted secret that it is \"currently marked deleted\".",
        Source::Noted("GetSecretValue.deleted", "moto uses a different text"),
        GET,
        Message,
        "get-secret-value/deleted-secret",
        |failed| if failed.message.contains("marked for deletion") {
            failed.message =
                "You tried to perform the operation on a secret that's currently marked deleted.".to_owned();
        }
    ),
    failing!(
        "label-not-found-is-secret-not-found",
        "GetSecretValue says of a label that no version has that the secret cannot be found.",
        Source::Moto("cannot find the secret, or says it with the SDK's prefix"),
        GET,
        Message,
        "versions/get-unknown-custom-stage",
        |failed| if failed.message.contains("staging label") {
            failed.message = "Secrets Manager can't find the specified secret.".to_owned();
        }
    ),
    failing!(
        "exists-in-other-words",
        "CreateSecret says of a name that is taken \"A resource with the ID you requested already exists.\"",
        Source::Read("moto 1.3.16", "secretsmanager/models.py, create_secret"),
        CREATE,
        Message,
        "create-secret/duplicate-name",
        |failed| if failed.code == "ResourceExistsException"
            && failed.message.contains("The operation failed")
        {
            failed.message = "A resource with the ID you requested already exists.".to_owned();
        }
    ),
    failing!(
        "scheduled-name-exists",
        "CreateSecret answers ResourceExistsException for the name of a secret that is scheduled for deletion.",
        Source::Moto("moto answers ResourceExistsException"),
        CREATE,
        Code,
        "create-secret/name-scheduled-for-deletion",
        |failed| if failed.message.contains("already scheduled for deletion") {
            failed.code = "ResourceExistsException".to_owned();
        }
    ),
    failing!(
        "invalid-name-is-not-found",
        "A SecretId with characters that no name may have is looked for, and not found.",
        Source::Moto("checks no names and finds nothing"),
        &["DescribeSecret", "GetSecretValue", "PutSecretValue", "UpdateSecret", "ListSecretVersionIds"],
        Code,
        "names-and-arns/invalid-secret-id",
        |failed| if failed.message.starts_with("Invalid name") {
            failed.code = "ResourceNotFoundException".to_owned();
        }
    ),
    failing!(
        "long-secret-id-is-not-found",
        "A SecretId of more than 2048 characters is looked for, and not found.",
        Source::Moto("looks for it and finds nothing"),
        &["DescribeSecret"],
        Code,
        "limits/secret-id-length",
        |failed| if failed.code == "ValidationException" && failed.message.contains("2048") {
            failed.code = "ResourceNotFoundException".to_owned();
        }
    ),
    failing!(
        "versions-of-an-unknown-secret-500",
        "ListSecretVersionIds of an unknown secret ends in status 500.",
        Source::Moto("in moto a KeyError ends in status 500"),
        &["ListSecretVersionIds"],
        Code,
        "versions/list-of-an-unknown-secret",
        |failed| if failed.code == "ResourceNotFoundException" {
            failed.code = "InternalServiceError".to_owned();
            failed.status = 500;
        }
    ),
    failing!(
        "garbage-token-500",
        "ListSecrets ends in status 500 for a NextToken that it never gave.",
        Source::Moto("turns the token into a number and ends in status 500"),
        &["ListSecrets"],
        Code,
        "list-secrets/garbage-next-token",
        |failed| if failed.code == "InvalidNextTokenException" {
            failed.code = "InternalServiceError".to_owned();
            failed.status = 500;
        }
    ),
    failing!(
        "password-length-code",
        "GetRandomPassword answers InvalidParameterException for a length outside 1 to 4096.",
        Source::Moto("moto answers InvalidParameterException below and InvalidParameterValue"),
        &["GetRandomPassword"],
        Code,
        "get-random-password/length-zero",
        |failed| if failed.code == "ValidationException" {
            failed.code = "InvalidParameterException".to_owned();
        }
    ),
    failing!(
        "rotation-token-code",
        "RotateSecret answers InvalidRequestException where ClientRequestToken is missing, as other operations do.",
        Source::Read(
            "localstack-core 4.2.0",
            "services/secretsmanager/provider.py, _raise_if_missing_client_req_token"
        ),
        &["RotateSecret"],
        Code,
        "rotate-secret/missing-token",
        |failed| if failed.message.starts_with("You must provide a ClientRequestToken") {
            failed.code = "InvalidRequestException".to_owned();
        }
    ),
    failing!(
        "unknown-function-is-not-found",
        "RotateSecret answers ResourceNotFoundException for a function that it may not call.",
        Source::Moto("moto answers ResourceNotFoundException"),
        &["RotateSecret"],
        Code,
        "rotate-secret/unknown-function",
        |failed| if failed.code == "AccessDeniedException" {
            failed.code = "ResourceNotFoundException".to_owned();
        }
    ),
    failing!(
        "rotation-days-code",
        "RotateSecret answers InvalidParameterException for a number of days outside 1 to 1000.",
        Source::Moto(
            "answers ValidationException for a number of days outside the model; moto answers InvalidParameterException"
        ),
        &["RotateSecret"],
        Code,
        "rotate-secret/days-out-of-range[negative]",
        |failed| if failed.code == "ValidationException" && failed.message.contains("utomaticallyAfterDays") {
            failed.code = "InvalidParameterException".to_owned();
        }
    ),
    unrefused!(
        "any-name-is-taken",
        "CreateSecret takes names with any characters.",
        Source::Moto("takes any name"),
        CREATE,
        "ValidationException",
        "Invalid name",
        "names-and-arns/invalid-name"
    ),
    unrefused!(
        "lengths-not-measured",
        "Descriptions and values that are too long are taken.",
        Source::Moto("measures neither"),
        CREATE,
        "ValidationException",
        "less than or equal to",
        "create-secret/string-too-long"
    ),
    unrefused!(
        "system-tags-are-stored",
        "TagResource takes keys that begin with aws:.",
        Source::Moto("AWS keeps keys that begin with aws: for itself; moto stores them"),
        &["TagResource"],
        "InvalidParameterException",
        "system tags",
        "tag-resource/system-tags-are-refused"
    ),
    unrefused!(
        "any-policy-is-stored",
        "PutResourcePolicy stores any text.",
        Source::Moto("moto stores any text"),
        &["PutResourcePolicy"],
        "MalformedPolicyDocumentException",
        "",
        "put-resource-policy/malformed-policy-is-refused[empty-object]"
    ),
    unrefused!(
        "any-list-of-labels",
        "PutSecretValue takes an empty list of labels and empty labels.",
        Source::Moto("moto takes any list"),
        &["PutSecretValue"],
        "ValidationException",
        "versionStages",
        "labels/put-version-stages-limits"
    ),
    unrefused!(
        "rotates-without-a-function",
        "RotateSecret succeeds for a secret that never had a function.",
        Source::Moto("labels an empty new version AWSCURRENT"),
        &["RotateSecret"],
        "InvalidRequestException",
        "No Lambda rotation function",
        "rotate-secret/no-function"
    ),
    Fault {
        name: "bang-is-refused",
        does: "A name with an exclamation mark is called invalid.",
        source: Source::Read(
            "localstack-core 4.2.0",
            "services/secretsmanager/provider.py, _validate_secret_id",
        ),
        operations: &[],
        kinds: &[Kind::Code],
        at: "",
        caught_by: "names-and-arns/exclamation-mark-in-a-secret-id",
        how: How::Other(|ask| {
            if ask.secret().as_str().is_some_and(|name| name.contains('!') && !name.starts_with("arn:")) {
                return failure(
                    "ValidationException",
                    "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: \
                     -/_+=.@!",
                );
            }
            ask.pass()
        }),
    },
    Fault {
        name: "four-characters-at-least",
        does: "GetRandomPassword wants four characters also where fewer types or none are required.",
        source: Source::Moto("moto wants 4 characters always"),
        operations: &["GetRandomPassword"],
        kinds: &[Kind::Outcome],
        at: "",
        caught_by: "get-random-password/excluded-types-need-no-room",
        how: How::Other(|ask| {
            let length = ask.input.get("PasswordLength").and_then(Value::as_i64);
            let response = ask.pass();
            if ask.is(&["GetRandomPassword"])
                && response.succeeded()
                && length.is_some_and(|length| length < 4)
            {
                let text = "Password length is too short based on the required types.";
                return failure("InvalidParameterException", text);
            }
            response
        }),
    },
    Fault {
        name: "update-by-arn-is-not-found",
        does: "UpdateSecret finds a secret by its name only.",
        source: Source::Read("moto 1.3.16", "secretsmanager/models.py, update_secret"),
        operations: &["UpdateSecret"],
        kinds: &[Kind::Outcome],
        at: "",
        caught_by: "names-and-arns/update-by-arn",
        how: How::Other(|ask| {
            if ask.is(&["UpdateSecret"]) && ask.text("SecretId").is_some_and(|id| id.starts_with("arn:")) {
                return failure(
                    "ResourceNotFoundException",
                    "Secrets Manager can't find the specified secret.",
                );
            }
            ask.pass()
        }),
    },
    Fault {
        name: "partial-arn-with-six-characters",
        does: "A partial ARN whose name ends in a hyphen and six characters finds the secret.",
        source: Source::Moto("finds the secret"),
        operations: GET,
        kinds: &[Kind::Outcome],
        at: "",
        caught_by: "names-and-arns/partial-arn-six-characters",
        how: How::Other(|ask| {
            let response = ask.pass();
            let id = ask.text("SecretId").filter(|id| id.starts_with("arn:"));
            match id.and_then(|id| id.rsplit_once(':')) {
                Some((_, name))
                    if ask.is(GET) && failed_with(&response, "ResourceNotFoundException", "secret.") =>
                {
                    let mut input = ask.input.clone();
                    input["SecretId"] = name.into();
                    ask.pass_with(&input)
                }
                _ => response,
            }
        }),
    },
];
