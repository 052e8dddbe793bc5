//! Answers requests from the index.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use axum::{
    Json, Router,
    body::{Body, Bytes, to_bytes},
    extract::{Request, State as Shared},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::get,
};
use chrono::{DateTime, Utc};
use futures::{StreamExt as _, stream};
use serde_json::{Value, json};
use url::Url;

use super::{
    fault::{Fault, FaultKind, draw},
    recording::{Exchange, Index},
};
use crate::random::Random;

const LARGEST_REQUEST: usize = 1 << 20;
const PAUSE: Duration = Duration::from_secs(2);
/// Unknown addresses that are remembered for the page at `/`.
const REMEMBERED: usize = 1000;

/// What the handlers share.
#[derive(Debug)]
pub(super) struct State {
    index: Index,
    settings: Mutex<Settings>,
    random: Random,
    requests: AtomicU64,
    faulty: AtomicU64,
    unknown: Mutex<BTreeMap<String, u64>>,
}

#[derive(Clone, Debug)]
struct Settings {
    as_of: Option<DateTime<Utc>>,
    faults: Vec<Fault>,
}

impl State {
    pub(super) fn new(
        index: Index,
        as_of: Option<DateTime<Utc>>,
        faults: Vec<Fault>,
        random: Random,
    ) -> Self {
        Self {
            index,
            settings: Mutex::new(Settings { as_of, faults }),
            random,
            requests: AtomicU64::new(0),
            faulty: AtomicU64::new(0),
            unknown: Mutex::default(),
        }
    }

    pub(super) fn exchanges(&self) -> usize {
        self.index.all.len()
    }

    pub(super) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    pub(super) fn set_as_of(&self, time: Option<DateTime<Utc>>) {
        self.settings().as_of = time;
    }

    pub(super) fn set_faults(&self, faults: Vec<Fault>) {
        self.settings().faults = faults;
    }

    fn settings(&self) -> MutexGuard<'_, Settings> {
        self.settings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note_unknown(&self, what: String) {
        let mut unknown = self.unknown.lock().unwrap_or_else(PoisonError::into_inner);
        if unknown.len() < REMEMBERED || unknown.contains_key(&what) {
            *unknown.entry(what).or_default() += 1;
        }
    }
}

pub(super) fn router(state: Arc<State>) -> Router {
    Router::new().route("/", get(page)).fallback(answer).with_state(state)
}

/// What is served and how often it was asked for.
async fn page(Shared(state): Shared<Arc<State>>) -> Json<Value> {
    let Settings { as_of, faults } = state.settings().clone();
    let exchanges: Vec<_> = state
        .index
        .all
        .iter()
        .map(|exchange| {
            json!({
                "method": exchange.method.as_str(),
                "url": exchange.url.as_str(),
                "status": exchange.status.as_u16(),
                "recorded_at": exchange.recorded_at,
                "folder": exchange.folder,
                "requests": exchange.requests.load(Ordering::Relaxed),
            })
        })
        .collect();
    Json(json!({
        "as_of": as_of,
        "faults": faults.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "requests": state.requests(),
        "faulty": state.faulty.load(Ordering::Relaxed),
        "unknown": *state.unknown.lock().unwrap_or_else(PoisonError::into_inner),
        "exchanges": exchanges,
    }))
}

async fn answer(Shared(state): Shared<Arc<State>>, request: Request) -> Response {
    state.requests.fetch_add(1, Ordering::Relaxed);
    let (parts, body) = request.into_parts();
    let Some(url) = original(&parts.uri) else {
        return plain(
            StatusCode::NOT_FOUND,
            "expected /https/HOST/PATH or /http/HOST/PATH; what is served: /\n",
        );
    };
    let Ok(body) = to_bytes(body, LARGEST_REQUEST).await else {
        return plain(StatusCode::PAYLOAD_TOO_LARGE, "request body over 1 MiB or broken off\n");
    };
    let method = if parts.method == Method::HEAD { Method::GET } else { parts.method };
    let Settings { as_of, faults } = state.settings().clone();
    let json = serde_json::from_slice(&body).ok();
    let Some(exchange) = state.index.find(&method, &url, json.as_ref(), as_of) else {
        state.note_unknown(format!("{method} {url}"));
        return unknown(&state, &method, &url);
    };
    exchange.requests.fetch_add(1, Ordering::Relaxed);
    let fault = draw(&faults, &state.random);
    tracing::debug!(%method, %url, folder = exchange.folder, ?fault, "replay");
    if fault.is_some() {
        state.faulty.fetch_add(1, Ordering::Relaxed);
    }
    match fault {
        Some(FaultKind::TooManyRequests) => {
            (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, "1")], "fault: 429\n").into_response()
        }
        Some(FaultKind::ServerError) => plain(StatusCode::INTERNAL_SERVER_ERROR, "fault: 500\n"),
        Some(FaultKind::Slow | FaultKind::Truncate) | None => recorded(exchange, &parts.headers, fault).await,
    }
}

