//! A board: what a schedule says of one list of postings on a source.

use serde_json::Value;
use url::Url;

use super::SourceError;

/// One company's list on a source, as a schedule names it.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Board {
    /// The source's own short name of the tenant (`stripe`).
    pub board: String,
    /// Employer to show where the source does not send one; the board name in title case otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// Settings that only some sources have (Lever: `region = "eu"`).
    #[serde(default, skip_serializing_if = "serde_json::Map::is_empty")]
    pub options: serde_json::Map<String, Value>,
}

impl Board {
    /// The employer of a posting that names none: as configured, or the board's name in title case. Without a board the posting's
    /// address tells it, for sources that put the board into the path.
    pub fn employer(&self, url: &str) -> Option<String> {
        let configured = self.company.as_deref().map(str::trim).filter(|name| !name.is_empty());
        if let Some(name) = configured {
            return Some(name.to_owned());
        }
        let name = if self.board.trim().is_empty() { board_in(url)? } else { self.board.clone() };
        Some(title_case(&name)).filter(|name| !name.is_empty())
    }

    /// `base` with the board's name as one more segment of the path, then `tail`.
    ///
    /// # Errors
    /// [`SourceError::Args`] where the name cannot be one segment, or an option is not among `known`.
    pub(in crate::sources) fn address(
        &self,
        base: &str,
        tail: &[&str],
        known: &[&str],
    ) -> Result<Url, SourceError> {
        self.only_options(known)?;
        let name = self.board.trim();
        let odd = |c: char| c.is_control() || matches!(c, '/' | '\\' | '?' | '#');
        if name.is_empty() || name.len() > 200 || matches!(name, "." | "..") || name.contains(odd) {
            return Err(self.no_company());
        }
        let mut url = Url::parse(base).map_err(|error| SourceError::Args(format!("{base}: {error}")))?;
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.push(name).extend(tail);
        }
        Ok(url)
    }

    /// The board's name as the first label of a host, in lower case.
    ///
    /// # Errors
    /// [`SourceError::Args`] where it cannot be one.
    pub(in crate::sources) fn label(&self) -> Result<String, SourceError> {
        let name = self.board.trim().to_ascii_lowercase();
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        let label = (1..=63).contains(&name.len()) && name.bytes().all(plain);
        if label && !name.starts_with('-') && !name.ends_with('-') {
            Ok(name)
        } else {
            Err(self.no_company())
        }
    }

    /// The board's name, which must be one of a list that the source has.
    ///
    /// # Errors
    /// [`SourceError::Args`] lists the names there are.
    pub(in crate::sources) fn one_of<'a>(&self, names: &[&'a str]) -> Result<&'a str, SourceError> {
        let found = names.iter().find(|name| **name == self.board.trim()).copied();
        found.ok_or_else(|| self.not_a_board(&format!("one of {}", names.join(", "))))
    }

    /// Refuses options that the source does not have.
    ///
    /// # Errors
    /// [`SourceError::Args`] names the option and those there are.
    pub(in crate::sources) fn only_options(&self, known: &[&str]) -> Result<(), SourceError> {
        let Some(key) = self.options.keys().find(|key| !known.contains(&key.as_str())) else { return Ok(()) };
        let expected = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        Err(SourceError::Args(format!("options.{key}: unknown option, expected {expected}")))
    }

    /// An option that holds text.
    ///
    /// # Errors
    /// [`SourceError::Args`] where it holds something else.
    pub(in crate::sources) fn text_option(&self, key: &str) -> Result<Option<&str>, SourceError> {
        match self.options.get(key) {
            None => Ok(None),
            Some(Value::String(text)) if !text.trim().is_empty() => Ok(Some(text.trim())),
            Some(other) => Err(SourceError::Args(format!("options.{key}: expected text, got {other}"))),
        }
    }

    /// An option that holds a web address.
    ///
    /// # Errors
    /// [`SourceError::Args`] where it holds something else.
    pub(in crate::sources) fn url_option(&self, key: &str) -> Result<Option<Url>, SourceError> {
        let Some(text) = self.text_option(key)? else { return Ok(None) };
        let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        let wrong = || format!("options.{key}: expected an http(s) address, got \"{}\"", text.escape_debug());
        url.map(Some).ok_or_else(|| SourceError::Args(wrong()))
    }

    /// An option that holds true or false; false where it is not given.
    ///
    /// # Errors
    /// [`SourceError::Args`] where it holds something else.
    pub(in crate::sources) fn flag_option(&self, key: &str) -> Result<bool, SourceError> {
        match self.options.get(key) {
            None => Ok(false),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(other) => {
                Err(SourceError::Args(format!("options.{key}: expected true or false, got {other}")))
            }
        }
    }

    /// The error for a name that stands for nothing the source has; `expected` says what it has.
    pub(in crate::sources) fn not_a_board(&self, expected: &str) -> SourceError {
        SourceError::Args(format!("board: expected {expected}, got \"{}\"", self.board.escape_debug()))
    }

    fn no_company(&self) -> SourceError {
        self.not_a_board("the source's short name of a company")
    }
}

/// The first segment of a path.
fn board_in(url: &str) -> Option<String> {
    let url = Url::parse(url).ok()?;
    let segment = url.path_segments()?.next()?;
    Some(segment.replace("%20", " "))
}

/// `acme-robotics` as `Acme Robotics`; capitals inside a word stay.
fn title_case(board: &str) -> String {
    let words = board.split(|c: char| c.is_whitespace() || matches!(c, '-' | '_' | '.'));
    let words = words.filter(|word| !word.is_empty()).map(|word| {
        let mut letters = word.chars();
        letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
    });
    words.collect::<Vec<String>>().join(" ")
}
