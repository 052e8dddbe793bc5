//! Signing in to the pages: a token is shown once, and a cookie stands for it from then on.
//!
//! The cookie is a secret of its own, so that the token is in no browser. It is sent to nobody else (`SameSite=Strict`), read by no script,
//! and accepted for a change only where the browser says that the request comes from these pages.

use std::{sync::Arc, time::Duration};

use axum::{
    Form,
    extract::{ConnectInfo, State as Shared},
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Redirect, Response},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::{State, access, pages, problem::Problem};

/// Name of the cookie. Behind a proxy that speaks TLS it has the prefix that binds it to this host.
pub(super) const COOKIE: &str = "career_session";
const BOUND: &str = "__Host-career_session";

/// A person signs in anew after this time.
const LIFETIME: Duration = Duration::from_hours(12);

/// What the form of the page sends.
#[derive(Debug, Deserialize)]
pub(super) struct Credentials {
    token: SecretString,
    #[serde(default)]
    next: String,
}

/// The secret of a session that came with a request, as it is kept.
pub(super) fn hash_of(headers: &HeaderMap) -> Option<[u8; 32]> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| matches!(*name, COOKIE | BOUND))
        .map(|(_, secret)| Sha256::digest(secret.as_bytes()).into())
}

/// `POST /login`
pub(super) async fn sign_in(
    Shared(state): Shared<Arc<State>>,
    ConnectInfo(address): ConnectInfo<std::net::SocketAddr>,
    form: Result<Form<Credentials>, axum::extract::rejection::FormRejection>,
) -> Response {
    let Ok(Form(credentials)) = form else {
        return pages::login::refused(&Problem::Invalid("token: expected a token".to_owned()), "");
    };
    let next = local(&credentials.next);
    match begin(&state, address.ip(), &credentials.token).await {
        Ok(secret) => {
            let mut response = Redirect::to(next).into_response();
            set(&mut response, &state, secret.expose_secret(), LIFETIME);
            response
        }
        Err(problem) => pages::login::refused(&problem, next),
    }
}

async fn begin(
    state: &State,
    address: std::net::IpAddr,
    shown: &SecretString,
) -> Result<SecretString, Problem> {
    let trimmed = SecretString::from(shown.expose_secret().trim().to_owned());
    let token = access::known(state, address, Some(&trimmed)).await?;
    let secret = URL_SAFE_NO_PAD.encode(state.random.bytes::<32>());
    let hash = Sha256::digest(secret.as_bytes());
    state.primary.insert_session(&hash, &token.id, LIFETIME).await?;
    Ok(secret.into())
}

/// `POST /logout`
pub(super) async fn sign_out(Shared(state): Shared<Arc<State>>, headers: HeaderMap) -> Response {
    if let Some(hash) = hash_of(&headers)
        && let Err(error) = state.primary.delete_session(&hash).await
    {
        return Problem::from(error).into_response();
    }
    let mut response = Redirect::to("/login").into_response();
    set(&mut response, &state, "", Duration::ZERO);
    response
}

/// A path of ours to go on with; everything else is the first page.
pub(super) fn local(next: &str) -> &str {
    let path = next.strip_prefix('/').is_some_and(|rest| !rest.starts_with(['/', '\\']));
    if path && next.is_ascii() && !next.contains(|c: char| c.is_ascii_control()) { next } else { "/" }
}

fn set(response: &mut Response, state: &State, secret: &str, lifetime: Duration) {
    let behind = state.config.admin.behind_tls_proxy;
    let (name, secure) = if behind { (BOUND, "; Secure") } else { (COOKIE, "") };
    let cookie =
        format!("{name}={secret}; Path=/; HttpOnly; SameSite=Strict; Max-Age={}{secure}", lifetime.as_secs());
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_ours_are_gone_on_with() {
        for (next, path) in [
            ("/runs?state=dead", "/runs?state=dead"),
            ("", "/"),
            ("//evil.example", "/"),
            ("/\\evil.example", "/"),
            ("https://evil.example", "/"),
            ("/a\r\nset-cookie: x", "/"),
            ("/ü", "/"),
        ] {
            assert_eq!(local(next), path, "{next:?}");
        }
    }

    #[test]
    fn the_cookie_is_found_among_others() {
        let mut headers = HeaderMap::new();
        assert_eq!(hash_of(&headers), None);
        headers.insert(header::COOKIE, HeaderValue::from_static("a=b; career_session=x; c"));
        assert_eq!(hash_of(&headers), Some(Sha256::digest(b"x").into()));
        headers.insert(header::COOKIE, HeaderValue::from_static("career_sessions=x"));
        assert_eq!(hash_of(&headers), None);
    }
}
