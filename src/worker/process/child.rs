//! The process's side: makes the attempt it is told on standard input, and ends when that input does.

use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio_util::sync::CancellationToken;

use super::{Order, Word};
use crate::{
    domain::{ClaimedRun, Outcome},
    tasks::{self, AnyTask, Progress},
    telemetry::journal::Journal,
    worker::{Parts, attempt::span_of, thread::Thread},
};

/// How long giving up the domains may take.
const LET_GO: Duration = Duration::from_secs(2);

/// Makes one attempt and says what it came to. Returns false where there was nothing to do or nobody to tell.
pub async fn make_attempt(parts: &Parts, tasks: &'static [&'static dyn AnyTask], memory: u64) -> bool {
    limit_memory(memory);
    let mut orders = BufReader::new(tokio::io::stdin()).lines();
    let Ok(Some(first)) = orders.next_line().await else { return false };
    let Ok(Order::Make(run)) = serde_json::from_str(&first) else { return false };
    let cancelled = CancellationToken::new();
    let stop = cancelled.clone();
    let until_the_worker_is_gone = async move {
        while let Ok(Some(line)) = orders.next_line().await {
            if matches!(serde_json::from_str(&line), Ok(Order::Stop)) {
                stop.cancel();
            }
        }
    };
    tokio::select! {
        () = report(parts, tasks, *run, cancelled) => true,
        () = until_the_worker_is_gone => false,
    }
}

async fn report(
    parts: &Parts,
    tasks: &'static [&'static dyn AnyTask],
    run: ClaimedRun,
    cancelled: CancellationToken,
) {
    let mut out = tokio::io::stdout();
    let progress = Progress::default();
    let mut steps = progress.subscribe();
    let (_journal, mut lines) = Journal::pass_on((run.id.0, run.claim));
    let mut work = match tasks::find_in(tasks, &run.task) {
        Ok(task) => {
            let span = span_of(&run);
            let context = parts.context(run.id, progress.clone(), cancelled);
            span.in_scope(|| Thread::start(task, run.args, context))
        }
        Err(error) => return say(&mut out, &Word::Outcome(Outcome::Fail { error })).await,
    };
    let outcome = loop {
        tokio::select! {
            biased;
            // The journal is held above. What is said before the end is told before it.
            Some(entry) = lines.recv() => say(&mut out, &Word::Said(entry)).await,
            outcome = work.outcome() => break outcome,
            // The sender is held above.
            _ = steps.changed() => {
                let (done, total) = *steps.borrow_and_update();
                say(&mut out, &Word::Progress(done, total)).await;
            }
        }
    };
    while let Ok(entry) = lines.try_recv() {
        say(&mut out, &Word::Said(entry)).await;
    }
    // This process ends with its word: what it holds of domains would keep everybody else waiting until the leases are over.
    if tokio::time::timeout(LET_GO, parts.fetch.release()).await.is_err() {
        tracing::debug!("the leases on domains are left to run out");
    }
    say(&mut out, &Word::Outcome(outcome)).await;
}

async fn say(out: &mut (impl AsyncWrite + Unpin), word: &Word) {
    // A line of its own, whatever was printed before it.
    let mut line = b"\n".to_vec();
    line.extend(serde_json::to_vec(word).unwrap_or_default());
    line.push(b'\n');
    // The worker that does not hear it sees the process end.
    let _ = out.write_all(&line).await;
    let _ = out.flush().await;
}

/// A run that eats memory is refused more of it before the machine has none left for others.
fn limit_memory(bytes: u64) {
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{Resource, Rlimit, setrlimit};
        let limit = Rlimit { current: Some(bytes), maximum: Some(bytes) };
        if let Err(error) = setrlimit(Resource::Data, limit) {
            tracing::warn!(%error, "memory of this process not limited");
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = bytes;
}
