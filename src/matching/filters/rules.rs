//! The rule trees of the web application's search builder: `{"logic": "AND", "rules": [{"field", "operator", "value"}], "groups": []}`.
//!
//! They mean what the builder's own preview shows, oddities included: an unknown operator and an empty group hold, `contains` on a list looks
//! into the list joined by commas, `in` and `notIn` mind the case, a missing value fails all but `isEmpty`. Two oddities are
//! mended, since nobody can have meant them: `between` works on dates, and `is "false"` means false.

use std::borrow::Cow;

use chrono::{DateTime, NaiveDate, NaiveDateTime};
use serde_json::Value;

use super::{Problem, shifted};
use crate::matching::values;

/// Deepest nesting read.
const MAX_DEPTH: usize = 32;

const FIELDS: [&str; 14] = [
    "title",
    "company",
    "location",
    "tech_stack",
    "salary_range",
    "salary_min",
    "salary_max",
    "remote",
    "remote_option",
    "job_type",
    "source",
    "match_score",
    "created_at",
    "posted_date",
];

/// What a rule compares with.
#[derive(Clone, Debug, PartialEq)]
pub enum RuleValue<'a> {
    /// Null or absent.
    Missing,
    /// Text.
    Text(Cow<'a, str>),
    /// List of texts.
    List(&'a [String]),
    /// Yes or no.
    Bool(bool),
    /// Number.
    Number(f64),
    /// Point in time, UTC.
    Date(NaiveDateTime),
}

/// Something with named fields that rules can be put to.
pub trait RuleItem {
    /// The value of a field; [`RuleValue::Missing`] for names it does not have.
    fn field(&self, name: &str) -> RuleValue<'_>;
}

/// Rules and groups that must all hold, or one of which must.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleGroup {
    any: bool,
    rules: Vec<Rule>,
    groups: Vec<RuleGroup>,
}

#[derive(Clone, Debug, PartialEq)]
struct Rule {
    field: Box<str>,
    operator: Box<str>,
    value: Value,
    value2: Value,
}

impl RuleGroup {
    /// Reads a group; what cannot be read is left out and reported under `key`.
    pub fn read(value: &Value, key: &str, problems: &mut Vec<Problem>) -> Self {
        Self::read_at(value, key, problems, 0)
    }

    fn read_at(value: &Value, key: &str, problems: &mut Vec<Problem>, depth: usize) -> Self {
        let any =
            value.get("logic").and_then(Value::as_str).is_some_and(|logic| logic.eq_ignore_ascii_case("or"));
        let mut group = Self { any, rules: Vec::new(), groups: Vec::new() };
        for (at, rule) in elements(value, "rules").enumerate() {
            let (Some(field), Some(operator)) = (text(rule, "field"), text(rule, "operator")) else {
                let message = "a rule needs the texts field and operator; left out".to_owned();
                problems.push(Problem { key: format!("{key}.rules[{at}]"), message });
                continue;
            };
            if !FIELDS.contains(&field) {
                let message =
                    format!("unknown field {field:?} is never set; known are {}", FIELDS.join(", "));
                problems.push(Problem { key: format!("{key}.rules[{at}].field"), message });
            }
            let part = |name| rule.get(name).cloned().unwrap_or(Value::Null);
            group.rules.push(Rule {
                field: field.into(),
                operator: operator.into(),
                value: part("value"),
                value2: part("value2"),
            });
        }
        for (at, inner) in elements(value, "groups").enumerate() {
            let key = format!("{key}.groups[{at}]");
            if depth >= MAX_DEPTH {
                problems.push(Problem {
                    key,
                    message: format!("nested deeper than {MAX_DEPTH} groups; left out"),
                });
            } else {
                group.groups.push(Self::read_at(inner, &key, problems, depth + 1));
            }
        }
        group
    }

    /// Whether `item` satisfies the tree on `today`; an empty group holds.
    pub fn holds(&self, item: &impl RuleItem, today: NaiveDate) -> bool {
        if self.rules.is_empty() && self.groups.is_empty() {
            return true;
        }
        let mut rules = self.rules.iter().map(|rule| rule.holds(&item.field(&rule.field), today));
        if self.any {
            rules.any(|holds| holds) || self.groups.iter().any(|group| group.holds(item, today))
        } else {
            rules.all(|holds| holds) && self.groups.iter().all(|group| group.holds(item, today))
        }
    }

    /// Rules in the whole tree.
    pub fn len(&self) -> usize {
        self.rules.len() + self.groups.iter().map(Self::len).sum::<usize>()
    }

    /// Whether there is no rule in the tree.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

fn elements<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    value.get(key).and_then(Value::as_array).into_iter().flatten()
}

fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key).and_then(Value::as_str)
}

