//! A posting under the field names of the rule trees. `match_score` is not known while matching.

use chrono::{NaiveDate, NaiveDateTime};

use super::{RuleItem, RuleValue, suffix};
use crate::domain::{JobType, RemoteOption, Salary};

/// What rules look at.
#[derive(Clone, Copy, Debug)]
pub struct PostingItem<'a> {
    pub title: &'a str,
    pub company: &'a str,
    pub location: Option<&'a str>,
    pub tech_stack: &'a [String],
    pub salary: &'a Salary,
    pub remote: Option<RemoteOption>,
    pub job_type: Option<JobType>,
    pub source: &'a str,
    pub created: Option<NaiveDateTime>,
    pub posted: Option<NaiveDate>,
}

impl RuleItem for PostingItem<'_> {
    fn field(&self, name: &str) -> RuleValue<'_> {
        let text = |text: Option<&'_ str>| {
            text.map_or(RuleValue::Missing, |text| RuleValue::Text(text.to_owned().into()))
        };
        let number = |pay: Option<i32>| pay.map_or(RuleValue::Missing, |pay| RuleValue::Number(pay.into()));
        let date = |at: Option<NaiveDateTime>| at.map_or(RuleValue::Missing, RuleValue::Date);
        match name {
            "title" => RuleValue::Text(self.title.into()),
            "company" => RuleValue::Text(self.company.into()),
            "location" => text(self.location),
            "tech_stack" => RuleValue::List(self.tech_stack),
            "salary_range" => self.salary_range(),
            "remote" => self
                .remote
                .map_or(RuleValue::Missing, |option| RuleValue::Bool(option == RemoteOption::Remote)),
            "remote_option" => text(self.remote.map(RemoteOption::as_str)),
            "job_type" => text(self.job_type.map(JobType::as_str)),
            "source" => RuleValue::Text(self.source.into()),
            "salary_min" => number(self.salary.min),
            "salary_max" => number(self.salary.max),
            "created_at" => date(self.created),
            "posted_date" => date(self.posted.and_then(|day| day.and_hms_opt(0, 0, 0))),
            _ => RuleValue::Missing,
        }
    }
}

impl PostingItem<'_> {
    /// `60000 - 80000 EUR`.
    fn salary_range(&self) -> RuleValue<'_> {
        let ends: Vec<_> =
            [self.salary.min, self.salary.max].into_iter().flatten().map(|end| end.to_string()).collect();
        if ends.is_empty() {
            return RuleValue::Missing;
        }
        let currency = suffix(self.salary.currency.as_deref());
        RuleValue::Text(format!("{}{currency}", ends.join(" - ")).into())
    }
}
