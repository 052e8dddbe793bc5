//! Does what a plan says, and counts what it did.
//!
//! Each lane waits for its faults to be over before it goes on, so that everything is mended, by the fault itself, when all lanes have
//! ended; what a filled disk or a dead server leaves behind is put right by [`Stage::heal`].

use std::{
    collections::BTreeMap,
    sync::Mutex,
    time::{Duration, Instant},
};

use super::{
    plan::{Act, Fault, Peer, Plan, Zone},
    proxy::{Mode, Proxy},
    servers::Kind,
    stage::{Shared, Stage},
    watch::Probes,
};

/// How often processes that ended by themselves are started again.
const TEND: Duration = Duration::from_millis(300);

/// What was done, by its name.
#[derive(Default)]
pub struct Done(Mutex<BTreeMap<&'static str, u64>>);

impl Done {
    fn count(&self, name: &'static str) {
        *self.0.lock().unwrap().entry(name).or_default() += 1;
    }

    pub fn counts(&self) -> BTreeMap<&'static str, u64> {
        self.0.lock().unwrap().clone()
    }
}

/// Plays a plan to its end.
pub async fn rage(stage: &Shared, plan: &Plan, probes: &Probes, done: &Done) {
    let end = Instant::now() + plan.length;
    let lanes = plan.lanes.iter().map(|lane| follow(stage, lane, end, probes, done));
    futures::future::join_all(lanes).await;
}

/// Starts processes again as an init would; never ends.
pub async fn tend(stage: Shared) {
    loop {
        tokio::time::sleep(TEND).await;
        for replica in &stage.replicas {
            replica.lock().await.tend();
        }
    }
}

async fn follow(stage: &Stage, lane: &[Act], end: Instant, probes: &Probes, done: &Done) {
    for (pause, fault) in lane {
        if Instant::now() + *pause >= end {
            return;
        }
        tokio::time::sleep(*pause).await;
        perform(stage, fault, probes, done).await;
    }
}

/// The process a fault of [`Fault::Kill`] or [`Fault::Freeze`] is for: the first is spared.
fn mortal(number: u64) -> usize {
    usize::try_from(number).unwrap() + 1
}

async fn perform(stage: &Stage, fault: &Fault, probes: &Probes, done: &Done) {
    let lasts = || tokio::time::sleep(fault.lasts());
    match fault {
        Fault::Kill(number) => {
            if stage.replicas[mortal(*number)].lock().await.kill() {
                done.count("kills");
            }
        }
        Fault::Freeze(number, _) => {
            let replica = &stage.replicas[mortal(*number)];
            replica.lock().await.freeze();
            lasts().await;
            replica.lock().await.thaw();
            done.count("freezes");
        }
        Fault::Jump(number, seconds, _) => {
            let replica = &stage.replicas[usize::try_from(*number).unwrap()];
            replica.lock().await.jump(*seconds);
            lasts().await;
            replica.lock().await.jump(0);
            done.count("clock jumps");
        }
        Fault::Flush => {
            if flush(stage).await {
                done.count("flushes");
            }
        }
        Fault::Crash(kind, _) => {
            let proxies = stage.before(*kind);
            let mut server = stage.server(*kind).lock().await;
            server.crash(&proxies).await;
            lasts().await;
            server.revive(&proxies).await;
            done.count(if *kind == Kind::Postgres { "PostgreSQL crashes" } else { "Redis crashes" });
        }
        Fault::Network(peer, zone, mode, _) => {
            let links = stage.links(*peer, *zone);
            set_all(&links, *mode);
            lasts().await;
            set_all(&links, Mode::Pass);
            done.count(match mode {
                Mode::BlackHole => "black holes",
                Mode::Reset => "resets",
                Mode::HalfOpen => "half-open links",
                Mode::Slow | Mode::Pass => "slow links",
            });
        }
        Fault::Cut(_) => {
            let links = stage.links(Peer::Postgres, Zone::Both);
            let begun = Instant::now();
            set_all(&links, Mode::BlackHole);
            lasts().await;
            set_all(&links, Mode::Pass);
            probes.watch_cut(begun, Instant::now()).await;
            done.count("cuts");
        }
        Fault::Swallow(peer, zone, count) => {
            stage.links(*peer, *zone).iter().for_each(|link| link.swallow(*count));
        }
        Fault::DiskFull(_) => {
            if !stage.disk.can_be_full() {
                return;
            }
            stage.disk.fill();
            lasts().await;
            stage.disk.free();
            for kind in [Kind::Postgres, Kind::Redis] {
                stage.server(kind).lock().await.revive(&stage.before(kind)).await;
            }
            done.count("full disks");
        }
    }
}

fn set_all(links: &[&Proxy], mode: Mode) {
    for link in links {
        link.set(mode);
    }
}

async fn flush(stage: &Stage) -> bool {
    let server = stage.redis.lock().await;
    let client = redis::Client::open(server.url().as_str()).unwrap();
    let Ok(mut connection) = client.get_multiplexed_async_connection().await else { return false };
    redis::cmd("FLUSHALL").query_async::<()>(&mut connection).await.is_ok()
}
