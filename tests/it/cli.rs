//! The program as a person meets it: mistakes give one clear message and the documented exit code.

use std::path::Path;

use assert_cmd::Command;
use career_worker::dev::{Replay, ReplayOptions};

use crate::support::{TestDb, redis_url};

fn program() -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_career-worker"));
    program.env_remove("DATABASE_URL").env_remove("REDIS_URL").env("CAREER__LOG__FILTER", "error");
    program
}

/// Runs it, and gives exit code, stdout and stderr.
fn run(program: &mut Command) -> (i32, String, String) {
    let output = program.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap_or(-1), text(output.stdout), text(output.stderr))
}

fn schedule(dir: &Path, text: &str) -> (i32, String) {
    std::fs::write(dir.join("bad.toml"), text).unwrap();
    let (code, _, err) = run(program().arg("--jobs").arg(dir).args(["schedules", "check"]));
    (code, err)
}

#[test]
fn a_mistake_in_a_schedule_names_file_key_and_what_was_expected() {
    let dir = tempfile::tempdir().unwrap();
    let when = "schedule = \"@daily\"\n";
    for (text, parts) in [
        (format!("task = \"match\"\n{when}tiemout = \"5m\"\n"), ["bad.toml:3", "unknown field `tiemout`"]),
        (
            "task = \"match\"\nschedule = \"0 0 * * * *\"\n".to_owned(),
            ["bad.toml:2: schedule", "6 fields, expected five"],
        ),
        (
            format!("task = \"no-such\"\n{when}"),
            ["bad.toml: task", "unknown task \"no-such\", expected one of"],
        ),
        (
            format!("task = \"scrape\"\n{when}[args]\nsource = \"no-such\"\nboards = [\"x\"]\n"),
            ["bad.toml: args", "unknown source \"no-such\", expected one of"],
        ),
        (format!("task = \"match\"\n{when}[args]\nx = 1\n"), ["bad.toml: args", "unknown field `x`"]),
        (
            format!(
                "task = \"scrape\"\n{when}[args]\nsource = \"lever\"\nboards_file = \"boards/none.csv\"\n"
            ),
            ["bad.toml: args", "none.csv: No such file"],
        ),
    ] {
        let (code, err) = schedule(dir.path(), &text);
        assert_eq!(code, 78, "{err}");
        assert!(parts.iter().all(|part| err.contains(part)), "{err}");
        assert_eq!(err.trim().lines().count(), 1, "{err}");
    }
}

#[test]
fn a_mistake_in_the_settings_names_the_key() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("settings.toml");
    for (text, parts) in [
        ("[admin]\nbnid = \"127.0.0.1:1\"\n", ["settings.toml: admin", "bnid"]),
        ("[runs]\nlease = \"soon\"\n", ["settings.toml: runs.lease", "soon"]),
    ] {
        std::fs::write(&file, text).unwrap();
        let (code, _, err) = run(program().arg("--config").arg(&file).args(["config", "check"]));
        assert!(code == 78 && parts.iter().all(|part| err.contains(part)), "{code} {err}");
    }
    let (code, _, err) = run(program().args(["config", "check"]).env("CAREER__ADMIN__BIND", "here"));
    assert!(code == 78 && err.contains("environment: admin.bind"), "{code} {err}");
    let (code, _, err) = run(program().args(["--config", "/no/such/file", "config", "check"]));
    assert!(code == 78 && err.contains("/no/such/file: no such file"), "{code} {err}");
    let (code, _, err) = run(program().args(["db", "status"]).env("DATABASE_URL", "c4nary@db/career"));
    assert!(code == 78 && err.contains("database.url: expected postgres://"), "{code} {err}");
    assert!(!err.contains("c4nary"), "{err}");
}

#[test]
fn settings_are_shown_without_passwords() {
    let (code, out, _) = run(program()
        .args(["config", "show"])
        .env("DATABASE_URL", "postgres://career:c4nary@db.example.com/career?sslpassword=c4nary"));
    assert_eq!(code, 0);
    assert!(
        out.contains("postgres://career:hidden@db.example.com/career") && !out.contains("c4nary"),
        "{out}"
    );
    let dir = tempfile::tempdir().unwrap();
    let secret = dir.path().join("url");
    std::fs::write(&secret, "postgres://a:c4nary@from-a-file/career\n").unwrap();
    let (code, out, err) = run(program().args(["config", "show"]).env("CAREER__DATABASE__URL_FILE", &secret));
    assert!(code == 0 && out.contains("from-a-file") && !out.contains("c4nary"), "{out}{err}");
}

#[test]
fn text_in_the_environment_may_look_like_a_number() {
    let (code, out, err) = run(program()
        .args(["config", "show"])
        .env("CAREER__REDIS__PREFIX", "0034791148")
        .env("CAREER__LOG__FILTER", "true")
        .env("CAREER__NOTIFY__FREQUENCY", "\"daily\"")
        .env("CAREER__NOTIFY__DAILY_CAP", "7"));
    assert_eq!(code, 0, "{err}");
    for line in ["prefix = \"0034791148\"", "filter = \"true\"", "frequency = \"daily\"", "daily_cap = 7"] {
        assert!(out.contains(line), "{line}: {out}");
    }
    let (code, _, err) = run(program().args(["config", "show"]).env("CAREER__NOTIFY__DAILY_CAP", "many"));
    assert!(code == 78 && err.contains("environment: notify.daily_cap: "), "{err}");
}

