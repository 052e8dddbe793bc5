//! Any moment, from a server whose WAL is archived: the real pgBackRest, from PATH or fetched from this system's packages.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use career_worker::{
    backup::{
        BackupEngine as _, Watch, Which,
        pitr::{PgBackRest, verdict},
    },
    clock::Clock,
    config::Config,
    dev::default_data_dir,
    random::Random,
    servers::pgbackrest,
    store::Store,
};
use chrono::{DateTime, TimeDelta, Utc};
use secrecy::ExposeSecret as _;
use sqlx::{PgPool, postgres::PgPoolOptions};

use super::kit::{Folder, files, fill};
use crate::{process::Program, support::eventually};

/// The program, or why there is none.
async fn program() -> Option<PathBuf> {
    let in_path = std::env::var_os("PATH").and_then(|path| {
        std::env::split_paths(&path).map(|folder| folder.join("pgbackrest")).find(|file| file.is_file())
    });
    if in_path.is_some() {
        return in_path;
    }
    match pgbackrest(&default_data_dir().unwrap()).await {
        Ok(program) => Some(program),
        Err(error) => {
            assert!(std::env::var_os("CI").is_none(), "CI has to have it: {error:#}");
            eprintln!("NOT TESTED: continuous archiving, there is no pgBackRest: {error:#}");
            None
        }
    }
}

/// A server of this test alone that archives its WAL.
struct Archived {
    _server: career_worker::servers::Scratch,
    config: Arc<Config>,
    store: Store,
    pool: PgPool,
    engine: PgBackRest,
    folder: Folder,
}

impl Archived {
    async fn start() -> Option<Self> {
        let program = program().await?;
        let folder = Folder::new();
        let socket = folder.join("s");
        std::fs::create_dir(&socket).unwrap();
        let mut config = Config::load(None, &[]).unwrap();
        config.pitr.repository = folder.join("repo").display().to_string();
        config.pitr.cipher_pass = "a passphrase of this test".to_owned().into();
        config.pitr.file = folder.join("conf/pgbackrest.conf");
        config.pitr.socket = socket.clone();
        config.pitr.program = program;
        "career".clone_into(&mut config.pitr.user);
        config.backup.scratch = folder.join("scratch");
        let file = config.pitr.file.display().to_string();
        let archive =
            format!("{} --config={file} --stanza=career archive-push %p", config.pitr.program.display());
        let options = career_worker::servers::ScratchOptions {
            parent: Some(folder.join("server")),
            settings: vec![
                "archive_mode=on".to_owned(),
                "archive_timeout=60".to_owned(),
                "wal_level=replica".to_owned(),
                format!("archive_command={archive}"),
                format!("unix_socket_directories={}", socket.display()),
                // A copy of the files is only whole where they are.
                "full_page_writes=on".to_owned(),
                "fsync=on".to_owned(),
            ],
            ..Default::default()
        };
        let server = start_with_socket(&socket, &options).await;
        config.pitr.cluster = server.folder().join("postgres");
        config.database.url = server.url.clone().into();
        let config = Arc::new(config);
        let store = Store::open(&config.database).unwrap();
        store.migrate().await.unwrap();
        let pool = PgPoolOptions::new().max_connections(2).connect(&server.url).await.unwrap();
        fill(&pool).await;
        let engine = open(&config, &store);
        Some(Self { _server: server, config, store, pool, engine, folder })
    }

    /// Everything up to now is in the repository.
    async fn archive_now(&self) {
        sqlx::query("SELECT pg_switch_wal()").execute(&self.pool).await.unwrap();
        eventually(Duration::from_mins(1), || async {
            self.store.archiver().await.unwrap().waiting == Some(0)
        })
        .await;
    }

    /// Canaries at these moments, as if they had been written then; each in a segment that is archived.
    async fn canary(&self) -> DateTime<Utc> {
        sqlx::query_scalar(
            "INSERT INTO worker.backup_canary (minute, written_at)
             SELECT clock_timestamp(), clock_timestamp() RETURNING written_at",
        )
        .fetch_one(&self.pool)
        .await
        .unwrap()
    }
}

fn open(config: &Arc<Config>, store: &Store) -> PgBackRest {
    PgBackRest::open(Arc::clone(config), store.clone(), Clock::system(), Random::system()).unwrap().unwrap()
}

/// The account of the server must be able to make its socket.
async fn start_with_socket(
    socket: &Path,
    options: &career_worker::servers::ScratchOptions,
) -> career_worker::servers::Scratch {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(socket, std::fs::Permissions::from_mode(0o777)).unwrap();
    career_worker::servers::Scratch::start(options).await.unwrap()
}

