//! The `cron()` expressions that Secrets Manager takes for rotation, and when their windows open.
//!
//! aws-docs, user guide, schedule expressions: six fields (minutes, hours, day of month, month, day of week, year) in
//! UTC. Windows open on the hour, so that minutes are `0`; schedules are no rarer than yearly, so that the year is `*`;
//! of the two fields for days one says `?`; a secret rotates every four hours at most. `inferred`: that steps, lists,
//! ranges, names, `L`, `W` and `#` mean what they mean in the cron expressions of EventBridge, whose form this is.

use jiff::civil::{Date, Weekday, date};

use crate::service::time::{DAY_MS, Timestamp};

const HOUR_MS: i64 = 3_600_000;
/// Windows are no closer than this, in hours.
const CLOSEST: i64 = 4;
/// The rarest day there is, 29 February, comes again within eight years.
const FARTHEST_DAYS: usize = 366 * 9;

const MONTHS: [&str; 12] =
    ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/// A schedule by the calendar.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Cron {
    /// Sorted, without repetitions.
    hours: Vec<i64>,
    months: Vec<i64>,
    days: Days,
}

#[derive(Clone, Debug, PartialEq)]
enum Days {
    OfMonth(Vec<MonthDay>),
    OfWeek(Vec<WeekDay>),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum MonthDay {
    On(i64),
    /// `L`: the last one.
    Last,
    /// `LW`: the last from Monday to Friday.
    LastWorkday,
    /// `15W`: the one from Monday to Friday that is nearest, in the same month.
    Workday(i64),
}

/// Days of the week are counted from 1, Sunday.
#[derive(Clone, Copy, Debug, PartialEq)]
enum WeekDay {
    Every(i64),
    /// `6L`: the last Friday of the month.
    Last(i64),
    /// `TUE#3`: the third Tuesday of the month.
    Nth(i64, i64),
}

impl Cron {
    /// Reads what stands between the brackets; `None` where it is no schedule.
    pub(crate) fn read(fields: &str) -> Option<Cron> {
        let fields: Vec<&str> = fields.split_whitespace().collect();
        let [minutes, hours, month_days, months, week_days, year] = fields.as_slice() else { return None };
        if *minutes != "0" || *year != "*" {
            return None;
        }
        let days = match (*month_days, *week_days) {
            ("?", "?") => return None,
            (of_month, "?") => Days::OfMonth(list(of_month, month_day)?),
            ("?", of_week) => Days::OfWeek(list(of_week, week_day)?),
            _ => return None,
        };
        let hours = numbers(hours, 0, 23, &[])?;
        let months = numbers(months, 1, 12, &MONTHS)?;
        let cron = Cron { hours, months, days };
        let wide = cron.closest() >= CLOSEST;
        // The thirty-first of June is no schedule.
        (wide && cron.next(Timestamp(0)).is_some()).then_some(cron)
    }

    /// Whether several windows open in a day: then a window is an hour long, otherwise it ends with the day.
    pub(crate) fn is_in_hours(&self) -> bool {
        self.hours.len() > 1
    }

    /// The latest hour at which a window opens.
    pub(crate) fn latest_hour(&self) -> i64 {
        self.hours.last().copied().unwrap_or(0)
    }

    /// The shortest time between two windows, in hours, as if they opened every day.
    pub(crate) fn closest(&self) -> i64 {
        let next_day = self.hours.first().map(|hour| hour + 24);
        let following = self.hours.iter().skip(1).copied().chain(next_day);
        self.hours.iter().zip(following).map(|(hour, next)| next - hour).min().unwrap_or(24)
    }

    /// When the first window after a moment opens.
    pub(crate) fn next(&self, after: Timestamp) -> Option<Timestamp> {
        let midnight = after.day();
        let since = jiff::Span::new().try_days(midnight.0 / DAY_MS).ok()?;
        let first = date(1970, 1, 1).checked_add(since).ok()?;
        let days = first.series(jiff::Span::new().days(1)).take(FARTHEST_DAYS);
        days.enumerate().filter(|(_, day)| self.is_day(*day)).find_map(|(at, _)| {
            let day = midnight.plus_ms(i64::try_from(at).ok()?.saturating_mul(DAY_MS));
            let mut openings = self.hours.iter().map(|hour| day.plus_ms(hour * HOUR_MS));
            openings.find(|opening| *opening > after)
        })
    }

