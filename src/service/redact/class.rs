//! The allow-list: which members may be written, and what the others are.

use crate::service::{Kind, Shape};

/// What a value is, as far as keeping it is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// May be written as it is: labels, booleans, numbers, enumerations, codes, durations, regions.
    Open,
    /// The name of a secret.
    Name,
    /// A name or an ARN of a secret.
    Id,
    /// The ARN of a secret.
    Arn,
    /// The id of a version, or the token that becomes one.
    Version,
    /// A point in time.
    Time,
    /// A point in time of which only the day counts: AWS gives LastAccessedDate as midnight, and NextRotationDate as
    /// the end of a window (aws-recorded).
    Day,
    /// A secret value or a token that proves something.
    Secret,
    /// Base64 of a secret value.
    Blob,
    /// A password that the service made.
    Password,
    /// A token that continues a list.
    Cursor,
    /// Text for people, which may hold identities.
    Message,
    /// A member's name that the model does not know, or a key of a map that nobody has judged.
    Key,
    /// Everything that nobody has judged.
    Closed,
}

impl Class {
    /// Whether such a value is secret, and so is shown nowhere, not even where the scenario wrote it.
    pub fn is_sensitive(self) -> bool {
        matches!(self, Class::Secret | Class::Blob | Class::Password)
    }
}

/// Shapes of strings that have a class of their own. What is not listed is [`Class::Closed`]: descriptions, tags,
/// policies, functions and roles among them.
const STRINGS: &[(&str, Class)] = &[
    ("ClientRequestTokenType", Class::Version),
    ("DurationType", Class::Open),
    ("ErrorCode", Class::Open),
    ("ErrorMessage", Class::Message),
    ("ExcludeCharactersType", Class::Open),
    ("NameType", Class::Name),
    ("NextTokenType", Class::Cursor),
    ("RegionType", Class::Open),
    ("ScheduleExpressionType", Class::Open),
    ("SecretARNType", Class::Arn),
    ("SecretIdType", Class::Id),
    ("SecretNameType", Class::Name),
    ("SecretVersionIdType", Class::Version),
    ("SecretVersionStageType", Class::Open),
    ("StatusMessageType", Class::Message),
];

/// Values that may be written in members that are otherwise closed: what AWS answers instead of a key of the
/// account (aws-recorded).
const OPEN_VALUES: &[(&str, &str)] =
    &[("KmsKeyIdType", "DefaultEncryptionKey"), ("KmsKeyIdType", "alias/aws/secretsmanager")];

/// The class of a scalar of this shape. A value that does not have the shape's type, or is none of its
/// enumeration, is closed; see [`class_of_text`].
pub fn class_of(shape: &Shape) -> Class {
    match &shape.kind {
        Kind::Blob { .. } => Class::Blob,
        Kind::String { .. } if shape.name == "RandomPasswordType" => Class::Password,
        _ if shape.sensitive => Class::Secret,
        Kind::Boolean | Kind::Integer { .. } => Class::Open,
        Kind::Timestamp
            if ["LastAccessedDateType", "NextRotationDateType"].contains(&shape.name.as_str()) =>
        {
            Class::Day
        }
        Kind::Timestamp => Class::Time,
        Kind::String { variants, .. } if !variants.is_empty() => Class::Open,
        Kind::String { .. } => {
            STRINGS.iter().find(|(name, _)| *name == shape.name).map_or(Class::Closed, |(_, class)| *class)
        }
        Kind::Structure(_) | Kind::List { .. } | Kind::Map { .. } => Class::Closed,
    }
}

/// The class of a text of this shape: open members are open only for what they are meant to hold.
pub fn class_of_text(shape: &Shape, text: &str) -> Class {
    if OPEN_VALUES.contains(&(shape.name.as_str(), text)) {
        return Class::Open;
    }
    let class = class_of(shape);
    if class != Class::Open {
        return class;
    }
    // A stand-in of a recording stands for what was not open when it was made.
    if text.starts_with("smcheck-") {
        return Class::Closed;
    }
    let fits = match (&shape.kind, shape.name.as_str()) {
        (Kind::String { variants, .. }, _) if !variants.is_empty() => variants.iter().any(|v| v == text),
        (Kind::String { .. }, "RegionType") => is_region(text),
        (Kind::String { .. }, "DurationType") => {
            text.len() <= 4 && text.bytes().all(|b| b.is_ascii_digit() || b == b'h')
        }
        (Kind::String { .. }, "ErrorCode") => is_code(text),
        (Kind::String { .. }, _) => true,
        _ => false,
    };
    if fits { Class::Open } else { Class::Closed }
}

/// Whether the text is an error code, as far as its form goes: a name, perhaps behind a namespace.
pub fn is_code(text: &str) -> bool {
    let name = |part: &str| {
        !part.is_empty() && part.len() <= 80 && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.')
    };
    match text.split_once('#') {
        Some((namespace, code)) => name(namespace) && name(code),
        None => name(text),
    }
}

/// Whether the text is the name of a region, as far as its form goes: `eu-west-3`, `us-gov-east-1`.
pub fn is_region(text: &str) -> bool {
    let mut parts = text.split('-');
    let words = |part: &str| (2..=12).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_lowercase());
    let number = |part: &str| (1..=2).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    parts.next_back().is_some_and(number) && (2..=4).contains(&parts.clone().count()) && parts.all(words)
}

