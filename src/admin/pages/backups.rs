//! Backups: whether there is one that was restored, which there are, continuous archiving, quarantine.

use std::sync::Arc;

use axum::extract::State as Shared;
use chrono::{DateTime, Utc};
use maud::{Markup, html};
use serde::Deserialize;

use super::{
    Section, Shown, Visitor,
    layout::{act, ago, page, seconds, state, table},
    overview::shorten,
    unreadable,
};
use crate::{
    admin::{Problem, State, api::backups, extract::InQuery, token::Role},
    backup::Health,
    store::BackupRow,
};

/// How the page is looked at.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Look {
    said: Option<String>,
}

/// `GET /backups`
pub(super) async fn show(
    Shared(endpoint): Shared<Arc<State>>,
    Visitor(caller): Visitor,
    look: Result<InQuery<Look>, Problem>,
) -> Shown {
    let InQuery(look) = unreadable(look)?;
    let found = backups::find(&endpoint).await?;
    let now = endpoint.clock.now();
    let rows: Vec<Markup> = found.backups.iter().map(|backup| row(now, backup)).collect();
    let scheduled = endpoint.schedules.iter().find(|schedule| schedule.task == "backup");
    let body = html! {
        @if found.health.state.quarantined {
            p.wrong role="alert" {
                "In quarantine " (ago(now, Some(found.health.state.since)))
                @if let Some(reason) = &found.health.state.reason { ": " bdi { (reason) } }
                ". Missed ticks are left out and nobody is told anything."
            }
            @if caller.may(Role::Admin) { p.tools { (act("/backups/acknowledge", "/backups", "End the quarantine", "of this database")) } }
        }
        (alarms(&found.health))
        @if caller.may(Role::Operator) && found.health.configured && let Some(schedule) = scheduled {
            p.tools { (act(&format!("/schedules/{}/run", schedule.name), "/backups", "Back up now", "this database")) }
        }
        (ages(now, &found.health))
        (archiving(now, &found.health))
        h2 { "Backups" }
        (table("Backups", &["Backup", "Kind", "State", "Begun", "Took", "Size", "Verified", "Test took", "Error"], &rows))
    };
    Ok(page(Section::Backups, "Backups", &caller, look.said.as_deref(), &body))
}

fn alarms(health: &Health) -> Markup {
    html! {
        @if !health.configured { p { "Backups are not configured: " code { "backup.url" } " names a place for them." } }
        @else if health.alarms.is_empty() { p.good { "There is a backup that was restored and compared." } }
        @if !health.alarms.is_empty() { ul.troubles { @for alarm in &health.alarms { li { (alarm) } } } }
    }
}

fn ages(now: DateTime<Utc>, health: &Health) -> Markup {
    html! {
        @for age in &health.ages {
            dl.figures {
                div { dt { "Newest, " (age.engine) } dd { (ago(now, age.last_success)) } }
                div { dt { "Newest that was restored" } dd { (ago(now, age.last_verified)) } }
                div { dt { "Size" } dd { (size(age.bytes)) } }
                div { dt { "Restoring took" } dd { (age.verify_seconds.map_or_else(|| "–".to_owned(), seconds)) } }
            }
        }
    }
}

fn archiving(now: DateTime<Utc>, health: &Health) -> Markup {
    let who = match health.pitr {
        "ours" => "Any moment of the last days can be restored: archiving is ours.",
        "provider" => "Any moment is restored by the provider of the database.",
        _ => "Between two backups nothing can be restored: there is no continuous archiving.",
    };
    html! {
        h2 { "Continuous archiving" }
        p { (who) }
        @if let Some(archiver) = &health.archiver {
            p {
                @if archiver.is_failing() { (state("failed")) } @else if archiver.on { (state("on")) } @else { (state("off")) }
                " last segment " (ago(now, archiver.last_archived))
                @if let Some(lag) = archiver.lag_seconds { ", the oldest that waits for " (seconds(lag)) }
            }
        }
    }
}

fn row(now: DateTime<Utc>, backup: &BackupRow) -> Markup {
    html! {
        th scope="row" { code { (backup.id) } }
        td { (backup.engine) }
        td { (state(&backup.state)) }
        td { (ago(now, Some(backup.started_at))) }
        td.number { (backup.seconds.map_or_else(|| "–".to_owned(), seconds)) }
        td.number { (size(backup.bytes)) }
        td { @match backup.verified_at { Some(at) => { (ago(now, Some(at))) } None => { "–" } } }
        td.number { (backup.verify_seconds.map_or_else(|| "–".to_owned(), seconds)) }
        td.says { @if let Some(error) = &backup.error { code { (shorten(error)) } } }
    }
}

/// Bytes for people.
#[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
fn size(bytes: Option<i64>) -> String {
    let Some(bytes) = bytes else { return "–".to_owned() };
    let (mut amount, mut units) = (bytes as f64, ["B", "kB", "MB", "GB"].into_iter());
    let mut unit = units.next().unwrap_or_default();
    while amount >= 999.5 {
        let Some(next) = units.next() else { break };
        (amount, unit) = (amount / 1e3, next);
    }
    if amount < 9.95 && unit != "B" { format!("{amount:.1} {unit}") } else { format!("{amount:.0} {unit}") }
}

#[cfg(test)]
mod tests {
    #[test]
    fn sizes_have_three_digits_at_most() {
        let sizes = [Some(0), Some(999), Some(1_234), Some(56_789_000), Some(7_000_000_000_000), None];
        assert_eq!(sizes.map(super::size), ["0 B", "999 B", "1.2 kB", "57 MB", "7000 GB", "–"]);
    }
}
