//! What a daemon tells systemd (`Type=notify`, `WatchdogSec=`): when it is ready, that it is alive, and that it stops.
//!
//! "Ready" is what `/readyz` says, "alive" what `/healthz` says: the watchdog is fed only while every loop comes round, so that a process
//! whose loops stand still is replaced although a timer in it still runs. Without `NOTIFY_SOCKET` nothing is said.

use std::time::Duration;

use sd_notify::NotifyState;
use tokio_util::sync::CancellationToken;

use crate::{observe, queue::Transport, store::Store, telemetry::pulse};

/// How often a process that is not ready yet looks again.
const LOOK: Duration = Duration::from_millis(500);
/// What it takes to end after the drain deadline.
const LAST_WORDS: Duration = Duration::from_secs(15);

/// Speaks to systemd until the process ends; `drain` is how long running work may take then.
pub(super) async fn follow(store: Store, transport: Transport, stopping: CancellationToken, drain: Duration) {
    if std::env::var_os("NOTIFY_SOCKET").is_none() {
        return;
    }
    let draining = stopping.clone();
    let alive = async {
        while !observe::readiness(&store, &transport).await.is_ready() {
            tokio::time::sleep(LOOK).await;
        }
        tell(&[NotifyState::Ready, NotifyState::Status("takes work")]);
        feed_watchdog(period()).await;
    };
    tokio::select! {
        () = alive => {}
        () = draining.cancelled() => {}
    }
    let longest = u32::try_from((drain + LAST_WORDS).as_micros()).unwrap_or(u32::MAX);
    tell(&[
        NotifyState::Stopping,
        NotifyState::Status("finishes what runs"),
        NotifyState::ExtendTimeoutUsec(longest),
    ]);
    feed_watchdog(period()).await;
}

/// How often systemd wants to hear: in half of `WATCHDOG_USEC`; `None` where it does not.
fn period() -> Option<Duration> {
    let microseconds: u64 = std::env::var("WATCHDOG_USEC").ok()?.parse().ok()?;
    Some(Duration::from_micros(microseconds) / 2).filter(|period| !period.is_zero())
}

/// Never ends.
async fn feed_watchdog(period: Option<Duration>) {
    let Some(period) = period else { return std::future::pending().await };
    let mut every = tokio::time::interval(period);
    loop {
        every.tick().await;
        match pulse::silent() {
            None => tell(&[NotifyState::Watchdog]),
            Some(name) => tracing::error!(name, "a loop stands still: the watchdog is not fed"),
        }
    }
}

fn tell(words: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(words) {
        tracing::warn!(%error, "systemd not told");
    }
}
