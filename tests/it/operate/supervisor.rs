//! What systemd hears of the real program.

use std::{os::unix::net::UnixDatagram, time::Duration};

use super::World;
use crate::process::signal;

/// Hears until `wanted` is said; all that was said until then.
async fn hear(socket: UnixDatagram, wanted: &'static str) -> (UnixDatagram, Vec<String>) {
    tokio::task::spawn_blocking(move || {
        let mut said = Vec::new();
        let mut buffer = [0; 4096];
        loop {
            let length =
                socket.recv(&mut buffer).unwrap_or_else(|error| panic!("no {wanted} in {said:?}: {error}"));
            let words = String::from_utf8_lossy(&buffer[..length]).into_owned();
            let found = words.lines().any(|word| word.starts_with(wanted));
            said.push(words);
            if found {
                return (socket, said);
            }
        }
    })
    .await
    .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn it_says_when_it_is_ready_that_it_lives_and_that_it_stops() {
    let world = World::new().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let program = world
        .program
        .clone()
        .with("NOTIFY_SOCKET", path.to_str().unwrap())
        .with("WATCHDOG_USEC", "400000")
        .with("CAREER__RUNS__DRAIN", "2s");
    let mut running = program.start(&["serve"]);
    let (socket, said) = hear(socket, "READY=1").await;
    assert_eq!(said.len(), 1, "the first word is that it is ready: {said:?}");
    let (socket, _) = hear(socket, "WATCHDOG=1").await;
    let (socket, _) = hear(socket, "WATCHDOG=1").await;
    signal("TERM", running.id());
    let (_, said) = hear(socket, "STOPPING=1").await;
    let last = said.last().unwrap();
    assert!(last.contains("EXTEND_TIMEOUT_USEC=17000000"), "{last}");
    assert!(running.ended(Duration::from_secs(20)).await.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_not_ready_before_its_database_is() {
    let world = World::new().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_nonblocking(true).unwrap();
    let program = world
        .program
        .clone()
        .with("NOTIFY_SOCKET", path.to_str().unwrap())
        .with("CAREER__DATABASE__URL", "postgres://nobody@127.0.0.1:1/none");
    let mut running = program.start(&["serve"]);
    assert_eq!(running.ended(Duration::from_secs(30)).await.code(), Some(69));
    assert!(socket.recv(&mut [0; 64]).is_err(), "nothing was said");
}
