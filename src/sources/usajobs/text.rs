//! The text of a posting, which USAJOBS sends in a field for each heading of its page, some of them HTML and most of them not.

use crate::{
    domain::Text,
    sources::reading::{Object, Value, escape, lines_to_html},
};

/// Fields of the details with their headings, in the order of the page.
const SECTIONS: [(&str, &str); 9] = [
    ("JobSummary", ""),
    ("MajorDuties", "Duties"),
    ("KeyRequirements", "Conditions of employment"),
    ("Requirements", "Requirements"),
    ("Education", "Education"),
    ("OtherInformation", "Additional information"),
    ("Evaluations", "How you will be evaluated"),
    ("RequiredDocuments", "Required documents"),
    ("Benefits", "Benefits"),
];

/// All sections, qualifications before education.
pub(super) fn description(record: &Object<'_>, details: Option<&Object<'_>>) -> Option<Text> {
    let mut html = String::new();
    for (key, heading) in SECTIONS {
        if key == "Education" {
            push(&mut html, "Qualifications", &section(Some(record), "QualificationSummary"));
        }
        push(&mut html, heading, &section(details, key));
    }
    (!html.is_empty()).then_some(Text::Html(html))
}

/// What is asked for: qualifications, conditions of employment and education.
pub(super) fn requirements(record: &Object<'_>, details: Option<&Object<'_>>) -> Option<Text> {
    let qualifications = section(Some(record), "QualificationSummary");
    let mut html = String::new();
    html.push_str(&qualifications);
    push(&mut html, "Conditions of employment", &section(details, "KeyRequirements"));
    push(&mut html, "Education", &section(details, "Education"));
    (!html.is_empty()).then_some(Text::Html(html))
}

/// A field as HTML: one text, or a list of them.
fn section(fields: Option<&Object<'_>>, key: &str) -> String {
    let Some(value) = fields.and_then(|fields| fields.get(key)) else { return String::new() };
    if let Some(text) = value.text() {
        return paragraph(&text);
    }
    let items: Vec<String> = value.items().unwrap_or_default().into_iter().filter_map(Value::text).collect();
    match items.as_slice() {
        [] => String::new(),
        [one] => paragraph(one),
        several => {
            let items: Vec<String> = several.iter().map(|item| inline(item)).collect();
            format!("<ul><li>{}</li></ul>", items.join("</li><li>"))
        }
    }
}

fn paragraph(text: &str) -> String {
    if is_html(text) { text.to_owned() } else { format!("<p>{}</p>", lines_to_html(text.trim())) }
}

fn inline(text: &str) -> String {
    if is_html(text) { text.to_owned() } else { lines_to_html(text.trim()) }
}

fn is_html(text: &str) -> bool {
    ["</", "<br", "<p>", "<li>"].iter().any(|tag| text.contains(tag))
}

fn push(html: &mut String, heading: &str, content: &str) {
    if content.is_empty() {
        return;
    }
    if !heading.is_empty() {
        html.push_str("<h3>");
        html.push_str(&escape(heading));
        html.push_str("</h3>");
    }
    html.push_str(content);
}