/// Set up, copied, restored to a moment, damaged: one test, since a server and a repository are dear.
#[tokio::test]
async fn any_moment_can_be_had_and_damage_is_found() {
    let Some(rig) = Archived::start().await else { return };
    let watch = Watch::default();

    let set = rig.engine.set_up().await.unwrap();
    assert!(set.checked && !set.restart && set.by_hand.is_empty(), "{set:?}");
    let text = std::fs::read_to_string(&rig.config.pitr.file).unwrap();
    assert!(text.contains("repo1-cipher-type=aes-256-cbc"));
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(&rig.config.pitr.file).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "the file has a passphrase");
    }
    let full = rig.engine.make(true, &watch).await.unwrap();
    assert!(full.id.ends_with('F') && full.bytes < full.plain_bytes, "{full:?}");
    for (path, content) in files(Path::new(&rig.config.pitr.repository)) {
        assert!(!super::kit::contains(&content, "Quendelbrunn"), "{}", path.display());
    }

    // pgBackRest knows the end of a backup by the second, and restores to no moment before it.
    let made = Clock::system().now();
    eventually(Duration::from_secs(5), || async {
        Clock::system().now() > made + TimeDelta::milliseconds(1_100)
    })
    .await;
    // The minute is the clock's; a second canary in one minute is none.
    assert!(rig.store.insert_canary(Duration::from_hours(1)).await.unwrap());
    let first = rig.canary().await;
    sqlx::query("DELETE FROM jobs WHERE id > 1000").execute(&rig.pool).await.unwrap();
    let second = rig.canary().await;
    assert!(second > first);
    tokio::time::timeout(Duration::from_secs(30), rig.archive_now()).await.unwrap();
    let incremental = rig.engine.make(false, &watch).await.unwrap();
    assert!(incremental.id.ends_with('I') && incremental.bytes < full.bytes, "{incremental:?}");
    rig.canary().await;
    rig.archive_now().await;

    let moment = first + (second - first) / 2;
    let tested = rig.engine.test(Which::Moment(moment), &watch).await.unwrap();
    assert_eq!(tested.defect, None, "{tested:?}");
    let scratch = std::fs::read_dir(rig.folder.join("scratch")).unwrap().count();
    assert_eq!(scratch, 0);
    let newest = rig.engine.test(Which::Newest, &watch).await.unwrap();
    assert_eq!(newest.defect, None);

    // The canary that should be there is not: the restore was to another moment.
    sqlx::query("INSERT INTO worker.backup_canary (minute, written_at) VALUES ('2020-01-01', $1)")
        .bind(moment - TimeDelta::microseconds(1))
        .execute(&rig.pool)
        .await
        .unwrap();
    let wrong = rig.engine.test(Which::Moment(moment), &watch).await.unwrap();
    assert!(wrong.defect.unwrap().contains("newest canary"));
    sqlx::query("DELETE FROM worker.backup_canary WHERE minute = '2020-01-01'")
        .execute(&rig.pool)
        .await
        .unwrap();

    restored_for_people(&rig, moment);

    let archiver = rig.store.archiver().await.unwrap();
    assert!(archiver.on && archiver.archived > 2 && !archiver.is_failing() && archiver.lag_seconds.is_some());
    assert!(rig.engine.preflight().await.unwrap().iter().all(|found| found.ok));

    assert_eq!(rig.engine.verify(&watch).await.unwrap(), None);
    damage(Path::new(&rig.config.pitr.repository), &full.id);
    let wrong = rig.engine.verify(&watch).await.unwrap();
    assert!(wrong.as_ref().is_some_and(|wrong| wrong.contains("damaged")), "{wrong:?}");
    let tested = rig.engine.test(Which::Newest, &watch).await.unwrap();
    assert!(tested.defect.is_some());
}

/// By the program: a data directory as it was then, in quarantine.
fn restored_for_people(rig: &Archived, moment: DateTime<Utc>) {
    let data = rig.folder.join("restored");
    let pitr = &rig.config.pitr;
    let program = Program::at(rig.config.database.url.expose_secret(), "redis://127.0.0.1:1", &rig.folder.0)
        .with("CAREER__PITR__REPOSITORY", &pitr.repository)
        .with("CAREER__PITR__CIPHER_PASS", pitr.cipher_pass.expose_secret())
        .with("CAREER__PITR__FILE", pitr.file.display().to_string())
        .with("CAREER__PITR__CLUSTER", pitr.cluster.display().to_string())
        .with("CAREER__PITR__SOCKET", pitr.socket.display().to_string())
        .with("CAREER__PITR__PROGRAM", pitr.program.display().to_string())
        .with("CAREER__PITR__USER", &pitr.user);
    let to = moment.to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
    let printed =
        program.output(&["--json", "backup", "restore", "--to", &to, "--data", data.to_str().unwrap()]);
    let recovery: serde_json::Value = serde_json::from_str(&printed).unwrap();
    assert!(recovery["canary"].as_str().is_some_and(|at| at.parse::<DateTime<Utc>>().unwrap() <= moment));
    assert!(data.join("PG_VERSION").exists() && !data.with_extension("restoring").exists());
    let again = program
        .command(&["backup", "restore", "--to", &to, "--data", data.to_str().unwrap()])
        .output()
        .unwrap();
    assert!(String::from_utf8_lossy(&again.stderr).contains("expected a new or empty folder"));
}

/// One bit of the largest file of a copy.
fn damage(repository: &Path, label: &str) {
    let folder = repository.join("backup/career").join(label);
    let (path, mut content) = files(&folder).into_iter().max_by_key(|(_, content)| content.len()).unwrap();
    let middle = content.len() / 2;
    content[middle] ^= 1;
    std::fs::write(path, content).unwrap();
}

/// What verify prints is judged, since its exit code says nothing.
#[test]
fn the_verdict_needs_every_word() {
    let fine =
        "stanza: career\nstatus: ok\n  backup: 20261126-010000F, status: valid, total files checked: 9\n";
    assert_eq!(verdict(fine, Some("20261126-010000F")), None);
    for (said, newest, expected) in [
        ("", Some("20261126-010000F"), "did not say"),
        (fine, Some("20261127-010000F"), "not among the valid"),
        (fine, None, "no backup"),
        (
            "stanza: career\nstatus: error\n  backup: x, status: invalid, checksum invalid: 1\n",
            Some("x"),
            "damaged",
        ),
    ] {
        let verdict = verdict(said, newest).unwrap();
        assert!(verdict.contains(expected), "{said:?}: {verdict}");
    }
}
