//! Reads folders of recorded exchanges: `<source>/<case>/{exchange.toml,response.*}`.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    fs,
    path::{Path, PathBuf},
};

use career_worker::{
    domain::Page,
    sources::{self, Board, Parsed, Source, SourceError},
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
    pub board: String,
    pub company: Option<String>,
    pub records: usize,
    pub complete: bool,
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
        Board { board: self.meta.board.clone(), company: self.meta.company.clone(), ..Board::default() }
    }

    pub fn parse(&self) -> Result<Parsed, SourceError> {
        self.parse_body(&self.body)
    }

    pub fn parse_body(&self, body: &[u8]) -> Result<Parsed, SourceError> {
        let content_type = Some(self.meta.content_type.as_str());
        self.source().parse(&self.board(), &Page { url: &self.meta.url, content_type, body })
    }
}

/// All exchanges of the sources there are, sorted by folder.
pub fn read_all(root: &Path) -> Vec<Exchange> {
    let names: Vec<_> = sources::SOURCES.iter().map(|source| source.name()).collect();
    let mut dirs: Vec<PathBuf> = names.iter().flat_map(|name| folders(&root.join(name))).collect();
    dirs.sort();
    dirs.into_iter().map(read).collect()
}

fn folders(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).unwrap_or_else(|error| panic!("{}: {error}", dir.display()));
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
