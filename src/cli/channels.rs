//! `career-worker channels`

use std::process::ExitCode;

use anyhow::Context as _;
use clap::Subcommand;
use secrecy::ExposeSecret as _;
use serde_json::json;

use super::{Globals, daemon::Daemon, failure::Failure, output::minute};
use crate::{
    domain::{Channel, UserId},
    notify::webhook::new_secret,
    store::{Actor, ChannelWish, Store, UserChannel},
    tasks,
};

/// Look at the channels of users beside the web application, set and try them.
#[derive(Debug, Subcommand)]
pub(super) enum ChannelsCommand {
    /// List channels.
    List {
        /// Only of this user (`users.id`).
        #[arg(long, value_name = "ID")]
        user: Option<i32>,
    },
    /// Set a channel of a user; you vouch that the address is the user's and wants this. A new secret of a webhook is printed once.
    Set(SetArgs),
    /// Send a message that names no posting, now, and say what the other side answered.
    Test {
        /// The user (`users.id`).
        user: i32,
        /// email or webhook.
        channel: Channel,
    },
}

/// What is wanted of a channel.
#[derive(Debug, clap::Args)]
pub(super) struct SetArgs {
    /// The user (`users.id`).
    user: i32,
    /// email or webhook.
    channel: Channel,
    /// E-mail: another address than the user's own. Webhook: where to post.
    #[arg(long)]
    address: Option<String>,
    /// instant, hourly or daily; as the settings say where not given.
    #[arg(long)]
    frequency: Option<String>,
    /// Daily digests are made from this hour on.
    #[arg(long)]
    hour: Option<i16>,
    /// Where that hour is, and where a day begins (IANA name, such as Europe/Berlin).
    #[arg(long, value_name = "NAME")]
    time_zone: Option<String>,
    /// Most digests a day.
    #[arg(long, value_name = "N")]
    daily_cap: Option<i32>,
    /// Make a new secret for a webhook; the one there is goes on being used beside it until the next one.
    #[arg(long)]
    new_secret: bool,
    /// Switch it off.
    #[arg(long)]
    off: bool,
    /// Somebody else vouches for the address: nothing is sent before.
    #[arg(long)]
    unconfirmed: bool,
}

const CLI: Actor<'static> = Actor { id: "cli", address: None };
/// Channels read at once.
const PAGE: i64 = 1_000;

pub(super) async fn run(globals: &Globals, command: ChannelsCommand) -> anyhow::Result<ExitCode> {
    let config = globals.settings(&[])?;
    let daemon = Daemon::open(config)?;
    let (config, store) = (&daemon.parts.config, &daemon.parts.store);
    match command {
        ChannelsCommand::List { user } => {
            let channels = all(store, user.map(UserId)).await.context("list channels")?;
            let columns = ["user", "channel", "state", "address", "frequency", "last digest", "says"];
            globals.output().rows(&columns, &channels, |channel| {
                let state = match (channel.enabled, channel.confirmed_at) {
                    (true, Some(_)) => "on",
                    (true, None) => "not confirmed",
                    (false, _) => "off",
                };
                vec![
                    channel.user_id.to_string(),
                    channel.channel.clone(),
                    state.to_owned(),
                    channel.address.clone().unwrap_or_default(),
                    channel.frequency.clone().unwrap_or_else(|| "-".to_owned()),
                    minute(channel.last_digest_at),
                    channel.disabled_reason.clone().unwrap_or_default(),
                ]
            })?;
        }
        ChannelsCommand::Set(args) => set(globals, &daemon, args).await?,
        ChannelsCommand::Test { user, channel } => {
            let user = UserId(user);
            let target = store.find_target(user, channel).await.context("look at the channel")?;
            let target =
                target.ok_or_else(|| Failure::new(1, format!("user {} has no channel {channel}", user.0)))?;
            let parts = &daemon.parts;
            let means = (&parts.clock, &parts.random);
            let answer = tasks::test_channel(config, &parts.fetch, means, user, channel, &target).await;
            let answer = answer.map_err(|error| Failure::new(1, error))?;
            globals.output().done(&json!({ "user": user, "channel": channel, "answer": answer }), &answer)?;
        }
    }
    daemon.close().await;
    Ok(ExitCode::SUCCESS)
}

async fn set(globals: &Globals, daemon: &Daemon, args: SetArgs) -> anyhow::Result<()> {
    let (config, store) = (&daemon.parts.config, &daemon.parts.store);
    let SetArgs {
        user,
        channel,
        address,
        frequency,
        hour,
        time_zone,
        daily_cap,
        new_secret: anew,
        off,
        unconfirmed,
    } = args;
    let user = UserId(user);
    let known = store.find_target(user, channel).await.context("look at the channel")?;
    let kept = known.as_ref().and_then(|known| known.secret.as_deref());
    let made = (channel == Channel::Webhook && (anew || kept.is_none()))
        .then(|| new_secret(daemon.parts.random.bytes()));
    let secret = made.as_ref().map(|made| {
        let before = kept.and_then(|kept| kept.split_whitespace().next());
        [Some(made.expose_secret()), before].into_iter().flatten().collect::<Vec<_>>().join(" ")
    });
    let address = match (address, channel, &known) {
        (None, Channel::Webhook, Some(known)) => Some(known.address.clone()),
        (given, ..) => given,
    };
    let wish = ChannelWish {
        enabled: !off,
        address,
        secret,
        frequency,
        hour,
        time_zone,
        daily_cap,
        confirmed: !unconfirmed,
    };
    tasks::check_wish(&config.notify, channel, &wish, known.as_ref())
        .map_err(|message| Failure::new(2, message))?;
    if !store.set_channel_for(CLI, user, channel, &wish).await.context("set channel")? {
        return Err(Failure::new(1, format!("there is no user {}", user.0)).into());
    }
    let state = if off { "off" } else { "on" };
    let shown = made.as_ref().map(secrecy::ExposeSecret::expose_secret);
    let done = json!({ "user": user, "channel": channel, "enabled": !off, "secret": shown });
    match shown {
        Some(shown) => {
            globals.output().value(&done, |_| shown.to_owned())?;
            globals.output().say("give this secret to the receiver: it is not shown again");
        }
        None => globals.output().done(&done, format!("{channel} of user {} is {state}", user.0))?,
    }
    if !config.notify.has(channel) {
        globals.output().say(format!("nothing is sent yet: notify.{channel} is not configured"));
    }
    Ok(())
}

async fn all(store: &Store, user: Option<UserId>) -> Result<Vec<UserChannel>, crate::store::StoreError> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let page = store.list_channels(user, after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(all) };
        let Ok(channel) = last.channel.parse() else { return Ok(all) };
        after = Some((UserId(last.user_id), channel));
        all.extend(page);
    }
}
