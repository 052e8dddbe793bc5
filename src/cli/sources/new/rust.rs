//! The files of a source that needs code.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, ensure};
use url::Url;

use super::write;

/// The source file; it reads a plain list and is changed from there.
const SOURCE: &str = include_str!("source.rs.template");

/// A page of the list, the cases that every source shows.
const CASES: [(&str, u16, &str, &str); 6] = [
    (
        "ordinary",
        200,
        "response.json",
        r#"{"jobs": [{"id": 1, "title": "Engineer", "company": "Nordlicht GmbH", "url": "@/1", "location": "Hamburg, Germany", "description": "<p>You build things.</p>", "published_at": "2026-11-02T08:00:00Z"}]}"#,
    ),
    (
        "messy",
        200,
        "response.json",
        r#"{"jobs": [{"id": 1, "title": "  Engineer ", "company": "Nordlicht GmbH", "url": "@/1", "location": null}, {"id": 2, "title": null, "url": "@/2"}, 3]}"#,
    ),
    ("empty", 200, "response.json", r#"{"jobs": []}"#),
    ("layout", 200, "response.html", "<!doctype html><title>We moved</title>"),
    ("throttled", 429, "response.json", "{}"),
    ("gone", 404, "response.json", "{}"),
];

/// Writes source file, fixtures and schedule, and adds the source to the list.
///
/// # Errors
/// Where this is not the project's folder, or one of the files is there.
pub(super) fn write_source(project: &Path, name: &str, url: &Url) -> anyhow::Result<Vec<PathBuf>> {
    let list = project.join("src/sources/mod.rs");
    let text = fs::read_to_string(&list)
        .with_context(|| format!("{}: expected the project's folder, or --project DIR", list.display()))?;
    let source = project.join(format!("src/sources/{name}.rs"));
    let schedule = project.join(format!("jobs/{name}.toml"));
    for path in [&source, &schedule] {
        ensure!(!path.exists(), "{} is there", path.display());
    }
    let type_name = type_name(name);
    let host = url.host_str().context("url: expected a host")?;
    let base = url.as_str().trim_end_matches('/');
    let fill = |text: &str| {
        text.replace("@NAME@", name)
            .replace("@TYPE@", &type_name)
            .replace("@HOST@", host)
            .replace("@URL@", base)
    };
    write(&source, &fill(SOURCE))?;
    write(
        &list,
        &with_source(&text, name, &type_name).context("src/sources/mod.rs: expected the list SOURCES")?,
    )?;
    write(&schedule, &fill(SCHEDULE))?;
    let mut written = vec![source, list, schedule];
    for (case, status, file, body) in CASES {
        let folder = project.join("fixtures").join(name).join(case);
        write(&folder.join(file), &body.replace('@', base))?;
        let records = if status == 200 { records(case) } else { 0 };
        let retry = if status == 429 { "\n[headers]\nretry-after = \"120\"\n" } else { "" };
        let kind = if file.ends_with("html") { "text/html" } else { "application/json" };
        let text = format!(
            "source = \"{name}\"\nmethod = \"GET\"\nurl = \"{base}\"\nstatus = {status}\ncontent_type = \"{kind}\"\n\
             recorded_at = \"2026-11-20T06:00:00Z\"\nboard = \"all\"\nrecords = {records}\ncomplete = true\n{retry}"
        );
        write(&folder.join("exchange.toml"), &text)?;
        written.push(folder);
    }
    Ok(written)
}

fn records(case: &str) -> usize {
    match case {
        "ordinary" => 1,
        "messy" => 3,
        _ => 0,
    }
}

const SCHEDULE: &str = "# @TYPE@.\n\
    # Not enabled yet: read the publisher's terms, then career-worker sources check @NAME@ and enabled = true.\n\
    task = \"scrape\"\n\
    schedule = \"37 */6 * * *\"\n\
    jitter = \"20m\"\n\
    enabled = false\n\
    overlap = \"skip\"\n\
    catch_up = \"latest\"\n\
    \n\
    [args]\n\
    source = \"@NAME@\"\n\
    boards = [\"all\"]\n";

/// `acme_jobs` as `AcmeJobs`.
fn type_name(name: &str) -> String {
    let words = name.split('_').filter(|word| !word.is_empty());
    words
        .map(|word| {
            let (first, rest) = word.split_at(1);
            first.to_ascii_uppercase() + rest
        })
        .collect()
}

/// The list of sources with one more, in order.
fn with_source(text: &str, name: &str, type_name: &str) -> Option<String> {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let module = format!("mod {name};");
    let modules =
        lines.iter().enumerate().filter(|(_, line)| line.starts_with("mod ") && line.ends_with(';'));
    let after = modules.filter(|(_, line)| **line < module).map(|(at, _)| at + 1).next_back();
    let first = lines.iter().position(|line| line.starts_with("mod ") && line.ends_with(';'))?;
    lines.insert(after.unwrap_or(first), module);
    let head = lines.iter().position(|line| line.contains("static SOURCES"))?;
    let end = head + lines.get(head..)?.iter().position(|line| line.trim_end().ends_with("];"))?;
    let entry = format!("    &{name}::{type_name},");
    if head == end {
        return None;
    }
    let at = (head + 1..end).find(|at| lines.get(*at).is_some_and(|line| *line > entry)).unwrap_or(end);
    lines.insert(at, entry);
    Some(lines.join("\n") + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_stays_sorted() {
        let list = "//! X\n\nmod acme;\nmod reading;\nmod zulu;\n\npub static SOURCES: &[&dyn Source] = &[\n    &acme::Acme,\n    &zulu::Zulu,\n];\n";
        let longer = with_source(list, "mid_way", "MidWay").unwrap();
        assert!(longer.contains("mod acme;\nmod mid_way;\nmod reading;"), "{longer}");
        assert!(longer.contains("    &acme::Acme,\n    &mid_way::MidWay,\n    &zulu::Zulu,\n];"), "{longer}");
        let first = with_source(list, "aaa", "Aaa").unwrap();
        assert!(first.contains("\nmod aaa;\nmod acme;"), "{first}");
        assert_eq!(type_name("acme_jobs2"), "AcmeJobs2");
    }

    #[test]
    fn everything_a_source_needs_is_written() {
        let project = tempfile::tempdir().unwrap();
        let root = project.path();
        fs::create_dir_all(root.join("src/sources")).unwrap();
        let list = "mod acme;\n\npub static SOURCES: &[&dyn Source] = &[\n    &acme::Acme,\n];\n";
        fs::write(root.join("src/sources/mod.rs"), list).unwrap();
        let url = Url::parse("https://jobs.example/api/list").unwrap();
        let written = write_source(root, "example", &url).unwrap();
        assert_eq!(written.len(), 9);
        let source = fs::read_to_string(root.join("src/sources/example.rs")).unwrap();
        assert!(source.contains("https://jobs.example/api/list") && !source.contains('@'), "{source}");
        let schedule = crate::schedule::load(&root.join("jobs")).unwrap();
        assert_eq!(schedule[0].args["source"], "example");
        assert!(write_source(root, "example", &url).unwrap_err().to_string().ends_with("is there"));
    }
}
