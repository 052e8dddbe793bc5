//! A backup of a database of about 1 GB, and its restore test, by the real program, beside `pg_dump -Fc` alone and pgBackRest alone.
//!
//! `CAREER_BENCH_MB` (1000) sets the size. The databases are private ones; pgBackRest comes from PATH or this system's packages, and is left
//! out, with a word, where neither has it. Only ratios of one run say something about another machine.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a bench prints what it measured")]
#![expect(clippy::cast_precision_loss, reason = "sizes and times are far below 2^52")]

#[expect(dead_code, reason = "shared by benchmarks")]
mod measures;

use std::{
    fs::File,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use career_worker::{
    backup::{BackupEngine as _, Watch, Which, keys, pitr::PgBackRest},
    clock::Clock,
    config::Config,
    dev::default_data_dir,
    random::Random,
    servers::{ClientTools, Scratch, ScratchOptions, client_tools, pgbackrest},
    store::Store,
};
use secrecy::ExposeSecret as _;
use sqlx::{PgPool, postgres::PgPoolOptions};
use url::Url;

use self::measures::{Goal, Measures};

struct Bench {
    folder: PathBuf,
    server: Scratch,
    tools: ClientTools,
    pool: PgPool,
    config: Config,
}

/// Seconds, bytes where something is written, and the most memory of our own process in KiB.
struct Figure {
    what: &'static str,
    seconds: f64,
    bytes: u64,
    memory: u64,
}

fn main() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let folder = std::env::temp_dir().join(format!("career-bench-backup-{}", std::process::id()));
    let result = runtime.block_on(run(&folder));
    std::fs::remove_dir_all(&folder).unwrap_or_default();
    result
}

async fn run(folder: &Path) -> anyhow::Result<()> {
    let mib: i64 = std::env::var("CAREER_BENCH_MB").ok().and_then(|size| size.parse().ok()).unwrap_or(1000);
    let bench = Bench::start(folder).await?;
    let filled = Instant::now();
    bench.fill(mib).await?;
    let size: i64 =
        sqlx::query_scalar("SELECT pg_database_size(current_database())").fetch_one(&bench.pool).await?;
    println!("{} MB of database made in {:.0} s", size / 1_000_000, filled.elapsed().as_secs_f64());

    let mut figures =
        vec![bench.dump("pg_dump -Fc", &["-Fc"])?, bench.dump("pg_dump -Fc -Z0", &["-Fc", "-Z0"])?];
    figures.push(bench.program("backup run", &["backup", "run"])?);
    figures.push(bench.program("backup verify", &["backup", "verify"])?);
    figures.push(bench.restore().await?);
    match bench.pgbackrest().await {
        Ok(mut more) => figures.append(&mut more),
        Err(error) => eprintln!("without pgBackRest: {error:#}"),
    }
    let base = figures.first().map_or(1.0, |figure| figure.seconds);
    println!("{:<24} {:>9} {:>10} {:>9} {:>10}", "", "seconds", "MB", "x pg_dump", "peak MiB");
    for figure in &figures {
        println!(
            "{:<24} {:>9.1} {:>10.1} {:>9.2} {:>10}",
            figure.what,
            figure.seconds,
            figure.bytes as f64 / 1e6,
            figure.seconds / base,
            if figure.memory == 0 { "-".to_owned() } else { (figure.memory >> 10).to_string() }
        );
    }
    report(&figures, size as f64).save()
}

/// For the page of results: each against `pg_dump -Fc` alone, and the memory of ours.
fn report(figures: &[Figure], size: f64) -> Measures {
    let mut measures = Measures::of("backup");
    let base = figures.first().map_or(f64::NAN, |figure| figure.seconds);
    measures.note("database", size / 1e6, "MB");
    for figure in figures {
        measures.note(
            &format!("{}, against pg_dump -Fc", figure.what),
            figure.seconds / base,
            "times as long",
        );
        measures.note(&format!("{}, size", figure.what), figure.bytes as f64 / 1e6, "MB");
    }
    let memory = figures.iter().map(|figure| figure.memory).max().unwrap_or_default();
    measures.against("memory of our process at the most", memory as f64 / 1024.0, "MB", Goal::AtMost(128.0));
    measures
}

