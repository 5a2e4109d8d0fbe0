//! What an editor shows over a word of a scenario: what it is, an example, and where to read on. In our own words.

use crate::service::{Kind, Member, shapes};

/// A word, an example of it, and the section of docs/language.md that tells all of it.
type Shown = (&'static str, &'static str, &'static str);

/// Examples of the words of the language, by `context.word`.
const EXAMPLES: &[Shown] = &[
    ("file.title", "title: PutSecretValue moves AWSCURRENT, and AWSPREVIOUS follows it", "keys-of-a-file"),
    ("file.evidence", "evidence: {kind: aws-docs, source: \"API reference, PutSecretValue\"}", "evidence"),
    (
        "file.secrets",
        "secrets: [db]\n# or, where the name needs a shape\nsecrets:\n  db: {prefix: \"a/\", suffix: \"-x\"}",
        "secrets",
    ),
    ("file.versions", "versions: [v1, v2]", "versions"),
    ("file.needs", "needs: [second-region]", "needs"),
    ("file.rules", "rules: [CreateSecret.no-value]", "rules-isolated-varies-stop-and-note"),
    ("file.isolated", "isolated: true", "rules-isolated-varies-stop-and-note"),
    ("file.stop", "stop: false", "rules-isolated-varies-stop-and-note"),
    ("file.cases", "cases:\n  space: {name: \"Inv Name\"}\n  star: {name: \"Inv*Name\"}", "cases"),
    ("file.note", "note: The model says 512, the page 256.", "rules-isolated-varies-stop-and-note"),
    ("file.steps", "steps:\n  - do: GetSecretValue\n    with: {SecretId: \"${db}\"}", "steps"),
    ("evidence.kind", "kind: aws-recorded", "evidence"),
    ("evidence.source", "source: \"API reference, PutSecretValue\"", "evidence"),
    ("evidence.date", "date: 2026-05-31", "evidence"),
    ("secret.prefix", "db: {prefix: \"team/\"}", "secrets"),
    ("secret.suffix", "db: {suffix: \"-a1b2c3\"}", "secrets"),
    ("step.do", "do: PutSecretValue", "do-and-with"),
    ("step.with", "with: {SecretId: \"${db}\", SecretString: two}", "do-and-with"),
    ("step.region", "region: \"${second-region}\"", "region-and-account"),
    ("step.account", "account: second", "region-and-account"),
    ("step.returns", "returns: {ARN: {$arn: db}, Name: \"${db}\", VersionId: \"${v1}\"}", "returns"),
    ("step.fails", "fails: {code: ResourceNotFoundException}", "fails"),
    ("step.labels", "labels: {v1: [AWSPREVIOUS], v2: [AWSCURRENT]}", "labels"),
    ("step.save", "save: {first: \"Versions[0].VersionId\"}", "save"),
    ("step.eventually", "eventually: {within: 30 s, every: 500 ms}", "eventually"),
    ("step.repeat", "repeat: {pages: Versions}", "repeat"),
    ("step.evidence", "evidence: {kind: inferred, source: \"as for the other members\"}", "evidence"),
    ("step.note", "note: AWS answers this only after a while.", "rules-isolated-varies-stop-and-note"),
    ("step.raw", "raw: {body: \"{}\", sign: none}", "raw"),
    (
        "step.parallel",
        "parallel:\n  - do: PutSecretValue\n    with: {SecretId: \"${db}\", SecretString: a}",
        "parallel",
    ),
    ("step.invariant", "invariant: {succeeded: 2}", "parallel"),
    ("step.advance", "advance: 8 days", "advance"),
    ("raw.method", "method: POST", "raw"),
    ("raw.path", "path: /", "raw"),
    ("raw.headers", "headers: {X-Amz-Target: secretsmanager.ListSecrets}", "raw"),
    ("raw.body", "body: \"{}\"", "raw"),
    ("raw.sign", "sign: expired", "raw"),
    ("fails.code", "fails: {code: InvalidRequestException}", "fails"),
    ("fails.message", "message: {$contains: \"staging label\"}", "fails"),
    ("fails.status", "status: 400", "fails"),
    ("eventually.within", "within: 30 s", "eventually"),
    ("eventually.every", "every: 500 ms", "eventually"),
    ("repeat.times", "repeat: {times: 20, as: n}", "repeat"),
    ("repeat.over", "repeat: {over: [\"${v2}\", \"${v3}\"], as: token}", "repeat"),
    ("repeat.pages", "repeat: {pages: Versions}", "repeat"),
    ("repeat.as", "as: token", "repeat"),
    ("invariant.succeeded", "succeeded: 1", "parallel"),
    ("invariant.failed", "failed: {$oneOf: [0, 1]}", "parallel"),
    ("invariant.labels", "labels: {AWSCURRENT: {$oneOf: [\"${a}\", \"${b}\"]}}", "parallel"),
    ("invariant.secret", "secret: db", "parallel"),
    ("fill.start", "{$fill: {start: \"${db}\", with: a, length: 513}}", "fill"),
    ("fill.with", "{$fill: {with: a, length: 65537}}", "fill"),
    ("fill.length", "{$fill: {with: a, length: 65537}}", "fill"),
    (
        "matcher.$arn",
        "ARN: {$arn: db}\n# the ARN of its replica\nARN: {$arn: {secret: db, region: \"${second-region}\"}}",
        "arn",
    ),
    ("matcher.$uuid", "VersionId: {$uuid: any}", "uuid"),
    ("matcher.$time", "CreatedDate: {$time: now}\nDeletionDate: {$time: {in: 7 days}}", "time"),
    ("matcher.$regex", "RandomPassword: {$regex: \"[a-z]+\"}", "regex"),
    ("matcher.$type", "Tags: {$type: list}", "type"),
    ("matcher.$length", "RandomPassword: {$length: 32}", "length"),
    ("matcher.$absent", "KmsKeyId: {$absent: true}", "absent"),
    ("matcher.$unordered", "VersionStages: {$unordered: [AWSCURRENT, BLUE]}", "unordered"),
    ("matcher.$contains", "message: {$contains: \"staging label\"}", "contains"),
    ("matcher.$not", "VersionId: {$not: \"${v1}\"}", "not"),
    ("matcher.$oneOf", "VersionId: {$oneOf: [\"${a}\", \"${b}\"]}", "oneof"),
    ("matcher.$save", "CreatedDate: {$save: created}", "save-1"),
    ("matcher.$json", "SecretString: {$json: {user: me}}", "json"),
    ("matcher.$bytes", "SecretBinary: {$bytes: \"b25l\"}", "bytes"),
    ("matcher.$fill", "SecretString: {$fill: {with: a, length: 65536}}", "fill"),
    ("matcher.$partial", "returns: {$partial: true, Name: \"${db}\"}", "partial"),
    ("time.in", "{$time: {in: 7 days, within: 2 min}}", "time"),
    ("time.within", "{$time: {in: 7 days, within: 2 min}}", "time"),
    ("time.after", "{$time: {after: created}}", "time"),
    ("time.before", "{$time: {before: deleted}}", "time"),
    ("time.equals", "{$time: {equals: created}}", "time"),
    ("length.min", "{$length: {min: 1, max: 64}}", "length"),
    ("length.max", "{$length: {min: 1, max: 64}}", "length"),
    ("arn.secret", "{$arn: {secret: db, region: \"${second-region}\"}}", "arn"),
    ("arn.region", "{$arn: {secret: db, region: \"${second-region}\"}}", "arn"),
    ("save.as", "{$save: {as: created, is: {$time: now}}}", "save-1"),
    ("save.is", "{$save: {as: created, is: {$time: now}}}", "save-1"),
];

/// The text for a word: its sentence, an example, and the place to read on.
pub(super) fn markdown(context: &str, word: &str, doc: &str) -> String {
    let name = format!("{context}.{word}");
    match EXAMPLES.iter().find(|(known, ..)| *known == name) {
        Some((_, example, anchor)) => {
            format!(
                "{doc}\n\n```yaml\n{example}\n```\n\n[The language, {anchor}](../docs/language.md#{anchor})"
            )
        }
        None => doc.to_owned(),
    }
}

/// What the values of closed lists mean.
pub(super) fn value(word: &str) -> &'static str {
    match word {
        "aws-recorded" => "Seen at AWS itself, on a date, in a recording that others can look up.",
        "aws-docs" => "AWS's documentation says so.",
        "aws-model" => "The machine-readable model of the SDKs says so.",
        "reported" => "Somebody else's public recording or issue says so.",
        "inferred" => "Concluded from something like it; fails no run unless asked to.",
        "rotation-lambda" => "A Lambda function that rotates; its ARN is ${rotation-lambda}.",
        "customer-kms-key" => "A KMS key of the account's own; its id is ${customer-kms-key}.",
        "second-region" => "A second region to call and to replicate to; its name is ${second-region}.",
        "second-account" => "A key pair of another account, whose number is ${second-account}.",
        "iam" => "Policies that are enforced.",
        "clock" => "A clock that a scenario can move, with `advance`.",
        "empty-account" => "An account in which nobody else has secrets.",
        "good" => "A signature that is right.",
        "none" => "No signature.",
        "bad" => "A signature that is wrong.",
        "expired" => "A signature of a day ago.",
        "wrong-region" => "A signature for another region.",
        "unknown-key" => "A signature with an access key that nobody has.",
        "string" => "Any text.",
        "number" => "Any number.",
        "integer" => "A number without a fraction.",
        "boolean" => "true or false.",
        "list" => "Any list.",
        "map" => "Any map.",
        "timestamp" => "A number of seconds since 1970.",
        "first" => "The target's own key pair.",
        "second" => "The key pair of the second account.",
        "now" => "Within 60 seconds of the request.",
        "any" => "Any timestamp.",
        "day" => "Midnight UTC of the day of the request.",
        _ => "",
    }
}

