//! The layers of the source tree: a module uses only modules of lower layers, and each outside library that decides something has one
//! home. Reads the source as text; what stands in comments, documentation and unit tests does not count.

use std::path::{Path, PathBuf};

use regex::Regex;

/// From the bottom. The modules of the first layer may use each other.
const LAYERS: [&[&str]; 9] = [
    &["clock", "domain", "random"],
    &["config"],
    &["schedule", "telemetry"],
    &["fetch", "mail", "queue", "servers", "storage", "store"],
    &["backup", "matching", "normalize", "notify", "sources"],
    &["tasks"],
    &["observe", "scheduler", "worker"],
    &["admin", "dev"],
    &["cli"],
];

/// A library, the modules that may name it, and why.
const HOMES: [(&str, &[&str], &str); 7] = [
    ("sqlx", &["store", "servers"], "all SQL is in store/"),
    ("object_store", &["storage"], "only storage/ names object_store"),
    ("lettre", &["mail"], "only mail/ speaks SMTP"),
    ("age", &["backup"], "only backup/ encrypts"),
    ("apalis", &["queue"], "only queue/ names apalis"),
    ("reqwest", &["fetch"], "only fetch/ opens outbound connections"),
    ("opentelemetry", &["telemetry"], "only telemetry/ names opentelemetry"),
];

#[test]
fn modules_use_only_lower_layers() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    let files = rust_files(&root);
    assert!(files.len() > 20, "the source tree is at {}", root.display());
    for file in files {
        let name = file.strip_prefix(&root).unwrap().to_str().unwrap();
        found.extend(violations(name, &std::fs::read_to_string(&file).unwrap()));
    }
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|end| end == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// What the file `name` (below `src/`) breaks, as `src/file:line: rule`.
fn violations(name: &str, text: &str) -> Vec<String> {
    let parts: Vec<&str> = name.trim_end_matches(".rs").split('/').filter(|part| *part != "mod").collect();
    let module = parts[0];
    if parts.len() == 1 && (module == "lib" || module == "main") || parts.last() == Some(&"tests") {
        return Vec::new();
    }
    let code = code_only(text);
    let line = |at: usize| code[..at].matches('\n').count() + 1;
    let Some(layer) = layer_of(module) else {
        return vec![format!("src/{name}:1: {module} has no layer; give it one in tests/it/layers.rs")];
    };
    let mut found = Vec::new();
    for (at, used) in crate_paths(&code, parts.len()) {
        let place = format!("src/{name}:{}", line(at));
        match layer_of(&used) {
            _ if used == module => {}
            Some(below) if below < layer || (below, layer) == (0, 0) => {}
            Some(_) => found.push(format!("{place}: {module} uses {used}, which is not in a layer below it")),
            None => found.push(format!("{place}: {used} has no layer; give it one in tests/it/layers.rs")),
        }
    }
    for (library, homes, why) in HOMES {
        let named = Regex::new(&format!(r"\b{library}(_\w+)?\b\s*::|\b{library}(_\w+)?;")).unwrap();
        if !homes.contains(&module) {
            found.extend(
                named
                    .find_iter(&code)
                    .map(|hit| format!("src/{name}:{}: names {library}, but {why}", line(hit.start()))),
            );
        }
    }
    found
}

fn layer_of(module: &str) -> Option<usize> {
    LAYERS.iter().position(|modules| modules.contains(&module))
}

/// The text without comments and without the unit tests at its end; lines stay where they are.
fn code_only(text: &str) -> String {
    let tests = Regex::new(r"#\[cfg\(test\)\]\s*(pub(\([a-z]+\))? )?mod ").unwrap();
    let end = tests.find(text).map_or(text.len(), |found| found.start());
    let comment = Regex::new("(?m)(^|[^:\"])//.*$").unwrap();
    comment.replace_all(&text[..end], "$1").into_owned()
}

