//! What the program prints for people, word for word: help of every command, and tables. `UPDATE_SNAPSHOTS=1 cargo test --test it
//! operate::help` writes them anew; read the difference before you commit it.

use std::{fmt::Write as _, path::Path};

use super::World;
use crate::process::Program;

fn compare(name: &str, found: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/snapshots").join(name);
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(&file, found).unwrap();
    }
    let expected = std::fs::read_to_string(&file).unwrap_or_default();
    for (line, (expected, found)) in expected.lines().zip(found.lines()).enumerate() {
        assert_eq!(expected, found, "{name}:{}", line + 1);
    }
    assert_eq!(expected.lines().count(), found.lines().count(), "lines of {name}");
}

fn help(program: &Program, path: &[&str]) -> String {
    let args: Vec<&str> = path.iter().copied().chain(["--help"]).collect();
    let output = program.command(&args).env_remove("COLUMNS").output().unwrap();
    assert!(output.status.success(), "{path:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The names under "Commands:".
fn commands(help: &str) -> Vec<&str> {
    let Some((_, rest)) = help.split_once("\nCommands:\n") else { return Vec::new() };
    rest.lines()
        .take_while(|line| line.starts_with("  "))
        .filter(|line| !line.starts_with("    "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .collect()
}

fn append(program: &Program, path: &[&str], all: &mut String) {
    let text = help(program, path);
    write!(all, "## career-worker {}\n\n{text}\n", path.join(" ")).unwrap();
    for name in commands(&text) {
        let below: Vec<&str> = path.iter().copied().chain([name]).collect();
        append(program, &below, all);
    }
}

#[test]
fn the_help_of_every_command_is_as_it_was_read() {
    let program = Program::at("postgres://x", "redis://x", Path::new("jobs"));
    let mut all = String::new();
    append(&program, &[], &mut all);
    assert!(all.matches("\n## career-worker ").count() > 30, "{all}");
    for part in all.split("\n## career-worker ") {
        for line in part.lines().filter(|line| line.contains("  -") && line.contains("--")) {
            let described = line.trim().split_once("  ").is_some_and(|(_, about)| !about.trim().is_empty());
            let next = part.lines().skip_while(|known| *known != line).nth(1).unwrap_or_default();
            assert!(described || !next.trim().is_empty(), "no words for {line} in {part}");
        }
    }
    compare("help.txt", &all);
}

#[test]
fn every_command_has_its_page_in_the_manual() {
    let program = Program::at("postgres://x", "redis://x", Path::new("jobs"));
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("man");
    program.output(&["man", dir.to_str().unwrap()]);
    for name in ["career-worker.1", "career-worker-serve.1", "career-worker-runs-tail.1"] {
        let page = std::fs::read_to_string(dir.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(page.contains(".TH "), "{name}");
    }
    assert!(!dir.join("career-worker-attempt.1").exists(), "hidden commands are not for people");
    for shell in ["bash", "zsh", "fish"] {
        assert!(program.output(&["completions", shell]).contains("career-worker"), "{shell}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_are_as_they_were_read() {
    let world = World::new().await;
    for statement in [
        "INSERT INTO worker.runs (task, args, queue, state, attempt, trigger, run_at, created_at, finished_at, report)
         VALUES ('scrape', '{\"source\": \"lever\"}', 'scrape', 'done', 1, 'schedule', '2026-11-24 08:00Z', '2026-11-24 08:00Z', '2026-11-24 08:01Z', '{\"new\": 3}')",
        "INSERT INTO worker.runs (task, queue, state, attempt, trigger, run_at, created_at, finished_at, error)
         VALUES ('match', 'match', 'dead', 5, 'worker', '2026-11-24 08:02Z', '2026-11-24 08:02Z', '2026-11-24 08:03Z', 'timed out after 300s')",
        "INSERT INTO worker.pauses (kind, name) VALUES ('queue', 'notify')",
    ] {
        sqlx::query(statement).execute(&world.db.pool).await.unwrap();
    }
    let mut all = String::new();
    for args in [
        &["runs", "list"][..],
        &["--json", "runs", "list"],
        &["runs", "tail", "2"],
        &["queues", "list"],
        &["--json", "queues", "resume", "notify"],
        &["--json", "schedules", "check"],
        &["--json", "config", "check"],
        &["--json", "runs", "retry", "2"],
        &["token", "list"],
    ] {
        let output = world.program.command(args).env_remove("COLUMNS").output().unwrap();
        let code = output.status.code().unwrap();
        write!(all, "$ career-worker {}\n{}", args.join(" "), String::from_utf8(output.stdout).unwrap())
            .unwrap();
        writeln!(all, "[{code}]\n").unwrap();
    }
    compare("tables.txt", &all);
}
