//! Who only looks is answered from the replica, where there is one that is near enough.
//!
//! A request that changes nothing goes to the same routes over the replica. It goes to the primary instead while the replica is behind or
//! away, when the replica could not answer, when the caller says `Cache-Control: no-cache`, and for a while after the caller has done
//! something: a cookie says so for as long as the replica may be behind, so that people see what they did, whichever process answers. Who is
//! asking is always looked up in the primary. To keep a route away from the replica: [`STAYS`].

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::{Request, State as Shared},
    http::{HeaderMap, HeaderValue, header},
    middleware::Next,
    response::Response,
};
use tower::ServiceExt as _;

use super::State;

/// Routes that say how things are with this process, or put searches to the test in a transaction.
const STAYS: [&str; 6] =
    ["/healthz", "/readyz", "/metrics", "/openapi.json", "/login", "/api/v1/searches/preview"];
/// Name of the cookie of those who did something lately.
const COOKIE: &str = "career_deed";
/// How old what is known of the replica may be.
const LATE: Duration = Duration::from_secs(5);

/// The routes over the replica, and whether it may be asked.
pub(super) struct Replica {
    pub(super) state: Arc<State>,
    pub(super) routes: Router,
}

/// Answers from the replica, or lets the primary answer.
pub(super) async fn choose(Shared(replica): Shared<Arc<Replica>>, request: Request, next: Next) -> Response {
    let safe = request.method().is_safe();
    if safe && may_be_late(request.uri().path(), request.headers()) && is_near(&replica.state) {
        let mut copy = Request::new(Body::empty());
        copy.method_mut().clone_from(request.method());
        copy.uri_mut().clone_from(request.uri());
        copy.headers_mut().clone_from(request.headers());
        copy.extensions_mut().clone_from(request.extensions());
        let Ok(response) = replica.routes.clone().oneshot(copy).await;
        if !response.status().is_server_error() {
            return response;
        }
    }
    let mut response = next.run(request).await;
    if !safe && !response.status().is_server_error() {
        let lag = replica.state.config.database.read_lag + LATE;
        let secure = if replica.state.config.admin.behind_tls_proxy { "; Secure" } else { "" };
        let cookie =
            format!("{COOKIE}=1; Path=/; HttpOnly; SameSite=Strict; Max-Age={}{secure}", lag.as_secs());
        if let Ok(cookie) = HeaderValue::from_str(&cookie) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
    }
    response
}

fn is_near(state: &State) -> bool {
    state.store.replica_state().is_some_and(|replica| replica.used)
}

fn may_be_late(path: &str, headers: &HeaderMap) -> bool {
    let all = |name| headers.get_all(name).iter().filter_map(|value: &HeaderValue| value.to_str().ok());
    let fresh = all(header::CACHE_CONTROL).any(|value| value.contains("no-cache"));
    let deed = format!("{COOKIE}=1");
    let did = all(header::COOKIE).flat_map(|value| value.split(';')).any(|pair| pair.trim() == deed);
    !fresh && !did && !STAYS.contains(&path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_did_something_or_wants_it_fresh_is_not_late() {
        let with = |name: header::HeaderName, value: &'static str| {
            HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
        };
        assert!(may_be_late("/runs", &HeaderMap::new()));
        assert!(may_be_late("/runs", &with(header::COOKIE, "career_session=x; my_career_deed=1")));
        assert!(!may_be_late("/runs", &with(header::COOKIE, "career_session=x; career_deed=1")));
        assert!(!may_be_late("/runs", &with(header::CACHE_CONTROL, "no-cache")));
        assert!(!may_be_late("/readyz", &HeaderMap::new()));
    }
}
