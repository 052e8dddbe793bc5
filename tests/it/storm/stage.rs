//! Everything a storm takes place on: servers, proxies, the source, and the processes of the program.
//!
//! Half of the processes are in each of two zones, which have links of their own to each server. One process has every role and is spared by
//! the kills, so that its memory and its probes can be watched; the others have one role each. To add a process: a line in [`roles`].

use std::{path::PathBuf, sync::Arc, time::Duration};

use sqlx::{PgPool, postgres::PgPoolOptions};
use tokio::sync::Mutex;

use super::{
    disk::Disk,
    plan::{Peer, Zone},
    proxy::{Protocol, Proxy},
    replica::{Replica, Role},
    servers::{Kind, Server},
    skew::Skew,
    source::{Source, USERS},
};
use crate::process::Program;

pub const MINUTELY: u64 = 6;
pub const BURSTS: u64 = 6;

/// The links of one zone.
pub struct Links {
    pub postgres: Proxy,
    pub redis: Proxy,
    pub source: Proxy,
}

pub struct Stage {
    /// Dropped first: no process outlives its servers.
    pub replicas: Vec<Mutex<Replica>>,
    pub zones: [Links; 2],
    /// For the storm's own statements: never cut, but gone with the server.
    own: Proxy,
    pub pool: PgPool,
    pub admin: Proxy,
    pub admin_port: u16,
    pub token: String,
    pub postgres: Mutex<Server>,
    pub redis: Mutex<Server>,
    pub source: Source,
    pub skew: Skew,
    pub disk: Disk,
    pub files: tempfile::TempDir,
}

impl Links {
    async fn start() -> Self {
        Self {
            postgres: Proxy::start(Protocol::Postgres).await,
            redis: Proxy::start(Protocol::Simple).await,
            source: Proxy::start(Protocol::Simple).await,
        }
    }

    pub fn to(&self, peer: Peer) -> &Proxy {
        match peer {
            Peer::Postgres => &self.postgres,
            Peer::Redis => &self.redis,
            Peer::Source => &self.source,
        }
    }
}

impl Stage {
    pub async fn build(lease: Duration) -> Self {
        let (disk, skew, files) = (Disk::new(), Skew::find(), tempfile::tempdir().unwrap());
        let postgres = Server::start(Kind::Postgres, disk.folder().join("postgres")).await;
        let redis = Server::start(Kind::Redis, disk.folder().join("redis")).await;
        let source = Source::start().await;
        let zones = [Links::start().await, Links::start().await];
        let own = Proxy::start(Protocol::Postgres).await;
        let admin = Proxy::start(Protocol::Simple).await;
        let admin_port = free_port();
        admin.aim(Some(([127, 0, 0, 1], admin_port).into()));
        own.aim(Some(postgres.address()));
        for zone in &zones {
            zone.postgres.aim(Some(postgres.address()));
            zone.redis.aim(Some(redis.address()));
            zone.source.aim(Some(source.address));
        }
        let jobs = write_schedules(&files);
        let own_url = postgres.url_by(own.port);
        let program = Program::at(own_url.as_str(), redis.url().as_str(), &jobs);
        program.output(&["db", "migrate"]);
        let token = program.output(&["token", "create", "storm", "--role", "operator"]);
        let token = token.split_whitespace().find(|word| word.len() > 30).expect("a token").to_owned();
        let pool = PgPoolOptions::new()
            .max_connections(8)
            .acquire_timeout(Duration::from_secs(5))
            .connect(own_url.as_str())
            .await
            .unwrap();
        prepare(&pool).await;
        let mut replicas = Vec::new();
        for (at, role) in roles(admin_port).into_iter().enumerate() {
            let zone = &zones[at % 2];
            let (database, messages) = (postgres.url_by(zone.postgres.port), redis.url_by(zone.redis.port));
            let program = Program::at(database.as_str(), messages.as_str(), &jobs)
                .with("CAREER__RUNS__LEASE", format!("{}s", lease.as_secs()))
                .with("CAREER__RUNS__RENEW", format!("{}ms", lease.as_millis() / 4))
                .with("CAREER__FETCH__GATEWAY", format!("http://127.0.0.1:{}", zone.source.port))
                .with("CAREER__FETCH__GATEWAY_PER_SECOND", "100")
                // Shorter in the measure in which the leases are.
                .with("CAREER__FETCH__READ_TIMEOUT", "4s")
                .with("CAREER__LOG__FILTER", "info,sqlx=warn,apalis_core=off,apalis_redis=off")
                .with("CAREER__LOG__FORMAT", "text");
            replicas.push(Mutex::new(Replica::start(role, &program, &skew, files.path())));
        }
        let (postgres, redis) = (Mutex::new(postgres), Mutex::new(redis));
        Self {
            replicas,
            zones,
            own,
            pool,
            admin,
            admin_port,
            token,
            postgres,
            redis,
            source,
            skew,
            disk,
            files,
        }
    }

