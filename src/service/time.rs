//! Time as the service writes it: seconds since 1970 as a JSON number, to the millisecond.
//!
//! Source: every recording of AWS (aws-recorded) and the examples of the API reference.

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(pub i64);

/// One day in milliseconds.
pub const DAY_MS: i64 = 86_400_000;

impl Timestamp {
    /// The present moment of the machine's clock.
    pub fn now() -> Self {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }

    /// Reads the number of a response; `None` when it is not finite or out of range.
    pub fn from_seconds(seconds: f64) -> Option<Self> {
        let millis = (seconds * 1000.0).round();
        (millis.is_finite() && millis.abs() < 9.0e15).then_some(Timestamp(millis as i64))
    }

    /// The number for a response: seconds, with milliseconds as a fraction.
    pub fn to_seconds(self) -> f64 {
        self.0 as f64 / 1000.0
    }

    /// Midnight UTC of this day. AWS gives LastAccessedDate with this resolution (aws-recorded).
    pub fn day(self) -> Self {
        Timestamp(self.0.div_euclid(DAY_MS) * DAY_MS)
    }

    /// This moment, moved by a number of milliseconds.
    #[must_use]
    pub fn plus_ms(self, millis: i64) -> Self {
        Timestamp(self.0.saturating_add(millis))
    }
}
