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
