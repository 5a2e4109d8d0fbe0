//! When a secret rotates: RotationRules, read, shown, and reckoned with.

use serde_json::{Value, json};

use super::failure::Failure;
use super::input::Input;
use crate::service::time::{DAY_MS, Timestamp};

const HOUR_MS: i64 = 3_600_000;

/// The rotation rules of a secret.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Rules {
    interval: Interval,
    /// As it was given: hours, `3h`.
    duration: Option<String>,
}

#[derive(Clone, Debug, PartialEq)]
enum Interval {
    /// AutomaticallyAfterDays alone.
    Days(i64),
    /// `rate(…)`, as it was given, and its hours.
    Rate { expression: String, hours: i64 },
    /// `cron(…)`, as it was given.
    Cron(String),
    /// Neither: the rules only had a duration.
    None,
}

impl Rules {
    /// Reads `RotationRules`.
    ///
    /// reported: RotateSecret.days-and-schedule. `inferred`: what a schedule must look like and the text when it does
    /// not (aws-docs: `rate(value unit)` or `cron(fields)`, no more often than every four hours).
    pub(crate) fn read(input: Input<'_>) -> Result<Option<Rules>, Failure> {
        let Some(rules) = input.structure("RotationRules") else { return Ok(None) };
        let (days, expression) = (rules.number("AutomaticallyAfterDays"), rules.text("ScheduleExpression"));
        let interval = match (days, expression) {
            (Some(_), Some(_)) => {
                return Err(Failure::parameter(
                    "You cannot specify both rotation frequency and schedule expression together.",
                ));
            }
            (Some(days), None) => Interval::Days(days),
            (None, Some(expression)) => Interval::of(expression)
                .ok_or_else(|| Failure::parameter("The ScheduleExpression value is not valid."))?,
            (None, None) => Interval::None,
        };
        Ok(Some(Rules { interval, duration: rules.text("Duration").map(str::to_owned) }))
    }

    /// The rules as DescribeSecret shows them. A rate comes with the days it makes, rounded up (aws-recorded:
    /// DescribeSecret.rotation.schedule-and-days).
    pub(crate) fn shown(&self) -> Value {
        let mut shown = match &self.interval {
            Interval::Days(days) => json!({"AutomaticallyAfterDays": days}),
            Interval::Rate { expression, hours } => {
                json!({"AutomaticallyAfterDays": (hours + 23) / 24, "ScheduleExpression": expression})
            }
            Interval::Cron(expression) => json!({"ScheduleExpression": expression}),
            Interval::None => json!({}),
        };
        if let Some(duration) = &self.duration {
            shown["Duration"] = duration.as_str().into();
        }
        shown
    }

    /// The end of the next rotation window after a moment: `hh:59:59` (aws-recorded: DescribeSecret.rotation.next-date).
    ///
    /// `inferred`: a window counted in days opens at midnight and closes with the day, or after the stated duration;
    /// one counted in hours opens with the hour and is one hour long, or as long as stated. A cron expression is
    /// stored but not reckoned: its date is left out.
    pub(crate) fn next(&self, now: Timestamp) -> Option<Timestamp> {
        let duration = self.duration.as_deref().and_then(hours);
        let (opens, length) = match &self.interval {
            Interval::Days(days) => (now.day().plus_ms(days * DAY_MS), duration.unwrap_or(24)),
            Interval::Rate { hours, .. } if hours % 24 == 0 => {
                (now.day().plus_ms(hours * HOUR_MS), duration.unwrap_or(24))
            }
            Interval::Rate { hours, .. } => {
                let start = now.plus_ms(hours * HOUR_MS);
                (Timestamp(start.0.div_euclid(HOUR_MS) * HOUR_MS), duration.unwrap_or(1))
            }
            Interval::Cron(_) | Interval::None => return None,
        };
        Some(opens.plus_ms(length * HOUR_MS - 1000))
    }
}

impl Interval {
    fn of(expression: &str) -> Option<Self> {
        let inside = |kind: &str| expression.strip_prefix(kind)?.strip_prefix('(')?.strip_suffix(')');
        if let Some(rate) = inside("rate") {
            let (value, unit) = rate.trim().split_once(' ')?;
            let value: i64 = value.parse().ok().filter(|value| (1..=1000).contains(value))?;
            let hours = match unit.trim() {
                "hour" | "hours" => value,
                "day" | "days" => value * 24,
                _ => return None,
            };
            return (hours >= 4).then(|| Interval::Rate { expression: expression.to_owned(), hours });
        }
        let fields = inside("cron")?.split_whitespace().count();
        (fields == 6).then(|| Interval::Cron(expression.to_owned()))
    }
}

fn hours(duration: &str) -> Option<i64> {
    duration.strip_suffix('h')?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(rules: &Value) -> Rules {
        let input = json!({"RotationRules": rules});
        let input = Input(input.as_object().expect("it is an object"));
        Rules::read(input).expect("they are right").expect("there are some")
    }

    #[test]
    fn a_rate_in_hours_ends_with_its_hour_as_recorded() {
        // 2025-11-19T23:04:59.557Z and 2025-11-20T03:59:59Z.
        let rules = rules(&json!({"ScheduleExpression": "rate(4 hours)"}));
        assert_eq!(rules.next(Timestamp(1_763_593_499_557)), Some(Timestamp(1_763_611_199_000)));
        assert_eq!(
            rules.shown(),
            json!({"AutomaticallyAfterDays": 1, "ScheduleExpression": "rate(4 hours)"})
        );
    }

    #[test]
    fn days_end_with_the_day() {
        let rules = rules(&json!({"AutomaticallyAfterDays": 2}));
        assert_eq!(rules.next(Timestamp(DAY_MS / 2)), Some(Timestamp(3 * DAY_MS - 1000)));
    }

    #[test]
    fn schedules_that_are_none_are_refused() {
        for expression in
            ["rate(3 hours)", "rate(x days)", "rate(1 week)", "cron(0 8)", "every day", "rate(4 hours"]
        {
            assert_eq!(Interval::of(expression), None, "{expression}");
        }
    }
}
