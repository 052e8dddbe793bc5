//! Lenient reading of what people and older programs wrote into columns and JSON.

use serde_json::Value;

use crate::domain::{JobType, RemoteOption, Seniority};

/// Letters and digits only, in lower case: `Full Time`, `FULL_TIME` and `full-time` are one.
fn squeezed(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// A job type in any spelling.
pub fn job_type(text: &str) -> Option<JobType> {
    Some(match squeezed(text).as_str() {
        "fulltime" | "vollzeit" | "permanent" | "festanstellung" | "tempsplein" => JobType::FullTime,
        "parttime" | "teilzeit" | "tempspartiel" => JobType::PartTime,
        "contract" | "contractor" | "freelance" | "freelancer" | "freiberuflich" => JobType::Contract,
        "internship" | "intern" | "trainee" | "praktikum" | "werkstudent" | "workingstudent" | "stage" => {
            JobType::Internship
        }
        "temporary" | "temp" | "seasonal" | "befristet" => JobType::Temporary,
        _ => return None,
    })
}

/// The job types a filter word asks for: one by its name, or all whose name contains it (`time`).
pub fn job_types(text: &str) -> Vec<JobType> {
    if let Some(one) = job_type(text) {
        return vec![one];
    }
    let wanted = squeezed(text);
    let contains = |kind: &JobType| !wanted.is_empty() && squeezed(kind.as_str()).contains(&wanted);
    JobType::ALL.into_iter().filter(contains).collect()
}

/// A place-of-work value in any spelling; older rows have `yes` and `no`.
pub fn remote_option(text: &str) -> Option<RemoteOption> {
    Some(match squeezed(text).as_str() {
        "remote" | "yes" | "true" | "fullyremote" | "remoteonly" | "homeoffice" => RemoteOption::Remote,
        "hybrid" | "partial" | "partlyremote" => RemoteOption::Hybrid,
        "onsite" | "no" | "false" | "office" | "inoffice" | "inperson" => RemoteOption::Onsite,
        _ => return None,
    })
}

/// A level by its name or a usual synonym.
pub fn seniority(text: &str) -> Option<Seniority> {
    Some(match squeezed(text).as_str() {
        "intern" | "internship" | "trainee" | "student" => Seniority::Intern,
        "entry" | "entrylevel" | "graduate" => Seniority::Entry,
        "junior" | "jr" => Seniority::Junior,
        "mid" | "midlevel" | "intermediate" | "regular" => Seniority::Mid,
        "senior" | "sr" => Seniority::Senior,
        "lead" | "staff" | "principal" => Seniority::Lead,
        "manager" | "head" => Seniority::Manager,
        "director" | "executive" | "vp" => Seniority::Director,
        _ => return None,
    })
}

/// Yes or no in any spelling; numbers are yes unless 0.
pub fn boolean(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(value) => Some(*value),
        Value::Number(number) => Some(number.as_f64() != Some(0.0)),
        Value::String(text) => match text.trim().to_lowercase().as_str() {
            "true" | "yes" | "1" | "on" => Some(true),
            "false" | "no" | "0" | "off" | "" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

/// A number, also as text (`"60000"`, `"60,000"`, `"60k"`, `"60.000 €"`).
pub fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => number_in(text),
        _ => None,
    }
}

fn number_in(text: &str) -> Option<f64> {
    let kept: String = text.trim().chars().filter(|c| !c.is_whitespace() && !"€$£'’".contains(*c)).collect();
    let kept = kept.to_lowercase();
    let (digits, scale) = match kept.strip_suffix('k') {
        Some(digits) => (digits, 1000.0),
        None => (kept.as_str(), 1.0),
    };
    let grouped =
        digits.split([',', '.']).skip(1).all(|group| group.len() == 3) && digits.contains([',', '.']);
    let plain = if grouped { digits.replace([',', '.'], "") } else { digits.replace(',', ".") };
    let number: f64 = plain.parse().ok()?;
    number.is_finite().then_some(number * scale)
}

/// The texts of a value that may be a text, a number, an array of them, or an object with a name; blanks are left out.
pub fn texts(value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    collect(value, &mut found, 0);
    found
}

fn collect(value: &Value, found: &mut Vec<String>, depth: u8) {
    match value {
        Value::String(text) if !text.trim().is_empty() => found.push(text.trim().to_owned()),
        Value::Number(number) => found.push(number.to_string()),
        Value::Array(values) if depth < 3 => values.iter().for_each(|value| collect(value, found, depth + 1)),
        Value::Object(object) => {
            for key in ["name", "label", "value", "city", "title"] {
                if let Some(Value::String(text)) = object.get(key) {
                    return collect(&Value::String(text.clone()), found, depth);
                }
            }
        }
        _ => {}
    }
}

/// The texts of a list column, which older writers filled with one text: JSON, or words between commas.
pub fn list(value: &Value) -> Vec<String> {
    if let Value::String(text) = value {
        if let Ok(inner @ Value::Array(_)) = serde_json::from_str(text) {
            return texts(&inner);
        }
        return text
            .split([',', ';'])
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .map(str::to_owned)
            .collect();
    }
    texts(value)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn variants_are_read() {
        assert_eq!(job_type("FULL_TIME"), Some(JobType::FullTime));
        assert_eq!(job_types("time"), [JobType::FullTime, JobType::PartTime]);
        assert!(job_types("blorp").is_empty() && job_types("").is_empty());
        assert_eq!(remote_option("on-site"), Some(RemoteOption::Onsite));
        assert_eq!(remote_option("yes"), Some(RemoteOption::Remote));
        for (value, expected) in [
            (json!("60000"), Some(60000.0)),
            (json!("60,000"), Some(60000.0)),
            (json!("60.000 €"), Some(60000.0)),
            (json!("60k"), Some(60000.0)),
            (json!("1,5k"), Some(1500.0)),
            (json!(7.5), Some(7.5)),
            (json!("many"), None),
            (json!([]), None),
        ] {
            assert_eq!(number(&value), expected, "{value}");
        }
    }

    #[test]
    fn lists_hold_anything() {
        assert_eq!(list(&json!("a, b;c")), ["a", "b", "c"]);
        assert_eq!(list(&json!("[\"a\", 3]")), ["a", "3"]);
        assert_eq!(list(&json!(["a", null, {"name": "b"}, ["c"], " "])), ["a", "b", "c"]);
        assert!(list(&json!({"x": 1})).is_empty() && list(&Value::Null).is_empty());
    }
}
