//! When a secret rotates: RotationRules, read, shown, and reckoned with.

use serde_json::{Value, json};

use super::cron::Cron;
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
    /// `cron(…)`, as it was given, and as a calendar.
    Cron { expression: String, cron: Cron },
    /// Neither: the rules only had a duration.
    None,
}

impl Rules {
    /// Reads `RotationRules`. Rules without a member are none (`inferred`).
    ///
    /// reported: RotateSecret.days-and-schedule. aws-docs: `rate(value unit)` in hours or days, no more often than every
    /// four hours, or `cron(fields)`; a window must not extend into the next one or into the next day. `inferred`: the
    /// texts; that a rate is 1000 at most, as the days are; that a window has an hour at least; of windows in hours,
    /// whose hour wanders, only that they do not meet.
    pub(crate) fn read(input: Input<'_>) -> Result<Option<Rules>, Failure> {
        let Some(rules) = input.structure("RotationRules") else { return Ok(None) };
        let (days, expression) = (rules.number("AutomaticallyAfterDays"), rules.text("ScheduleExpression"));
        let duration = rules.text("Duration").map(str::to_owned);
        let interval = match (days, expression) {
            (Some(_), Some(_)) => {
                return Err(Failure::parameter(
                    "You cannot specify both rotation frequency and schedule expression together.",
                ));
            }
            (Some(days), None) => Interval::Days(days),
            (None, Some(expression)) => Interval::of(expression)
                .ok_or_else(|| Failure::parameter("The ScheduleExpression value is not valid."))?,
            (None, None) if duration.is_none() => return Ok(None),
            (None, None) => Interval::None,
        };
        if let Some(length) = duration.as_deref().and_then(hours)
            && !(1..=interval.longest()).contains(&length)
        {
            return Err(Failure::parameter("The Duration value is not valid."));
        }
        Ok(Some(Rules { interval, duration }))
    }

    /// The rules as DescribeSecret shows them. A schedule comes with the days it makes, rounded up (aws-recorded for a
    /// rate in hours: DescribeSecret.rotation.schedule-and-days; aws-model, RotationRulesType: calculated from the
    /// schedule). `days` are those that were calculated last.
    pub(crate) fn shown(&self, days: Option<i64>) -> Value {
        let mut shown = match &self.interval {
            Interval::Days(days) => json!({"AutomaticallyAfterDays": days}),
            Interval::Rate { expression, .. } | Interval::Cron { expression, .. } => match days {
                Some(days) => json!({"AutomaticallyAfterDays": days, "ScheduleExpression": expression}),
                None => json!({"ScheduleExpression": expression}),
            },
            Interval::None => json!({}),
        };
        if let Some(duration) = &self.duration {
            shown["Duration"] = duration.as_str().into();
        }
        shown
    }

    /// The days from one rotation to the next, rounded up. `inferred`: of a calendar they are those between its next
    /// two windows.
    pub(crate) fn days(&self, now: Timestamp) -> Option<i64> {
        match &self.interval {
            Interval::Days(days) => Some(*days),
            Interval::Rate { hours, .. } => Some((hours + 23) / 24),
            Interval::Cron { cron, .. } => {
                let first = cron.next(now)?;
                Some((cron.next(first)?.0 - first.0 + DAY_MS - 1) / DAY_MS)
            }
            Interval::None => None,
        }
    }

    /// Whether a new value that somebody puts counts as a rotation: it does where days alone make the schedule
    /// (aws-model, RotationRulesType: AutomaticallyAfterDays).
    pub(crate) fn counts_updates(&self) -> bool {
        matches!(self.interval, Interval::Days(_))
    }

    /// The end of the next rotation window after a moment: `hh:59:59` (aws-recorded: DescribeSecret.rotation.next-date,
    /// for a rate in hours, whose window is the hour in which they have gone by).
    ///
    /// aws-docs, RotationRulesType: a window counted in days opens at midnight; it closes with the day, one counted in
    /// hours after an hour, or either after the stated duration; a calendar says when its windows open. `inferred`: the
    /// days are counted from the day of the rotation.
    pub(crate) fn next(&self, now: Timestamp) -> Option<Timestamp> {
        let opens = match &self.interval {
            Interval::Days(days) => now.day().plus_ms(days * DAY_MS),
            Interval::Rate { hours, .. } if hours % 24 == 0 => now.day().plus_ms(hours * HOUR_MS),
            Interval::Rate { hours, .. } => {
                Timestamp(now.plus_ms(hours * HOUR_MS).0.div_euclid(HOUR_MS) * HOUR_MS)
            }
            Interval::Cron { cron, .. } => cron.next(now)?,
            Interval::None => return None,
        };
        let closes = match self.duration.as_deref().and_then(hours) {
            Some(length) => opens.plus_ms(length * HOUR_MS),
            None if self.interval.is_in_hours() => opens.plus_ms(HOUR_MS),
            None => opens.day().plus_ms(DAY_MS),
        };
        Some(closes.plus_ms(-1000))
    }
}