/// The modules at the root of the crate that `code` names, with their positions: after `crate::`, or after enough `super::` for a file
/// `depth` modules deep.
fn crate_paths(code: &str, depth: usize) -> Vec<(usize, String)> {
    let start = Regex::new(r"\bcrate::|\b(?:super::)+").unwrap();
    let name = Regex::new(r"^(?:r#)?([a-z_0-9]+)").unwrap();
    let mut found = Vec::new();
    for hit in start.find_iter(code) {
        let supers = hit.as_str().matches("super::").count();
        if hit.as_str() != "crate::" && supers < depth {
            continue;
        }
        let rest = &code[hit.end()..];
        for (offset, item) in first_items(rest) {
            if let Some(module) = name.captures(item) {
                found.push((hit.end() + offset, module[1].to_owned()));
            }
        }
    }
    found
}

/// `a::b` gives itself; `{a::{b, c}, d}` gives `a::{b, c}` and `d`.
fn first_items(rest: &str) -> Vec<(usize, &str)> {
    if !rest.starts_with('{') {
        return vec![(0, rest)];
    }
    let (mut items, mut depth, mut start) = (Vec::new(), 0, 1);
    for (at, c) in rest.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 || depth == 1 && c == ',' {
            let skipped = rest[start..at].len() - rest[start..at].trim_start().len();
            items.push((start + skipped, rest[start + skipped..at].trim_end()));
            start = at + 1;
        }
        if depth == 0 {
            break;
        }
    }
    items
}

#[test]
fn each_rule_is_noticed() {
    let cases = [
        ("fetch/robots.rs", "\nuse crate::store::Store;", "src/fetch/robots.rs:2: fetch uses store"),
        (
            "store/mod.rs",
            "use crate::{clock::Clock,\n    tasks::{Task, x}};",
            "src/store/mod.rs:2: store uses tasks",
        ),
        ("notify/mod.rs", "fn f() { crate::cli::run() }", "src/notify/mod.rs:1: notify uses cli"),
        ("sources/a.rs", "use super::super::worker::W;", "src/sources/a.rs:1: sources uses worker"),
        ("telemetry.rs", "use crate::schedule::A;", "src/telemetry.rs:1: telemetry uses schedule"),
        ("clock.rs", "use super::config::Config;", "src/clock.rs:1: clock uses config"),
        ("tasks/a.rs", "let x: sqlx::PgPool;", "src/tasks/a.rs:1: names sqlx, but all SQL is in store/"),
        ("worker.rs", "use apalis_redis::RedisStorage;", "src/worker.rs:1: names apalis, but only queue/"),
        ("admin/mod.rs", "use reqwest::{Client};", "src/admin/mod.rs:1: names reqwest"),
        (
            "backup/a.rs",
            "use object_store::path::Path;",
            "src/backup/a.rs:1: names object_store, but only storage/",
        ),
        ("tasks/a.rs", "use lettre::Message;", "src/tasks/a.rs:1: names lettre, but only mail/ speaks SMTP"),
        ("storage/mod.rs", "use age::x25519;", "src/storage/mod.rs:1: names age, but only backup/ encrypts"),
        ("admin/mod.rs", "use crate::novelty::X;", "src/admin/mod.rs:1: novelty has no layer"),
        ("novelty/a.rs", "", "src/novelty/a.rs:1: novelty has no layer"),
    ];
    for (name, text, expected) in cases {
        let found = violations(name, text);
        assert!(found.len() == 1 && found[0].starts_with(expected), "{name} {text:?}: {found:?}");
    }
    let allowed = [
        ("domain/run.rs", "use crate::{clock::Clock, random::Random};"),
        ("fetch/robots.rs", "use super::pipeline::Fetch;\nuse crate::{config::{FetchConfig, x}, domain};"),
        (
            "fetch/robots.rs",
            "//! [`crate::tasks`]\n/// see crate::cli::x, \"https://sqlx::\"\nuse crate::fetch::a;",
        ),
        ("tasks/a.rs", "use crate::domain::X;\n#[cfg(test)]\nmod tests { use crate::cli::Y; }"),
        ("tasks/tests.rs", "use crate::cli::Y;"),
        ("store/a.rs", "use sqlx::PgPool;"),
        ("servers/a.rs", "use sqlx::PgPool; use tokio::process::Command;"),
        ("telemetry.rs", "use crate::config::LogConfig;"),
        ("lib.rs", "pub use crate::cli::x;"),
    ];
    for (name, text) in allowed {
        assert_eq!(violations(name, text), Vec::<String>::new(), "{name} {text:?}");
    }
}