impl Rule {
    fn holds(&self, found: &RuleValue<'_>, today: NaiveDate) -> bool {
        match (&*self.operator, found) {
            ("isEmpty", _) => is_empty(found),
            ("isNotEmpty", _) => !is_empty(found),
            (_, RuleValue::Missing) => false,
            ("contains", _) => lower(found).contains(&written(&self.value)),
            ("equals", _) => lower(found) == written(&self.value),
            ("startsWith", _) => lower(found).starts_with(&written(&self.value)),
            ("endsWith", _) => lower(found).ends_with(&written(&self.value)),
            ("gt", _) => compare(found, &self.value, |found, wanted| found > wanted),
            ("gte", _) => compare(found, &self.value, |found, wanted| found >= wanted),
            ("lt", _) => compare(found, &self.value, |found, wanted| found < wanted),
            ("lte", _) => compare(found, &self.value, |found, wanted| found <= wanted),
            ("between", RuleValue::Date(_)) => {
                dated(found, &self.value, |at, from| at >= from)
                    && dated(found, &self.value2, |at, to| at <= to)
            }
            ("between", _) => {
                compare(found, &self.value, |found, low| found >= low)
                    && compare(found, &self.value2, |found, high| found <= high)
            }
            ("before", _) => dated(found, &self.value, |at, limit| at < limit),
            ("after", _) => dated(found, &self.value, |at, limit| at > limit),
            ("inLastDays", _) => self.days().is_some_and(|days| within(found, shifted(today, -days), today)),
            ("inNextDays", _) => self.days().is_some_and(|days| within(found, today, shifted(today, days))),
            ("is", _) => truthy(found) == wanted_truth(&self.value),
            ("isNot", _) => truthy(found) != wanted_truth(&self.value),
            ("in", _) => is_one_of(found, &self.value),
            ("notIn", _) => !is_one_of(found, &self.value),
            _ => true,
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "the cast saturates")]
    fn days(&self) -> Option<i64> {
        values::number(&self.value).map(|days| (days as i64).clamp(0, 1_000_000))
    }
}

fn is_empty(found: &RuleValue<'_>) -> bool {
    match found {
        RuleValue::Missing => true,
        RuleValue::Text(text) => text.is_empty(),
        _ => false,
    }
}

fn as_text<'a>(found: &'a RuleValue<'_>) -> Cow<'a, str> {
    match found {
        RuleValue::Missing => "".into(),
        RuleValue::Text(text) => text.as_ref().into(),
        RuleValue::List(list) => list.join(",").into(),
        RuleValue::Bool(value) => value.to_string().into(),
        RuleValue::Number(value) => value.to_string().into(),
        RuleValue::Date(at) => at.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string().into(),
    }
}

fn lower(found: &RuleValue<'_>) -> String {
    as_text(found).to_lowercase()
}

/// A rule's value as text in lower case; null is empty.
fn written(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.to_lowercase(),
        Value::Array(list) => list.iter().map(written).collect::<Vec<_>>().join(","),
        other => other.to_string().to_lowercase(),
    }
}

fn compare(found: &RuleValue<'_>, wanted: &Value, holds: fn(f64, f64) -> bool) -> bool {
    let found = match found {
        RuleValue::Number(number) => Some(*number),
        RuleValue::Text(text) => values::number(&Value::String(text.to_string())),
        RuleValue::Bool(value) => Some(f64::from(u8::from(*value))),
        _ => None,
    };
    found.zip(values::number(wanted)).is_some_and(|(found, wanted)| holds(found, wanted))
}

fn dated(found: &RuleValue<'_>, limit: &Value, holds: fn(NaiveDateTime, NaiveDateTime) -> bool) -> bool {
    let found = match found {
        RuleValue::Date(at) => Some(*at),
        RuleValue::Text(text) => instant(text),
        _ => None,
    };
    found.zip(limit.as_str().and_then(instant)).is_some_and(|(at, limit)| holds(at, limit))
}

fn within(found: &RuleValue<'_>, from: NaiveDate, to: NaiveDate) -> bool {
    match found {
        RuleValue::Date(at) => (from..=to).contains(&at.date()),
        RuleValue::Text(text) => instant(text).is_some_and(|at| (from..=to).contains(&at.date())),
        _ => false,
    }
}

/// A date or an RFC 3339 instant, in UTC.
pub(super) fn instant(text: &str) -> Option<NaiveDateTime> {
    let text = text.trim();
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Some(at.naive_utc());
    }
    if let Ok(at) = text.parse::<NaiveDateTime>() {
        return Some(at);
    }
    text.parse::<NaiveDate>().ok()?.and_hms_opt(0, 0, 0)
}

fn truthy(found: &RuleValue<'_>) -> bool {
    match found {
        RuleValue::Missing => false,
        RuleValue::Text(text) => !text.is_empty(),
        RuleValue::Bool(value) => *value,
        RuleValue::Number(number) => *number != 0.0,
        RuleValue::List(_) | RuleValue::Date(_) => true,
    }
}

fn wanted_truth(value: &Value) -> bool {
    values::boolean(value).unwrap_or(!value.is_null())
}

fn is_one_of(found: &RuleValue<'_>, wanted: &Value) -> bool {
    let same = |wanted: &Value| {
        let wanted = match wanted {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        match found {
            RuleValue::List(list) => list.contains(&wanted),
            other => as_text(other) == wanted,
        }
    };
    match wanted {
        Value::Array(list) => list.iter().any(same),
        one => same(one),
    }
}
