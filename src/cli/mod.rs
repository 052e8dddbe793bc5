//! The command line: one file a command.
//!
//! Commands read settings, call the layers below and print; they decide nothing. To add one: a file here, a variant of [`Command`], an
//! arm in [`Command::run`].

mod archives;
mod attempt;
mod backup;
mod channels;
mod config;
mod daemon;
mod db;
mod dev;
mod digests;
mod doctor;
mod enqueue;
mod explain;
mod extract;
mod failure;
mod healthcheck;
mod man;
mod match_offline;
mod output;
mod queues;
mod rematch;
mod replay;
mod run;
mod runs;
mod schedules;
mod searches;
mod serve;
mod sources;
mod supervisor;
mod token;

use std::{
    future::Future,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use anyhow::Context as _;
use clap::{CommandFactory as _, Parser, Subcommand};

use self::{failure::BadSchedules, output::Output};
use crate::{
    clock::Clock,
    config::{Config, ConfigError},
    schedule::{self, Schedule, ScheduleError},
    scheduler,
    tasks::{self, Task as _},
    telemetry,
};

/// Finds new job postings, stores each once, and tells each user of those that fit.
///
/// Exit codes: 0 done, 1 the work failed, 2 wrong usage, 69 PostgreSQL or Redis cannot be reached, 75 not now (a lock is held, a server
/// asks to wait), 78 settings or schedules cannot be used, 130 interrupted.
#[derive(Debug, Parser)]
#[command(name = "career-worker", version, about, arg_required_else_help = true)]
pub struct Cli {
    #[command(flatten)]
    globals: Globals,
    #[command(subcommand)]
    command: Command,
}

/// What every command takes.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "For every command")]
struct Globals {
    /// Settings file (TOML); what it does not name keeps its default.
    #[arg(long, global = true, env = "CAREER_CONFIG", hide_env_values = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Folder of the schedules; overrides jobs.dir.
    #[arg(long, global = true, value_name = "DIR")]
    jobs: Option<PathBuf>,
    /// Print JSON, one object a line.
    #[arg(long, global = true)]
    json: bool,
    /// Print data only: no words on standard error.
    #[arg(long, short, global = true)]
    quiet: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the daemon: scheduler, workers, admin endpoint.
    Serve(serve::ServeArgs),
    /// Start everything here, databases included, and show one round of work on recorded postings.
    Dev(dev::DevArgs),
    /// Run a schedule's task, or any task, now and in this process.
    Run(run::RunArgs),
    /// Put a run on its queue, for a worker to take.
    Enqueue(enqueue::EnqueueArgs),
    /// Look at runs, follow them, cancel them, try them again.
    #[command(subcommand)]
    Runs(runs::RunsCommand),
    /// Look at schedules, check them, pause them.
    #[command(subcommand)]
    Schedules(schedules::SchedulesCommand),
    /// Look at sources, read recorded responses, pause a source.
    #[command(subcommand)]
    Sources(sources::SourcesCommand),
    /// Look at queues, pause them.
    #[command(subcommand)]
    Queues(queues::QueuesCommand),
    /// Say why a posting fits a user, or why not.
    Explain(explain::ExplainArgs),
    /// Look at saved searches: how often one would fire, what in them cannot be used.
    #[command(subcommand)]
    Searches(searches::SearchesCommand),
    /// Put saved searches and profiles to postings that are already there.
    Rematch(rematch::Args),
    /// Look at the channels of users beside the web application, set and try them.
    #[command(subcommand)]
    Channels(channels::ChannelsCommand),
    /// Look at digests by e-mail and webhook, decide of those that are held.
    #[command(subcommand)]
    Digests(digests::DigestsCommand),
    /// Make backups, look at them, restore them, let them go.
    #[command(subcommand)]
    Backup(backup::BackupCommand),
    /// Look at postings that left the database, and put them back.
    #[command(subcommand)]
    Archives(archives::ArchivesCommand),
    /// Migrate the database, or say how far it is.
    #[command(subcommand)]
    Db(db::DbCommand),
    /// Make and take back tokens of the admin endpoint.
    #[command(subcommand)]
    Token(token::TokenCommand),
    /// Look at the settings in force.
    #[command(subcommand)]
    Config(config::ConfigCommand),
    /// Check the whole installation, and say what to do about what is wrong.
    ///
    /// Looks at settings, schedules, this machine, the database with its schema and work, and Redis, and changes nothing. Exit codes: 0
    /// where nothing is bad (there may be warnings), 69 where the database or Redis cannot be used, 78 where something has to be changed.
    Doctor,
    /// Ask a running daemon whether it is ready: 0 yes, 1 no, 69 it does not answer.
    Healthcheck(healthcheck::HealthcheckArgs),
    /// Make one attempt of a run for a worker.
    #[command(hide = true)]
    Attempt,
    /// Serve recorded exchanges over HTTP.
    Replay(replay::ReplayArgs),
    /// Read one field out of JSON lines on stdin; needs no database.
    Extract(extract::ExtractArgs),
    /// Match JSON lines with each other; needs no database.
    Match(match_offline::MatchArgs),
    /// Print completions for a shell.
    Completions {
        /// For this shell.
        shell: clap_complete::Shell,
    },
    /// Write the manual, one page a command, for a package to install.
    Man(man::ManArgs),
}

impl Cli {
    /// Runs the command and gives its exit code.
    pub fn run(self) -> ExitCode {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let code = self.command.run(&self.globals).unwrap_or_else(|error| failure::report(&error));
        telemetry::trace::finish();
        code
    }
}

impl Command {
    fn run(self, globals: &Globals) -> anyhow::Result<ExitCode> {
        match self {
            Self::Serve(args) => wait(serve::run(globals, args)),
            Self::Dev(args) => wait(dev::run(globals, args)),
            Self::Run(args) => wait(run::run(globals, args)),
            Self::Enqueue(args) => wait(enqueue::run(globals, args)),
            Self::Runs(command) => wait(runs::run(globals, command)),
            Self::Schedules(command) => wait(schedules::run(globals, command)),
            Self::Sources(command) => sources::run(globals, command),
            Self::Queues(command) => wait(queues::run(globals, command)),
            Self::Explain(args) => wait(explain::run(globals, args)),
            Self::Searches(command) => wait(searches::run(globals, command)),
            Self::Rematch(args) => wait(rematch::run(globals, args)),
            Self::Channels(command) => wait(channels::run(globals, command)),
            Self::Digests(command) => wait(digests::run(globals, command)),
            Self::Backup(command) => wait(backup::run(globals, command)),
            Self::Archives(command) => wait(archives::run(globals, command)),
            Self::Db(command) => wait(db::run(globals, command)),
            Self::Token(command) => wait(token::run(globals, command)),
            Self::Config(command) => config::run(globals, &command),
            Self::Doctor => wait(doctor::run(globals)),
            Self::Healthcheck(args) => wait(healthcheck::run(globals, args)),
            Self::Attempt => wait(attempt::run(globals)),
            Self::Replay(args) => {
                globals.settings(&[])?;
                wait(replay::run(args))
            }
            Self::Extract(args) => {
                let (input, mut output) = (std::io::stdin().lock(), std::io::stdout().lock());
                extract::run(args.field, args.day(&Clock::system()), input, &mut output)
            }
            Self::Match(args) => match_offline::run(
                &args,
                globals.json,
                &Clock::system(),
                &mut std::io::stdout().lock(),
                &mut std::io::stderr().lock(),
            ),
            Self::Completions { shell } => {
                clap_complete::generate(shell, &mut Cli::command(), "career-worker", &mut std::io::stdout());
                Ok(ExitCode::SUCCESS)
            }
            Self::Man(args) => man::run(globals, &args),
        }
    }
}

impl Globals {
    fn output(&self) -> Output {
        Output { json: self.json, quiet: self.quiet }
    }

    /// Reads the settings and starts logging.
    fn settings(&self, overrides: &[(&str, String)]) -> anyhow::Result<Arc<Config>> {
        let config = self.read_settings(overrides)?;
        telemetry::start_logs(&config.log).map_err(ConfigError::new)?;
        Ok(config)
    }

    /// Reads the settings only.
    fn read_settings(&self, overrides: &[(&str, String)]) -> anyhow::Result<Arc<Config>> {
        let mut overrides = overrides.to_vec();
        if let Some(dir) = &self.jobs {
            overrides.push(("jobs.dir", dir.display().to_string()));
        }
        Ok(Arc::new(Config::load(self.config.as_deref(), &overrides)?))
    }
}

/// Reads the schedules and checks them against the tasks there are.
fn read_schedules(config: &Config) -> anyhow::Result<Vec<Schedule>> {
    let schedules = schedule::load(&config.jobs.dir).map_err(BadSchedules)?;
    scheduler::check(&schedules, tasks::TASKS).map_err(BadSchedules)?;
    let wrong: Vec<_> =
        schedules.iter().filter_map(|schedule| wrong_boards(schedule, &config.jobs.dir)).collect();
    if wrong.is_empty() { Ok(schedules) } else { Err(BadSchedules(wrong).into()) }
}

/// What is wrong with the file that a schedule takes its boards from.
fn wrong_boards(schedule: &Schedule, dir: &Path) -> Option<ScheduleError> {
    if schedule.task != tasks::scrape::Scrape::NAME {
        return None;
    }
    let args: tasks::scrape::ScrapeArgs = serde_json::from_value(schedule.args.clone()).ok()?;
    let message = args.all_boards(dir).err()?;
    Some(ScheduleError { file: schedule.file.clone(), line: None, message: format!("args: {message}") })
}

/// Threads for work that blocks; each run under way has one of them.
const BLOCKING: usize = 2048;

/// Runs async work on a runtime of its own.
fn wait<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .max_blocking_threads(BLOCKING)
        .build()
        .context("start runtime")?;
    let result = runtime.block_on(work);
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
