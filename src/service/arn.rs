//! The ARN of a secret: `arn:PARTITION:secretsmanager:REGION:ACCOUNT:secret:NAME-SUFFIX`.

/// How many random characters AWS puts after the name (aws-recorded).
pub const SUFFIX_LEN: usize = 6;

/// A secret's ARN, taken apart. The name is what stands before the hyphen and the six last characters, whether
/// or not those are a suffix: AWS reads it so too, which is why a partial ARN of a name that itself ends in a
/// hyphen and six characters does not resolve (aws-recorded).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretArn<'a> {
    /// `aws`, `aws-cn`, `aws-us-gov`, …
    pub partition: &'a str,
    /// The region of the secret.
    pub region: &'a str,
    /// The account that owns it, twelve digits.
    pub account: &'a str,
    /// All that follows `secret:`.
    pub resource: &'a str,
}

impl<'a> SecretArn<'a> {
    /// Reads an ARN of a secret, complete or partial; `None` for anything else.
    pub fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.splitn(7, ':');
        let mut next = || parts.next();
        let (arn, partition, service) = (next()?, next()?, next()?);
        let (region, account, kind, resource) = (next()?, next()?, next()?, next()?);
        let well_formed =
            arn == "arn" && service == "secretsmanager" && kind == "secret" && !resource.is_empty();
        well_formed.then_some(SecretArn { partition, region, account, resource })
    }

    /// Name and suffix, where the resource ends in a hyphen and six letters or digits.
    pub fn name_and_suffix(&self) -> Option<(&'a str, &'a str)> {
        let at = self.resource.len().checked_sub(SUFFIX_LEN + 1)?;
        let (name, rest) = (self.resource.get(..at)?, self.resource.get(at..)?);
        let suffix = rest.strip_prefix('-')?;
        (!name.is_empty() && suffix.bytes().all(|b| b.is_ascii_alphanumeric())).then_some((name, suffix))
    }

    /// Whether this is the complete ARN of the secret with this name.
    pub fn is_complete_for(&self, name: &str) -> bool {
        self.name_and_suffix().is_some_and(|(found, _)| found == name)
            && self.account.len() == 12
            && self.account.bytes().all(|b| b.is_ascii_digit())
    }
}

/// The ARN without the hyphen and the suffix; `None` when the text is no complete ARN of a secret.
pub fn partial(arn: &str) -> Option<&str> {
    SecretArn::parse(arn)?.name_and_suffix()?;
    arn.get(..arn.len() - SUFFIX_LEN - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_complete_arn_comes_apart() {
        let text = "arn:aws:secretsmanager:eu-west-3:123456789012:secret:a/b-c-A1b2C3";
        let arn = SecretArn::parse(text).expect("it is an ARN");
        assert_eq!(arn.name_and_suffix(), Some(("a/b-c", "A1b2C3")));
        assert!(arn.is_complete_for("a/b-c"));
        assert!(!arn.is_complete_for("a/b"));
        assert_eq!(partial(text), Some("arn:aws:secretsmanager:eu-west-3:123456789012:secret:a/b-c"));
    }

    #[test]
    fn what_is_no_arn_of_a_secret_is_refused() {
        for text in
            ["", "db", "arn:aws:kms:eu-west-3:123456789012:key/x", "arn:aws:secretsmanager:r:a:secret:"]
        {
            assert_eq!(SecretArn::parse(text), None, "{text}");
        }
    }
}
