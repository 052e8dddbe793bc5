//! The boards that are scraped: a loopback HTTP server with a catalogue that grows, changes and shrinks, and a log of what it served.
//!
//! It is the truth that the checker compares with, so it knows nothing of the program but the address it is asked at.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use career_worker::random::Random;
use serde_json::json;
use tokio::{net::TcpListener, task::JoinHandle};

pub const BOARDS: u64 = 8;
pub const USERS: u64 = 20;
const FIRST_ID: u64 = 7_000_000;

/// A posting as the source has it now.
#[derive(Clone, Debug)]
pub struct Listed {
    pub user: u64,
    pub revision: i64,
    pub open: bool,
}

#[derive(Clone, Debug, Default)]
struct Board {
    version: u64,
    postings: BTreeMap<u64, Listed>,
}

/// What was answered.
#[derive(Clone, Copy, Debug, Default)]
pub struct Served {
    pub listings: u64,
    pub unchanged: u64,
}

/// The boards, and what was served of them.
pub struct Catalogue(Mutex<(BTreeMap<String, Board>, Served)>);

impl Catalogue {
    /// A few postings on each board.
    fn begun() -> Self {
        let boards = (0..BOARDS).map(|board| {
            let listed = |n: u64| {
                (FIRST_ID + board * 3 + n, Listed { user: (board + n) % USERS, revision: 1, open: true })
            };
            (format!("storm{board}"), Board { version: 1, postings: (0..3).map(listed).collect() })
        });
        Self(Mutex::new((boards.collect(), Served::default())))
    }

    /// Adds a posting for one user, or changes or closes one that is there.
    pub fn stir(&self, random: &Random) {
        let mut inner = self.0.lock().unwrap();
        let total: usize = inner.0.values().map(|board| board.postings.len()).sum();
        let board = inner.0.entry(format!("storm{}", random.below(BOARDS))).or_default();
        board.version += 1;
        let known = board.postings.len() as u64;
        let draw = random.below(10);
        let some = usize::try_from(random.below(known)).unwrap();
        match board.postings.values_mut().nth(some) {
            // Fewer than half are ever closed: a listing that shrinks at once is not believed.
            Some(posting) if draw == 0 && known > 8 && random.below(2) == 0 => posting.open = false,
            Some(posting) if draw <= 2 && posting.open => posting.revision += 1,
            _ => {
                let (id, user) = (FIRST_ID + total as u64, random.below(USERS));
                board.postings.insert(id, Listed { user, revision: 1, open: true });
            }
        }
    }

    /// All postings there ever were, by id.
    pub fn all(&self) -> BTreeMap<String, Listed> {
        let inner = self.0.lock().unwrap();
        let postings = inner.0.values().flat_map(|board| &board.postings);
        postings.map(|(id, posting)| (id.to_string(), posting.clone())).collect()
    }

    pub fn boards(&self) -> Vec<String> {
        self.0.lock().unwrap().0.keys().cloned().collect()
    }

    pub fn served(&self) -> Served {
        self.0.lock().unwrap().1
    }

    fn answer(&self, name: &str, known: Option<&str>) -> Response {
        let mut inner = self.0.lock().unwrap();
        let Some(board) = inner.0.get(name).cloned() else { return StatusCode::NOT_FOUND.into_response() };
        inner.1.listings += 1;
        let tag = format!("\"{name}-{}\"", board.version);
        if known == Some(&tag) {
            inner.1.unchanged += 1;
            return (StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response();
        }
        let open = board.postings.iter().filter(|(_, posting)| posting.open);
        let jobs: Vec<_> = open.map(|(id, posting)| record(name, *id, posting)).collect();
        let total = jobs.len();
        ([(header::ETAG, tag)], Json(json!({ "jobs": jobs, "meta": { "total": total } }))).into_response()
    }
}

fn record(board: &str, id: u64, posting: &Listed) -> serde_json::Value {
    json!({
        "id": id, "title": format!("Keeper token{:02}", posting.user), "company_name": format!("Company {board}"),
        "absolute_url": format!("https://boards.greenhouse.io/{board}/jobs/{id}"),
        "location": { "name": "Berlin, Germany" }, "metadata": [], "departments": [], "offices": [],
        "updated_at": "2026-11-01T10:00:00-04:00", "first_published": "2026-11-01T10:00:00-04:00",
        "content": format!("&lt;p&gt;Keeps the light, revision {} of it.&lt;/p&gt;", posting.revision),
    })
}

/// The server.
pub struct Source {
    pub catalogue: Arc<Catalogue>,
    pub address: SocketAddr,
    serving: JoinHandle<()>,
}

impl Source {
    pub async fn start() -> Self {
        let catalogue = Arc::new(Catalogue::begun());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().fallback(serve).with_state(Arc::clone(&catalogue));
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { catalogue, address, serving }
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// The program asks its gateway for `/https/{host}/{path}`.
async fn serve(State(catalogue): State<Arc<Catalogue>>, uri: Uri, headers: HeaderMap) -> Response {
    let known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let board = uri.path().strip_prefix("/https/boards-api.greenhouse.io/v1/boards/");
    match board.and_then(|rest| rest.strip_suffix("/jobs")) {
        Some(board) => catalogue.answer(board, known),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