/// Whether the text looks like a key or a token rather than a word: an id of an access key, a UUID, many digits, or
/// a long run of small and capital letters with digits.
pub fn is_token_like(text: &str) -> bool {
    const KEYS: [&str; 5] = ["AKIA", "ASIA", "AROA", "AIDA", "sk-"];
    let count = |test: fn(&u8) -> bool| text.as_bytes().iter().filter(|b| test(b)).count();
    let (digits, lower, upper) =
        (count(u8::is_ascii_digit), count(u8::is_ascii_lowercase), count(u8::is_ascii_uppercase));
    is_uuid(text)
        || (text.len() >= 16 && KEYS.iter().any(|key| text.starts_with(key)))
        || digits >= 10
        || (text.len() >= 20 && digits >= 3 && lower >= 3 && upper >= 3)
}

/// Whether the text looks like the name of a member, and so may be written as one.
pub fn is_member_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    text.len() <= 64
        && !is_token_like(text)
        && bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_' || b == b'$')
        && bytes.all(|b| b.is_ascii_alphanumeric() || b"_-.:".contains(&b))
}

/// Whether the text is a UUID: eight, four, four, four and twelve hexadecimal digits of one case.
pub fn is_uuid(text: &str) -> bool {
    let hyphens = [8, 13, 18, 23];
    let digits = || text.bytes().enumerate().filter(|(at, _)| !hyphens.contains(at)).map(|(_, b)| b);
    text.len() == 36
        && hyphens.iter().all(|at| text.as_bytes()[*at] == b'-')
        && digits().all(|b| b.is_ascii_hexdigit())
        && !(digits().any(|b| b.is_ascii_uppercase()) && digits().any(|b| b.is_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::shapes;

    fn class(operation: &str, output: bool, member: &str) -> Class {
        let operation = shapes().operation(operation).expect("it is an operation");
        let id = if output { operation.output.expect("it has an output") } else { operation.input };
        let member = shapes().member(id, member).expect("it is a member");
        class_of(shapes().shape(member.shape))
    }

    #[test]
    fn what_must_not_be_written_is_not_open() {
        for (operation, output, member) in [
            ("CreateSecret", false, "SecretString"),
            ("CreateSecret", false, "SecretBinary"),
            ("CreateSecret", false, "Description"),
            ("CreateSecret", false, "KmsKeyId"),
            ("PutSecretValue", false, "RotationToken"),
            ("RotateSecret", false, "RotationLambdaARN"),
            ("RotateSecret", false, "ExternalSecretRotationRoleArn"),
            ("PutResourcePolicy", false, "ResourcePolicy"),
            ("GetRandomPassword", true, "RandomPassword"),
            ("GetSecretValue", true, "SecretString"),
            ("ListSecrets", true, "NextToken"),
            ("DescribeSecret", true, "Description"),
        ] {
            assert_ne!(class(operation, output, member), Class::Open, "{operation}.{member}");
        }
    }

    #[test]
    fn the_table_names_shapes_that_exist_and_none_that_the_model_calls_sensitive() {
        let mut names: Vec<&str> = STRINGS.iter().map(|(name, _)| *name).collect();
        let mut seen = std::collections::BTreeMap::new();
        for operation in shapes().operations() {
            for root in [Some(operation.input), operation.output].into_iter().flatten() {
                collect(root, &mut seen);
            }
        }
        names.retain(|name| !seen.contains_key(*name));
        assert_eq!(names, Vec::<&str>::new(), "no such shapes");
        for (name, sensitive) in seen {
            assert!(!sensitive || !STRINGS.iter().any(|(listed, _)| *listed == name), "{name}");
        }
    }

    fn collect(id: crate::service::ShapeId, seen: &mut std::collections::BTreeMap<String, bool>) {
        let shape = shapes().shape(id);
        if seen.insert(shape.name.clone(), shape.sensitive).is_some() {
            return;
        }
        match &shape.kind {
            Kind::Structure(members) => members.iter().for_each(|member| collect(member.shape, seen)),
            Kind::List { element, .. } => collect(*element, seen),
            Kind::Map { key, value } => [*key, *value].into_iter().for_each(|id| collect(id, seen)),
            _ => {}
        }
    }

    #[test]
    fn an_open_member_is_open_for_its_own_values_only() {
        let filter = shapes().operation("ListSecrets").expect("it is an operation");
        let sort = shapes().member(filter.input, "SortOrder").expect("it is a member");
        let shape = shapes().shape(sort.shape);
        assert_eq!(class_of_text(shape, "asc"), Class::Open);
        assert_eq!(class_of_text(shape, "CANARY"), Class::Closed);
    }

    #[test]
    fn regions_and_names_of_members_are_told_from_tokens() {
        for text in ["us-east-1", "eu-west-3", "us-gov-east-1", "ap-southeast-12"] {
            assert!(is_region(text), "{text}");
        }
        for text in ["", "1", "hunter2", "AKIAPLANTEDCANARY1234", "us-east", "us-east-1-x", "-1", "us--1"] {
            assert!(!is_region(text), "{text}");
        }
        for text in ["password", "db.host", "RotationLambdaARN", "key_2", "secretAccessKey2025"] {
            assert!(is_member_name(text), "{text}");
        }
        for text in ["AKIAPLANTEDCANARY1234", "a0f8fad5b-1234567890", "aB3dE5gH7jK9mN1pQ3sT", "two words", ""]
        {
            assert!(!is_member_name(text), "{text}");
        }
    }

    #[test]
    fn uuids_are_recognised() {
        assert!(is_uuid("0f8fad5b-d9cb-469f-a165-70867728950e"));
        assert!(is_uuid("0F8FAD5B-D9CB-469F-A165-70867728950E"));
        for text in ["", "0f8fad5b-d9cb-469f-a165-70867728950", "0f8fAD5b-d9cb-469f-a165-70867728950e"] {
            assert!(!is_uuid(text), "{text}");
        }
    }
}
