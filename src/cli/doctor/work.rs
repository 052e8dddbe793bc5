//! Is what is in the database worked on, and is anything set aside?

use chrono::TimeDelta;

use super::{Finding, database::root};
use crate::{
    store::{ServerFacts, Store, WorkFacts},
    tasks::TASKS,
};

/// Work that waits for longer is not being done, seconds.
const LATE: f64 = 900.0;

pub(super) async fn look(store: &Store, server: &ServerFacts) -> Vec<Finding> {
    let tasks: Vec<String> = TASKS.iter().map(|task| task.name().to_owned()).collect();
    let (work, seen) = match (store.examine_work().await, store.observe(&tasks, &[]).await) {
        (Ok(work), Ok(seen)) => (work, seen),
        (Err(error), _) | (_, Err(error)) => {
            return vec![Finding::bad(
                "work",
                root(&error),
                "see whether the database is busy, and try again",
            )];
        }
    };
    let mut findings = vec![worker(&work, server)];
    findings.push(if work.tokens == 0 {
        Finding::warning(
            "tokens",
            "there are none",
            "career-worker token create NAME: without one nobody can use the HTTP endpoint",
        )
    } else {
        Finding::ok("tokens", format!("{} can be used", work.tokens))
    });
    for queue in &seen.queues {
        if queue.paused {
            let remedy = format!("career-worker queues resume {}", queue.queue);
            findings.push(Finding::warning(
                "queues",
                format!("{} is paused, {} runs are due", queue.queue, queue.due),
                remedy,
            ));
        } else if queue.oldest_due > LATE {
            findings.push(Finding::warning(
                "queues",
                format!("a run on {} has been due for {:.0} minutes", queue.queue, queue.oldest_due / 60.0),
                format!("start a worker that serves it (serve --queues {}), or more of them", queue.queue),
            ));
        }
    }
    let dead: i64 = seen.tasks.iter().map(|task| task.dead).sum();
    if dead > 0 {
        let remedy = "career-worker runs list --state dead shows why; runs retry tries one again";
        findings.push(Finding::warning("runs", format!("{dead} failed for good"), remedy));
    }
    findings.push(if seen.outbox_oldest > LATE {
        Finding::warning(
            "outbox",
            format!(
                "{} postings wait for the matcher, one for {:.0} minutes",
                seen.outbox_rows,
                seen.outbox_oldest / 60.0
            ),
            "start a worker that serves the queue match; with shards, one for each",
        )
    } else {
        Finding::ok("outbox", format!("{} postings wait for the matcher", seen.outbox_rows))
    });
    if seen.outbox_dead > 0 {
        findings.push(Finding::warning(
            "outbox",
            format!("{} postings were set aside", seen.outbox_dead),
            "worker.outbox_dead says why; they are matched to nobody",
        ));
    }
    let unhealthy: i64 = seen.boards.iter().map(|source| source.unhealthy).sum();
    if unhealthy > 0 {
        let remedy = "career-worker sources list --health says why";
        findings.push(Finding::warning("boards", format!("{unhealthy} cannot be read"), remedy));
    }
    if work.rejected_messages > 0 {
        findings.push(Finding::warning(
            "messages",
            format!("{} from Redis could not be read", work.rejected_messages),
            "worker.rejected_messages has them with the reason",
        ));
    }
    findings
}

fn worker(work: &WorkFacts, server: &ServerFacts) -> Finding {
    let recently = work.last_finished_at.is_some_and(|at| server.now - at < TimeDelta::minutes(15));
    if work.held > 0 {
        Finding::ok("worker", format!("{} runs are being worked on", work.held))
    } else if recently {
        Finding::ok("worker", "a run ended within the last quarter of an hour")
    } else if server.own_connections > 0 {
        Finding::ok(
            "worker",
            format!("the program has {} connections from elsewhere", server.own_connections),
        )
    } else {
        Finding::warning("worker", "none seems to be at work", "start one: career-worker serve")
    }
}
