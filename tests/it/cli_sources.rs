//! `career-worker sources` on recorded boards over real HTTP.

use std::{fs, path::Path};

use assert_cmd::Command;
use career_worker::dev::{Replay, ReplayOptions};
use serde_json::Value;

const LEVER: &str = "task = \"scrape\"\nschedule = \"@daily\"\n[args]\nsource = \"lever\"\nboards = ";

async fn replay() -> Replay {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    Replay::start(&[fixtures], ReplayOptions::default()).await.unwrap()
}

/// Runs the program, all of whose requests go to `replay`; gives exit code, lines of JSON and stderr.
async fn sources(replay: &Replay, jobs: &Path, args: &[&str]) -> (i32, Vec<Value>, String) {
    let mut program = Command::new(env!("CARGO_BIN_EXE_career-worker"));
    program
        .env_remove("DATABASE_URL")
        .env_remove("REDIS_URL")
        .env("CAREER__LOG__FILTER", "error")
        .env("CAREER__FETCH__GATEWAY", replay.url().as_str())
        .env("CAREER__FETCH__GATEWAY_PER_SECOND", "1000")
        .env("CAREER__FETCH__BACKOFF", "1ms")
        .arg("--json")
        .arg("--jobs")
        .arg(jobs)
        .arg("sources")
        .args(args);
    let output = tokio::task::spawn_blocking(move || program.output().unwrap()).await.unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let rows = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    (output.status.code().unwrap_or(-1), rows, String::from_utf8(output.stderr).unwrap())
}

fn board(folder: &str) -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(folder).join("exchange.toml");
    let toml: toml::Table = fs::read_to_string(file).unwrap().parse().unwrap();
    toml["board"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn check_asks_each_source_once_and_says_how_it_went() {
    let replay = replay().await;
    let jobs = tempfile::tempdir().unwrap();
    let (well, gone) = (board("lever/ordinary"), board("lever/gone"));
    fs::write(jobs.path().join("lever.toml"), format!("{LEVER}[\"{well}\", \"{gone}\"]\n")).unwrap();
    let (code, rows, err) = sources(&replay, jobs.path(), &["check"]).await;
    assert_eq!((code, rows.len()), (0, 1), "{err}");
    assert_eq!((&rows[0]["state"], &rows[0]["postings"]), (&"ok".into(), &3.into()));
    let (code, rows, _) = sources(&replay, jobs.path(), &["check", "lever", "--all-boards"]).await;
    assert_eq!((code, &rows[1]["state"]), (1, &"gone".into()));
    let (code, _, err) = sources(&replay, jobs.path(), &["check", "leever"]).await;
    assert!(code == 2 && err.contains("unknown source \"leever\""), "{err}");
}

#[tokio::test(flavor = "multi_thread")]
async fn record_saves_what_a_board_answers() {
    let replay = replay().await;
    let out = tempfile::tempdir().unwrap();
    let folder = out.path().display().to_string();
    let name = board("greenhouse/ordinary");
    let args = ["record", "greenhouse", &name, "--out", &folder, "--case", "live"];
    let (code, _, err) = sources(&replay, out.path(), &args).await;
    assert_eq!(code, 0, "{err}");
    let saved = out.path().join("greenhouse/live");
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/greenhouse/ordinary");
    assert_eq!(
        fs::read(saved.join("response.json")).unwrap(),
        fs::read(fixtures.join("response.json")).unwrap()
    );
    let key = |file: &Path, key: &str| {
        let toml: toml::Table = fs::read_to_string(file.join("exchange.toml")).unwrap().parse().unwrap();
        toml[key].to_string()
    };
    for name in ["source", "url", "status", "board", "records", "complete"] {
        assert_eq!(key(&saved, name), key(&fixtures, name), "{name}");
    }
    let (code, _, err) = sources(&replay, out.path(), &args).await;
    assert!(code == 1 && err.contains("--force overwrites it"), "{err}");
}

#[tokio::test(flavor = "multi_thread")]
async fn import_keeps_the_boards_that_answer_and_goes_on_where_it_stopped() {
    let replay = replay().await;
    let jobs = tempfile::tempdir().unwrap();
    let (well, messy, gone) = (board("lever/ordinary"), board("lever/messy"), board("lever/gone"));
    let throttled = board("lever/throttled");
    let list = jobs.path().join("lever.csv");
    let head = format!("name,slug,url\nKestrel,{well},\n");
    fs::write(&list, &head).unwrap();
    let args = ["import", list.to_str().unwrap()];
    let (code, rows, err) = sources(&replay, jobs.path(), &args).await;
    assert_eq!((code, &rows[0]["accepted"]), (0, &1.into()), "{err}");

    let more = format!("{head}Fjord,,https://jobs.lever.co/{messy}\nGone,{gone},\nBusy,{throttled},\n");
    fs::write(&list, more).unwrap();
    for (accepted, refused, left) in [(1, 1, 1), (0, 0, 1)] {
        let (code, rows, err) = sources(&replay, jobs.path(), &args).await;
        assert_eq!(code, 0, "{err}");
        let found = ["accepted", "refused", "left", "boards"].map(|key| rows[0][key].as_u64().unwrap());
        assert_eq!(found, [accepted, refused, left, 2]);
    }
    let boards = fs::read_to_string(jobs.path().join("boards/lever.csv")).unwrap();
    assert_eq!(boards, format!("board,company,options\n{well},Kestrel,\n{messy},Fjord,\n"));
    let refused = fs::read_to_string(jobs.path().join("boards/lever.refused.csv")).unwrap();
    assert!(refused.starts_with(&format!("board,reason\n{gone},gone: ")), "{refused}");
    let schedules = career_worker::schedule::load(jobs.path()).unwrap();
    career_worker::scheduler::check(&schedules, career_worker::tasks::TASKS).unwrap();
    assert_eq!(schedules[0].args["boards_file"], "boards/lever.csv");
}

#[tokio::test(flavor = "multi_thread")]
async fn new_sends_known_systems_to_their_schedule() {
    let replay = replay().await;
    let jobs = tempfile::tempdir().unwrap();
    let url = "https://api.lever.co/v0/postings/acme";
    let (code, _, err) = sources(&replay, jobs.path(), &["new", "acme", url]).await;
    assert!(code == 2 && err.contains("add the board to jobs/lever.toml"), "{err}");
    let (code, _, err) = sources(&replay, jobs.path(), &["new", "Acme Jobs", "https://acme.example/"]).await;
    assert!(code == 2 && err.contains("expected lower-case letters"), "{err}");
}
