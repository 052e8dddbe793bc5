//! The recorded exchanges of a folder: `*/exchange.toml` says what was asked and what came back, `response.*` beside it is the body.

use std::{
    collections::{BTreeMap, HashMap},
    fs,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError, atomic::AtomicU64},
    time::SystemTime,
};

use chrono::{DateTime, Utc};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use url::Url;

use super::ReplayError;

/// Values that stand for a credential in a recorded address: any value matches them.
const PLACEHOLDERS: [&str; 3] = ["APP_ID", "APP_KEY", "REDACTED"];

/// The keys of `exchange.toml` that matter here; others describe the recording.
#[derive(Deserialize)]
struct File {
    #[serde(default = "get")]
    method: String,
    url: String,
    request_body: Option<String>,
    #[serde(default = "ok")]
    status: u16,
    content_type: Option<String>,
    recorded_at: Option<toml::Value>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
}

fn get() -> String {
    "GET".to_owned()
}

fn ok() -> u16 {
    200
}

/// One request and its answer.
#[derive(Debug)]
pub(super) struct Exchange {
    pub method: Method,
    pub url: Url,
    query: Query,
    body: Option<Value>,
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub recorded_at: Option<DateTime<Utc>>,
    /// Folder, as found under the one that was given.
    pub folder: String,
    file: Option<PathBuf>,
    etag: Mutex<Option<(u64, Option<SystemTime>, HeaderValue)>>,
    pub requests: AtomicU64,
}

#[derive(Debug)]
struct Query {
    sorted: Vec<(String, String)>,
    /// Parameters whose value does not matter.
    any: Vec<String>,
}

/// All exchanges, by host and path.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// Oldest first.
    by_path: HashMap<(String, String), Vec<usize>>,
    pub all: Vec<Exchange>,
}

impl Index {
    pub(super) fn read(dirs: &[PathBuf]) -> Result<Self, ReplayError> {
        let mut all = Vec::new();
        for dir in dirs {
            read_folder(dir, dir, &mut all)?;
        }
        if all.is_empty() {
            let names: Vec<_> = dirs.iter().map(|dir| dir.display().to_string()).collect();
            return Err(ReplayError::Nothing(names.join(", ")));
        }
        all.sort_by_key(|exchange| exchange.recorded_at);
        let mut by_path: HashMap<_, Vec<_>> = HashMap::new();
        for (index, exchange) in all.iter().enumerate() {
            by_path.entry(key(&exchange.url)).or_default().push(index);
        }
        Ok(Self { by_path, all })
    }

    /// The newest answer to this request that was recorded by `as_of`.
    pub(super) fn find(
        &self,
        method: &Method,
        url: &Url,
        body: Option<&Value>,
        as_of: Option<DateTime<Utc>>,
    ) -> Option<&Exchange> {
        self.of_path(url).rev().find(|exchange| {
            exchange.method == *method
                && exchange.query.matches(url)
                && exchange.body.as_ref().is_none_or(|recorded| Some(recorded) == body)
                && as_of.is_none_or(|as_of| exchange.recorded_at.is_none_or(|at| at <= as_of))
        })
    }

    /// All that was recorded for host and path, oldest first.
    pub(super) fn of_path(&self, url: &Url) -> impl DoubleEndedIterator<Item = &Exchange> {
        self.by_path.get(&key(url)).into_iter().flatten().filter_map(|index| self.all.get(*index))
    }
}

fn key(url: &Url) -> (String, String) {
    (url.host_str().unwrap_or_default().to_ascii_lowercase(), url.path().to_owned())
}

fn read_folder(root: &Path, folder: &Path, all: &mut Vec<Exchange>) -> Result<(), ReplayError> {
    let failed = |source| ReplayError::Read { path: folder.to_owned(), source };
    let mut entries =
        fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>).map_err(failed)?;
    entries.sort_by_key(fs::DirEntry::file_name);
    let mut bodies = Vec::new();
    for entry in &entries {
        if entry.file_type().map_err(failed)?.is_dir() {
            read_folder(root, &entry.path(), all)?;
        } else if entry.file_name().to_string_lossy().starts_with("response.") {
            bodies.push(entry.path());
        }
    }
    let path = folder.join("exchange.toml");
    if !path.is_file() {
        return Ok(());
    }
    let text =
        fs::read_to_string(&path).map_err(|source| ReplayError::Read { path: path.clone(), source })?;
    let folder = folder.strip_prefix(root).unwrap_or(folder).display().to_string();
    all.push(Exchange::read(&text, folder, bodies).map_err(|reason| ReplayError::Exchange { path, reason })?);
    Ok(())
}