/// What an operation does.
pub(super) fn operation(name: &str) -> &'static str {
    match name {
        "AssociateCrossAccountReplica" => "Ties a secret to its replica in another account.",
        "BatchGetSecretValue" => "Reads the values of several secrets, by a list or by filters.",
        "CancelRotateSecret" => "Switches rotation off, and leaves a rotation that is under way as it is.",
        "CreateSecret" => "Makes a secret, with a first version where a value is given.",
        "DeleteResourcePolicy" => "Takes the secret's policy away.",
        "DeleteSecret" => "Plans the deletion of a secret, or deletes it at once.",
        "DescribeSecret" => "Tells all about a secret but its values.",
        "DisassociateCrossAccountReplica" => "Unties a secret from its replica in another account.",
        "GetRandomPassword" => "Makes a random password; nothing is kept.",
        "GetResourcePolicy" => "Reads the secret's policy.",
        "GetSecretValue" => "Reads the value of one version, AWSCURRENT unless another is named.",
        "ListResourcePolicies" => "Lists the names of a secret's policies, page by page.",
        "ListSecretVersionIds" => "Lists the versions of a secret with their labels, page by page.",
        "ListSecrets" => "Lists the secrets of the account and region, page by page.",
        "PutResourcePolicy" => "Gives the secret a policy.",
        "PutSecretValue" => "Adds a version; without labels of its own it becomes AWSCURRENT.",
        "RemoveRegionsFromReplication" => "Deletes replicas of the secret in some regions.",
        "ReplicateSecretToRegions" => "Makes replicas of the secret in other regions.",
        "RestoreSecret" => "Takes back a planned deletion.",
        "RotateSecret" => "Sets up the rotation of a secret, and begins one unless told not to.",
        "StopReplicationToReplica" => "Makes a replica a secret of its own; called in the replica's region.",
        "TagResource" => "Adds tags to a secret, or changes them.",
        "UntagResource" => "Takes tags off a secret.",
        "UpdateSecret" => "Changes a secret's details, and adds a version where a value is given.",
        "UpdateSecretVersionStage" => "Puts a label on a version, moves it, or takes it off.",
        "ValidateResourcePolicy" => "Checks a policy without attaching it.",
        _ => "",
    }
}