impl Bench {
    async fn start(folder: &Path) -> anyhow::Result<Self> {
        use std::os::unix::fs::PermissionsExt as _;
        for name in ["", "s", "jobs"] {
            std::fs::create_dir_all(folder.join(name))?;
            std::fs::set_permissions(folder.join(name), std::fs::Permissions::from_mode(0o777))?;
        }
        let socket = folder.join("s");
        let (offline, ours) = (keys::generate(), keys::generate());
        let mut config = Config::load(None, &[])?;
        config.backup.url = format!("file://{}", folder.join("place").display());
        config.backup.recipients = vec![offline.public, ours.public];
        config.backup.identity = ours.private.expose_secret().to_owned().into();
        config.backup.scratch = folder.join("scratch");
        config.pitr.repository = folder.join("repo").display().to_string();
        config.pitr.cipher_pass = "a passphrase of this bench".to_owned().into();
        config.pitr.file = folder.join("conf/pgbackrest.conf");
        config.pitr.socket = socket.clone();
        "career".clone_into(&mut config.pitr.user);
        if let Ok(program) = pgbackrest(&default_data_dir()?).await {
            config.pitr.program = program;
        }
        let archive = format!(
            "test ! -f {file} || {program} --config={file} --stanza=career archive-push %p",
            file = config.pitr.file.display(),
            program = config.pitr.program.display()
        );
        let server = Scratch::start(&ScratchOptions {
            parent: Some(folder.join("server")),
            settings: vec![
                "archive_mode=on".to_owned(),
                "wal_level=replica".to_owned(),
                format!("archive_command={archive}"),
                format!("unix_socket_directories={}", socket.display()),
                "shared_buffers=512MB".to_owned(),
                "max_wal_size=1GB".to_owned(),
                "full_page_writes=on".to_owned(),
            ],
            ..ScratchOptions::default()
        })
        .await?;
        config.database.url = server.url.clone().into();
        config.pitr.cluster = server.folder().join("postgres");
        let store = Store::open(&config.database)?;
        store.migrate().await?;
        let tools = client_tools(None, &default_data_dir()?, server.major()).await?;
        let pool = PgPoolOptions::new().max_connections(2).connect(&server.url).await?;
        Ok(Self { folder: folder.to_owned(), server, tools, pool, config })
    }

    /// Postings of about 2.6 KB, of which a good half cannot be compressed.
    async fn fill(&self, mib: i64) -> anyhow::Result<()> {
        let rows = mib * 310;
        for from in (0..rows).step_by(20_000) {
            sqlx::query(
                "INSERT INTO jobs (title, company, location, description, tech_stack, source, source_id, url)
                 SELECT 'Engineer ' || n, 'Company ' || n % 5000, 'Berlin, Germany',
                        (SELECT string_agg(md5((n * 50 + part)::text) || ' and what else belongs to the work ', '') FROM generate_series(1, 36) AS part),
                        '[\"Rust\", \"PostgreSQL\"]', 'bench', n::text, 'https://jobs.example.org/' || n
                 FROM generate_series($1::bigint, least($2::bigint, $1 + 19999)) AS n",
            )
            .bind(from)
            .bind(rows - 1)
            .execute(&self.pool)
            .await?;
        }
        sqlx::query("VACUUM ANALYZE").execute(&self.pool).await?;
        sqlx::query("CHECKPOINT").execute(&self.pool).await?;
        Ok(())
    }