/// Whether this is the description of an exchange that can be served.
///
/// # Errors
/// One line: key and what was expected.
pub fn check_exchange(text: &str) -> Result<(), String> {
    Exchange::read(text, String::new(), Vec::new()).map(drop)
}

impl Exchange {
    fn read(text: &str, folder: String, mut bodies: Vec<PathBuf>) -> Result<Self, String> {
        let file: File = toml::from_str(text).map_err(|error| error.to_string().trim().replace('\n', " "))?;
        let url = Url::parse(&file.url).map_err(|error| format!("url: {error}"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(format!("url: scheme {}, expected http or https", url.scheme()));
        }
        let method = match file.method.as_str() {
            "GET" => Method::GET,
            "POST" => Method::POST,
            other => return Err(format!("method: \"{other}\", expected GET or POST")),
        };
        let body = file.request_body.as_deref().map(serde_json::from_str).transpose();
        if bodies.len() > 1 {
            return Err("more than one response.* beside it".to_owned());
        }
        let body_file = bodies.pop();
        let content_type =
            file.content_type.or_else(|| body_file.as_deref().and_then(type_of).map(str::to_owned));
        Ok(Self {
            query: Query::new(&url),
            url,
            method,
            body: body.map_err(|error| format!("request_body: expected JSON: {error}"))?,
            status: StatusCode::from_u16(file.status).map_err(|error| format!("status: {error}"))?,
            headers: headers(&file.headers, content_type.as_deref())?,
            recorded_at: file.recorded_at.as_ref().map(time).transpose()?,
            folder,
            file: body_file,
            etag: Mutex::default(),
            requests: AtomicU64::new(0),
        })
    }

    /// The body, byte for byte, and a strong tag of it.
    pub(super) async fn load(&self) -> std::io::Result<(Vec<u8>, HeaderValue)> {
        let (bytes, modified) = match &self.file {
            None => (Vec::new(), None),
            Some(path) => (tokio::fs::read(path).await?, tokio::fs::metadata(path).await?.modified().ok()),
        };
        let length = bytes.len() as u64;
        let known = self.etag.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((_, _, tag)) = known.filter(|(size, time, _)| (*size, *time) == (length, modified)) {
            return Ok((bytes, tag));
        }
        let tag = tag(&bytes);
        *self.etag.lock().unwrap_or_else(PoisonError::into_inner) = Some((length, modified, tag.clone()));
        Ok((bytes, tag))
    }
}

fn tag(bytes: &[u8]) -> HeaderValue {
    let half =
        Sha256::digest(bytes).into_iter().take(16).fold(0_u128, |bits, byte| bits << 8 | u128::from(byte));
    HeaderValue::from_str(&format!("\"{half:032x}\"")).unwrap_or(HeaderValue::from_static("\"\""))
}

fn type_of(file: &Path) -> Option<&'static str> {
    match file.extension()?.to_str()? {
        "json" => Some("application/json; charset=utf-8"),
        "xml" => Some("application/xml; charset=utf-8"),
        "html" => Some("text/html; charset=utf-8"),
        "txt" => Some("text/plain; charset=utf-8"),
        _ => None,
    }
}

fn headers(table: &BTreeMap<String, String>, content_type: Option<&str>) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    let all = table.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    for (name, value) in content_type.map(|value| ("content-type", value)).into_iter().chain(all) {
        let key = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| format!("headers: \"{name}\", expected the name of a header"))?;
        if matches!(key, header::CONTENT_LENGTH | header::TRANSFER_ENCODING | header::CONNECTION) {
            return Err(format!("headers: {name} is set by the server"));
        }
        let value =
            HeaderValue::from_str(value).map_err(|_| format!("headers.{name}: cannot stand in a header"))?;
        headers.insert(key, value);
    }
    Ok(headers)
}