    /// The links between processes of a zone and a server.
    pub fn links(&self, peer: Peer, zone: Zone) -> Vec<&Proxy> {
        let zones = match zone {
            Zone::First => &self.zones[..1],
            Zone::Second => &self.zones[1..],
            Zone::Both => &self.zones[..],
        };
        zones.iter().map(|links| links.to(peer)).collect()
    }

    /// All proxies before a server.
    pub fn before(&self, kind: Kind) -> Vec<&Proxy> {
        match kind {
            Kind::Postgres => {
                let mut proxies = self.links(Peer::Postgres, Zone::Both);
                proxies.push(&self.own);
                proxies
            }
            Kind::Redis => self.links(Peer::Redis, Zone::Both),
        }
    }

    pub fn server(&self, kind: Kind) -> &Mutex<Server> {
        match kind {
            Kind::Postgres => &self.postgres,
            Kind::Redis => &self.redis,
        }
    }

    /// Everything as it should be.
    pub async fn heal(&self) {
        self.disk.free();
        for kind in [Kind::Postgres, Kind::Redis] {
            self.server(kind).lock().await.revive(&self.before(kind)).await;
        }
        for peer in [Peer::Postgres, Peer::Redis, Peer::Source] {
            self.links(peer, Zone::Both).into_iter().for_each(Proxy::heal);
        }
        // A request whose answer was lost would be waited for as long as a source may take, which is a minute.
        self.links(Peer::Source, Zone::Both).into_iter().for_each(Proxy::forget_deaf);
        self.admin.heal();
        for replica in &self.replicas {
            let mut replica = replica.lock().await;
            replica.thaw();
            replica.jump(0);
        }
    }
}

/// Five schedulers, and two of each kind of worker, one of them with no more than two connections.
fn roles(admin_port: u16) -> Vec<Role> {
    let role = |name: &str, args: &[&str], skew, settings| Role {
        name: name.to_owned(),
        args: [&["serve"], args].concat().into_iter().map(str::to_owned).collect(),
        skew,
        settings,
    };
    let few = || vec![("CAREER__DATABASE__MAX_CONNECTIONS", "2".to_owned())];
    let worker = |name: &str, queues: &str, skew, settings| {
        role(name, &["--roles", "worker", "--queues", queues], skew, settings)
    };
    let admin = vec![("CAREER__ADMIN__BIND", format!("127.0.0.1:{admin_port}"))];
    vec![
        role("whole", &["--roles", "scheduler,worker,admin"], 0, admin),
        role("scheduler-1", &["--roles", "scheduler"], -3, Vec::new()),
        role("scheduler-2", &["--roles", "scheduler"], -1, Vec::new()),
        role("scheduler-3", &["--roles", "scheduler"], 2, Vec::new()),
        role("scheduler-4", &["--roles", "scheduler"], 4, few()),
        worker("scraper-1", "scrape,maintenance", -2, Vec::new()),
        worker("scraper-2", "scrape,maintenance", 3, few()),
        worker("matcher-1", "match", 4, Vec::new()),
        worker("matcher-2", "match", -3, few()),
        worker("notifier-1", "notify", 1, Vec::new()),
        worker("notifier-2", "notify", -1, few()),
    ]
}

pub fn write_schedules(files: &tempfile::TempDir) -> PathBuf {
    let jobs = files.path().join("jobs");
    std::fs::create_dir(&jobs).unwrap();
    let rest = "task = \"prune\"\ncatch_up = \"all\"\noverlap = \"queue\"\nretry = { attempts = 100 }\n";
    for (name, times, count) in [("minutely", "* * * * *", MINUTELY), ("burst", "0 0 1 1 *", BURSTS)] {
        for number in 0..count {
            let text = format!("schedule = \"{times}\"\n{rest}");
            std::fs::write(jobs.join(format!("{name}{number}.toml")), text).unwrap();
        }
    }
    jobs
}

/// Users, each with a search of their own, and a log that the database itself keeps of what is done to runs and postings.
pub async fn prepare(pool: &PgPool) {
    for user in 0..USERS {
        sqlx::query(
            "WITH u AS (INSERT INTO users (email, hashed_password) VALUES ($1, 'x') RETURNING id)
             INSERT INTO saved_searches (user_id, name, query) SELECT id, 'storm', $2 FROM u",
        )
        .bind(format!("user{user:02}@example.com"))
        .bind(format!("token{user:02}"))
        .execute(pool)
        .await
        .unwrap();
    }
    sqlx::raw_sql(include_str!("log.sql")).execute(pool).await.unwrap();
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A stage that tasks share.
pub type Shared = Arc<Stage>;
