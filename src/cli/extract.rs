//! `career-worker extract FIELD`: one field out of texts, without a database.
//!
//! Reads JSON lines `{"text", "title"?, "location"?, "lang"?}` and writes one JSON object a line, in the same order. A line that
//! cannot be read gives `{"error": "line N: ..."}` in its place, and the exit code 1 at the end.

use std::{
    io::{BufRead, Write},
    process::ExitCode,
};

use anyhow::Context as _;
use chrono::NaiveDate;
use clap::{Args, ValueEnum};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    clock::Clock,
    domain::{Pay, Text},
    normalize::{
        dates, html, job_type, language, pay, places, remote, repair, requirements,
        skills::{Part, Skills},
    },
};

/// Arguments of `career-worker extract`.
#[derive(Args, Debug)]
pub struct ExtractArgs {
    /// Which field to extract.
    pub field: Field,
    /// The day that relative dates count from (default: today in UTC).
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub today: Option<NaiveDate>,
}

/// A field that can be extracted from text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum Field {
    /// Pay as published and as a yearly amount.
    Salary,
    /// Employment type.
    JobType,
    /// Place of work.
    Remote,
    /// Places in parts, in English names.
    Place,
    /// Technologies.
    Skills,
    /// Requirements section.
    Requirements,
    /// A date, or the deadline or day of publication that a text names.
    Date,
}

/// One line of input.
#[derive(Debug, Deserialize)]
struct Line {
    text: String,
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    location: Option<String>,
    #[serde(default)]
    lang: Option<String>,
}

impl ExtractArgs {
    /// The day that relative dates count from.
    pub fn day(&self, clock: &Clock) -> NaiveDate {
        self.today.unwrap_or_else(|| clock.now().date_naive())
    }
}

