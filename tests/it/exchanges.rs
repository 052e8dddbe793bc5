//! Reads folders of recorded exchanges: `<source>/<case>/{exchange.toml,response.*}`.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    fs,
    path::{Path, PathBuf},
};

use career_worker::{
    domain::{Page, RawPosting},
    sources::{self, Board, Draft, Parsed, Source, SourceError},
};
use serde::Deserialize;

/// The keys of an `exchange.toml` that the tests need.
#[derive(Deserialize)]
pub struct Meta {
    pub source: String,
    pub url: String,
    pub status: u16,
    pub content_type: String,
    pub recorded_at: Option<String>,
    #[serde(default)]
    pub board: String,
    pub company: Option<String>,
    #[serde(default)]
    pub options: serde_json::Map<String, serde_json::Value>,
    pub records: usize,
    pub complete: bool,
    /// `legacy` is a form that is no longer sent.
    #[serde(default)]
    pub shape: String,
}

/// One recorded exchange.
pub struct Exchange {
    pub dir: PathBuf,
    pub meta: Meta,
    pub body: Vec<u8>,
}

impl Exchange {
    /// `source/case`.
    pub fn name(&self) -> String {
        let case = self.dir.file_name().unwrap().to_string_lossy();
        format!("{}/{case}", self.meta.source)
    }

    pub fn source(&self) -> &'static dyn Source {
        sources::find(&self.meta.source).unwrap()
    }

    pub fn board(&self) -> Board {
        Board {
            board: self.meta.board.clone(),
            company: self.meta.company.clone(),
            options: self.meta.options.clone(),
        }
    }

    pub fn parse(&self) -> Result<Parsed, SourceError> {
        self.parse_body(&self.body)
    }

    pub fn parse_body(&self, body: &[u8]) -> Result<Parsed, SourceError> {
        self.source().parse(&self.board(), &self.page(body))
    }

    fn page<'a>(&'a self, body: &'a [u8]) -> Page<'a> {
        Page { url: &self.meta.url, content_type: Some(self.meta.content_type.as_str()), body }
    }

    /// What a scrape makes of a draft where this may be the answer to its request.
    pub fn complete(&self, draft: &Draft) -> Option<Result<RawPosting, SourceError>> {
        let answers = self.meta.status == 200 && self.meta.url == draft.request.url;
        answers.then(|| self.source().complete(&self.board(), &self.page(&self.body), draft))
    }
}

/// All postings of a listing: drafts with what their pages among `all` say.
pub fn postings(parsed: &mut Parsed, all: &[Exchange]) -> Vec<RawPosting> {
    let drafts = std::mem::take(&mut parsed.drafts);
    let completed = drafts.into_iter().map(|draft| {
        let page = all.iter().find_map(|exchange| exchange.complete(&draft));
        page.and_then(Result::ok).unwrap_or(draft.posting)
    });
    parsed.postings.drain(..).chain(completed).collect()
}

/// All exchanges of the sources there are, sorted by folder.
pub fn read_all(root: &Path) -> Vec<Exchange> {
    let names: Vec<_> = sources::SOURCES.iter().map(|source| source.name()).collect();
    let mut dirs: Vec<PathBuf> = names.iter().flat_map(|name| folders(&root.join(name))).collect();
    dirs.sort();
    dirs.into_iter().map(read).collect()
}

fn folders(dir: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(dir) else { return Vec::new() };
    entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect()
}

fn read(dir: PathBuf) -> Exchange {
    let toml = dir.join("exchange.toml");
    let text = fs::read_to_string(&toml).unwrap_or_else(|error| panic!("{}: {error}", toml.display()));
    let meta = toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", toml.display()));
    let names = ["response.json", "response.html", "response.xml"];
    let file = names.iter().map(|name| dir.join(name)).find(|file| file.is_file());
    let file = file.unwrap_or_else(|| panic!("{}: no response", dir.display()));
    Exchange { body: fs::read(file).unwrap(), meta, dir }
}