#[test]
fn a_database_that_is_not_there_is_unavailable() {
    let nowhere = "postgres://career:c4nary@127.0.0.1:1/career";
    for args in [&["db", "status"][..], &["runs", "list"], &["serve"], &["run", "--task", "match"]] {
        let (code, _, err) = run(program()
            .args(args)
            .env("DATABASE_URL", nowhere)
            .env("CAREER__DATABASE__ACQUIRE_TIMEOUT", "1s"));
        assert_eq!(code, 69, "{args:?}: {err}");
        assert!(err.contains("database") && !err.contains("c4nary"), "{args:?}: {err}");
    }
}

#[test]
fn wrong_usage_says_what_there_is() {
    for (args, part) in [
        (&["enqueue", "--task", "no-such"][..], "unknown task"),
        (&["enqueue", "--task", "match", "--args", "{\"x\":1}"], "unknown field `x`"),
        (&["sources", "parse", "--source", "no-such", "Cargo.toml"], "no-such"),
        (&["queues", "pause", "no-such"], "expected scrape, match, notify or maintenance"),
        (&["fly"], "unrecognized subcommand"),
    ] {
        let (code, _, err) = run(program().args(args));
        assert!(code == 2 && err.contains(part), "{args:?}: {code} {err}");
    }
}

#[test]
fn a_response_that_is_no_listing_is_an_error_and_not_an_empty_result() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("response.json");
    let noise: Vec<u8> =
        (0..4096u32).map(|n| u8::try_from(n.wrapping_mul(2_654_435_761) >> 24).unwrap()).collect();
    for bytes in [noise, b"<html>sorry</html>".to_vec(), b"{}".to_vec(), Vec::new()] {
        std::fs::write(&file, bytes).unwrap();
        for source in ["ashby", "greenhouse", "lever"] {
            let args = ["sources", "parse", "--source", source, "--board", "x", "--json"];
            let (code, out, err) = run(program().args(args).arg(&file));
            assert!(
                code == 1 && out.is_empty() && err.contains("response.json"),
                "{source}: {code} {out} {err}"
            );
        }
    }
}

#[tokio::test]
async fn a_token_a_run_and_a_pause_from_the_command_line() {
    let db = TestDb::new().await;
    let redis = redis_url().await;
    let on = || {
        let mut program = program();
        program
            .env("DATABASE_URL", &db.url)
            .env("REDIS_URL", &redis)
            .env("CAREER__REDIS__PREFIX", &db.url[db.url.len() - 8..]);
        program
    };
    let (code, out, err) =
        run(on().args(["token", "create", "ci", "--role", "viewer", "--expires-in", "1h"]));
    assert!(code == 0 && out.starts_with("cw_"), "{out}{err}");
    let (code, out, _) = run(on().args(["--json", "token", "list"]));
    assert!(code == 0 && out.contains("\"viewer\"") && !out.contains("secret"), "{out}");
    let (code, out, err) = run(on().args(["--json", "enqueue", "--task", "match", "--key", "k"]));
    assert_eq!(code, 0, "{err}");
    let (_, again, _) = run(on().args(["--json", "enqueue", "--task", "match", "--key", "k"]));
    assert_eq!(out, again);
    let (code, out, _) = run(on().args(["runs", "list"]));
    assert!(code == 0 && out.contains("queued"), "{out}");
    let (code, _, err) = run(on().args(["runs", "cancel", "1"]));
    assert_eq!(code, 0, "{err}");
    let (code, _, err) = run(on().args(["runs", "cancel", "1"]));
    assert!(code == 1 && err.contains("does not allow"), "{err}");
    assert_eq!(run(on().args(["queues", "pause", "match"])).0, 0);
    let (_, out, _) = run(on().args(["queues", "list"]));
    assert!(out.contains("paused"), "{out}");
    let (code, out, err) = run(on().args(["--json", "run", "--task", "prune"]));
    assert!(code == 0 && out.contains("\"report\""), "{out}{err}");
    let (code, out, err) = run(on().arg("doctor"));
    assert!(code == 0 && out.contains("migrations"), "{code} {out}{err}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_here_and_now_leaves_no_domain_taken() {
    let db = TestDb::new().await;
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let replay = Replay::start(&[fixtures], ReplayOptions::default()).await.unwrap();
    let args = r#"{"source":"greenhouse","boards":["nordlichtgrid"]}"#;
    for new in [4, 0] {
        let (code, out, err) = run(program()
            .args(["--json", "run", "--task", "scrape", "--args", args])
            .env("DATABASE_URL", &db.url)
            .env("REDIS_URL", "redis://127.0.0.1:1")
            .env("CAREER__FETCH__GATEWAY", replay.url().as_str()));
        assert_eq!(code, 0, "{err}");
        let value: serde_json::Value = serde_json::from_str(&out).unwrap();
        assert_eq!(value["report"]["new"], new, "{out}");
    }
}