/// What a member is.
fn member_sentence(name: &str) -> &'static str {
    match name {
        "ARN" => "The complete ARN of the secret, random suffix included.",
        "AddReplicaRegions" => "Regions that get a replica, each with a key if wanted.",
        "AutomaticallyAfterDays" => "Days between two rotations.",
        "BlockPublicPolicy" => "Refuse a policy that would let anybody in.",
        "CheckName" => "The check that failed.",
        "ClientRequestToken" => "A UUID that becomes the version's id and makes the request repeatable.",
        "CreatedDate" => "When it was made.",
        "CrossAccountPrimary" => "The primary of this replica, in another account.",
        "CrossAccountPrimaryARN" => "The ARN of the primary in another account.",
        "CrossAccountReplicaARN" => "The ARN of the replica in the other account.",
        "CrossAccountReplicas" => "The replicas in other accounts.",
        "DeletedDate" => "When its deletion was asked for.",
        "DeletionDate" => "When it will be gone; it can be restored until then.",
        "Description" => "What its owner says about it.",
        "Duration" => "How long the window for a rotation is, such as 3h.",
        "ErrorCode" => "The error code for this one secret.",
        "ErrorMessage" => "What failed.",
        "Errors" => "The secrets that could not be read, each with its error.",
        "ExcludeCharacters" => "Characters that the password may not have.",
        "ExcludeLowercase" => "No lower-case letters.",
        "ExcludeNumbers" => "No digits.",
        "ExcludePunctuation" => "No punctuation.",
        "ExcludeUppercase" => "No upper-case letters.",
        "ExternalSecretRotationMetadata" => "What the partner needs to rotate a managed external secret.",
        "ExternalSecretRotationRoleArn" => "The role with which a managed external secret is rotated.",
        "Filters" => "Which secrets: all filters must fit.",
        "ForceDeleteWithoutRecovery" => "Delete at once, without a way back.",
        "ForceOverwriteReplicaSecret" => "Replace a secret of that name in the other region.",
        "IncludeDeprecated" => "List versions without labels too.",
        "IncludePlannedDeletion" => "List secrets too whose deletion is planned.",
        "IncludeSpace" => "Let the password have spaces.",
        "Key" => "The name of the entry.",
        "KmsKeyId" => "The key that encrypts it; AWS's own where there is none.",
        "KmsKeyIds" => "The keys that encrypt this version.",
        "LastAccessedDate" => "The day on which a value was last read.",
        "LastChangedDate" => "When anything of it last changed.",
        "LastRotatedDate" => "When a rotation last succeeded.",
        "MaxResults" => "The most entries of a page.",
        "Message" => "The message for this one secret.",
        "MoveToVersionId" => "The version that gets the label.",
        "Name" => "The name of the secret.",
        "NextRotationDate" => "When the next rotation is due at the latest.",
        "NextToken" => "Where the next page begins; absent on the last.",
        "OwningService" => "The AWS service that manages the secret.",
        "PasswordLength" => "How many characters; 32 unless said.",
        "PolicyName" => "The name of the policy.",
        "PolicyValidationPassed" => "Whether the policy passed all checks.",
        "PrimaryRegion" => "The region of the primary, where it is replicated.",
        "PrimarySecretARN" => "The ARN of the primary.",
        "RandomPassword" => "The password.",
        "RecoveryWindowInDays" => "How long it can be restored.",
        "Region" => "The name of a region.",
        "RemoveFromVersionId" => "The version that has the label now.",
        "RemoveReplicaRegions" => "The regions whose replicas go.",
        "ReplicaRestriction" => "What the replica may be used for.",
        "ReplicaSecretARN" => "The ARN of the replica.",
        "ReplicationRoleARN" => "The role with which AWS replicates to the other account.",
        "ReplicationStatus" => "How far replication is, region by region.",
        "RequireEachIncludedType" => "At least one character of each kind that is not excluded.",
        "ResourcePolicies" => "The policies of the secret.",
        "ResourcePolicy" => "A policy, as text that holds JSON.",
        "RotateImmediately" => "Rotate now, and not only when the schedule says so.",
        "RotationEnabled" => "Whether rotation is switched on.",
        "RotationLambdaARN" => "The function that rotates.",
        "RotationRules" => "When it is rotated.",
        "RotationToken" => "What shows that a rotation function is who calls.",
        "ScheduleExpression" => "When it is rotated: rate(10 days), or a cron expression.",
        "SecretBinary" => "The value as bytes, in base64.",
        "SecretId" => "The secret: its name, its ARN, or its ARN without the suffix.",
        "SecretIdList" => "The secrets, by name or ARN.",
        "SecretList" => "The secrets of this page.",
        "SecretString" => "The value as text, often JSON.",
        "SecretValues" => "The values that could be read.",
        "SecretVersionsToStages" => "The versions that have labels, each with its labels.",
        "SortBy" => "What the list is sorted by.",
        "SortOrder" => "Which end of the list comes first.",
        "Status" => "How far it is.",
        "StatusMessage" => "Why it is so.",
        "TagKeys" => "The names of the tags to take off.",
        "Tags" => "Its tags.",
        "Type" => "The kind of a managed external secret.",
        "ValidationErrors" => "What is wrong with the policy.",
        "Value" => "The value of the entry.",
        "Values" => "What to look for; one of them must fit.",
        "VersionId" => "The id of the version: a UUID.",
        "VersionIdsToStages" => "The versions that have labels, each with its labels.",
        "VersionStage" => "A label: AWSCURRENT, AWSPREVIOUS, AWSPENDING or one of your own.",
        "VersionStages" => "The labels of the version.",
        "Versions" => "The versions of this page.",
        _ => "",
    }
}

