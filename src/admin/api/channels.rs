//! Channels of users over HTTP: who hears of matches where, and setting that for a user.

use std::sync::Arc;

use axum::{Json, extract::State as Shared, http::StatusCode};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    digests::read_channel,
    listing::{Page, limit},
};
use crate::{
    admin::{
        State,
        access::Caller,
        extract::{InPath, InQuery, Payload},
        problem::Problem,
        token::Role,
    },
    domain::{Channel, UserId},
    store::{ChannelWish, UserChannel},
    tasks,
};

pub(super) fn routes() -> OpenApiRouter<Arc<State>> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(set))
}

/// Which channels to list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(in crate::admin) struct Filter {
    /// Only of this user.
    pub user: Option<i32>,
    /// `next` of the page before.
    pub cursor: Option<String>,
    /// Entries of a page, 1 to 500.
    #[param(minimum = 1, maximum = 500)]
    pub limit: Option<i64>,
}

/// Lists channels of users, without their secrets.
#[utoipa::path(
    get, path = "/api/v1/channels", tag = "channels", params(Filter),
    responses((status = 200, description = "A page of channels", body = Page<UserChannel>), Problem)
)]
async fn list(
    Shared(state): Shared<Arc<State>>,
    _caller: Caller,
    InQuery(filter): InQuery<Filter>,
) -> Result<Json<Page<UserChannel>>, Problem> {
    find(&state, &filter).await.map(Json)
}

/// The page of channels that a filter asks for.
pub(in crate::admin) async fn find(state: &State, filter: &Filter) -> Result<Page<UserChannel>, Problem> {
    let limit = limit(filter.limit)?;
    let after = filter.cursor.as_deref().map(read_key).transpose()?;
    let found = state.store.list_channels(filter.user.map(UserId), after, limit + 1).await?;
    Ok(Page::cut(found, limit, |channel| format!("{}.{}", channel.user_id, channel.channel)))
}

fn read_key(cursor: &str) -> Result<(UserId, Channel), Problem> {
    let parts =
        cursor.split_once('.').and_then(|(user, channel)| Some((user.parse().ok()?, channel.parse().ok()?)));
    let (user, channel) =
        parts.ok_or_else(|| Problem::Invalid("cursor: expected `next` of a page".to_owned()))?;
    Ok((UserId(user), channel))
}

/// What is wanted of a channel; what is left out is as the settings say.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::admin) struct Wish {
    /// Whether it is wanted.
    pub enabled: bool,
    /// E-mail: another address than the user's own. Webhook: where to post.
    #[schema(max_length = 2000)]
    pub address: Option<String>,
    /// Webhook: one or two secrets (`whsec_...`) with a space between them; those there are stay where it is left out.
    pub secret: Option<String>,
    /// `instant`, `hourly` or `daily`.
    pub frequency: Option<String>,
    /// Hour from which daily digests are made.
    #[schema(minimum = 0, maximum = 23)]
    pub hour: Option<i16>,
    /// Where that hour is, and where a day begins (IANA name).
    #[schema(max_length = 100)]
    pub time_zone: Option<String>,
    /// Most digests a day.
    #[schema(minimum = 0)]
    pub daily_cap: Option<i32>,
    /// The caller vouches that the address is the user's and wants this; nothing is sent before somebody does.
    #[serde(default)]
    pub confirmed: bool,
}

/// Sets a channel of a user. One that becomes wanted starts now. Needs the role operator.
#[utoipa::path(
    post, path = "/api/v1/channels/{user}/{channel}", tag = "channels", request_body = Wish,
    params(("user" = i32, Path, description = "users.id"), ("channel" = String, Path, description = "`email` or `webhook`")),
    responses((status = 204, description = "Set"), Problem)
)]
async fn set(
    Shared(state): Shared<Arc<State>>,
    caller: Caller,
    InPath((user, channel)): InPath<(i32, String)>,
    body: Payload,
) -> Result<StatusCode, Problem> {
    caller.needs(Role::Operator)?;
    let channel = read_channel(&channel)?;
    let Wish { enabled, address, secret, frequency, hour, time_zone, daily_cap, confirmed } = body.read()?;
    let wish = ChannelWish { enabled, address, secret, frequency, hour, time_zone, daily_cap, confirmed };
    let user = UserId(user);
    let known = state.store.find_target(user, channel).await?;
    tasks::check_wish(&state.config.notify, channel, &wish, known.as_ref()).map_err(Problem::Invalid)?;
    if state.store.set_channel_for(caller.actor(), user, channel, &wish).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::NotFound(format!("there is no user {}", user.0)))
    }
}