    fn dump(&self, what: &'static str, arguments: &[&str]) -> anyhow::Result<Figure> {
        let file = self.folder.join("plain.dump");
        let started = Instant::now();
        let mut command = self.tools.command("pg_dump");
        command.args(arguments).stdout(File::create(&file)?);
        let url = Url::parse(&self.server.url)?;
        command.env("PGHOST", url.host_str().unwrap_or_default());
        command.env("PGPORT", url.port().unwrap_or_default().to_string());
        command.env("PGUSER", url.username()).env("PGDATABASE", url.path().trim_start_matches('/'));
        command.env("PGPASSWORD", url.password().unwrap_or_default());
        ensure!(command.status()?.success(), "{what} failed");
        let figure = Figure {
            what,
            seconds: started.elapsed().as_secs_f64(),
            bytes: file.metadata()?.len(),
            memory: 0,
        };
        std::fs::remove_file(&file)?;
        Ok(figure)
    }

    /// The real program, with its most memory.
    fn program(&self, what: &'static str, arguments: &[&str]) -> anyhow::Result<Figure> {
        let backup = &self.config.backup;
        let mut command = Command::new(env!("CARGO_BIN_EXE_career-worker"));
        command
            .args(arguments)
            .arg("--quiet")
            .env("CAREER__DATABASE__URL", &self.server.url)
            .env("CAREER__JOBS__DIR", self.folder.join("jobs"))
            .env("CAREER__BACKUP__URL", &backup.url)
            .env("CAREER__BACKUP__RECIPIENTS", format!("{:?}", backup.recipients))
            .env("CAREER__BACKUP__IDENTITY", backup.identity.expose_secret())
            .env("CAREER__BACKUP__SCRATCH", &backup.scratch)
            .env_remove("DATABASE_URL")
            .stdout(Stdio::null());
        let started = Instant::now();
        let mut child = command.spawn()?;
        let mut memory = 0;
        let status = loop {
            let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
            let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            let peak = peak.and_then(|peak| peak.trim().trim_end_matches(" kB").parse().ok());
            memory = memory.max(peak.unwrap_or(0));
            if let Some(status) = child.try_wait()? {
                break status;
            }
            std::thread::sleep(Duration::from_millis(20));
        };
        ensure!(status.success(), "{what} failed");
        Ok(Figure {
            what,
            seconds: started.elapsed().as_secs_f64(),
            bytes: size(&self.folder.join("place")),
            memory,
        })
    }

    /// `backup restore` into an empty database of the same server.
    async fn restore(&self) -> anyhow::Result<Figure> {
        sqlx::query("CREATE DATABASE restored").execute(&self.pool).await?;
        let mut url = Url::parse(&self.server.url)?;
        url.set_path("restored");
        let id = std::fs::read_dir(self.folder.join("place"))?
            .filter_map(Result::ok)
            .find_map(|entry| entry.file_name().into_string().ok())
            .context("no backup")?;
        let figure = self.program("backup restore", &["backup", "restore", &id, "--into", url.as_str()]);
        sqlx::query("DROP DATABASE restored").execute(&self.pool).await?;
        figure
    }

    async fn pgbackrest(&self) -> anyhow::Result<Vec<Figure>> {
        let config = Arc::new(self.config.clone());
        let store = Store::open(&config.database)?;
        let engine = PgBackRest::open(Arc::clone(&config), store, Clock::system(), Random::system())?
            .context("not configured")?;
        engine.set_up().await?;
        let watch = Watch::default();
        let started = Instant::now();
        engine.make(true, &watch).await?;
        let full = started.elapsed().as_secs_f64();
        let bytes = size(&self.folder.join("repo/backup"));
        let started = Instant::now();
        let tested = engine.test(Which::Newest, &watch).await?;
        ensure!(tested.passed(), "{tested:?}");
        let figure = |what, seconds, bytes| Figure { what, seconds, bytes, memory: 0 };
        Ok(vec![
            figure("pgBackRest full", full, bytes),
            figure("pgBackRest verify+restore", started.elapsed().as_secs_f64(), bytes),
        ])
    }
}

fn size(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    entries
        .map(|entry| {
            let path = entry.path();
            if path.is_dir() { size(&path) } else { path.metadata().map_or(0, |found| found.len()) }
        })
        .sum()
}