/// What a member is, and the limits that the service model sets.
pub(super) fn member(member: &Member, sent: bool) -> (String, String) {
    let mut doc = member_sentence(&member.name).to_owned();
    let range = |min: Option<String>, max: Option<String>, what: &str| match (min, max) {
        (Some(min), Some(max)) => format!("{min} to {max}{what}"),
        (Some(min), None) => format!("{min} or more{what}"),
        (None, Some(max)) => format!("{max} at most{what}"),
        (None, None) => String::new(),
    };
    let text = |n: &Option<u64>| n.as_ref().map(ToString::to_string);
    let limits = match &shapes().shape(member.shape).kind {
        Kind::String { variants, .. } if !variants.is_empty() => variants.join(", "),
        Kind::String { min, max, .. } => range(text(min), text(max), " characters"),
        Kind::Blob { min, max } => range(text(min), text(max), " bytes"),
        Kind::List { min, max, .. } => range(text(min), text(max), " entries"),
        Kind::Integer { min, max } => range(min.map(|n| n.to_string()), max.map(|n| n.to_string()), ""),
        _ => String::new(),
    };
    let mut markdown = doc.clone();
    if sent && member.required {
        markdown.push_str("\n\n**Required** by AWS.");
        doc.push_str(" Required.");
    }
    if !limits.is_empty() {
        markdown.push_str(&format!("\n\nThe service model: {limits}."));
    }
    (doc, markdown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_and_every_member_has_a_sentence() {
        for found in shapes().operations() {
            assert!(!operation(&found.name).is_empty(), "{}", found.name);
            let mut open = vec![found.input];
            open.extend(found.output);
            let mut seen = Vec::new();
            while let Some(id) = open.pop() {
                if seen.contains(&id) {
                    continue;
                }
                seen.push(id);
                match &shapes().shape(id).kind {
                    Kind::Structure(members) => {
                        for member in members {
                            assert!(!member_sentence(&member.name).is_empty(), "{}", member.name);
                            open.push(member.shape);
                        }
                    }
                    Kind::List { element, .. } => open.push(*element),
                    Kind::Map { value, .. } => open.push(*value),
                    _ => {}
                }
            }
        }
    }

    #[test]
    fn every_place_to_read_on_is_a_heading_of_the_page() {
        let page = include_str!("../../docs/language.md");
        let anchor = |line: &str| {
            let title = line.trim_start_matches('#').trim().to_lowercase();
            title
                .chars()
                .filter(|c| c.is_alphanumeric() || " -".contains(*c))
                .collect::<String>()
                .replace(' ', "-")
        };
        let mut anchors: Vec<String> = Vec::new();
        for found in page.lines().filter(|line| line.starts_with('#')).map(anchor) {
            // The second heading of a name gets a number.
            let before = anchors.iter().filter(|there| **there == found).count();
            anchors.push(if before == 0 { found } else { format!("{found}-{before}") });
        }
        for (word, _, wanted) in EXAMPLES {
            assert!(anchors.iter().any(|anchor| anchor == wanted), "{word}: #{wanted}");
        }
    }
}
