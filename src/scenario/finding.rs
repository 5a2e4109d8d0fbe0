//! What is wrong with a file that we read, where, and how to mend it.

use super::ast::Place;

/// Something wrong with a file that we read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The file, as it was named.
    pub path: String,
    /// Where in it.
    pub place: Place,
    /// What is wrong: lower case, no full stop.
    pub message: String,
    /// How to mend it: ``did you mean `PutSecretValue`?``
    pub hint: Option<String>,
    /// The line of the file, for showing; empty where there is none.
    pub source_line: String,
    /// How many characters are wrong, from the column on.
    pub width: usize,
}
