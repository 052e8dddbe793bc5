//! Reads the JSON of all shapes into clauses.

use std::fmt;

use serde_json::{Map, Value};

use super::{
    Clause, Filters, Problem,
    rules::{RuleGroup, instant},
};
use crate::matching::{
    location::Wish,
    query::{Fields, Node, Query, phrase},
    values,
};

/// Objects inside objects that are looked into (`{"name", "filters": {…}}`).
const MAX_DEPTH: usize = 4;

/// Keys that say something about a list of postings on a screen, not about a posting.
const OF_THE_SCREEN: [&str; 14] = [
    "sortBy",
    "sort_by",
    "sort",
    "skip",
    "limit",
    "page",
    "id",
    "name",
    "description",
    "createdAt",
    "lastUsedAt",
    "useCount",
    "resultCount",
    "is_default",
];

/// Keys about what the user did with a posting; a new posting has none of it.
const OF_THE_USER: [&str; 8] = [
    "dateAppliedAfter",
    "date_applied_after",
    "recommendationScoreMin",
    "recommendation_score_min",
    "status",
    "match_score",
    "hasApplicationUrl",
    "has_application_url",
];

/// Where a value stands, with its parents.
#[derive(Clone, Copy)]
struct Path<'a> {
    parent: Option<&'a Path<'a>>,
    key: &'a str,
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parent) = self.parent {
            write!(f, "{parent}.")?;
        }
        f.write_str(self.key)
    }
}

const ROOT: Path<'_> = Path { parent: None, key: "filters" };

struct Reader {
    synonyms: bool,
    clauses: Vec<Clause>,
    problems: Vec<Problem>,
    currency: Option<Box<str>>,
}

pub fn read(value: &Value, synonyms: bool) -> (Filters, Vec<Problem>) {
    let mut reader = Reader { synonyms, clauses: Vec::new(), problems: Vec::new(), currency: None };
    match value {
        Value::Null => {}
        Value::Object(object) => reader.object(object, ROOT, 0),
        Value::String(text) if text.trim().is_empty() => {}
        Value::String(text) => match serde_json::from_str(text) {
            Ok(Value::Object(object)) => reader.object(&object, ROOT, 0),
            _ => reader.bad(ROOT, value, "an object"),
        },
        _ => reader.bad(ROOT, value, "an object"),
    }
    let Reader { mut clauses, problems, currency, .. } = reader;
    for clause in &mut clauses {
        if let Clause::MinSalary(_, unit) | Clause::MaxSalary(_, unit) = clause {
            unit.clone_from(&currency);
        }
    }
    (Filters { clauses: clauses.into_boxed_slice() }, problems)
}

impl Reader {
    fn object(&mut self, object: &Map<String, Value>, path: Path<'_>, depth: usize) {
        if object.contains_key("rules") || object.contains_key("groups") {
            let group =
                RuleGroup::read(&Value::Object(object.clone()), &path.to_string(), &mut self.problems);
            if !group.is_empty() {
                self.clauses.push(Clause::Rules(Box::new(group)));
            }
        }
        for (key, value) in object {
            let key_path = Path { parent: Some(&path), key };
            match (key.as_str(), value) {
                ("rules" | "groups" | "logic", _) => {}
                ("filters" | "query", Value::Object(inner)) if depth < MAX_DEPTH => {
                    self.object(inner, key_path, depth + 1);
                }
                _ if is_unset(value) => {}
                (key, value) => self.key(key, value, key_path),
            }
        }
    }

    fn key(&mut self, key: &str, value: &Value, path: Path<'_>) {
        match key {
            "location" | "locations" => {
                let texts = values::texts(value);
                let wishes: Vec<_> = texts.iter().filter_map(|text| Wish::parse(text)).collect();
                self.any(wishes, path, value, "a place or a list of places", Clause::Location);
            }
            "remote_only" | "remoteOnly" | "remote" => match values::boolean(value) {
                Some(true) => self.clauses.push(Clause::Remote([crate::domain::RemoteOption::Remote].into())),
                Some(false) => {}
                None => self.remote_option(value, path),
            },
            "remote_option" | "remoteOption" => self.remote_option(value, path),
            "job_type" | "jobType" | "job_types" | "jobTypes" | "typeFilter" => {
                let texts = values::list(value);
                let types: Vec<_> = texts.iter().flat_map(|text| values::job_types(text)).collect();
                self.any(
                    types,
                    path,
                    value,
                    "full-time, part-time, contract, internship or temporary",
                    Clause::JobType,
                );
            }
            "min_salary" | "salary_min" | "salaryMin" | "minSalary" => match values::number(value) {
                Some(pay) => self.clauses.push(Clause::MinSalary(pay, None)),
                None => self.bad(path, value, "a yearly amount"),
            },
            "max_salary" | "salary_max" | "salaryMax" | "maxSalary" => match values::number(value) {
                Some(pay) => self.clauses.push(Clause::MaxSalary(pay, None)),
                None => self.bad(path, value, "a yearly amount"),
            },
            "currency" | "salary_currency" | "salaryCurrency" => match value.as_str().map(str::trim) {
                Some(code) if code.len() == 3 && code.is_ascii() => {
                    self.currency = Some(code.to_uppercase().into());
                }
                _ => self.bad(path, value, "a currency code such as EUR"),
            },
            "tech_stack" | "techStack" | "skills" | "tags" => {
                self.technologies(&values::list(value), path, value);
            }
            "company" | "companies" => {
                self.names(&values::texts(value), Fields::COMPANY, path, value, Clause::Company);
            }
            "exclude" | "excluded" | "exclude_keywords" | "excludeKeywords" => {
                self.names(&values::list(value), Fields::ALL, path, value, Clause::Exclude);
            }
            "exclude_company" | "exclude_companies" | "excludeCompanies" => {
                self.names(&values::texts(value), Fields::COMPANY, path, value, Clause::Exclude);
            }
            _ => self.further_key(key, value, path),
        }
    }