    fn is_day(&self, day: Date) -> bool {
        let (number, last) = (i64::from(day.day()), i64::from(day.days_in_month()));
        if !self.months.contains(&i64::from(day.month())) {
            return false;
        }
        match &self.days {
            Days::OfMonth(days) => days.iter().any(|wanted| match *wanted {
                MonthDay::On(on) => number == on,
                MonthDay::Last => number == last,
                MonthDay::LastWorkday => nearest_workday(day, last) == Some(number),
                MonthDay::Workday(near) => near <= last && nearest_workday(day, near) == Some(number),
            }),
            Days::OfWeek(days) => {
                let today = i64::from(day.weekday().to_sunday_one_offset());
                days.iter().any(|wanted| match *wanted {
                    WeekDay::Every(on) => today == on,
                    WeekDay::Last(on) => today == on && number + 7 > last,
                    WeekDay::Nth(on, nth) => today == on && (number + 6) / 7 == nth,
                })
            }
        }
    }
}

/// The day from Monday to Friday that is nearest to a day of the same month.
fn nearest_workday(month: Date, near: i64) -> Option<i64> {
    let last = i64::from(month.days_in_month());
    let day = date(month.year(), month.month(), i8::try_from(near).ok()?);
    Some(match day.weekday() {
        Weekday::Saturday if near > 1 => near - 1,
        Weekday::Saturday => near + 2,
        Weekday::Sunday if near < last => near + 1,
        Weekday::Sunday => near - 2,
        _ => near,
    })
}

/// Entries with commas between them, each of which stands for several.
fn list<T>(text: &str, entry: impl Fn(&str) -> Option<Vec<T>>) -> Option<Vec<T>> {
    let mut all = Vec::new();
    for part in text.split(',') {
        all.extend(entry(part)?);
    }
    Some(all)
}

fn month_day(text: &str) -> Option<Vec<MonthDay>> {
    if let Some(near) = text.strip_suffix('W').filter(|near| *near != "L") {
        return Some(vec![MonthDay::Workday(number(near, 1, 31, &[])?)]);
    }
    Some(match text {
        "L" => vec![MonthDay::Last],
        "LW" => vec![MonthDay::LastWorkday],
        _ => range(text, 1, 31, &[])?.into_iter().map(MonthDay::On).collect(),
    })
}

fn week_day(text: &str) -> Option<Vec<WeekDay>> {
    if let Some((day, nth)) = text.split_once('#') {
        return Some(vec![WeekDay::Nth(number(day, 1, 7, &WEEKDAYS)?, number(nth, 1, 5, &[])?)]);
    }
    if text == "L" {
        return Some(vec![WeekDay::Every(7)]);
    }
    match text.strip_suffix('L') {
        Some(day) => Some(vec![WeekDay::Last(number(day, 1, 7, &WEEKDAYS)?)]),
        None => Some(range(text, 1, 7, &WEEKDAYS)?.into_iter().map(WeekDay::Every).collect()),
    }
}

/// A field of numbers, sorted and without repetitions.
fn numbers(text: &str, least: i64, most: i64, names: &[&str]) -> Option<Vec<i64>> {
    let mut all = list(text, |part| range(part, least, most, names))?;
    all.sort_unstable();
    all.dedup();
    Some(all)
}

/// `5`, `1-5`, `*`, and these with a step: `2/8` goes from 2 on.
fn range(text: &str, least: i64, most: i64, names: &[&str]) -> Option<Vec<i64>> {
    let (base, step) = match text.split_once('/') {
        Some((base, step)) => (base, Some(number(step, 1, most, &[])?)),
        None => (text, None),
    };
    let (from, to) = match (base, base.split_once('-')) {
        ("*", _) => (least, most),
        ("", _) if step.is_some() => (least, most),
        (_, Some((from, to))) => (number(from, least, most, names)?, number(to, least, most, names)?),
        (one, None) => {
            let from = number(one, least, most, names)?;
            (from, if step.is_some() { most } else { from })
        }
    };
    let step = usize::try_from(step.unwrap_or(1)).ok()?;
    (from <= to).then(|| (from..=to).step_by(step).collect())
}

/// A number, or the name of one; names count from `least`.
fn number(text: &str, least: i64, most: i64, names: &[&str]) -> Option<i64> {
    let named = names.iter().position(|name| name.eq_ignore_ascii_case(text));
    if let Some(at) = named {
        return i64::try_from(at).ok().map(|at| at + least);
    }
    let digits = !text.is_empty() && text.len() <= 3 && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|number| digits && (least..=most).contains(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        let time: jiff::Timestamp = text.parse().expect("it is a time");
        Timestamp(time.as_millisecond())
    }

    #[test]
    fn windows_open_when_the_calendar_says() {
        for (fields, after, opens) in [
            ("0 8 1 * ? *", "2026-01-01T08:00:00Z", "2026-02-01T08:00:00Z"),
            ("0 8 1 * ? *", "2026-01-01T07:59:59Z", "2026-01-01T08:00:00Z"),
            ("0 */8 * * ? *", "2026-01-01T08:30:00Z", "2026-01-01T16:00:00Z"),
            ("0 2/8 * * ? *", "2026-01-01T18:00:00Z", "2026-01-02T02:00:00Z"),
            ("0 /12 * * ? *", "2026-01-01T01:00:00Z", "2026-01-01T12:00:00Z"),
            ("0 0 ? * SUN#1 *", "2026-11-25T00:00:00Z", "2026-12-06T00:00:00Z"),
            ("0 16 ? * 6L *", "2026-11-25T00:00:00Z", "2026-11-27T16:00:00Z"),
            ("0 4 ? * MON-FRI *", "2026-11-27T05:00:00Z", "2026-11-30T04:00:00Z"),
            ("0 4 ? * L *", "2026-11-25T05:00:00Z", "2026-11-28T04:00:00Z"),
            ("0 1 L * ? *", "2028-02-01T00:00:00Z", "2028-02-29T01:00:00Z"),
            ("0 1 29 2 ? *", "2097-01-01T00:00:00Z", "2104-02-29T01:00:00Z"),
            ("0 0 1,15 JAN,JUL ? *", "2026-01-15T00:00:00Z", "2026-07-01T00:00:00Z"),
            ("0 0 1W * ? *", "2026-07-30T00:00:00Z", "2026-08-03T00:00:00Z"),
            ("0 0 LW * ? *", "2026-05-01T00:00:00Z", "2026-05-29T00:00:00Z"),
            ("0 0 1 */3 ? *", "2026-02-01T00:00:00Z", "2026-04-01T00:00:00Z"),
        ] {
            let cron = Cron::read(fields).unwrap_or_else(|| panic!("`{fields}` is a schedule"));
            assert_eq!(cron.next(at(after)), Some(at(opens)), "{fields} after {after}");
        }
    }

    #[test]
    fn what_is_no_schedule_is_refused() {
        for fields in [
            "",
            "0",
            "0 8 1 * ?",
            "0 8 1 * ? * *",
            "30 8 1 * ? *",
            "* 8 1 * ? *",
            "0 8 1 * ? 2030",
            "0 24 1 * ? *",
            "0 8 32 * ? *",
            "0 8 0 * ? *",
            "0 8 1 13 ? *",
            "0 8 1 * MON *",
            "0 8 * * * *",
            "0 8 ? * ? *",
            "0 8 ? * 8 *",
            "0 8 ? * MON#6 *",
            "0 8 ? * FRI-MON *",
            "0 8 31 6 ? *",
            "0 */3 * * ? *",
            "0 8,10 * * ? *",
            "0 1,22 * * ? *",
            "0 8/0 * * ? *",
            "0 x * * ? *",
            "0 , * * ? *",
            "0 +8 * * ? *",
        ] {
            assert_eq!(Cron::read(fields), None, "{fields}");
        }
    }

    #[test]
    fn a_time_beyond_the_calendar_is_no_panic() {
        let cron = Cron::read("0 8 * * ? *").expect("it is a schedule");
        assert_eq!(cron.next(Timestamp(i64::MAX)), None);
        assert_eq!(cron.next(Timestamp(8_000_000_000_000_000)), None);
    }
}
