//! Somebody's program that takes webhooks, over real HTTP through the gateway of the settings.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
    response::{IntoResponse as _, Response},
};
use career_worker::notify::webhook::Keys;
use chrono::DateTime;
use serde_json::Value;

/// A request that came.
#[derive(Clone, Debug)]
pub struct Taken {
    pub path: String,
    pub id: String,
    pub timestamp: i64,
    pub signature: String,
    pub body: Vec<u8>,
}

impl Taken {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// Whether it is signed with this secret, as whoever has it would compute.
    pub fn is_signed(&self, secret: &str) -> bool {
        let at = DateTime::from_timestamp(self.timestamp, 0).unwrap();
        let signed = Keys::read(secret).unwrap().sign(&self.id.parse().unwrap(), at, &self.body);
        signed[2].1 == self.signature
    }
}

#[derive(Clone, Default)]
pub struct Receiver {
    taken: Arc<Mutex<Vec<Taken>>>,
    thinks: Duration,
}

impl Receiver {
    /// Gives it with the address of its gateway.
    pub async fn start(thinks: Duration) -> (Self, String) {
        let receiver = Self { thinks, ..Self::default() };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let app = Router::new().fallback(take).with_state(receiver.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        (receiver, address)
    }

    pub fn taken(&self) -> Vec<Taken> {
        self.taken.lock().unwrap().clone()
    }
}

/// The last part of the path says what to answer.
async fn take(State(receiver): State<Receiver>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let text =
        |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    receiver.taken.lock().unwrap().push(Taken {
        path: uri.path().to_owned(),
        id: text("webhook-id"),
        timestamp: text("webhook-timestamp").parse().unwrap_or_default(),
        signature: text("webhook-signature"),
        body: body.to_vec(),
    });
    tokio::time::sleep(receiver.thinks).await;
    let word = uri.path().rsplit('/').next().unwrap_or_default().to_owned();
    match word.as_str() {
        "silent" => std::future::pending().await,
        "moved" => {
            (StatusCode::TEMPORARY_REDIRECT, [("location", "https://elsewhere.example/x")]).into_response()
        }
        "busy" => (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "600")]).into_response(),
        "vast" => (StatusCode::OK, vec![b' '; 8 << 20]).into_response(),
        word => {
            let status = word.parse().ok().and_then(|status| StatusCode::from_u16(status).ok());
            status.unwrap_or(StatusCode::NO_CONTENT).into_response()
        }
    }
}
