//! What the state machine is given from outside: the time, where it is, and dice.

use crate::service::time::Timestamp;

/// A source of randomness. The same sequence of numbers gives the same answers.
pub trait Random {
    /// A number from 0 up to, and not including, `bound`; 0 for a bound of 0.
    fn below(&mut self, bound: u32) -> u32;
}

/// What one call is given from outside.
pub struct Given<'a> {
    /// The present moment. It never goes back between calls on one state.
    pub now: Timestamp,
    /// The account that calls and owns the secrets, twelve digits.
    pub account: &'a str,
    /// The region that was called.
    pub region: &'a str,
    /// The partition of that region: `aws`, `aws-cn`, `aws-us-gov`.
    pub partition: &'a str,
    /// The rotation functions that Secrets Manager may call. The model calls none: it starts the rotation, and the
    /// steps of the function are the client's to play. An ARN that is not listed cannot be invoked.
    pub functions: &'a [String],
    /// Dice for ARN suffixes and passwords.
    pub random: &'a mut dyn Random,
}

impl Given<'_> {
    /// A new complete ARN: the name is followed by a hyphen and six letters or digits.
    ///
    /// aws-verified-test: arn.suffix; aws-recorded: arn.suffix-changes-on-recreate, name.valid-charset (the name
    /// stands in the ARN unescaped).
    pub(crate) fn new_arn(&mut self, name: &str) -> String {
        const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        let mut arn =
            format!("arn:{}:secretsmanager:{}:{}:secret:{name}-", self.partition, self.region, self.account);
        for _ in 0..crate::service::arn::SUFFIX_LEN {
            let at = self.random.below(LETTERS.len() as u32) as usize;
            arn.push(char::from(LETTERS[at % LETTERS.len()]));
        }
        arn
    }
}
