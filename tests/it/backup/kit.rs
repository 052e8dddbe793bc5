//! What these tests have in common: a database with something in it, keys, and places for backups.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use career_worker::{
    backup::{Catalog, LogicalDump, Made, Site, Tested, Watch, keys, test_restore},
    clock::Clock,
    config::Config,
    random::Random,
    storage::Storage,
};
use secrecy::ExposeSecret as _;
use sqlx::PgPool;

use crate::support::{TestDb, unique};

pub const KEY: &str = "TESTKEY0";
pub const SECRET: &str = "a-secret-of-the-bucket";
/// A word in the data that must be nowhere else.
pub const WORD: &str = "Quendelbrunn";

/// A folder that root's servers reach too, gone with the test.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new() -> Self {
        use std::os::unix::fs::PermissionsExt as _;
        let path = std::env::temp_dir().join(format!("career-backup-{}", unique()));
        std::fs::create_dir(&path).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        Self(path)
    }

    pub fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).unwrap_or_default();
    }
}

/// A server that speaks S3, on a folder.
pub struct Bucket {
    pub endpoint: String,
    pub folder: PathBuf,
}

/// Starts one on a thread of its own, so that it answers other processes while a test waits.
pub fn bucket(root: &Path) -> Bucket {
    use hyper_util::rt::TokioIo;
    let folder = root.join("s3");
    std::fs::create_dir_all(folder.join("backups")).unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let files = s3s_fs::FileSystem::new(&folder).unwrap();
    let mut service = s3s::service::S3ServiceBuilder::new(files);
    service.set_auth(s3s::auth::SimpleAuth::from_single(KEY, SECRET));
    let service = service.build();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            while let Ok((socket, _)) = listener.accept().await {
                let service = service.clone();
                tokio::spawn(async move {
                    let _ = hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(socket), service)
                        .await;
                });
            }
        });
    });
    Bucket { endpoint, folder: folder.join("backups") }
}

/// A database with something in it, and a place for its backups.
pub struct Rig {
    pub db: TestDb,
    pub config: Arc<Config>,
    pub folder: Folder,
    /// Where the objects of the place are on this machine.
    pub objects: PathBuf,
}

impl Rig {
    /// With a folder.
    pub async fn new() -> Self {
        let (db, folder) = (TestDb::new().await, Folder::new());
        let objects = folder.join("place");
        let config = config(&db, &folder, &format!("file://{}", objects.display()));
        fill(&db.pool).await;
        Self { db, config: Arc::new(config), folder, objects }
    }

    /// With a bucket.
    pub async fn on_s3() -> Self {
        let (db, folder) = (TestDb::new().await, Folder::new());
        let bucket = bucket(&folder.0);
        let mut config = config(&db, &folder, "s3://backups/career/main");
        config.backup.s3_endpoint = bucket.endpoint;
        config.backup.s3_access_key_id = KEY.to_owned().into();
        config.backup.s3_secret_access_key = SECRET.to_owned().into();
        config.backup.s3_allow_http = true;
        fill(&db.pool).await;
        let objects = bucket.folder.join("career/main");
        Self { db, config: Arc::new(config), folder, objects }
    }

    pub fn site(&self) -> Site {
        self.site_with(|_| {})
    }

    /// With other settings.
    pub fn site_with(&self, change: impl FnOnce(&mut Config)) -> Site {
        let mut config = Config::clone(&self.config);
        change(&mut config);
        Site::open(Arc::new(config), Clock::system(), Random::system()).unwrap().unwrap()
    }

    pub async fn make(&self) -> Made {
        let engine = LogicalDump::new(self.site(), self.db.store.clone()).with_any_size(true);
        engine.run(&Watch::default()).await.unwrap()
    }

    pub async fn test(&self, id: &str) -> Tested {
        test_restore(&self.site(), Some(&self.db.store), Some(id), &Watch::default()).await.unwrap()
    }

    pub async fn catalog(&self) -> Catalog {
        Catalog::read(&self.site()).await.unwrap()
    }

    pub async fn state(&self, id: &str) -> String {
        let rows = self.db.store.list_backups(100).await.unwrap();
        rows.into_iter().find(|row| row.id == id).unwrap().state
    }

    /// Nothing of a throw-away cluster is left.
    pub fn scratch_is_clean(&self) -> bool {
        std::fs::read_dir(self.folder.join("scratch")).is_ok_and(|mut entries| entries.next().is_none())
    }
}

fn config(db: &TestDb, folder: &Folder, url: &str) -> Config {
    let (offline, ours) = (keys::generate(), keys::generate());
    let mut config = db.config();
    url.clone_into(&mut config.backup.url);
    config.backup.recipients = vec![offline.public, ours.public];
    config.backup.identity = ours.private.expose_secret().to_owned().into();
    config.backup.scratch = folder.join("scratch");
    config.backup.part_mib = 5;
    config.backup.reserve_mib = 256;
    config
}

/// Users, postings and notices; one of each has the word.
pub async fn fill(pool: &PgPool) {
    for statement in [
        format!(
            "INSERT INTO users (email, hashed_password) SELECT 'user' || n || '@example.com', '{WORD}' FROM generate_series(1, 50) AS n"
        ),
        format!(
            "INSERT INTO jobs (title, company, description, tech_stack, source, source_id, url)
             SELECT 'Engineer ' || n, '{WORD} ' || n % 7, repeat(md5(n::text), 20), '[\"Rust\", \"C++\"]', 'test', n::text,
                    'https://jobs.example.org/' || n
             FROM generate_series(1, 2000) AS n"
        ),
        "INSERT INTO notifications (user_id, type, title, data)
         SELECT 1 + n % 50, 'job_match', 'New Job Match: ' || n, jsonb_build_object('job_id', n) FROM generate_series(1, 500) AS n"
            .to_owned(),
    ] {
        sqlx::query(sqlx::AssertSqlSafe(statement)).execute(pool).await.unwrap();
    }
}

/// Every file below `folder`, with its content.
pub fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(files(&path));
        } else if let Ok(content) = std::fs::read(&path) {
            // What is gone by now was there a moment ago.
            all.push((path, content));
        }
    }
    all.sort();
    all
}

pub fn contains(bytes: &[u8], word: &str) -> bool {
    memchr::memmem::find(bytes, word.as_bytes()).is_some()
}

/// The place, past everything else.
pub fn storage(config: &Config) -> Storage {
    Storage::open(&config.backup).unwrap().unwrap()
}
