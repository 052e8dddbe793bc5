//! Postings in labelled lines (`Company: …`, `Role: …`), and comments of people who look for work, which have labels of their own.

use super::head::{Head, PAY, company, cut, title};

/// Paragraphs in which labels stand.
const PARAGRAPHS: usize = 15;

/// What the labels say.
pub(super) fn read(paragraphs: &[Vec<String>]) -> Head {
    let mut head = Head::default();
    for (label, text) in labelled(paragraphs) {
        match label.as_str() {
            "company" | "employer" => head.company = head.company.or_else(|| company(text)),
            "role" | "roles" | "position" | "positions" | "title" | "job title" => {
                head.roles.push(title(text));
            }
            "location" | "locations" | "where" => {
                let (place, rest) = cut(text);
                head.workplace.push(text.to_owned());
                head.places.push(place.to_owned());
                let pay = rest.filter(|rest| PAY.is_match(rest));
                head.pay = head.pay.or_else(|| pay.map(str::to_owned));
            }
            "onsite" | "remote" | "work mode" | "workplace" => {
                head.workplace.push(format!("{label}: {text}"));
            }
            "type" | "job type" | "employment" | "employment type" | "commitment" => {
                head.terms.push(text.to_owned());
            }
            "salary" | "pay" | "compensation" | "pay range" | "salary range" => {
                head.pay = head.pay.or_else(|| Some(text.to_owned()));
            }
            _ => {}
        }
    }
    head
}

/// Whether the comment offers its writer.
pub(super) fn seeks_work(paragraphs: &[Vec<String>]) -> bool {
    let line = paragraphs.first().and_then(|lines| lines.first()).map(|line| line.to_lowercase());
    let line = line.unwrap_or_default();
    let start = line.trim_start_matches(|c: char| !c.is_alphanumeric());
    let labels = labelled(paragraphs);
    let has = |label: &str| labels.iter().any(|(known, _)| known == label);
    ["seeking work", "looking for work", "available for"].iter().any(|words| start.starts_with(words))
        || has("willing to relocate")
        || has("technologies") && (has("resume") || has("résumé/cv") || has("email"))
}

fn labelled(paragraphs: &[Vec<String>]) -> Vec<(String, &str)> {
    let lines = paragraphs.iter().take(PARAGRAPHS).flatten();
    lines
        .filter_map(|line| {
            let (label, text) = line.split_once(':')?;
            let label = label.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
            let text = text.trim();
            (label.len() <= 24 && !text.is_empty() && text.len() <= 300).then_some((label, text))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<Vec<String>> {
        text.lines().map(|line| vec![line.to_owned()]).collect()
    }

    #[test]
    fn labels_name_what_they_stand_for() {
        let head = read(&lines(
            "Company: Tern Diving\nROLE: Diver\nLocation: Oslo (onsite)\nSalary: 50k EUR\nType: Full time",
        ));
        assert_eq!(head.company.as_deref(), Some("Tern Diving"));
        assert_eq!((head.roles, head.places), (vec!["Diver".to_owned()], vec!["Oslo (onsite)".to_owned()]));
        assert_eq!((head.pay.as_deref(), head.terms), (Some("50k EUR"), vec!["Full time".to_owned()]));
        assert_eq!(read(&lines("Diver: one")), Head::default());
    }

    #[test]
    fn people_who_look_for_work() {
        assert!(seeks_work(&lines("SEEKING WORK | Diver")));
        assert!(seeks_work(&lines("Location: Oslo\nRemote: yes\nWilling to relocate: no")));
        assert!(!seeks_work(&lines("Tern | Diver | Oslo")));
    }
}
