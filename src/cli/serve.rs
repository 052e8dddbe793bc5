//! `career-worker serve`

use std::process::ExitCode;

use super::{
    Globals, attempt,
    daemon::{Daemon, Role, Stopping},
    read_schedules,
};
use crate::domain::Queue;

/// Run the daemon: scheduler, workers, admin endpoint.
#[derive(Debug, clap::Args)]
pub(super) struct ServeArgs {
    /// Only these parts of it, so that the work can be divided between processes.
    #[arg(long, value_delimiter = ',', value_enum, default_value = "scheduler,worker,admin")]
    roles: Vec<Role>,
    /// The worker takes runs from these queues only.
    #[arg(long, value_delimiter = ',', default_value = "scrape,match,notify,maintenance")]
    queues: Vec<Queue>,
    /// Apply missing migrations first.
    #[arg(long)]
    migrate: bool,
}

pub(super) async fn run(globals: &Globals, args: ServeArgs) -> anyhow::Result<ExitCode> {
    let config = globals.settings(&[])?;
    let schedules = read_schedules(&config)?;
    let stopping = Stopping::on_signals()?;
    let mut daemon = Daemon::open(config)?;
    daemon.program = attempt::program(globals);
    daemon.ready_database(args.migrate).await?;
    let played = daemon.play(&args.roles, &args.queues, schedules.into(), &stopping).await;
    daemon.close().await;
    played.map(|()| ExitCode::SUCCESS)
}