impl Interval {
    fn of(expression: &str) -> Option<Self> {
        let inside = |kind: &str| expression.strip_prefix(kind)?.strip_prefix('(')?.strip_suffix(')');
        if let Some(rate) = inside("rate") {
            let (value, unit) = rate.trim().split_once(' ')?;
            let digits = value.bytes().all(|byte| byte.is_ascii_digit());
            let value: i64 = value.parse().ok().filter(|value| digits && (1..=1000).contains(value))?;
            let hours = match unit.trim() {
                "hour" | "hours" => value,
                "day" | "days" => value * 24,
                _ => return None,
            };
            return (hours >= 4).then(|| Interval::Rate { expression: expression.to_owned(), hours });
        }
        let cron = Cron::read(inside("cron")?)?;
        Some(Interval::Cron { expression: expression.to_owned(), cron })
    }

    fn is_in_hours(&self) -> bool {
        match self {
            Interval::Rate { hours, .. } => hours % 24 != 0,
            Interval::Cron { cron, .. } => cron.is_in_hours(),
            Interval::Days(_) | Interval::None => false,
        }
    }

    /// How many hours a window may have.
    fn longest(&self) -> i64 {
        match self {
            Interval::Rate { hours, .. } if hours % 24 != 0 => (*hours).min(24),
            Interval::Cron { cron, .. } => cron.closest().min(24 - cron.latest_hour()),
            Interval::Days(_) | Interval::Rate { .. } | Interval::None => 24,
        }
    }
}

fn hours(duration: &str) -> Option<i64> {
    duration.strip_suffix('h')?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(rules: &Value) -> Result<Option<Rules>, Failure> {
        let input = json!({"RotationRules": rules});
        Rules::read(Input(input.as_object().expect("it is an object")))
    }

    fn rules(rules: &Value) -> Rules {
        read(rules).expect("they are right").expect("there are some")
    }

    fn at(text: &str) -> Timestamp {
        let time: jiff::Timestamp = text.parse().expect("it is a time");
        Timestamp(time.as_millisecond())
    }

    #[test]
    fn a_rate_in_hours_ends_with_its_hour_as_recorded() {
        let rules = rules(&json!({"ScheduleExpression": "rate(4 hours)"}));
        assert_eq!(rules.next(at("2025-11-19T23:04:59.557Z")), Some(at("2025-11-20T03:59:59Z")));
        assert_eq!(
            rules.shown(rules.days(Timestamp(0))),
            json!({"AutomaticallyAfterDays": 1, "ScheduleExpression": "rate(4 hours)"})
        );
    }

    #[test]
    fn windows_end_when_the_rules_say() {
        let noon = at("2026-11-25T12:00:00Z");
        for (given, days, ends) in [
            (json!({"AutomaticallyAfterDays": 2}), 2, "2026-11-27T23:59:59Z"),
            (json!({"AutomaticallyAfterDays": 2, "Duration": "3h"}), 2, "2026-11-27T02:59:59Z"),
            (json!({"ScheduleExpression": "rate(10 days)"}), 10, "2026-12-05T23:59:59Z"),
            (json!({"ScheduleExpression": "rate(1 day)", "Duration": "24h"}), 1, "2026-11-26T23:59:59Z"),
            (json!({"ScheduleExpression": "rate(30 hours)"}), 2, "2026-11-26T18:59:59Z"),
            (json!({"ScheduleExpression": "rate(12 hours)", "Duration": "2h"}), 1, "2026-11-26T01:59:59Z"),
            (json!({"ScheduleExpression": "cron(0 8 1 * ? *)"}), 31, "2026-12-01T23:59:59Z"),
            (
                json!({"ScheduleExpression": "cron(0 8 1 * ? *)", "Duration": "3h"}),
                31,
                "2026-12-01T10:59:59Z",
            ),
            (json!({"ScheduleExpression": "cron(0 8/8 * * ? *)"}), 1, "2026-11-25T16:59:59Z"),
            (json!({"ScheduleExpression": "cron(0 0 ? * SUN *)"}), 7, "2026-11-29T23:59:59Z"),
        ] {
            let rules = rules(&given);
            assert_eq!((rules.days(noon), rules.next(noon)), (Some(days), Some(at(ends))), "{given}");
        }
    }

    #[test]
    fn schedules_that_are_none_are_refused() {
        for expression in [
            "rate(3 hours)",
            "rate(x days)",
            "rate(+4 days)",
            "rate(1 week)",
            "rate(1001 days)",
            "rate(4)",
            "cron(0 8)",
            "every day",
            "rate(4 hours",
            "Rate(4 hours)",
        ] {
            assert_eq!(Interval::of(expression), None, "{expression}");
        }
    }

    #[test]
    fn windows_that_are_too_long_are_refused() {
        for (expression, duration, fits) in [
            ("rate(10 days)", "24h", true),
            ("rate(10 days)", "25h", false),
            ("rate(10 days)", "0h", false),
            ("rate(4 hours)", "4h", true),
            ("rate(4 hours)", "5h", false),
            ("cron(0 8 * * ? *)", "16h", true),
            ("cron(0 8 * * ? *)", "17h", false),
            ("cron(0 0/6 * * ? *)", "6h", true),
            ("cron(0 0/6 * * ? *)", "7h", false),
        ] {
            let given = json!({"ScheduleExpression": expression, "Duration": duration});
            assert_eq!(read(&given).is_ok(), fits, "{given}");
        }
    }
}