/// `/https/host/path?query` stands for `https://host/path?query`.
fn original(uri: &http::Uri) -> Option<Url> {
    let text = uri.path_and_query()?.as_str();
    let rest = text.strip_prefix('/')?;
    let (scheme, rest) = rest.split_once('/').filter(|(scheme, _)| matches!(*scheme, "http" | "https"))?;
    Url::parse(&format!("{scheme}://{rest}")).ok()
}

async fn recorded(exchange: &Exchange, asked: &HeaderMap, fault: Option<FaultKind>) -> Response {
    let (bytes, etag) = match exchange.load().await {
        Ok(loaded) => loaded,
        Err(error) => {
            let text = format!("{}: response cannot be read: {error}\n", exchange.folder);
            return plain(StatusCode::INTERNAL_SERVER_ERROR, &text);
        }
    };
    let mut headers = exchange.headers.clone();
    let mut status = exchange.status;
    if status == StatusCode::OK {
        let modified = exchange.recorded_at.map(SystemTime::from);
        if let Some(value) = modified.and_then(|at| HeaderValue::from_str(&httpdate::fmt_http_date(at)).ok())
        {
            headers.entry(header::LAST_MODIFIED).or_insert(value);
        }
        let etag = headers.entry(header::ETAG).or_insert(etag).clone();
        if is_unchanged(asked, &etag, modified) {
            status = StatusCode::NOT_MODIFIED;
            headers.remove(header::CONTENT_TYPE);
            return (status, headers).into_response();
        }
    }
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(bytes.len()));
    (status, headers, body(bytes, fault)).into_response()
}

fn body(bytes: Vec<u8>, fault: Option<FaultKind>) -> Body {
    let mut first = Bytes::from(bytes);
    let Some(fault) = fault else { return Body::from(first) };
    let second = first.split_off(first.len() / 2);
    let rest = stream::once(async move {
        if fault == FaultKind::Truncate {
            return Err(std::io::Error::other("fault: truncate"));
        }
        tokio::time::sleep(PAUSE).await;
        Ok(second)
    });
    Body::from_stream(stream::iter([Ok(first)]).chain(rest))
}

/// RFC 9110, 13.1: `If-None-Match` counts alone where it is sent.
fn is_unchanged(asked: &HeaderMap, etag: &HeaderValue, modified: Option<SystemTime>) -> bool {
    let text = |name| asked.get(name).and_then(|value| value.to_str().ok());
    if let Some(tags) = text(header::IF_NONE_MATCH) {
        let etag = etag.to_str().unwrap_or_default().trim_start_matches("W/");
        return tags
            .split(',')
            .map(|tag| tag.trim().trim_start_matches("W/"))
            .any(|tag| tag == "*" || tag == etag);
    }
    let since = text(header::IF_MODIFIED_SINCE).and_then(|value| httpdate::parse_http_date(value).ok());
    // A date in a header has whole seconds.
    let whole =
        |time: SystemTime| time.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    matches!((since, modified), (Some(since), Some(modified)) if whole(modified) <= whole(since))
}

fn unknown(state: &State, method: &Method, url: &Url) -> Response {
    let mut text = format!("not recorded: {method} {url}\n");
    for exchange in state.index.of_path(url).take(20) {
        let at = exchange.recorded_at.map_or_else(String::new, |at| format!(" at {}", at.to_rfc3339()));
        text.extend([
            "recorded for this path: ",
            exchange.method.as_str(),
            " ",
            exchange.url.as_str(),
            &at,
            "\n",
        ]);
    }
    plain(StatusCode::NOT_FOUND, &text)
}

fn plain(status: StatusCode, text: &str) -> Response {
    (status, text.to_owned()).into_response()
}