fn time(value: &toml::Value) -> Result<DateTime<Utc>, String> {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let time = DateTime::parse_from_rfc3339(&text);
    time.map(Into::into).map_err(|error| format!("recorded_at: {text}: expected an RFC 3339 time: {error}"))
}

impl Query {
    fn new(url: &Url) -> Self {
        let (any, mut sorted): (Vec<_>, Vec<_>) =
            url.query_pairs().into_owned().partition(|(_, value)| PLACEHOLDERS.contains(&value.as_str()));
        sorted.sort();
        Self { sorted, any: any.into_iter().map(|(name, _)| name).collect() }
    }

    fn matches(&self, url: &Url) -> bool {
        let mut asked: Vec<_> =
            url.query_pairs().filter(|(name, _)| !self.any.iter().any(|any| any == name)).collect();
        asked.sort();
        asked.len() == self.sorted.len()
            && asked.iter().zip(&self.sorted).all(|(asked, known)| asked.0 == known.0 && asked.1 == known.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exchange(text: &str) -> Result<Exchange, String> {
        Exchange::read(text, "case".to_owned(), vec![PathBuf::from("response.xml")])
    }

    #[test]
    fn defaults_are_those_of_an_ordinary_exchange() {
        let read = exchange("url = \"https://A.example/x?b=2&a=1\"\nrecords = 3\nnote = \"x\"").unwrap();
        assert_eq!((read.method, read.status.as_u16(), read.recorded_at), (Method::GET, 200, None));
        assert_eq!(read.headers.get("content-type").unwrap(), "application/xml; charset=utf-8");
    }

    #[test]
    fn times_are_read_as_text_and_as_toml() {
        for value in ["\"2026-03-01T12:00:00Z\"", "2026-03-01T13:00:00+01:00"] {
            let read = exchange(&format!("url = \"https://a.example/\"\nrecorded_at = {value}")).unwrap();
            assert_eq!(read.recorded_at.unwrap().to_rfc3339(), "2026-03-01T12:00:00+00:00");
        }
    }

    #[test]
    fn queries_match_in_any_order_and_credentials_by_name() {
        let query = Query::new(&Url::parse("https://a.example/?b=2&a=x%20y&app_id=APP_ID&a=1").unwrap());
        for (asked, matches) in [
            ("a=1&a=x+y&b=2&app_id=77", true),
            ("app_id=5&b=2&a=1&a=x%20y", true),
            ("a=1&b=2&app_id=77", false),
            ("a=1&a=x+y&b=2&app_id=77&c=1", false),
            ("a=1&a=x+y&b=3&app_id=77", false),
        ] {
            assert_eq!(
                query.matches(&Url::parse(&format!("https://a.example/?{asked}")).unwrap()),
                matches,
                "{asked}"
            );
        }
    }

    #[test]
    fn a_wrong_file_is_named_with_its_key() {
        for (text, word) in [
            ("", "url"),
            ("url = 3", "url"),
            ("url = \"/x\"", "url"),
            ("url = \"ftp://a.example/\"", "scheme"),
            ("url = \"https://a.example/\"\nmethod = \"PUT\"", "method"),
            ("url = \"https://a.example/\"\nstatus = 7", "status"),
            ("url = \"https://a.example/\"\nrecorded_at = \"monday\"", "recorded_at"),
            ("url = \"https://a.example/\"\nrecorded_at = 2026-03-01", "recorded_at"),
            ("url = \"https://a.example/\"\nrequest_body = \"{\"", "request_body"),
            ("url = \"https://a.example/\"\n[headers]\n\"a b\" = \"1\"", "headers"),
            ("url = \"https://a.example/\"\n[headers]\ncontent-length = \"1\"", "content-length"),
        ] {
            let error = exchange(text).unwrap_err();
            assert!(error.contains(word) && !error.contains('\n'), "{text}: {error}");
        }
    }
}
