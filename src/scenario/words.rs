//! The words of the language, each with a sentence: what the parser takes, hints list, and the schema explains.

/// A word with its meaning.
pub(super) type Word = (&'static str, &'static str);

/// The names of a table.
pub(super) fn names(words: &'static [Word]) -> impl Iterator<Item = &'static str> {
    words.iter().map(|(name, _)| *name)
}

/// Keys of a file.
pub(super) const FILE: &[Word] = &[
    ("title", "One sentence that states the behaviour."),
    ("evidence", "Why we believe it: kind, source and, for recordings, date. A step may override it."),
    ("secrets", "Names of secrets made for this run; a map where a name needs a prefix or a suffix."),
    ("versions", "Names of fresh UUIDs, for ClientRequestToken."),
    ("needs", "Capabilities that the target must have; without one the scenario is skipped."),
    ("rules", "Ids of documented rules that the scenario checks."),
    ("isolated", "true: an account of its own, or the target alone after a reset."),
    (
        "varies",
        "date: what a right answer shows depends on the day of the run, as with a calendar's windows; replay and diff then compare outcomes only.",
    ),
    ("stop", "false: go on after a step whose outcome deviates."),
    ("cases", "A map of rows, each of which makes a scenario of its own."),
    ("note", "Anything a reader should know; never judged."),
    ("steps", "The steps, in order."),
];

/// Keys of `evidence`.
pub(super) const EVIDENCE: &[Word] = &[
    ("kind", "How strong it is: aws-recorded, aws-docs, aws-model, reported or inferred."),
    ("source", "Where it comes from, so that a reader can look it up."),
    ("date", "When it was recorded: YYYY-MM-DD, YYYY-MM or YYYY. aws-recorded needs it."),
];

/// Keys of a secret that needs a shape.
pub(super) const SECRET: &[Word] =
    &[("prefix", "What the name begins with."), ("suffix", "What the name ends with.")];

/// Keys of a step with `do`.
pub(super) const CALL_STEP: &[Word] = &[
    ("do", "The operation."),
    ("with", "Its input, sent exactly as written: nothing is added, not even a ClientRequestToken."),
    ("region", "The region to sign for and to call: `${second-region}`; `${region}` unless said otherwise."),
    ("account", "Whose credentials to call with: `second`; `first` unless said otherwise."),
    ("returns", "The body of a success, exact."),
    ("fails", "The failure: code, message, status; what is left out is not compared."),
    ("labels", "All versions of the secret with their labels, after this step."),
    ("save", "Variable: path into the body, for example `first: \"Versions[0].VersionId\"`."),
    ("eventually", "Ask again until the step holds."),
    ("repeat", "Run the step several times, or follow the pages of a list."),
    ("evidence", "Evidence of this step, where it differs from the file's."),
    ("note", "Anything a reader should know; never judged."),
];

/// Keys of a step with `raw`, beside those it shares with `do`.
pub(super) const RAW_STEP: &[Word] = &[("raw", "An exact request, for the wire and for authentication.")];

/// Keys of a step with `parallel`, beside those it shares with `do`.
pub(super) const PARALLEL_STEP: &[Word] = &[
    ("parallel", "Steps that are sent at once."),
    (
        "invariant",
        "What must hold afterwards: how many succeeded or failed, and which version carries a label.",
    ),
];

/// Keys of a step with `advance`, beside those it shares with `do`.
pub(super) const ADVANCE_STEP: &[Word] =
    &[("advance", "How far the target's clock moves forward, for example `8 days`; needs `clock`.")];

/// Keys of a step inside `parallel`.
pub(super) const INNER_STEP: [&str; 6] = ["do", "raw", "with", "returns", "fails", "note"];

/// Keys of `raw`.
pub(super) const RAW: &[Word] = &[
    ("method", "The method; POST unless said otherwise."),
    ("path", "Path and query; / unless said otherwise."),
    ("headers", "Headers over the default ones; null leaves a default header out."),
    ("body", "Text, or `{$bytes: BASE64}`."),
    ("sign", "How it is signed: good, none, bad, expired, wrong-region or unknown-key."),
];

/// Keys of `fails`.
pub(super) const FAILS: &[Word] =
    &[("code", "The error code."), ("message", "The message."), ("status", "The HTTP status.")];

/// Keys of `eventually`.
pub(super) const EVENTUALLY: &[Word] = &[
    ("within", "No new attempt begins after this time; 30 s unless said otherwise."),
    ("every", "The pause between attempts; 500 ms unless said otherwise."),
];

/// Keys of `repeat`.
pub(super) const REPEAT: &[Word] = &[
    ("times", "How often; `as` counts from 1."),
    ("over", "Values that `as` takes in turn."),
    ("pages", "The list member that is joined over all pages."),
    ("as", "The variable."),
];

/// Keys of `invariant`.
pub(super) const INVARIANT: &[Word] = &[
    ("succeeded", "How many requests succeed: a number or a matcher."),
    ("failed", "How many requests fail: a number or a matcher."),
    ("labels", "A label, and the version that must carry it."),
    ("secret", "The secret whose labels are meant, where several are declared."),
];

/// Keys of `$fill`.
pub(super) const FILL: &[Word] = &[
    ("start", "What the text begins with."),
    ("with", "What it is filled with."),
    ("length", "How many characters it has in the end."),
];

/// The matchers.
pub(super) const MATCHERS: &[Word] = &[
    (
        "$arn",
        "The complete ARN of the declared secret, from its latest successful CreateSecret; with `region`, that of its replica.",
    ),
    ("$uuid", "A UUID in lower case with hyphens; write `$uuid: any`."),
    ("$time", "A timestamp: now, any, day, a span with a tolerance, or a relation to a saved one."),
    ("$regex", "A string that the expression matches as a whole."),
    ("$type", "A value of a type: string, number, integer, boolean, list, map or timestamp."),
    ("$length", "Characters of a string, entries of a list or map: a number, or min and max."),
    ("$absent", "The member is not there; write `$absent: true`."),
    ("$unordered", "A list with these entries in any order."),
    ("$contains", "A string with this part, a list with an entry that matches, a map with these members."),
    ("$not", "What the matcher inside does not match."),
    ("$oneOf", "What one of the matchers in the list matches."),
    ("$save", "Anything, which is then a variable; with `as` and `is` it must match too."),
    ("$json", "A string that holds JSON which matches."),
    ("$bytes", "Base64 of exactly these bytes."),
];

/// Keys of the long form of `$time`.
pub(super) const TIME: &[Word] = &[
    ("in", "The span from the request, for example `7 days`; it may be negative."),
    ("within", "How far from there it may be; 60 s unless said otherwise."),
    ("after", "A saved timestamp; not earlier than it."),
    ("before", "A saved timestamp; not later than it."),
    ("equals", "A saved timestamp; the same."),
];

/// Keys of the long form of `$length`.
pub(super) const LENGTH: &[Word] = &[("min", "At least this."), ("max", "At most this.")];

/// Keys of the long form of `$arn`.
pub(super) const ARN: &[Word] =
    &[("secret", "The declared secret."), ("region", "The region of its replica: `${second-region}`.")];

/// The values of `account`.
pub(super) const ACCOUNTS: [&str; 2] = ["first", "second"];

/// Keys of the long form of `$save`.
pub(super) const SAVE: &[Word] = &[("as", "The variable."), ("is", "What the value must match too.")];
