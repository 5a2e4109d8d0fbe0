//! Exit codes. They are a contract: scripts and CI rely on them.

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// All as expected.
    Expected = 0,
    /// There were deviations or differences.
    Deviations = 1,
    /// Wrong usage, a broken scenario, or a filter that matches nothing.
    Usage = 2,
    /// The target could not be reached, started or used.
    Target = 3,
    /// Ended by SIGHUP.
    Hangup = 129,
    /// Ended by SIGINT, which is what Ctrl-C sends.
    Interrupt = 130,
    /// Ended by SIGTERM.
    Terminate = 143,
}

impl Exit {
    /// The number that the shell sees.
    pub fn code(self) -> u8 {
        self as u8
    }
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        exit.code().into()
    }
}

/// What ends a command early: a sentence for stderr, and the exit code.
#[derive(Debug)]
pub struct Failure {
    /// The exit code.
    pub exit: Exit,
    /// What to say; empty when all was said.
    pub message: String,
}

impl Failure {
    /// Wrong usage, or a file that is not what it should be.
    pub fn usage(message: impl Into<Said>) -> Self {
        Failure { exit: Exit::Usage, message: message.into().0 }
    }

    /// A target that could not be reached, started or used.
    pub fn target(message: impl Into<Said>) -> Self {
        Failure { exit: Exit::Target, message: message.into().0 }
    }
}

/// What a failure says: anything that can be shown.
#[derive(Debug)]
pub struct Said(String);

impl<T: std::fmt::Display> From<T> for Said {
    fn from(shown: T) -> Self {
        Said(shown.to_string())
    }
}
