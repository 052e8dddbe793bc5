//! `career-worker backup`: make, look at, restore and let go.

mod list;
mod pitr;
mod progress;
mod restore;

use std::{path::PathBuf, process::ExitCode, sync::Arc};

use anyhow::Context as _;
use clap::Subcommand;
use secrecy::ExposeSecret as _;
use serde_json::json;

use super::{
    Globals,
    failure::{CONFIG, Failure, INTERRUPTED, TEMPORARY},
};
use crate::{
    backup::{
        self, BackupDecision, BackupEngine as _, BackupError, LogicalDump, Made, Site, Tested, Which, keys,
    },
    clock::Clock,
    config::Config,
    random::Random,
    store::{Actor, Store},
};

/// Make backups, look at them, restore them, let them go.
#[derive(Debug, Subcommand)]
pub(super) enum BackupCommand {
    /// List backups: what is in their place, and what this database knows beside that.
    List,
    /// Make a logical backup now.
    Run {
        /// Take it although it is far smaller than those before it.
        #[arg(long)]
        any_size: bool,
    },
    /// Restore a backup into a throw-away cluster and see whether it is what was backed up.
    Verify {
        /// Its name, or the beginning of it; the newest where not given.
        id: Option<String>,
    },
    /// Restore a backup into a database, or everything as it was at a moment into a new data directory.
    Restore(restore::RestoreArgs),
    /// Delete backups that the policy does not keep.
    Expire {
        /// Delete nothing, print what would be.
        #[arg(long)]
        dry_run: bool,
    },
    /// End the quarantine after a restore: what was missed stays missed, from now on users are told again.
    Acknowledge,
    /// Say how backups are, and what needs a person.
    Status,
    /// Make a pair of keys for backup.recipients and backup.identity, and a passphrase for `pitr.cipher_pass`.
    Keygen {
        /// Write the private key into this new file, which only you can read, instead of printing it.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Continuous archiving: any moment of the last days.
    #[command(subcommand)]
    Pitr(pitr::PitrCommand),
}

pub(super) use list::size;

const CLI: Actor<'static> = Actor { id: "cli", address: None };

pub(super) async fn run(globals: &Globals, command: BackupCommand) -> anyhow::Result<ExitCode> {
    match command {
        BackupCommand::Keygen { out } => keygen(globals, out),
        BackupCommand::List => list::run(globals).await,
        BackupCommand::Run { any_size } => make(globals, any_size).await,
        BackupCommand::Verify { id } => verify(globals, id.as_deref()).await,
        BackupCommand::Restore(args) => restore::run(globals, args).await,
        BackupCommand::Expire { dry_run } => expire(globals, dry_run).await,
        BackupCommand::Acknowledge => acknowledge(globals).await,
        BackupCommand::Status => status(globals).await,
        BackupCommand::Pitr(command) => pitr::run(globals, command).await,
    }
}

/// What a failure of a backup means for the exit code.
pub(super) fn failed(error: BackupError) -> anyhow::Error {
    let code = match error.decision() {
        _ if matches!(error, BackupError::Settings(_)) => CONFIG,
        BackupDecision::Later(_) => TEMPORARY,
        BackupDecision::Cancelled => INTERRUPTED,
        BackupDecision::Retry | BackupDecision::Fail => return error.into(),
    };
    Failure::new(code, error.to_string()).into()
}

/// The place of the backups; a command needs one.
pub(super) fn site(config: &Arc<Config>) -> anyhow::Result<Site> {
    let site = Site::open(Arc::clone(config), Clock::system(), Random::system()).map_err(failed)?;
    site.ok_or_else(|| {
        Failure::new(CONFIG, "settings: backup.url: there is no place for backups, expected file:///folder or s3://bucket/prefix")
            .into()
    })
}

async fn make(globals: &Globals, any_size: bool) -> anyhow::Result<ExitCode> {
    let config = globals.settings(&[])?;
    let engine = LogicalDump::new(site(&config)?, Store::open(&config.database)?).with_any_size(any_size);
    let bar = progress::Bar::start(globals, "dumped")?;
    let made = engine.make(true, &bar.watch()).await;
    bar.end();
    let made = made.map_err(failed)?;
    print_made(globals, &made)?;
    globals.output().say("it is verified once a restore test has passed: career-worker backup verify");
    Ok(ExitCode::SUCCESS)
}

fn print_made(globals: &Globals, made: &Made) -> anyhow::Result<()> {
    globals.output().value(made, |made| {
        format!(
            "{}: {} rows, {} stored of {}, in {:.1} s",
            made.id,
            made.rows,
            size(made.bytes),
            size(made.plain_bytes),
            made.seconds
        )
    })?;
    Ok(())
}

async fn verify(globals: &Globals, id: Option<&str>) -> anyhow::Result<ExitCode> {
    let config = globals.settings(&[])?;
    let site = site(&config)?;
    // The test works without the database; it is told where it answers.
    let store = Store::open(&config.database)?;
    let known = store.is_current().await.unwrap_or(false);
    let bar = progress::Bar::start(globals, "restored")?;
    let tested = if known {
        let which = id.map_or(Which::Newest, Which::Id);
        LogicalDump::new(site, store).test(which, &bar.watch()).await
    } else {
        backup::test_restore(&site, None, id, &bar.watch()).await
    };
    bar.end();
    report(globals, &tested.map_err(failed)?)
}

fn report(globals: &Globals, tested: &Tested) -> anyhow::Result<ExitCode> {
    globals.output().value(tested, |tested| {
        let steps: Vec<_> =
            tested.steps.iter().map(|(name, seconds)| format!("{name} {seconds:.1} s")).collect();
        let verdict = tested
            .defect
            .as_ref()
            .map_or_else(|| format!("verified, {} rows", tested.rows), |defect| format!("FAILED: {defect}"));
        format!("{}: {verdict}, in {:.1} s ({})", tested.id, tested.seconds, steps.join(", "))
    })?;
    Ok(if tested.passed() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn expire(globals: &Globals, dry_run: bool) -> anyhow::Result<ExitCode> {
    let config = globals.settings(&[])?;
    let store = Store::open(&config.database)?;
    let expired = backup::expire(&site(&config)?, Some(&store), dry_run).await.map_err(failed)?;
    if !dry_run && !expired.plan.delete.is_empty() {
        let detail = json!({ "deleted": expired.plan.delete });
        store.insert_audit(CLI, "backup expire", "backups", &detail).await.context("audit")?;
    }
    let verdict = match (&expired.plan.refused, dry_run) {
        (Some(_), _) => "kept",
        (None, true) => "would be deleted",
        (None, false) => "deleted",
    };
    let kept = expired.plan.keep.iter().map(|(id, why)| json!({ "id": id, "what": "kept", "why": why }));
    let gone = expired.plan.delete.iter().map(|id| json!({ "id": id, "what": verdict, "why": "policy" }));
    let mut rows: Vec<_> = kept.chain(gone).collect();
    rows.sort_by(|a, b| a["id"].as_str().cmp(&b["id"].as_str()));
    globals.output().rows(&["backup", "what", "why"], &rows, |row| {
        ["id", "what", "why"].map(|key| row[key].as_str().unwrap_or_default().to_owned()).to_vec()
    })?;
    for message in &expired.unreadable {
        globals.output().say(format!("left alone: {message}"));
    }
    if let Some(why) = &expired.plan.refused {
        globals.output().say(format!("nothing is deleted: {why}"));
    }
    Ok(ExitCode::SUCCESS)
}

async fn acknowledge(globals: &Globals) -> anyhow::Result<ExitCode> {
    let config = globals.settings(&[])?;
    let store = Store::open(&config.database)?;
    let state = store.daemon_state().await.context("look at the state")?;
    if state.restoring {
        let message = "a restore into this database has not ended, or was killed: restore it again first";
        return Err(Failure::new(1, message).into());
    }
    let ended = store.acknowledge_for(CLI).await.context("end the quarantine")?;
    globals.output().value(&json!({ "ended": ended, "reason": state.reason }), |_| {
        if ended { "the quarantine is over" } else { "there is no quarantine" }.to_owned()
    })?;
    Ok(ExitCode::SUCCESS)
}

async fn status(globals: &Globals) -> anyhow::Result<ExitCode> {
    let config = globals.settings(&[])?;
    let store = Store::open(&config.database)?;
    let health = backup::observe(&store, &config, Clock::system().now()).await.context("look at backups")?;
    globals.output().value(&health, |health| {
        let mut lines = vec![format!("any moment can be restored by: {}", health.pitr)];
        for ages in &health.ages {
            lines.push(format!(
                "{}: newest {}, newest verified {}, restored in {}",
                ages.engine,
                super::output::minute(ages.last_success),
                super::output::minute(ages.last_verified),
                ages.verify_seconds.map_or_else(|| "-".to_owned(), |seconds| format!("{seconds:.1} s")),
            ));
        }
        lines.extend(health.alarms.iter().map(|alarm| format!("NEEDS A PERSON: {alarm}")));
        lines.join("\n")
    })?;
    Ok(if health.alarms.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn keygen(globals: &Globals, out: Option<PathBuf>) -> anyhow::Result<ExitCode> {
    use std::{io::Write as _, os::unix::fs::OpenOptionsExt as _};
    let pair = keys::generate();
    let passphrase =
        base64::Engine::encode(&base64::engine::general_purpose::STANDARD, Random::system().bytes::<32>());
    let private = pair.private.expose_secret();
    let Some(path) = out else {
        let all = json!({ "public": pair.public, "private": private, "passphrase": passphrase });
        globals.output().value(&all, |_| {
            format!("public      {}\nprivate     {private}\npassphrase  {passphrase}", pair.public)
        })?;
        globals.output().say("keep the private key and the passphrase where the backups are not");
        return Ok(ExitCode::SUCCESS);
    };
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&path)
        .with_context(|| path.display().to_string())?;
    writeln!(file, "# public key: {}\n{private}", pair.public).with_context(|| path.display().to_string())?;
    globals.output().value(&json!({ "public": pair.public, "file": path }), |_| pair.public.clone())?;
    Ok(ExitCode::SUCCESS)
}