/// Extracts `field` from each line of `input`; empty lines are skipped. Exit code 1 where a line could not be read.
///
/// # Errors
/// Input that cannot be read, output that cannot be written.
pub fn run(
    field: Field,
    today: NaiveDate,
    mut input: impl BufRead,
    output: &mut impl Write,
) -> anyhow::Result<ExitCode> {
    let mut bytes = Vec::new();
    let mut failed = false;
    for number in 1_u64.. {
        bytes.clear();
        if input.read_until(b'\n', &mut bytes).context("reading the input")? == 0 {
            break;
        }
        if bytes.trim_ascii().is_empty() {
            continue;
        }
        let answer = match serde_json::from_slice::<Line>(&bytes) {
            Ok(line) => extract(field, &line, today),
            Err(error) => {
                failed = true;
                json!({ "error": format!("line {number}: {error}, expected {{\"text\": \"...\"}}") })
            }
        };
        writeln!(output, "{answer}").context("writing the output")?;
    }
    output.flush().context("writing the output")?;
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn extract(field: Field, line: &Line, today: NaiveDate) -> Value {
    let body = body(&line.text);
    let blocks = html::plain_or_html(&body);
    let text = html::to_text(&blocks);
    let title = line.title.as_deref().unwrap_or_default();
    match field {
        Field::Salary => salary(line, &text),
        Field::JobType => {
            let found = job_type::from_title(title).or_else(|| job_type::from_text(&text)).or_else(|| {
                short(&text).then(|| job_type::from_employment(std::slice::from_ref(&text))).flatten()
            });
            json!({ "job_type": found })
        }
        Field::Remote => {
            let location: Vec<String> = line.location.iter().cloned().collect();
            let found = remote::resolve(None, &location, title, &text)
                .or_else(|| short(&text).then(|| remote::from_field(&text)).flatten());
            json!({ "remote_option": found })
        }
        Field::Place => {
            json!({ "places": places::from_text(&repair::line(line.location.as_deref().unwrap_or(&line.text))) })
        }
        Field::Skills => {
            let mut skills = Skills::default();
            skills.read(&repair::line(title), Part::Title);
            skills.read(&text, Part::Text);
            json!({ "skills": skills.names() })
        }
        Field::Requirements => json!({ "requirements": requirements::split(&blocks) }),
        Field::Date => json!({ "date": dates::in_text(&text, today) }),
    }
}

fn body(text: &str) -> Text {
    if text.contains("</") || text.contains("<br") || text.contains("&lt;/") {
        Text::Html(text.to_owned())
    } else {
        Text::Plain(text.to_owned())
    }
}

/// True for text that can be the value of a field rather than running text.
fn short(text: &str) -> bool {
    text.chars().count() <= 60 && !text.contains('\n')
}

fn salary(line: &Line, text: &str) -> Value {
    let detected = language::detect(line.lang.as_deref(), text);
    let places = line.location.as_deref().map(places::from_text).unwrap_or_default();
    let country_code = places.first().and_then(|place| place.country_code.as_deref());
    let hints = pay::Hints { language: detected.as_deref(), country_code };
    let title = line.title.as_deref().and_then(|title| pay::from_text(&repair::line(title), hints));
    let found: Option<Pay> = pay::from_text(text, hints)
        .or(title)
        .or_else(|| short(text).then(|| pay::from_field(text, hints)).flatten());
    let yearly = found.as_ref().map(pay::yearly).unwrap_or_default();
    json!({
        "raw_salary": found,
        "salary_min": yearly.min,
        "salary_max": yearly.max,
        "salary_currency": yearly.currency,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(field: Field, input: &[u8]) -> (Vec<Value>, bool) {
        let mut output = Vec::new();
        let today = NaiveDate::from_ymd_opt(2026, 2, 15).unwrap();
        let code = run(field, today, input, &mut output).unwrap();
        let lines = output.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        (
            lines.map(|line| serde_json::from_slice(line).unwrap()).collect(),
            format!("{code:?}") == format!("{:?}", ExitCode::SUCCESS),
        )
    }

    #[test]
    fn one_answer_a_line_in_order() {
        let input =
            b"{\"text\": \"written in Rust and SQL\"}\n\n{\"text\": \"\", \"title\": \"Go Developer\"}\n";
        let (found, fine) = answers(Field::Skills, input);
        assert_eq!(found, [json!({ "skills": ["Rust", "SQL"] }), json!({ "skills": ["Go"] })]);
        assert!(fine);
    }

    #[test]
    fn a_bad_line_is_told_in_its_place() {
        let (found, fine) = answers(
            Field::Remote,
            b"{\"text\": \"fully remote role\"}\nnonsense \xff\n{\"texts\": 1}\n{\"text\": \"Hybrid\"}",
        );
        assert_eq!(found[0], json!({ "remote_option": "remote" }));
        assert!(found[1]["error"].as_str().unwrap().starts_with("line 2: "));
        assert!(found[2]["error"].as_str().unwrap().contains("text"));
        assert_eq!(found[3], json!({ "remote_option": "hybrid" }));
        assert!(!fine);
    }

    #[test]
    fn every_field_has_its_shape() {
        let input = br#"{"text": "<h3>Requirements</h3><p>Calm</p><h3>Benefits</h3><p>This is a part-time position. Apply by March 3, 2026.</p>"}"#;
        assert_eq!(answers(Field::Requirements, input).0, [json!({ "requirements": "Calm" })]);
        assert_eq!(answers(Field::JobType, input).0, [json!({ "job_type": "part-time" })]);
        assert_eq!(answers(Field::Date, input).0, [json!({ "date": "2026-03-03" })]);
        assert_eq!(answers(Field::Remote, input).0, [json!({ "remote_option": null })]);
        let salary = &answers(Field::Salary, b"{\"text\": \"no pay here\"}").0[0];
        assert_eq!(
            *salary,
            json!({ "raw_salary": null, "salary_min": null, "salary_max": null, "salary_currency": null })
        );
        assert!(answers(Field::Place, input).0[0]["places"].is_array());
    }
}
