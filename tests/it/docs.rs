//! What is written about the program is true.

use std::path::Path;

use career_worker::{schedule, scheduler, tasks::TASKS};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn the_schedules_can_be_used() {
    let schedules = schedule::load(&root().join("jobs")).unwrap();
    scheduler::check(&schedules, TASKS).unwrap();
    assert!(schedules.len() >= 5);
}

#[test]
fn the_schema_of_the_schedules_is_fresh() {
    let file = root().join("jobs/schema.json");
    let expected = schedule::json_schema();
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        std::fs::write(&file, &expected).unwrap();
    }
    let found = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(found == expected, "run: cargo run -- schedules schema > jobs/schema.json");
}

#[test]
fn the_readme_names_every_command_and_exit_code() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    for command in [
        "dev",
        "serve",
        "doctor",
        "enqueue",
        "run",
        "runs list",
        "schedules check",
        "token create",
        "db migrate",
        "explain",
        "searches preview",
        "searches problems",
        "rematch",
        "channels set",
        "digests list",
        "backup run",
        "backup verify",
        "backup restore",
        "backup acknowledge",
        "backup pitr setup",
        "sources parse",
        "extract",
        "match",
        "replay",
        "config defaults",
    ] {
        assert!(readme.contains(command), "{command}");
    }
    for code in ["0 done", "1 the work failed", "2 wrong usage", "69", "75", "78", "130"] {
        assert!(readme.contains(code), "{code}");
    }
}

#[test]
fn tasks_are_sorted_and_named_once() {
    let names: Vec<_> = TASKS.iter().map(|task| task.name()).collect();
    let mut sorted = names.clone();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(names, sorted);
}

/// Every test that SECURITY.md names is there.
#[test]
fn the_threats_name_tests_that_are_there() {
    let root = root();
    let text = std::fs::read_to_string(root.join("SECURITY.md")).unwrap();
    let tests = read_all(&root.join("tests/it"));
    let mut named = 0;
    for row in text.lines().filter(|line| line.starts_with("| ") && line.matches(" | ").count() == 2) {
        let shown_by = row.trim_end_matches(" |").rsplit(" | ").next().unwrap();
        for name in shown_by.split('`').skip(1).step_by(2) {
            let parts: Vec<&str> = name.split("::").collect();
            let known = match parts[..] {
                [path] if path.contains(['/', '.']) => root.join(path).exists(),
                [word] => {
                    root.join(format!("fuzz/fuzz_targets/{word}.rs")).exists()
                        || tests.iter().any(|(module, _)| module == word)
                }
                [module, .., test] => tests.iter().any(|(known, text)| {
                    known.starts_with(module)
                        && (known.ends_with(&format!("::{test}")) || text.contains(&format!("fn {test}")))
                }),
                [] => false,
            };
            assert!(known, "{name} in: {row}");
            named += 1;
        }
    }
    assert!(named > 30, "{named}");
}

/// Files of tests as modules (`inbound::deeds`), with their text.
fn read_all(folder: &Path) -> Vec<(String, String)> {
    fn below(folder: &Path, module: &str, all: &mut Vec<(String, String)>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            let module = match (module, name.as_str()) {
                (_, "mod") => module.to_owned(),
                ("", _) => name,
                _ => format!("{module}::{name}"),
            };
            if path.is_dir() {
                below(&path, &module, all);
            } else if let Ok(text) = std::fs::read_to_string(&path) {
                all.push((module, text));
            }
        }
    }
    let mut all = Vec::new();
    below(folder, "", &mut all);
    all
}