    fn further_key(&mut self, key: &str, value: &Value, path: Path<'_>) {
        match key {
            "posted_within_days" | "postedWithinDays" | "postedWithin" => match values::number(value) {
                Some(days) if days >= 0.0 => self.clauses.push(Clause::PostedWithin(whole(days))),
                _ => self.bad(path, value, "a number of days"),
            },
            "posted_after" | "postedAfter" | "datePostedAfter" | "date_posted_after" => {
                match value.as_str().and_then(instant) {
                    Some(at) => self.clauses.push(Clause::PostedAfter(at.date())),
                    None => self.bad(path, value, "a date such as 2025-11-01"),
                }
            }
            "source" | "sources" | "sourceFilter" => {
                let sources: Vec<Box<str>> =
                    values::list(value).iter().map(|name| name.to_lowercase().into()).collect();
                self.any(sources, path, value, "the name of a source", Clause::Source);
            }
            "seniority" | "level" | "experience_level" | "experienceLevel" => {
                let levels: Vec<_> =
                    values::list(value).iter().filter_map(|name| values::seniority(name)).collect();
                self.any(
                    levels,
                    path,
                    value,
                    "intern, entry, junior, mid, senior, lead, manager or director",
                    Clause::Seniority,
                );
            }
            "search" | "searchTerm" | "query" | "text" | "keywords" | "q" => {
                let text = values::texts(value).join(" ");
                let query = Query::parse(&text, self.synonyms);
                if query.root.is_some() {
                    self.clauses.push(Clause::Text(query));
                } else {
                    self.bad(path, value, "words");
                }
            }
            "activeQuickFilters" => self.quick_filters(value, path),
            _ if OF_THE_SCREEN.contains(&key) => {}
            _ if OF_THE_USER.contains(&key) => {
                if !matches!(value.as_str(), Some("not_applied"))
                    && !key.ends_with("Url")
                    && !key.ends_with("_url")
                {
                    let message =
                        "is about what you did with a posting; it cannot restrict new ones and was left out"
                            .to_owned();
                    self.problems.push(Problem { key: path.to_string(), message });
                }
            }
            _ => {
                let message = "unknown key; it restricts nothing".to_owned();
                self.problems.push(Problem { key: path.to_string(), message });
            }
        }
    }

    fn remote_option(&mut self, value: &Value, path: Path<'_>) {
        let options: Vec<_> =
            values::list(value).iter().filter_map(|text| values::remote_option(text)).collect();
        self.any(options, path, value, "true, false, remote, hybrid or onsite", Clause::Remote);
    }

    /// `["remote", "full-time", "react"]`: a place of work, job types, and technologies for the rest; each restricts.
    fn quick_filters(&mut self, value: &Value, path: Path<'_>) {
        for text in values::texts(value) {
            if let Some(option) = values::remote_option(&text) {
                self.clauses.push(Clause::Remote([option].into()));
            } else if let Some(kind) = values::job_type(&text) {
                self.clauses.push(Clause::JobType([kind].into()));
            } else if let Some(level) = values::seniority(&text) {
                self.clauses.push(Clause::Seniority([level].into()));
            } else {
                self.technologies(std::slice::from_ref(&text), path, value);
            }
        }
    }

    fn any<T>(
        &mut self,
        found: Vec<T>,
        path: Path<'_>,
        value: &Value,
        expected: &str,
        clause: fn(Box<[T]>) -> Clause,
    ) {
        if found.is_empty() {
            self.bad(path, value, expected);
        } else {
            self.clauses.push(clause(found.into_boxed_slice()));
        }
    }

    /// Any of the technologies.
    fn technologies(&mut self, names: &[String], path: Path<'_>, value: &Value) {
        let nodes = names.iter().filter_map(|name| Query::technology(name, self.synonyms)).collect();
        self.any_node(nodes, path, value, Clause::Tech);
    }

    /// Any of the texts, as written.
    fn names(
        &mut self,
        texts: &[String],
        fields: Fields,
        path: Path<'_>,
        value: &Value,
        clause: fn(Node) -> Clause,
    ) {
        let nodes = texts.iter().filter_map(|text| phrase(text, fields)).collect();
        self.any_node(nodes, path, value, clause);
    }

    fn any_node(&mut self, mut nodes: Vec<Node>, path: Path<'_>, value: &Value, clause: fn(Node) -> Clause) {
        match nodes.len() {
            0 => self.bad(path, value, "words"),
            1 => self.clauses.extend(nodes.pop().map(clause)),
            _ => self.clauses.push(clause(Node::Or(nodes.into_boxed_slice()))),
        }
    }

    fn bad(&mut self, path: Path<'_>, value: &Value, expected: &str) {
        let mut found = value.to_string();
        if found.len() > 80 {
            let end = (0..=80).rev().find(|end| found.is_char_boundary(*end)).unwrap_or(0);
            found.truncate(end);
            found.push('…');
        }
        let message = format!("{found} is not {expected}; it restricts nothing");
        self.problems.push(Problem { key: path.to_string(), message });
    }
}

/// "" and null, and the `all` of the quick filters.
fn is_unset(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => {
            let text = text.trim();
            text.is_empty() || ["all", "any"].iter().any(|word| text.eq_ignore_ascii_case(word))
        }
        Value::Array(values) => values.iter().all(is_unset),
        Value::Object(object) => object.is_empty(),
        _ => false,
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast saturates")]
fn whole(number: f64) -> u32 {
    number as u32
}
